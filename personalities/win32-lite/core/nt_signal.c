/* POSIX signals to a PE process (PERSONALITIES 16): console events for those that a terminal or
 * `kill` sends, suspension for job control, an end for the rest. */
#include "core.h"

#define CTRL_C 0u
#define CTRL_BREAK 1u
#define CTRL_CLOSE 2u
#define CTRL_SHUTDOWN 6u

#define EVENT_LIMIT_NS 5000000000ull /* as Windows gives CLOSE handlers */

static void end_by(struct nt_process *p, uint32_t number)
{
    p->exiting = true;
    p->ended = true;
    p->self->ended = true;
    p->self->exit_code = p->exit_code = 128 + number;
    nt_object_wake(&p->self->object);
    world_process_exit(p->world, 2, number);
    world_process_release(p->world);
    nt_process_free(p);
}

/* A thread at ntdll's own control routine, as the console would make it. */
static void event(struct nt_process *p, uint32_t code, uint32_t signal)
{
    struct nt_thread *thread;

    if (!p->started || p->exiting)
        return;
    if (!p->entry_ctrl ||
        NT_FAILED(nt_thread_create(p, p->entry_ctrl, code, 0x100000, 0, false, &thread))) {
        nt_process_end(p, NT_CONTROL_C_EXIT);
        return;
    }
    thread->event_signal = signal;
    if (code == CTRL_CLOSE || code == CTRL_SHUTDOWN) {
        p->kill_deadline = world_time_monotonic() + EVENT_LIMIT_NS;
        p->kill_signal = signal;
    }
}

uint64_t nt_signal_next(void)
{
    uint64_t next = UINT64_MAX;

    for (struct nt_process *p = nt_process_next(NULL); p; p = nt_process_next(p))
        if (p->kill_deadline && p->kill_deadline < next)
            next = p->kill_deadline;
    return next;
}

void nt_signal_run(uint64_t now)
{
    for (struct nt_process *p = nt_process_next(NULL), *next; p; p = next) {
        next = nt_process_next(p);
        if (p->kill_deadline && p->kill_deadline <= now)
            end_by(p, p->kill_signal);
    }
}

void nt_signal_deliver(struct nt_process *p, uint32_t number)
{
    switch (number) {
    case 2: event(p, CTRL_C, number); return;
    case 3: event(p, CTRL_BREAK, number); return;
    case 1: event(p, CTRL_CLOSE, number); return;
    case 15: event(p, CTRL_SHUTDOWN, number); return;
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
        end_by(p, number);
    }
}

void nt_core_signal(struct nt_process *p, uint32_t number)
{
    nt_signal_deliver(p, number);
    nt_core_run();
}
