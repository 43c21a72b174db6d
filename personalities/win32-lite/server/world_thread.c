/* Threads of programs: foreign threads whose messages come to this server's gate. */
#include <stdlib.h>
#include <string.h>

#include "placement.h"

#define GROUPS (JN_STATE_REGS | JN_STATE_BASES | JN_STATE_XSAVE | JN_STATE_DEBUG)
#define POOL_FRAMES 64u

world_status world_thread_create(struct world_process *p, uint64_t cookie, uint64_t tid,
                                 const struct jn_state *state, struct world_thread **result)
{
    struct world_thread *t = calloc(1, sizeof *t);
    jn_status_t status;

    if (!t)
        return JN_NO_MEMORY;
    t->first = malloc(sizeof *t->first);
    if (!t->first) {
        free(t);
        return JN_NO_MEMORY;
    }
    *t->first = *state;
    t->process = p;
    t->cookie = cookie;
    status = backend_thread_create(p->pool, p->kernel_task, cookie, &t->thread);
    if (status == JN_NO_MEMORY) {
        uint64_t got;
        status = backend_process_fund(p->clients.task, POOL_FRAMES, &got);
        if (status == JN_OK)
            status = backend_thread_create(p->pool, p->kernel_task, cookie, &t->thread);
    }
    if (status != JN_OK) {
        free(t->first);
        free(t);
        return status;
    }
    status = placement_thread(p, t, state->gs_base, tid);
    if (status != JN_OK) {
        backend_thread_destroy(&t->thread);
        free(t->first);
        free(t);
        return status;
    }
    t->next = p->threads;
    p->threads = t;
    *result = t;
    return JN_OK;
}

void world_thread_number(struct world_thread *t, uint64_t tid)
{
    backend_thread_set_number(&t->thread, tid);
}

world_status world_thread_start(struct world_thread *t)
{
    jn_status_t status;

    if (!t->first)
        return JN_OK;
    guest_running++;
    guest_clock_fresh();
    status = backend_thread_start(&t->thread, t->first->valid, t->first);
    free(t->first);
    t->first = NULL;
    return status;
}

/* It goes on in user mode. */
static void leave(struct world_thread *t)
{
    guest_running += t->stopped;
    t->stopped = false;
    if (t->thread.reply) /* it has waited */
        guest_clock_fresh();
}

void world_thread_answer(struct world_thread *t, uint64_t rax)
{
    leave(t);
    backend_thread_answer_value(&t->thread, rax);
}

void world_thread_resume(struct world_thread *t)
{
    leave(t);
    backend_thread_answer_resume(&t->thread, t->call);
}

void world_thread_resume_with(struct world_thread *t, const struct jn_state *state)
{
    leave(t);
    backend_thread_answer_state(&t->thread, state->valid, state);
}

world_status world_thread_state(struct world_thread *t, struct jn_state *state)
{
    if (t->first) {
        *state = *t->first;
        return JN_OK;
    }
    return backend_thread_read(&t->thread, GROUPS, state);
}

world_status world_thread_set_state(struct world_thread *t, const struct jn_state *state)
{
    if (t->first) {
        uint32_t valid = t->first->valid;
        *t->first = *state;
        t->first->valid |= valid;
        return JN_OK;
    }
    return backend_thread_write(&t->thread, state->valid, state);
}

void world_thread_freeze(struct world_thread *t)
{
    if (t->first || placement_freeze(t))
        return;
    jn_status_t status = backend_thread_suspend(&t->thread);
    if (status != JN_OK)
        jn_log(JN_LOG_WARNING, "a thread cannot be suspended: %s", jn_status_text(status));
}

void world_thread_thaw(struct world_thread *t)
{
    jn_status_t status = t->first ? world_thread_start(t) : backend_thread_resume(&t->thread);

    if (status != JN_OK)
        jn_log(JN_LOG_WARNING, "a thread cannot go on: %s", jn_status_text(status));
}

void world_thread_destroy(struct world_thread *t)
{
    guest_running -= !t->stopped && !t->first;
    for (struct world_thread **at = &t->process->threads; *at; at = &(*at)->next)
        if (*at == t) {
            *at = t->next;
            break;
        }
    placement_thread_gone(t);
    backend_thread_destroy(&t->thread);
    free(t->first);
    free(t);
}

world_status world_thread_times(struct world_thread *t, uint64_t *user_ns)
{
    return backend_thread_cpu_time(&t->thread, user_ns);
}

world_status world_thread_set_cpus(struct world_thread *t, uint64_t cpus)
{
    return backend_thread_set_cpus(&t->thread, cpus);
}

uint32_t world_thread_cpu(struct world_thread *t)
{
    return backend_thread_cpu(&t->thread);
}

struct world_thread *guest_lender(struct world_process *p)
{
    for (struct world_thread *t = p->threads; t; t = t->next)
        if (t->stopped)
            return t;
    return NULL;
}

bool world_thread_abort_fast(struct world_thread *t)
{
    return placement_abort_fast(t);
}
