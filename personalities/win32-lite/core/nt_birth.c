/* Processes on their way to another core. */
#include "nt_birth.h"

#include <stdlib.h>
#include <string.h>

/* ---- writing ---- */
struct writer {
    uint8_t *bytes;
    size_t length, capacity;
    bool failed;
};

static void put(struct writer *w, const void *data, size_t length)
{
    size_t padded = (length + 7) & ~(size_t)7;

    if (w->length + padded > w->capacity) {
        size_t capacity = (w->length + padded) * 2;
        uint8_t *bytes = capacity <= 2 * NT_BIRTH_MAX ? realloc(w->bytes, capacity) : NULL;
        if (!bytes) {
            w->failed = true;
            return;
        }
        w->bytes = bytes;
        w->capacity = capacity;
    }
    memset(w->bytes + w->length, 0, padded);
    if (length)
        memcpy(w->bytes + w->length, data, length);
    w->length += padded;
}

static nt_status put_handle(struct writer *w, const struct nt_handle *entry, uint64_t handle)
{
    struct nt_birth_handle out = {.handle = handle, .access = entry->access,
                                  .flags = entry->flags};
    struct nt_parcel *parcel;
    size_t length;
    nt_status status = nt_parcel_pack(entry->object, &parcel, &length);

    if (NT_FAILED(status))
        return status;
    out.length = length;
    put(w, &out, sizeof out);
    put(w, parcel, length);
    free(parcel);
    ((struct nt_birth *)w->bytes)->handle_count++;
    return NT_SUCCESS;
}

/* A handle for a child that inherits no others: `fresh` there. */
static nt_status give(struct nt_process *p, struct writer *w, uint64_t fresh, uint64_t *handle)
{
    struct nt_handle *entry = nt_handle_entry(p, *handle);
    nt_status status;

    if ((int64_t)*handle <= 0)
        return NT_SUCCESS;
    status = entry ? put_handle(w, entry, fresh) : NT_INVALID_HANDLE;
    *handle = NT_FAILED(status) ? 0 : fresh;
    return status == NT_NO_MEMORY ? status : NT_SUCCESS;
}

static nt_status put_inherited(struct nt_process *p, const struct nt_create *r,
                               struct nt_parameters *q, struct writer *w)
{
    uint64_t past = (uint64_t)p->handles.used * 4 + 4;
    nt_status status = NT_SUCCESS;

    for (uint32_t i = 0; i < p->handles.used && !NT_FAILED(status); i++) {
        if (!nt_create_inherits(r, &p->handles.entries[i], (i + 1) * 4ull))
            continue;
        status = put_handle(w, &p->handles.entries[i], (i + 1) * 4ull);
        if (status == NT_NOT_SUPPORTED) /* logged there: a kind that cannot cross */
            status = NT_SUCCESS;
    }
    for (int i = 0; i < 3; i++) { /* handles that were not inheritable are nothing there */
        struct nt_handle *entry = nt_handle_entry(p, q->standard[i]);
        if ((int64_t)q->standard[i] > 0 &&
            (!entry || !nt_create_inherits(r, entry, (uint32_t)q->standard[i])))
            q->standard[i] = 0;
    }
    if ((int64_t)q->console > 0 && !NT_FAILED(status)) {
        struct nt_handle *entry = nt_handle_entry(p, q->console);
        if (!entry || !nt_create_inherits(r, entry, (uint32_t)q->console))
            status = give(p, w, past, &q->console);
    }
    return status;
}

static nt_status put_standard(struct nt_process *p, struct nt_parameters *q, struct writer *w)
{
    bool same = q->standard[1] == q->standard[2];
    nt_status status = give(p, w, 4, &q->standard[1]);

    if (same)
        q->standard[2] = q->standard[1];
    else if (!NT_FAILED(status))
        status = give(p, w, 8, &q->standard[2]);
    if (!NT_FAILED(status))
        status = give(p, w, 12, &q->standard[0]);
    return NT_FAILED(status) ? status : give(p, w, 16, &q->console);
}

nt_status nt_birth_encode(struct nt_process *p, struct nt_create *r, struct nt_parameters *q,
                          bool inherit, void **block, size_t *length)
{
    const struct nt_text *texts[NT_BIRTH_TEXTS] = {&q->image, &q->command_line, &q->directory,
                                                   &q->environment, &q->title, &q->desktop,
                                                   &q->shell_info};
    struct nt_birth head = {.magic = NT_BIRTH_MAGIC,
                            .affinity = p->affinity,
                            .console_flags = q->console_flags,
                            .process_group = q->process_group,
                            .hard_error_mode = p->hard_error_mode,
                            .runtime_length = q->runtime_length,
                            .has_console = p->has_console,
                            .ctrl_ignored = p->ctrl_ignored};
    struct writer w = {0};
    nt_status status = NT_NO_MEMORY;

    memcpy(head.window, q->window, sizeof head.window);
    for (unsigned i = 0; i < NT_BIRTH_TEXTS; i++)
        head.texts[i] = (uint32_t)texts[i]->length;
    put(&w, &head, sizeof head);
    for (unsigned i = 0; i < NT_BIRTH_TEXTS; i++)
        put(&w, texts[i]->units, texts[i]->length * 2);
    put(&w, q->runtime, q->runtime_length);
    if (!w.failed)
        status = inherit ? put_inherited(p, r, q, &w) : put_standard(p, q, &w);
    if (w.failed || w.length > NT_BIRTH_MAX)
        status = NT_NO_MEMORY;
    if (NT_FAILED(status)) {
        free(w.bytes);
        return status;
    }
    struct nt_birth *birth = (struct nt_birth *)w.bytes;
    birth->length = w.length;
    memcpy(birth->standard, q->standard, sizeof birth->standard);
    birth->console = q->console;
    *block = w.bytes;
    *length = w.length;
    return NT_SUCCESS;
}

/* ---- reading: another process wrote it ---- */
struct reader {
    const uint8_t *at;
    size_t left;
};

static const void *get(struct reader *r, size_t length)
{
    size_t padded = (length + 7) & ~(size_t)7;
    const void *at = r->at;

    if (length > NT_BIRTH_MAX || padded > r->left)
        return NULL;
    r->at += padded;
    r->left -= padded;
    return at;
}

static nt_status get_texts(struct reader *in, const struct nt_birth *birth,
                           struct nt_parameters *q)
{
    struct nt_text *texts[NT_BIRTH_TEXTS] = {&q->image, &q->command_line, &q->directory,
                                             &q->environment, &q->title, &q->desktop,
                                             &q->shell_info};

    for (unsigned i = 0; i < NT_BIRTH_TEXTS; i++) {
        const void *units = get(in, birth->texts[i] * 2ull);
        if (!units)
            return NT_INVALID_PARAMETER;
        texts[i]->length = birth->texts[i];
        texts[i]->units = calloc(texts[i]->length + 1, 2);
        if (!texts[i]->units)
            return NT_NO_MEMORY;
        memcpy(texts[i]->units, units, texts[i]->length * 2);
    }
    if (birth->runtime_length > 65535)
        return NT_INVALID_PARAMETER;
    const void *runtime = get(in, birth->runtime_length);
    if (!runtime)
        return NT_INVALID_PARAMETER;
    q->runtime_length = (uint16_t)birth->runtime_length;
    q->runtime = malloc(birth->runtime_length + 1ull);
    if (!q->runtime)
        return NT_NO_MEMORY;
    memcpy(q->runtime, runtime, birth->runtime_length);
    return NT_SUCCESS;
}

static nt_status get_handles(struct reader *in, uint32_t count, struct nt_process *p)
{
    for (uint32_t i = 0; i < count; i++) {
        const struct nt_birth_handle *entry = get(in, sizeof *entry);
        const void *parcel = entry && entry->length <= NT_PARCEL_MAX
                                 ? get(in, (size_t)entry->length)
                                 : NULL;
        struct nt_object *object;
        nt_status status;
        if (!parcel || entry->handle < 4 || entry->handle % 4 || entry->handle > 1u << 26 ||
            nt_handle_entry(p, entry->handle))
            return NT_INVALID_PARAMETER;
        status = nt_parcel_unpack(p, parcel, (size_t)entry->length, &object);
        if (NT_FAILED(status))
            return status;
        status = nt_handle_place(p, entry->handle, object, entry->access, entry->flags & 3);
        nt_object_release(object);
        if (NT_FAILED(status))
            return status;
    }
    return NT_SUCCESS;
}

static void describe(struct nt_process *p, const char *path, const struct nt_parameters *q)
{
    size_t bytes, count;
    char *arguments = nt_line_to_arguments(q->command_line.units, q->command_line.length, &bytes,
                                           &count);

    world_process_describe(p->world, path, arguments ? arguments : "", arguments ? bytes : 0);
    free(arguments);
}

nt_status nt_process_born(struct world_process *world, const struct nt_start *start,
                          const void *block, size_t length, struct nt_process **process)
{
    struct reader in = {block, length};
    const struct nt_birth *birth = get(&in, sizeof *birth);
    struct nt_parameters q;
    struct nt_process *p;
    struct nt_thread *thread;
    nt_status status;

    if (!birth || birth->magic != NT_BIRTH_MAGIC || birth->length != length)
        return NT_INVALID_PARAMETER;
    p = nt_process_new(world, start->pid, start->parent_pid);
    if (!p)
        return NT_NO_MEMORY;
    memset(&q, 0, sizeof q);
    memcpy(q.standard, birth->standard, sizeof q.standard);
    memcpy(q.window, birth->window, sizeof q.window);
    q.console = birth->console;
    q.console_flags = birth->console_flags;
    q.process_group = birth->process_group;
    p->hard_error_mode = birth->hard_error_mode;
    p->ctrl_ignored = birth->ctrl_ignored;
    p->affinity = birth->affinity;
    status = nt_process_load(p, start->program, start->path);
    p->has_console =
        birth->has_console &&
        world_console_open(world, &p->console_input, &p->console_output) == JN_OK;
    if (!NT_FAILED(status))
        status = get_texts(&in, birth, &q);
    if (!NT_FAILED(status))
        status = get_handles(&in, birth->handle_count, p);
    if (!NT_FAILED(status))
        status = nt_process_finish(p, &q, &thread);
    if (!NT_FAILED(status)) {
        describe(p, start->path, &q);
        status = nt_status_from(world_process_commit(world));
    }
    nt_parameters_free(&q);
    if (NT_FAILED(status)) {
        p->ended = true;
        nt_process_free(p);
        return status;
    }
    p->started = true;
    if (!start->suspended)
        nt_thread_resume(thread);
    *process = p;
    return NT_SUCCESS;
}
