#include "janus/backend/thread.h"

#include <stddef.h>
#include <string.h>

#include "janus/backend/gate.h"
#include "janus/object.h"
#include "janus/runtime.h"
#include "janus/server.h"

static cap_t gate;
static uint32_t priority;
static struct jn_call *current; /* the message being worked on; NULL once it is held or answered */
static jn_status_t outcome;     /* what the server loop is told about it */

void backend_gate_initialize(cap_t server_gate, uint32_t program_priority)
{
    gate = server_gate;
    priority = program_priority;
}

static const struct backend_door *door; /* NULL: not in an adapter */

void backend_gate_door(const struct backend_door *ours)
{
    door = ours;
}

void backend_call_begin(struct jn_call *call)
{
    current = call;
    outcome = JN_HELD; /* a thread that ends gets no answer */
}

jn_status_t backend_call_end(void)
{
    current = NULL;
    return outcome;
}

uint64_t backend_cpus(void)
{
    const struct jn_info *info = jn_info();
    return ((1ull << info->cpus) - 1) & ~(uint64_t)info->isolated;
}

jn_status_t backend_thread_set_cpus(struct backend_thread *thread, uint64_t cpus)
{
    return jn_info()->cpus > 1 ? jn_thread_set_cpus(thread->thread, cpus) : JN_OK;
}

uint32_t backend_thread_cpu(struct backend_thread *thread)
{
    uint32_t cpu = 0;
    return jn_info()->cpus > 1 && jn_thread_cpu(thread->thread, &cpu) == JN_OK ? cpu : 0;
}

static void forget(struct backend_thread *thread)
{
    jn_cap_delete(thread->thread);
    jn_cap_delete(thread->reply);
    if (thread->utcb)
        door->utcb_free(thread->utcb);
    *thread = (struct backend_thread){0};
}

jn_status_t backend_thread_create(cap_t pool, cap_t task, uint64_t label,
                                  struct backend_thread *thread)
{
    *thread = (struct backend_thread){0};
    if (door) {
        thread->utcb = door->utcb_alloc();
        if (!thread->utcb)
            return JN_NO_MEMORY;
    }
    jn_status_t status = jn_thread_create(pool, task, thread->utcb, JN_CAP_NULL, JN_THREAD_FOREIGN,
                                          &thread->thread);
    if (status != JN_OK) {
        forget(thread);
        return status;
    }
    if (door) { /* entry.asm knows itself by it */
        ((struct jn_utcb *)thread->utcb)->thread = thread->thread;
        ((struct jn_utcb *)thread->utcb)->user[0] = label;
    }
    status = jn_thread_set_gates(thread->thread, gate, label, gate, label);
    if (status == JN_OK)
        status = backend_thread_set_cpus(thread, backend_cpus());
    if (status == JN_OK)
        status = jn_thread_set_priority(thread->thread, priority);
    /* It has its maker's, who was given a lower one than usual and can give no more. */
    if (status == JN_BAD_ARG)
        status = JN_OK;
    if (status != JN_OK)
        backend_thread_destroy(thread);
    return status;
}

void backend_thread_set_number(struct backend_thread *thread, uint64_t number)
{
    jn_thread_number(thread->thread, number);
}

jn_status_t backend_thread_start(struct backend_thread *thread, uint32_t groups,
                                 const struct jn_state *state)
{
    jn_status_t status = jn_thread_write(thread->thread, groups, state);
    if (status == JN_OK && door && groups & JN_STATE_BASES && !state->gs_base) {
        struct jn_state bases = {.fs_base = state->fs_base, .gs_base = thread->utcb};
        status = jn_thread_write(thread->thread, JN_STATE_BASES, &bases);
    }
    return status == JN_OK ? jn_thread_resume(thread->thread) : status;
}

void backend_thread_destroy(struct backend_thread *thread)
{
    jn_status_t status = thread->thread ? jn_cap_destroy(thread->thread) : JN_OK;
    if (status != JN_OK) {
        if (status != JN_DEAD && status != JN_BAD_CAP)
            jn_log(JN_LOG_ERROR, "a thread could not be destroyed: %s", jn_status_text(status));
        jn_cap_delete(thread->thread);
    }
    thread->thread = JN_CAP_NULL;
    forget(thread);
}

void backend_thread_forget(struct backend_thread *thread)
{
    forget(thread);
}

jn_status_t backend_thread_hold(struct backend_thread *thread)
{
    if (thread->reply)
        return JN_OK;
    if (!current)
        return JN_NO_REPLY;
    jn_status_t status = jn_call_hold(current, &thread->reply);
    if (status == JN_OK)
        current = NULL;
    return status;
}

/* Answers at once through the kernel: a held message, or the current one when its answer needs more
 * than the server loop carries. The caller may be dead; nobody minds. */
static void reply(struct backend_thread *thread, uint64_t tag, uint64_t word)
{
    struct jn_registers registers = {.tag = tag, .words = {word}};
    cap_t slot = thread->reply;
    thread->reply = JN_CAP_NULL;
    int64_t result = jn_syscall(JN_REPLY, slot, &registers);
    if (slot) {
        if (result < 0)
            jn_cap_delete(slot);
        else
            jn_slot_free(slot);
    }
    current = NULL;
}

void backend_thread_answer_value(struct backend_thread *thread, uint64_t value)
{
    if (!thread->reply && current) {
        jn_begin_answer(&current->message);
        jn_put(&current->message, value);
        outcome = JN_OK;
        current = NULL;
        return;
    }
    reply(thread, 1, value);
}

/* The current message's answer without words, left to the server loop. */
static bool leave(struct backend_thread *thread, uint64_t tag)
{
    if (thread->reply || !current)
        return false;
    jn_begin_answer(&current->message);
    current->answer_tag = tag;
    outcome = JN_OK;
    current = NULL;
    return true;
}

void backend_thread_answer_resume(struct backend_thread *thread, bool syscall)
{
    uint64_t tag = syscall ? JN_TAG_RESUME : 0;
    if (!leave(thread, tag))
        reply(thread, tag, 0);
}

void backend_thread_answer_restart(struct backend_thread *thread)
{
    if (!leave(thread, JN_TAG_RESTART))
        reply(thread, JN_TAG_RESTART, 0);
}

void backend_thread_answer_state(struct backend_thread *thread, uint32_t groups,
                                 const struct jn_state *state)
{
    struct jn_state *own = &jn_utcb()->state;
    if (own != state)
        memcpy(own, state,
               groups & JN_STATE_XSAVE ? sizeof *own : offsetof(struct jn_state, xsave));
    own->valid = groups;
    reply(thread, JN_TAG_STATE, 0);
}

jn_status_t backend_thread_read(struct backend_thread *thread, uint32_t groups,
                                struct jn_state *state)
{
    enum jn_was was;
    return jn_thread_read(thread->thread, groups, state, &was);
}

jn_status_t backend_thread_write(struct backend_thread *thread, uint32_t groups,
                                 const struct jn_state *state)
{
    return jn_thread_write(thread->thread, groups, state);
}

jn_status_t backend_thread_attention(struct backend_thread *thread)
{
    return door ? jn_thread_attention_outside(thread->thread,
                                              jn_time_monotonic() + door->patience_ns)
                : jn_thread_attention(thread->thread);
}

jn_status_t backend_thread_suspend(struct backend_thread *thread)
{
    enum jn_was was;
    return door ? jn_thread_suspend_outside(thread->thread,
                                            jn_time_monotonic() + door->patience_ns, &was)
                : jn_thread_suspend(thread->thread, &was);
}

jn_status_t backend_thread_resume(struct backend_thread *thread)
{
    return jn_thread_resume(thread->thread);
}

jn_status_t backend_thread_cpu_time(struct backend_thread *thread, uint64_t *ns)
{
    enum jn_was was;
    return jn_thread_info(thread->thread, &was, ns);
}

jn_status_t backend_thread_step(struct backend_thread *thread, bool on)
{
    return jn_thread_step(thread->thread, on);
}

jn_status_t backend_copy_in(struct backend_thread *thread, uint64_t address, void *buffer,
                            size_t length, size_t *done, uint64_t fault[2])
{
    return jn_space_copy_in(thread->reply, address, buffer, length, done, fault);
}

jn_status_t backend_copy_out(struct backend_thread *thread, uint64_t address, const void *buffer,
                             size_t length, size_t *done, uint64_t fault[2])
{
    return jn_space_copy_out(thread->reply, address, buffer, length, done, fault);
}

jn_status_t backend_copy_string(struct backend_thread *thread, uint64_t address, char *buffer,
                                size_t length, size_t *done, uint64_t fault[2])
{
    return jn_space_copy_string(thread->reply, address, buffer, length, done, fault);
}

jn_status_t backend_thread_lend(struct backend_thread *thread, uint64_t address, uint64_t length,
                                struct jn_window *window)
{
    if (!thread->reply && !current)
        return JN_NO_REPLY;
    *window = jn_window_lent(thread->reply ? thread->reply : JN_WINDOW_CURRENT, address, length);
    return JN_OK;
}
