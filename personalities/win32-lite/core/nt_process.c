/* Processes of this core; NtOpenProcess, NtTerminateProcess. */
#include <stdlib.h>
#include <string.h>

#include "nt_remote.h"

static struct nt_list processes = {&processes, &processes};

void nt_process_register(struct nt_process *p)
{
    nt_list_append(&processes, &p->link);
}

struct nt_process *nt_process_by_pid(uint64_t pid)
{
    for (struct nt_list *at = processes.next; at != &processes; at = at->next)
        if (nt_container(at, struct nt_process, link)->pid == pid)
            return nt_container(at, struct nt_process, link);
    return NULL;
}

struct nt_process *nt_process_next(struct nt_process *p)
{
    struct nt_list *next = p ? p->link.next : processes.next;

    return next == &processes ? NULL : nt_container(next, struct nt_process, link);
}

/* The 32 bits that a Win32 waiter sees (PERSONALITIES 16). */
uint32_t nt_exit_wait_status(uint32_t kind, uint32_t code)
{
    return kind == 2 ? 128 + (code & 0x7f) : code;
}

void nt_process_free(struct nt_process *p)
{
    extern void nt_threads_drop(struct nt_process *);
    extern void nt_locale_process_gone(struct nt_process *);

    nt_threads_drop(p);
    nt_locale_process_gone(p);
    nt_handle_close_all(p);
    while (p->space.count)
        nt_view_destroy(p, p->space.views[p->space.count - 1]);
    free(p->space.views);
    nt_image_put(p->image);
    nt_image_put(p->ntdll);
    free(p->executable);
    free(p->image_path);
    nt_list_remove(&p->link);
    if (p->self)
        nt_object_release(&p->self->object);
    nt_ended_threads_free(p);
    free(p);
}

void nt_process_end(struct nt_process *p, uint32_t code)
{
    p->exiting = true;
    p->exit_code = code;
    p->self->ended = true;
    p->self->exit_code = code;
    nt_object_wake(&p->self->object);
    /* From here on nothing is given back piece by piece: the servers drop the clients whole. */
    p->ended = true;
    /* A status that reads as zero in eight bits would be taken for success (PERSONALITIES 16). */
    if (code && !(code & 0xff) && code != (uint32_t)NT_CONTROL_C_EXIT)
        world_log("win32: pid %u: exit status 0x%08x is 0 to POSIX waiters", (unsigned)p->pid,
                  code);
    if (code == (uint32_t)NT_CONTROL_C_EXIT)
        world_process_exit(p->world, 2, 2); /* as if ended by SIGINT */
    else
        world_process_exit(p->world, 1, code);
    world_process_release(p->world);
    nt_process_free(p);
}

void nt_core_killed(struct nt_process *p)
{
    p->exiting = true;
    p->ended = true;
    p->exit_code = 137;
    p->self->ended = true;
    p->self->exit_code = 137;
    nt_object_wake(&p->self->object);
    world_process_release(p->world);
    nt_process_free(p);
    nt_core_run();
}

nt_status NtOpenProcess(struct nt_thread *t, const uint64_t *a)
{
    struct nt_client_id client;
    struct nt_attributes attributes;
    struct world_process_info information;
    struct nt_process_object *object;
    nt_status status;

    if (NT_FAILED(nt_read(t, a[3], &client, sizeof client)))
        return NT_ACCESS_VIOLATION;
    status = nt_read_attributes(t, a[2], &attributes);
    if (NT_FAILED(status))
        return status;
    nt_attributes_free(&attributes);
    if (client.process == t->process->pid) {
        object = t->process->self;
        nt_object_ref(&object->object);
    } else {
        if (!client.process ||
            world_process_info(t->process->world, client.process, &information) != JN_OK)
            return NT_INVALID_CID;
        object = nt_object_create(t->process, NT_TYPE_PROCESS, sizeof *object);
        if (!object)
            return NT_NO_MEMORY;
        object->pid = client.process;
        object->foreign = information.personality != WORLD_PERSONALITY_WIN32;
    }
    return nt_handle_give(t, a[0], object, (uint32_t)a[1], attributes.flags, NT_SUCCESS);
}

/* The default handler of a console event ends the process from its own thread, with 0: that is an
 * end by the signal that the event was made of. */
static void end_by_event(struct nt_process *p, uint32_t signal)
{
    p->exiting = true;
    p->ended = true;
    p->self->ended = true;
    p->self->exit_code = p->exit_code = NT_CONTROL_C_EXIT;
    nt_object_wake(&p->self->object);
    world_process_exit(p->world, 2, signal);
    world_process_release(p->world);
    nt_process_free(p);
}

nt_status NtTerminateProcess(struct nt_thread *t, const uint64_t *a)
{
    struct nt_process_object *object;
    struct nt_process *target;
    nt_status status;

    if (!a[0]) { /* all other threads */
        struct nt_list *at = t->process->threads.next;
        while (at != &t->process->threads) {
            struct nt_thread *other = nt_container(at, struct nt_thread, link);
            at = at->next;
            if (other != t)
                nt_thread_end(other, (uint32_t)a[1]);
        }
        t->process->exiting = true;
        return NT_SUCCESS;
    }
    status = nt_handle_object(t, a[0], NT_TYPE_PROCESS, 1, &object);
    if (NT_FAILED(status))
        return status;
    if (object->ended)
        return NT_PROCESS_IS_TERMINATING;
    target = nt_process_reach(t, object->pid);
    if (target) {
        bool own = target == t->process;
        if (own && t->event_signal && !(uint32_t)a[1]) {
            end_by_event(target, t->event_signal);
            return NT_STATE;
        }
        if (own)
            nt_crash_report(t, (uint32_t)a[1], false);
        nt_process_end(target, (uint32_t)a[1]);
        return own ? NT_STATE : NT_SUCCESS;
    }
    return nt_status_from(
        world_process_terminate(t->process->world, object->pid, (uint32_t)a[1]));
}

nt_status NtSuspendProcess(struct nt_thread *t, const uint64_t *a)
{
    struct nt_process_object *object;
    struct nt_process *p;
    nt_status status = nt_handle_object(t, a[0], NT_TYPE_PROCESS, 0x800, &object);

    if (NT_FAILED(status))
        return status;
    p = nt_process_by_pid(object->pid);
    if (!p)
        return NT_ACCESS_DENIED;
    for (struct nt_list *at = p->threads.next; at != &p->threads; at = at->next)
        nt_thread_suspend(nt_container(at, struct nt_thread, link));
    return NT_SUCCESS;
}

nt_status NtResumeProcess(struct nt_thread *t, const uint64_t *a)
{
    struct nt_process_object *object;
    struct nt_process *p;
    nt_status status = nt_handle_object(t, a[0], NT_TYPE_PROCESS, 0x800, &object);

    if (NT_FAILED(status))
        return status;
    p = nt_process_by_pid(object->pid);
    if (!p)
        return nt_status_from(world_process_resume(t->process->world, object->pid));
    for (struct nt_list *at = p->threads.next; at != &p->threads;) {
        struct nt_thread *thread = nt_container(at, struct nt_thread, link);
        at = at->next;
        nt_thread_resume(thread);
    }
    return NT_SUCCESS;
}
