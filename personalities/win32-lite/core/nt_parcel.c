/* Objects on their way to another process: what it needs to make the same object, as bytes. */
#include <stdlib.h>
#include <string.h>

#include "nt_job.h"
#include "nt_remote.h"

static struct nt_parcel *make(uint32_t type, const uint16_t *path, uint32_t path_length,
                              const void *data, uint32_t data_length, size_t *length)
{
    struct nt_parcel *parcel;

    *length = sizeof *parcel + path_length * 2ull + data_length;
    parcel = *length <= NT_PARCEL_MAX ? calloc(1, *length) : NULL;
    if (!parcel)
        return NULL;
    parcel->type = type;
    parcel->path_length = path_length;
    parcel->data_length = data_length;
    if (path_length)
        memcpy(parcel + 1, path, path_length * 2);
    if (data_length)
        memcpy((uint8_t *)(parcel + 1) + path_length * 2, data, data_length);
    return parcel;
}

static nt_status pack_file(struct nt_file *file, struct nt_parcel **parcel, size_t *length)
{
    struct nt_process *p = file->object.process;
    struct nt_parcel *q = make(NT_TYPE_FILE, file->path, file->path ? file->path_length : 0, NULL,
                               0, length);
    world_status status = JN_OK;

    if (!q)
        return NT_NO_MEMORY;
    q->kind = file->kind;
    q->file_access = file->access;
    q->options = file->options;
    q->pipe_mode = file->pipe_mode;
    q->flags = file->pipe_share;
    if (file->open.server) {
        q->server = file->open.server;
        q->access = file->open.access;
        status = world_offer(p->world, file->open, false, &q->token);
    }
    if (status == JN_OK && file->write_open.server) {
        q->write_server = file->write_open.server;
        q->write_access = file->write_open.access;
        status = world_offer(p->world, file->write_open, false, &q->write_token);
    }
    if (status == JN_OK && file->pipe_name)
        status = world_offer(p->world, (struct world_open){WORLD_OBJECT, 0, file->pipe_name},
                             false, &q->name_token);
    *parcel = q;
    return nt_status_from(status);
}

static nt_status unpack_file(struct nt_process *p, const struct nt_parcel *q,
                             const uint16_t *path, struct nt_object **object)
{
    struct world_open open = {0}, name = {0};
    struct nt_file *file;
    world_status status = JN_OK;

    if (q->kind > NT_FILE_CONDRV)
        return NT_INVALID_PARAMETER;
    if (q->server)
        status = world_accept(p->world, q->server, q->token, &open);
    if (status != JN_OK)
        return NT_INVALID_HANDLE;
    open.access = q->access;
    file = nt_file_create(p, q->kind, open, q->file_access, q->options);
    if (!file) {
        if (open.server)
            world_io_close(p->world, open);
        return NT_NO_MEMORY;
    }
    if (q->write_server) {
        status = world_accept(p->world, q->write_server, q->write_token, &file->write_open);
        file->write_open.access = q->write_access;
    }
    if (status == JN_OK && q->name_token) {
        status = world_accept(p->world, WORLD_OBJECT, q->name_token, &name);
        file->pipe_name = name.number;
    }
    if (status != JN_OK) {
        nt_object_release(&file->object);
        return NT_INVALID_HANDLE;
    }
    file->pipe_mode = q->pipe_mode;
    file->pipe_share = q->flags;
    if (q->path_length) {
        file->path = nt_text_dup(path, q->path_length);
        file->path_length = q->path_length;
    }
    *object = &file->object;
    return NT_SUCCESS;
}

/* Objects whose state servers/object keeps from now on. */
static nt_status pack_shared(struct nt_object *object, struct nt_parcel **parcel, size_t *length)
{
    nt_status status = nt_object_promote(object);
    struct nt_parcel *q;

    if (NT_FAILED(status))
        return status;
    q = make(object->type, NULL, 0, NULL, 0, length);
    if (!q)
        return NT_NO_MEMORY;
    if (object->type == NT_TYPE_EVENT)
        q->flags = ((struct nt_event *)object)->manual;
    *parcel = q;
    return nt_status_from(
        world_offer(object->process->world,
                    (struct world_open){WORLD_OBJECT, 0, object->shared}, false, &q->token));
}

static nt_status unpack_shared(struct nt_process *p, const struct nt_parcel *q,
                               struct nt_object **object)
{
    static const size_t sizes[NT_TYPE_COUNT] = {
        [NT_TYPE_EVENT] = sizeof(struct nt_event),
        [NT_TYPE_SEMAPHORE] = sizeof(struct nt_semaphore),
        [NT_TYPE_MUTANT] = sizeof(struct nt_mutant),
        [NT_TYPE_TIMER] = sizeof(struct nt_timer),
        [NT_TYPE_COMPLETION] = sizeof(struct nt_completion),
    };
    struct world_open open;
    struct nt_object *made;

    if (world_accept(p->world, WORLD_OBJECT, q->token, &open) != JN_OK)
        return NT_INVALID_HANDLE;
    made = nt_object_create(p, q->type, sizes[q->type]);
    if (!made) {
        world_object_close(p->world, open.number);
        return NT_NO_MEMORY;
    }
    made->shared = open.number;
    if (q->type == NT_TYPE_EVENT)
        ((struct nt_event *)made)->manual = q->flags & 1;
    if (q->type == NT_TYPE_MUTANT) {
        p->shared_mutants = true;
        nt_list_init(&((struct nt_mutant *)made)->owned);
    }
    if (q->type == NT_TYPE_TIMER)
        nt_list_init(&((struct nt_timer *)made)->armed_link);
    *object = made;
    return NT_SUCCESS;
}

static nt_status pack_section(struct nt_section *section, struct nt_parcel **parcel,
                              size_t *length)
{
    struct nt_process *p = section->object.process;
    struct nt_file_ref *file = section->file;
    struct nt_parcel *q = make(NT_TYPE_SECTION, file ? file->path : NULL,
                               file && file->path ? file->path_length : 0, NULL, 0, length);
    world_status status;

    if (!q)
        return NT_NO_MEMORY;
    *parcel = q;
    q->size = section->size;
    q->protection = section->protection;
    q->attributes = section->attributes;
    q->flags = section->image != NULL;
    if (file) {
        q->server = file->open.server;
        q->access = file->open.access;
        status = world_offer(p->world, file->open, false, &q->token);
    } else {
        status = world_section_offer(p->world, section->section, &q->token);
    }
    return nt_status_from(status);
}

static nt_status unpack_section(struct nt_process *p, const struct nt_parcel *q,
                                const uint16_t *path, struct nt_object **object)
{
    struct nt_section *section = nt_object_create(p, NT_TYPE_SECTION, sizeof *section);
    nt_status status = NT_SUCCESS;

    if (!section)
        return NT_NO_MEMORY;
    section->size = q->size;
    section->protection = q->protection;
    section->attributes = q->attributes;
    if (q->server) {
        struct world_open open;
        if (world_accept(p->world, q->server, q->token, &open) != JN_OK)
            status = NT_INVALID_HANDLE;
        open.access = q->access;
        section->file = NT_FAILED(status)
                            ? NULL
                            : nt_file_ref_create(open, q->path_length ? path : NULL,
                                                 q->path_length);
        if (!NT_FAILED(status) && !section->file) {
            world_io_close(p->world, open);
            status = NT_NO_MEMORY;
        }
        if (!NT_FAILED(status) && q->flags)
            status = nt_image_open(p, section->file, &section->image);
    } else if (world_section_accept(p->world, q->token, &section->section) != JN_OK) {
        section->section = 0;
        status = NT_INVALID_HANDLE;
    }
    if (NT_FAILED(status)) {
        nt_object_release(&section->object);
        return status;
    }
    *object = &section->object;
    return NT_SUCCESS;
}

static nt_status pack_key(struct nt_key *key, struct nt_parcel **parcel, size_t *length)
{
    char path[512];
    size_t n;

    if (world_key_path(key->object.process->world, key->key, path, sizeof path, &n) != JN_OK)
        return NT_NOT_SUPPORTED;
    *parcel = make(NT_TYPE_KEY, NULL, 0, path, (uint32_t)n, length);
    return *parcel ? NT_SUCCESS : NT_NO_MEMORY;
}

static nt_status unpack_key(struct nt_process *p, const struct nt_parcel *q, const char *path,
                            struct nt_object **object)
{
    uint64_t number;
    bool created;
    struct nt_key *key;

    if (world_key_open(p->world, 0, false, path, q->data_length, &number, &created) != JN_OK)
        return NT_INVALID_HANDLE;
    key = nt_object_create(p, NT_TYPE_KEY, sizeof *key);
    if (!key) {
        world_key_close(p->world, number);
        return NT_NO_MEMORY;
    }
    key->key = number;
    *object = &key->object;
    return NT_SUCCESS;
}

nt_status nt_parcel_pack(struct nt_object *object, struct nt_parcel **parcel, size_t *length)
{
    nt_status status = NT_SUCCESS;

    *parcel = NULL;
    switch (object->type) {
    case NT_TYPE_FILE: status = pack_file((struct nt_file *)object, parcel, length); break;
    case NT_TYPE_EVENT:
    case NT_TYPE_SEMAPHORE:
    case NT_TYPE_MUTANT:
    case NT_TYPE_TIMER:
    case NT_TYPE_COMPLETION: status = pack_shared(object, parcel, length); break;
    case NT_TYPE_SECTION:
        status = pack_section((struct nt_section *)object, parcel, length);
        break;
    case NT_TYPE_KEY: status = pack_key((struct nt_key *)object, parcel, length); break;
    case NT_TYPE_DIRECTORY: {
        const char *path = ((struct nt_directory *)object)->path;
        *parcel = make(NT_TYPE_DIRECTORY, NULL, 0, path, (uint32_t)strlen(path), length);
        break;
    }
    case NT_TYPE_SYMLINK: {
        struct nt_symlink *link = (struct nt_symlink *)object;
        *parcel = make(NT_TYPE_SYMLINK, link->target, link->target_length / 2, NULL, 0, length);
        break;
    }
    case NT_TYPE_PROCESS:
        *parcel = make(NT_TYPE_PROCESS, NULL, 0, NULL, 0, length);
        if (*parcel) {
            (*parcel)->pid = ((struct nt_process_object *)object)->pid;
            (*parcel)->flags = ((struct nt_process_object *)object)->foreign;
        }
        break;
    case NT_TYPE_THREAD:
        *parcel = make(NT_TYPE_THREAD, NULL, 0, NULL, 0, length);
        if (*parcel) {
            (*parcel)->pid = ((struct nt_thread_object *)object)->pid;
            (*parcel)->tid = ((struct nt_thread_object *)object)->tid;
            (*parcel)->flags = ((struct nt_thread_object *)object)->foreign;
        }
        break;
    case NT_TYPE_TOKEN:
        *parcel = make(object->type, NULL, 0, NULL, 0, length);
        if (*parcel)
            (*parcel)->kind = ((struct nt_token *)object)->kind;
        break;
    case NT_TYPE_JOB:
        *parcel = make(object->type, NULL, 0, NULL, 0, length);
        if (*parcel)
            status = nt_job_word((struct nt_job *)object, &(*parcel)->token);
        break;
    default:
        world_log("win32: pid %u: objects of type %d do not pass to other processes",
                  (unsigned)object->process->pid, (int)object->type);
        return NT_NOT_SUPPORTED;
    }
    if (!*parcel && !NT_FAILED(status))
        status = NT_NO_MEMORY;
    if (NT_FAILED(status)) {
        free(*parcel);
        *parcel = NULL;
    }
    return status;
}

/* A simple object: only its own structure. */
static void *plain(struct nt_process *p, enum nt_type type, size_t size, struct nt_object **object)
{
    *object = nt_object_create(p, type, size);
    return *object;
}

nt_status nt_parcel_unpack(struct nt_process *p, const void *bytes, size_t length,
                           struct nt_object **object)
{
    struct nt_parcel q;
    const uint16_t *path = (const uint16_t *)((const uint8_t *)bytes + sizeof q);
    const char *data;

    *object = NULL;
    if (length < sizeof q || length > NT_PARCEL_MAX)
        return NT_INVALID_PARAMETER;
    memcpy(&q, bytes, sizeof q);
    if (q.path_length > NT_PARCEL_MAX || q.data_length > NT_PARCEL_MAX ||
        sizeof q + q.path_length * 2ull + q.data_length != length)
        return NT_INVALID_PARAMETER;
    data = (const char *)(path + q.path_length);
    switch (q.type) {
    case NT_TYPE_FILE: return unpack_file(p, &q, path, object);
    case NT_TYPE_EVENT:
    case NT_TYPE_SEMAPHORE:
    case NT_TYPE_MUTANT:
    case NT_TYPE_TIMER:
    case NT_TYPE_COMPLETION: return unpack_shared(p, &q, object);
    case NT_TYPE_SECTION: return unpack_section(p, &q, path, object);
    case NT_TYPE_KEY: return unpack_key(p, &q, data, object);
    case NT_TYPE_DIRECTORY: {
        struct nt_directory *directory = plain(p, q.type, sizeof *directory, object);
        char *copy = directory ? malloc(q.data_length + 1ull) : NULL;
        if (!copy)
            break;
        memcpy(copy, data, q.data_length);
        copy[q.data_length] = 0;
        directory->path = copy;
        return NT_SUCCESS;
    }
    case NT_TYPE_SYMLINK: {
        struct nt_symlink *link = plain(p, q.type, sizeof *link, object);
        if (!link)
            break;
        link->target = nt_text_dup(path, q.path_length);
        link->target_length = q.path_length * 2;
        return NT_SUCCESS;
    }
    case NT_TYPE_PROCESS: {
        struct nt_process_object *process;
        if (q.pid == p->pid) {
            *object = &p->self->object;
            nt_object_ref(*object);
            return NT_SUCCESS;
        }
        process = plain(p, q.type, sizeof *process, object);
        if (!process)
            break;
        process->pid = q.pid;
        process->foreign = q.flags & 1;
        return NT_SUCCESS;
    }
    case NT_TYPE_THREAD: {
        struct nt_thread_object *thread = nt_thread_object_of(p, q.pid, q.tid);
        if (!thread)
            break;
        thread->foreign |= q.flags & 1;
        *object = &thread->object;
        return NT_SUCCESS;
    }
    case NT_TYPE_TOKEN: {
        struct nt_token *token = plain(p, q.type, sizeof *token, object);
        if (!token)
            break;
        token->kind = q.kind;
        return NT_SUCCESS;
    }
    case NT_TYPE_JOB: return nt_job_of_word(p, q.token, object);
    default: return NT_INVALID_PARAMETER;
    }
    if (*object)
        nt_object_release(*object);
    *object = NULL;
    return NT_NO_MEMORY;
}

nt_status nt_object_clone(struct nt_object *object, struct nt_process *target,
                          struct nt_object **copy)
{
    struct nt_parcel *parcel;
    size_t length;
    nt_status status = nt_parcel_pack(object, &parcel, &length);

    *copy = NULL;
    if (NT_FAILED(status))
        return status;
    status = nt_parcel_unpack(target, parcel, length, copy);
    free(parcel);
    return status;
}
