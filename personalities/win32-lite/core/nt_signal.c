/* POSIX signals to a PE process (PERSONALITIES 16): console events for those that a terminal or
 * `kill` sends, suspension for job control, an end for the rest. */
#include "core.h"

#define CTRL_C 0u
#define CTRL_BREAK 1u
#define CTRL_CLOSE 2u
#define CTRL_SHUTDOWN 6u

/* A thread at ntdll's own control routine, as the console would make it. */
static void event(struct nt_process *p, uint32_t code)
{
    struct nt_thread *thread;

    if (!p->started || p->exiting)
        return;
    if (!p->entry_ctrl ||
        NT_FAILED(nt_thread_create(p, p->entry_ctrl, code, 0x100000, 0, false, &thread)))
        nt_process_end(p, NT_CONTROL_C_EXIT);
}

void nt_signal_deliver(struct nt_process *p, uint32_t number)
{
    switch (number) {
    case 2: event(p, CTRL_C); return;
    case 3: event(p, CTRL_BREAK); return;
    case 1: event(p, CTRL_CLOSE); return;
    case 15: event(p, CTRL_SHUTDOWN); return;
    case 17: /* CHLD, URG, WINCH: ignored by default */
    case 23:
    case 28: return;
    case 19: /* STOP and the terminal's stops */
    case 20:
    case 21:
    case 22:
        if (p->group_stopped)
            return;
        p->group_stopped = true;
        for (struct nt_list *at = p->threads.next; at != &p->threads; at = at->next)
            nt_thread_suspend(nt_container(at, struct nt_thread, link));
        world_process_stopped(p->world, number);
        return;
    case 18:
        if (p->background_wait) {
            p->background_wait = false;
            for (struct nt_list *at = p->threads.next; at != &p->threads; at = at->next)
                nt_thread_wake(nt_container(at, struct nt_thread, link));
        }
        if (p->group_stopped) {
            p->group_stopped = false;
            for (struct nt_list *at = p->threads.next; at != &p->threads;) {
                struct nt_thread *t = nt_container(at, struct nt_thread, link);
                at = at->next;
                nt_thread_resume(t);
            }
            world_process_continued(p->world);
        }
        return;
    default: /* what has no meaning here ends the process, as it ends an ELF one */
        p->exiting = true;
        p->exit_code = 128 + number;
        p->self->ended = true;
        p->self->exit_code = 128 + number;
        nt_object_wake(&p->self->object);
        p->ended = true;
        world_process_exit(p->world, 2, number);
        world_process_release(p->world);
        nt_process_free(p);
    }
}

void nt_core_signal(struct nt_process *p, uint32_t number)
{
    nt_signal_deliver(p, number);
    nt_core_run();
}
