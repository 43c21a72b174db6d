/* A child that another personality runs: its clients and its hand-over record are made when it is
 * created; the record is handed over when its thread is resumed. */
#include <stdlib.h>
#include <string.h>

#include "janus/handover.h"
#include "janus/idl/task.h"
#include "placement.h"

struct guest_foreign {
    struct guest_foreign *next;
    uint64_t pid;
    struct backend_clients clients;
    void *record;
    size_t length;
    uint32_t place; /* enum handover_placement */
};

static void foreign_free(struct guest_foreign *f)
{
    if (f->clients.task) {
        jn_status_t status = backend_process_exit(f->clients.task, TASK_EXITED, 126);
        (void)status;
        backend_clients_drop(&f->clients);
    }
    free(f->record);
    free(f);
}

void guest_foreign_drop(struct world_process *p)
{
    while (p->foreign) {
        struct guest_foreign *f = p->foreign;
        p->foreign = f->next;
        foreign_free(f);
    }
}

static jn_status_t make_record(struct world_process *p, const struct world_foreign_start *start,
                               struct guest_foreign *f)
{
    struct handover_descriptor descriptors[3];
    struct handover h;
    struct backend_path where = {0, start->directory, strlen(start->directory),
                                 FS_LOOKUP_CASELESS};
    struct backend_open directory = {0, 0}, program = {0, 0};
    uint32_t created;
    jn_status_t status = JN_OK;

    handover_init(&h);
    for (uint32_t i = 0; i < 3 && status == JN_OK; i++) {
        struct backend_open copy;
        if (!start->standard[i].server)
            continue;
        status = backend_io_transfer(&p->clients, guest_open(start->standard[i]), &f->clients,
                                     &copy);
        if (status == JN_OK)
            descriptors[h.header.descriptor_count++] = (struct handover_descriptor){
                i, copy.server, copy.number, 0, start->standard[i].access};
    }
    if (status == JN_OK)
        status = backend_fs_open(&f->clients, &where, FS_OPEN_DIRECTORY, IO_ACCESS_READ, 7, 0, 0,
                                 &directory, &created);
    if (status == JN_OK)
        status = backend_io_transfer(&p->clients, guest_open(start->program), &f->clients,
                                     &program);
    if (status != JN_OK)
        return status;
    h.header.directory = directory.number;
    h.header.program = program.number;
    h.header.argument_count = (uint32_t)start->argument_count;
    h.header.arguments_length = start->arguments_length;
    h.header.environment_count = (uint32_t)start->environment_count;
    h.header.environment_length = start->environment_length;
    h.descriptors = descriptors;
    h.arguments = start->arguments;
    h.environment = start->environment;
    h.path = start->path;
    size_t size = handover_size(&h);
    f->record = malloc(size);
    if (!f->record)
        return JN_NO_MEMORY;
    return handover_encode(&h, f->record, size, &f->length);
}

/* Where a program of a personality with this environment runs. */
static jn_status_t place_of(struct world_process *p, const char *personality,
                            const char *environment, size_t count, uint32_t *place)
{
    const char *wrong;
    jn_status_t status = handover_place(environment, (uint32_t)count,
                                        placement_default(personality), place, &wrong);

    if (status != JN_OK)
        jn_log(JN_LOG_WARNING, "pid %u: JANUS_PLACE=%s is no placement", (unsigned)p->pid, wrong);
    return status;
}

world_status world_process_place(struct world_process *p, const char *environment, size_t count,
                                 uint32_t *place, bool *near)
{
    jn_status_t status = place_of(p, "win32", environment, count, place);

    *near = status == JN_OK && *place == HANDOVER_PLACE_CENTRAL &&
            placement_own() == HANDOVER_PLACE_CENTRAL;
    return status;
}

static jn_status_t make_birth_record(struct world_process *p, const struct world_birth *birth,
                                     struct guest_foreign *f)
{
    struct backend_open program;
    struct handover h;
    jn_status_t status =
        backend_io_transfer(&p->clients, guest_open(birth->program), &f->clients, &program);

    if (status != JN_OK)
        return status;
    handover_init(&h);
    h.header.flags = HANDOVER_SUSPENDED;
    h.header.placement = birth->place;
    h.header.program = program.number;
    h.header.own_length = birth->length;
    h.own = birth->block;
    h.path = birth->path;
    size_t size = handover_size(&h);
    f->record = malloc(size);
    return f->record ? handover_encode(&h, f->record, size, &f->length) : JN_NO_MEMORY;
}

/* A child with clients that have nothing. */
static jn_status_t make_child(struct world_process *p, struct guest_foreign *f)
{
    jn_status_t status = guest_child_clients(p, &f->pid, &f->clients);

    return status == JN_OK
               ? backend_pager_fresh(guest_pager_template, f->pid, &f->clients.pager)
               : status;
}

world_status world_process_hand_over(struct world_process *p, const struct world_birth *birth,
                                     uint64_t *pid)
{
    char taker[HANDOVER_TAKER_MAX];
    struct guest_foreign *f = calloc(1, sizeof *f);
    jn_status_t status;

    if (!f)
        return JN_NO_MEMORY;
    status = make_child(p, f);
    if (status == JN_OK)
        status = make_birth_record(p, birth, f);
    if (status == JN_OK)
        status = backend_process_hand_over(handover_taker("svc/win32", birth->place, taker),
                                           f->record, f->length, &f->clients);
    *pid = f->pid;
    if (status == JN_OK)
        f->clients = (struct backend_clients){0}; /* taken over */
    foreign_free(f);
    return status;
}

world_status world_process_start_foreign(struct world_process *p,
                                         const struct world_foreign_start *start, uint64_t *pid)
{
    struct guest_foreign *f = calloc(1, sizeof *f);
    jn_status_t status;

    if (!f)
        return JN_NO_MEMORY;
    status = place_of(p, "posix", start->environment, start->environment_count, &f->place);
    if (status == JN_OK)
        status = make_child(p, f);
    if (status == JN_OK)
        status = make_record(p, start, f);
    if (status != JN_OK) {
        foreign_free(f);
        return status;
    }
    f->next = p->foreign;
    p->foreign = f;
    *pid = f->pid;
    return JN_OK;
}

world_status world_process_resume(struct world_process *p, uint64_t pid)
{
    char taker[HANDOVER_TAKER_MAX];

    for (struct guest_foreign **at = &p->foreign; *at; at = &(*at)->next) {
        struct guest_foreign *f = *at;
        if (f->pid != pid)
            continue;
        *at = f->next;
        jn_status_t status =
            backend_process_hand_over(handover_taker("svc/posix", f->place, taker), f->record,
                                      f->length, &f->clients);
        if (status == JN_OK)
            f->clients = (struct backend_clients){0}; /* taken over */
        else
            jn_log(JN_LOG_WARNING, "pid %u cannot be handed to posix: %s", (unsigned)pid,
                   jn_status_text(status));
        foreign_free(f);
        return JN_OK; /* the child has run, or has ended with status 126 */
    }
    return JN_OK;
}
