/* NtCreateUserProcess of a program that this core runs too. */
#include "nt_create.h"

#include <stdlib.h>
#include <string.h>

/* Gives the child what it inherits, under the parent's handle values. */
static nt_status inherit(struct nt_process *p, struct nt_process *child,
                         const struct nt_create *r)
{
    nt_status status = NT_SUCCESS;

    for (uint32_t i = 0; i < p->handles.used && !NT_FAILED(status); i++) {
        struct nt_handle *entry = &p->handles.entries[i];
        struct nt_object *object = entry->object;
        if (!nt_create_inherits(r, entry, (i + 1) * 4ull))
            continue;
        if (object->clone) {
            status = nt_handle_place(child, (i + 1) * 4ull, object->clone, entry->access,
                                     entry->flags);
            continue;
        }
        struct nt_object *copy;
        status = nt_object_clone(object, child, &copy);
        if (status == NT_NOT_SUPPORTED) {
            status = NT_SUCCESS; /* logged there: a kind that cannot cross */
            continue;
        }
        if (NT_FAILED(status))
            break;
        object->clone = copy;
        status = nt_handle_place(child, (i + 1) * 4ull, copy, entry->access, entry->flags);
        nt_object_release(copy);
    }
    for (uint32_t i = 0; i < p->handles.used; i++)
        if (p->handles.entries[i].object)
            p->handles.entries[i].object->clone = NULL;
    return status;
}

/* One standard handle for a child that inherits no others. */
static nt_status give_handle(struct nt_thread *t, struct nt_process *child, uint64_t *handle)
{
    struct nt_handle *entry = nt_handle_entry(t->process, *handle);
    struct nt_object *copy;
    nt_status status;

    if (!*handle || (int64_t)*handle < 0 || !entry) {
        if ((int64_t)*handle > 0)
            *handle = 0;
        return NT_SUCCESS;
    }
    status = nt_object_clone(entry->object, child, &copy);
    if (NT_FAILED(status)) {
        *handle = 0;
        return NT_SUCCESS;
    }
    status = nt_handle_insert(child, copy, entry->access, entry->flags, handle);
    nt_object_release(copy);
    return status;
}

nt_status nt_create_near(struct nt_thread *t, const uint64_t *a, struct nt_create *r,
                         struct nt_parameters *q, const struct nt_path *path)
{
    struct nt_process *p = t->process, *child;
    struct world_process *world;
    struct nt_thread *thread;
    uint64_t pid;
    nt_status status = nt_job_status(world_process_create(p->world, 0, &pid, &world));

    if (NT_FAILED(status))
        return status;
    child = nt_process_new(world, pid, p->pid);
    if (!child) {
        world_process_release(world);
        return NT_NO_MEMORY;
    }
    child->has_console = p->has_console;
    child->hard_error_mode = p->hard_error_mode;
    child->ctrl_ignored = p->ctrl_ignored;
    child->affinity = p->affinity;
    status = nt_job_assign_all(t, r->jobs, r->job_count, pid);
    if (!NT_FAILED(status))
        status = nt_process_load(child, (struct world_open){0}, path->path);
    if (!NT_FAILED(status) && child->has_console &&
        world_console_open(world, &child->console_input, &child->console_output) != JN_OK)
        child->has_console = false;
    if (!NT_FAILED(status)) {
        if ((uint32_t)a[6] & 4) {
            status = inherit(p, child, r);
            for (int i = 0; i < 3; i++) /* handles that were not inheritable are nothing there */
                if ((int64_t)q->standard[i] > 0 && !nt_handle_entry(child, q->standard[i]))
                    q->standard[i] = 0;
            if ((int64_t)q->console > 0 && !nt_handle_entry(child, q->console))
                status = give_handle(t, child, &q->console);
        } else {
            if (q->standard[1] == q->standard[2]) {
                status = give_handle(t, child, &q->standard[1]);
                q->standard[2] = q->standard[1];
            } else {
                status = give_handle(t, child, &q->standard[1]);
                if (!NT_FAILED(status))
                    status = give_handle(t, child, &q->standard[2]);
            }
            if (!NT_FAILED(status))
                status = give_handle(t, child, &q->standard[0]);
            if (!NT_FAILED(status))
                status = give_handle(t, child, &q->console);
        }
    }
    if (!NT_FAILED(status))
        status = nt_process_finish(child, q, &thread);
    if (!NT_FAILED(status)) {
        size_t bytes, count;
        char *arguments =
            nt_line_to_arguments(q->command_line.units, q->command_line.length, &bytes, &count);
        world_process_describe(world, path->path, arguments ? arguments : "",
                               arguments ? bytes : 0);
        free(arguments);
        status = nt_status_from(world_process_commit(world));
    }
    if (NT_FAILED(status)) {
        child->ended = true;
        world_process_exit(world, 1, status);
        world_process_release(world);
        nt_process_free(child);
        return status;
    }
    child->started = true;
    struct nt_process_object *object = nt_object_create(p, NT_TYPE_PROCESS, sizeof *object);
    struct nt_thread_object *thread_object = nt_thread_object_of(p, pid, thread->tid);
    struct nt_section_image_information information;
    nt_image_information(child->image, child->image_base, &information);
    status = NT_NO_MEMORY;
    if (object && thread_object) {
        object->pid = pid;
        status = nt_create_answer(t, a, r, object, thread_object, &information, thread->teb);
    }
    if (object)
        nt_object_release(&object->object);
    if (thread_object)
        nt_object_release(&thread_object->object);
    if (!((uint32_t)a[7] & 1) || NT_FAILED(status))
        nt_thread_resume(thread);
    return status;
}
