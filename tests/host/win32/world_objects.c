/* servers/object and servers/task for the core on the host: all processes are of this one core, so words
 * are numbers, and names are a list. What more than one process would wait for is not here. */
#include <stdlib.h>
#include <string.h>

#include "world_linux.h"

struct named {
    struct named *next;
    uint64_t number;
    uint32_t kind;
    bool taken;
    size_t length, name_length;
    uint8_t data[WORLD_DATA_MAX];
    char name[256];
};
static struct named *names;
static uint64_t next_number = 1;

static struct named *find(const char *name, size_t length)
{
    for (struct named *n = names; n; n = n->next)
        if (length && n->name_length == length && !strncasecmp(n->name, name, length))
            return n;
    return NULL;
}

static struct named *by_number(uint64_t number)
{
    struct named *n = names;

    while (n && n->number != number)
        n = n->next;
    return n;
}

world_status world_publish(struct world_process *p, uint32_t kind, uint32_t flags,
                           const void *data, size_t length, const char *name, size_t name_length,
                           uint64_t *object, bool *existed, void *found, size_t *found_length)
{
    struct named *n = find(name, name_length);

    (void)p;
    *existed = false;
    if (n && n->kind != kind)
        return JN_BAD_ARG;
    if (n && !(flags & WORLD_INSTANCE)) {
        if (!(flags & (WORLD_MUST_EXIST | WORLD_OPEN_OR_MAKE)))
            return JN_EXISTS;
        *existed = true;
    } else if (flags & WORLD_MUST_EXIST) {
        return JN_NOT_FOUND;
    } else {
        n = calloc(1, sizeof *n);
        if (!n || length > sizeof n->data || name_length >= sizeof n->name) {
            free(n);
            return JN_NO_MEMORY;
        }
        n->kind = kind;
        n->length = length;
        memcpy(n->data, data, length);
        memcpy(n->name, name, name_length);
        n->name_length = name_length;
        n->number = next_number++;
        n->next = names;
        names = n;
    }
    *object = n->number;
    memcpy(found, n->data, n->length);
    *found_length = n->length;
    return JN_OK;
}

world_status world_claim(struct world_process *p, bool look, uint64_t word, const char *name,
                         size_t name_length, void *found, size_t *found_length)
{
    bool any = false;

    (void)p;
    for (struct named *n = names; n; n = n->next) {
        if (n->name_length != name_length || strncasecmp(n->name, name, name_length))
            continue;
        any = true;
        if (n->taken || n->kind != WORLD_PIPE || (word && memcmp(n->data, &word, sizeof word)))
            continue;
        memcpy(found, n->data, n->length);
        *found_length = n->length;
        n->taken = !look;
        return JN_OK;
    }
    return any ? JN_BUSY : JN_NOT_FOUND;
}

world_status world_await(struct world_process *p, const char *name, size_t name_length,
                         uint64_t cookie, bool *free, void *found, size_t *found_length)
{
    world_status status = world_claim(p, true, 0, name, name_length, found, found_length);

    (void)cookie;
    *free = status == JN_OK;
    return status;
}

world_status world_republish(struct world_process *p, uint64_t object, const void *data,
                             size_t length)
{
    struct named *n = by_number(object);

    (void)p;
    if (!n || length > sizeof n->data)
        return JN_BAD_HANDLE;
    memcpy(n->data, data, length);
    n->length = length;
    n->taken = false;
    return JN_OK;
}

world_status world_next_name(struct world_process *p, const char *directory,
                             size_t directory_length, const char *after, size_t after_length,
                             uint32_t *kind, char *part, size_t *part_length)
{
    (void)p, (void)directory, (void)directory_length, (void)after, (void)after_length;
    (void)kind, (void)part, (void)part_length;
    return JN_NOT_FOUND;
}

void world_object_close(struct world_process *p, uint64_t object)
{
    (void)p;
    for (struct named **at = &names; *at; at = &(*at)->next)
        if ((*at)->number == object) {
            struct named *n = *at;
            *at = n->next;
            free(n);
            return;
        }
}

world_status world_object_wait(struct world_process *p, bool all, uint64_t tid, uint64_t cookie,
                               const uint64_t *objects, uint32_t count, uint32_t *index)
{
    struct named *n = count == 1 ? by_number(objects[0]) : NULL;

    (void)p, (void)all, (void)tid, (void)cookie;
    *index = 0;
    return !n ? JN_BAD_HANDLE : n->taken ? JN_OK : JN_WOULD_BLOCK;
}

world_status world_object_query(struct world_process *p, uint64_t object, uint32_t *kind,
                                uint64_t *value, uint64_t *limit, uint64_t *owner, uint64_t *count)
{
    struct named *n = by_number(object);

    (void)p;
    *kind = n ? n->kind : 0;
    *value = *limit = *owner = 0;
    *count = 1;
    return n ? JN_OK : JN_BAD_HANDLE;
}

world_status world_object_create(struct world_process *p, uint32_t kind, uint32_t flags,
                                 uint64_t initial, uint64_t limit, uint64_t owner,
                                 const char *name, size_t length, uint64_t *object, bool *existed)
{
    (void)p, (void)kind, (void)flags, (void)initial, (void)limit, (void)owner, (void)name;
    (void)length, (void)object, (void)existed;
    return JN_NOT_SUPPORTED;
}
world_status world_object_duplicate(struct world_process *p, uint64_t object, uint64_t *copy)
{
    (void)p, (void)object, (void)copy;
    return JN_NOT_SUPPORTED;
}
world_status world_object_transfer(struct world_process *p, uint64_t object,
                                   struct world_process *target, uint64_t *copy)
{
    (void)p, (void)object, (void)copy, (void)target;
    return JN_NOT_SUPPORTED;
}
world_status world_object_operate(struct world_process *p, uint64_t object, uint32_t operation,
                                  uint64_t value, uint64_t tid, uint64_t *previous)
{
    (void)p, (void)object, (void)operation, (void)value, (void)tid, (void)previous;
    return JN_NOT_SUPPORTED;
}
world_status world_object_set_timer(struct world_process *p, uint64_t object, uint64_t deadline,
                                    uint64_t interval)
{
    (void)p, (void)object, (void)deadline, (void)interval;
    return JN_NOT_SUPPORTED;
}

/* ---- between processes: of one core, with one table of descriptors ---- */
world_status world_offer(struct world_process *p, struct world_open open, bool move,
                         uint64_t *token)
{
    (void)p, (void)move; /* a moved open keeps its number until it is taken */
    *token = open.number << 1 | move;
    return JN_OK;
}

world_status world_accept(struct world_process *p, uint32_t server, uint64_t token,
                          struct world_open *open)
{
    *open = (struct world_open){server, 0, token >> 1};
    return token & 1 || server == WORLD_OBJECT ? JN_OK : world_io_duplicate(p, *open, open);
}

world_status world_section_offer(struct world_process *p, uint64_t section, uint64_t *token)
{
    (void)p;
    *token = section;
    return JN_OK;
}

world_status world_section_accept(struct world_process *p, uint64_t token, uint64_t *section)
{
    return world_section_share(p, token, p, section);
}

world_status world_request_post(struct world_process *p, uint64_t pid, uint64_t cookie,
                                const void *data, size_t length, uint64_t *id)
{
    (void)p, (void)pid, (void)cookie, (void)data, (void)length, (void)id;
    return JN_NO_PROCESS;
}
world_status world_request_collect(struct world_process *p, uint64_t id, void *data,
                                   size_t capacity, size_t *length)
{
    (void)p, (void)id, (void)data, (void)capacity, (void)length;
    return JN_NOT_FOUND;
}
void world_request_withdraw(struct world_process *p, uint64_t id)
{
    (void)p, (void)id;
}
void world_request_answer(struct world_process *p, uint64_t id, const void *data, size_t length)
{
    (void)p, (void)id, (void)data, (void)length;
}
world_status world_process_terminate(struct world_process *p, uint64_t pid, uint32_t code)
{
    (void)code;
    return world_process_kill(p, pid);
}
world_status world_thread_owner(struct world_process *p, uint64_t tid, uint64_t *pid)
{
    (void)p;
    for (struct nt_process *each = nt_process_next(NULL); each; each = nt_process_next(each))
        for (struct nt_list *at = each->threads.next; at != &each->threads; at = at->next)
            if (nt_container(at, struct nt_thread, link)->tid == tid) {
                *pid = each->pid;
                return JN_OK;
            }
    return JN_NO_PROCESS;
}
world_status world_process_place(struct world_process *p, const char *environment, size_t count,
                                 uint32_t *place, bool *near)
{
    (void)p, (void)environment, (void)count;
    *place = 0;
    *near = true;
    return JN_OK;
}
world_status world_process_hand_over(struct world_process *p, const struct world_birth *birth,
                                     uint64_t *pid)
{
    (void)p, (void)birth, (void)pid;
    return JN_NOT_SUPPORTED;
}

/* ---- jobs: there is no servers/task here ---- */
#define NONE(name, ...)                                                                           \
    world_status name(__VA_ARGS__)                                                                \
    {                                                                                             \
        return JN_NOT_SUPPORTED;                                                                  \
    }
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wunused-parameter"
NONE(world_completion_post, struct world_process *p, uint64_t object,
     const struct world_completion *record)
NONE(world_completion_take, struct world_process *p, uint64_t object, uint64_t cookie,
     struct world_completion *records, uint32_t most, uint32_t *count)
NONE(world_job_create, struct world_process *p, uint64_t *job)
NONE(world_job_open, struct world_process *p, uint64_t token, uint64_t *job)
NONE(world_job_offer, struct world_process *p, uint64_t job, uint64_t *token)
NONE(world_job_assign, struct world_process *p, uint64_t job, uint64_t pid)
NONE(world_job_limit, struct world_process *p, uint64_t job, uint32_t flags, uint32_t processes,
     const void *data, size_t length)
NONE(world_job_terminate, struct world_process *p, uint64_t job, uint32_t code)
NONE(world_job_query, struct world_process *p, uint64_t job, uint64_t *pids, uint32_t capacity,
     struct world_job_info *info)
NONE(world_job_contains, struct world_process *p, uint64_t job, uint64_t pid, bool *is)
NONE(world_job_next, struct world_process *p, uint64_t job, uint64_t cookie, uint32_t *message,
     uint64_t *pid)
NONE(world_job_wait, struct world_process *p, uint64_t job, uint64_t cookie)
#pragma GCC diagnostic pop

void world_job_close(struct world_process *p, uint64_t job)
{
    (void)p, (void)job;
}

void world_process_breakaway(struct world_process *p, bool on)
{
    (void)p, (void)on;
}
