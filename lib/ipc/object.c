/* Wrappers over JN_INVOKE. */
#include "janus/object.h"

#include <string.h>

#include "janus/ipc.h"

jn_status_t jn_invoke(cap_t object, enum jn_object_op op, uint64_t words[static JN_WORDS_REG])
{
    struct jn_registers registers;
    registers.tag = (uint64_t)op << JN_TAG_METHOD_SHIFT | JN_WORDS_REG;
    memcpy(registers.words, words, sizeof registers.words);
    int64_t result = jn_syscall(JN_INVOKE, object, &registers);
    memcpy(words, registers.words, sizeof registers.words);
    return (jn_status_t)result;
}

/* Invokes with up to six arguments; results are copied to w when it is not NULL. */
static jn_status_t invoke(cap_t object, enum jn_object_op op, uint64_t a, uint64_t b, uint64_t c,
                          uint64_t d, uint64_t e, uint64_t *w)
{
    uint64_t words[JN_WORDS_REG] = {a, b, c, d, e};
    jn_status_t status = jn_invoke(object, op, words);
    if (w)
        memcpy(w, words, 6 * sizeof *w);
    return status;
}

/* Operations that create an object in a fresh slot, given as word 0. */
static jn_status_t create(cap_t on, enum jn_object_op op, uint64_t b, uint64_t c, uint64_t d,
                          uint64_t e, uint64_t *w, cap_t *out)
{
    *out = JN_CAP_NULL;
    cap_t slot = jn_slot_alloc();
    if (slot == JN_CAP_NULL)
        return JN_NO_MEMORY;
    jn_status_t status = invoke(on, op, slot, b, c, d, e, w);
    if (status != JN_OK)
        jn_slot_free(slot);
    else
        *out = slot;
    return status;
}

void jn_cap_delete(cap_t cap)
{
    if (cap == JN_CAP_NULL)
        return;
    jn_status_t status = invoke(JN_CAP_TASK, JN_OP_CAP_DELETE, cap, 0, 0, 0, 0, NULL);
    if (status == JN_OK)
        jn_slot_free(cap);
}

jn_status_t jn_cap_copy(cap_t source, uint32_t rights, cap_t *out)
{
    *out = JN_CAP_NULL;
    cap_t slot = jn_slot_alloc();
    if (slot == JN_CAP_NULL)
        return JN_NO_MEMORY;
    jn_status_t status = jn_cap_copy_to(JN_CAP_TASK, source, slot, rights);
    if (status != JN_OK)
        jn_slot_free(slot);
    else
        *out = slot;
    return status;
}

jn_status_t jn_cap_copy_to(cap_t task, cap_t source, cap_t slot, uint32_t rights)
{
    return invoke(task, JN_OP_CAP_COPY, source, slot, rights, 0, 0, NULL);
}

jn_status_t jn_cap_move(cap_t source, cap_t slot)
{
    return invoke(JN_CAP_TASK, JN_OP_CAP_MOVE, source, slot, JN_RIGHT_ALL, 0, 0, NULL);
}

jn_status_t jn_cap_move_to(cap_t task, cap_t source, cap_t slot)
{
    jn_status_t status = invoke(task, JN_OP_CAP_MOVE, source, slot, JN_RIGHT_ALL, 0, 0, NULL);
    if (status == JN_OK)
        jn_slot_free(source);
    return status;
}

jn_status_t jn_cap_revoke(cap_t cap)
{
    return invoke(JN_CAP_TASK, JN_OP_CAP_REVOKE, cap, 0, 0, 0, 0, NULL);
}

jn_status_t jn_cap_destroy(cap_t cap)
{
    jn_status_t status = invoke(JN_CAP_TASK, JN_OP_CAP_DESTROY, cap, 0, 0, 0, 0, NULL);
    if (status == JN_OK)
        jn_cap_delete(cap);
    return status;
}

jn_status_t jn_cap_info(cap_t cap, uint32_t *type, uint32_t *rights, uint64_t *identity,
                        uint64_t *label)
{
    uint64_t w[6];
    jn_status_t status = invoke(JN_CAP_TASK, JN_OP_CAP_INFO, cap, 0, 0, 0, 0, w);
    *type = (uint32_t)w[0];
    *rights = (uint32_t)w[1];
    *identity = w[2];
    *label = w[3];
    return status;
}

jn_status_t jn_pool_create(cap_t pool, uint64_t frames, cap_t *out)
{
    return create(pool, JN_OP_POOL_CREATE, frames, 0, 0, 0, NULL, out);
}

jn_status_t jn_pool_fund(cap_t pool, cap_t child, int64_t frames)
{
    return invoke(pool, JN_OP_POOL_FUND, child, (uint64_t)frames, 0, 0, 0, NULL);
}

jn_status_t jn_pool_info(cap_t pool, uint64_t *owned, uint64_t *free_frames, uint64_t *bytes)
{
    uint64_t w[6];
    jn_status_t status = invoke(pool, JN_OP_POOL_INFO, 0, 0, 0, 0, 0, w);
    *owned = w[0];
    *free_frames = w[1];
    *bytes = w[2];
    return status;
}

jn_status_t jn_task_create(cap_t pool, uint64_t info_page, cap_t *out)
{
    return create(pool, JN_OP_CREATE_TASK, info_page, 0, 0, 0, NULL, out);
}

jn_status_t jn_thread_create(cap_t pool, cap_t task, uint64_t utcb, cap_t sched, uint32_t flags,
                             cap_t *out)
{
    return create(pool, JN_OP_CREATE_THREAD, task, utcb, sched, flags, NULL, out);
}

jn_status_t jn_gate_create(cap_t pool, cap_t *out)
{
    return create(pool, JN_OP_CREATE_GATE, 0, 0, 0, 0, NULL, out);
}

jn_status_t jn_signal_create(cap_t pool, cap_t *out)
{
    return create(pool, JN_OP_CREATE_SIGNAL, 0, 0, 0, 0, NULL, out);
}

jn_status_t jn_sched_create(cap_t pool, uint32_t priority, uint64_t budget_ns, uint64_t period_ns,
                            cap_t *out)
{
    return create(pool, JN_OP_CREATE_SCHED, priority, budget_ns, period_ns, 0, NULL, out);
}

jn_status_t jn_task_map(cap_t task, const void *source, uint64_t address, uint64_t pages,
                        uint32_t access, bool grant, uint64_t *done)
{
    uint64_t words[JN_WORDS_REG] = {(uint64_t)(uintptr_t)source, address, pages, access, grant};
    jn_status_t status = jn_invoke(task, JN_OP_TASK_MAP, words);
    *done = words[0];
    return status;
}

jn_status_t jn_task_unmap(cap_t task, uint64_t address, uint64_t pages, uint32_t rights,
                          uint32_t flags, uint64_t *seen, uint64_t *bits)
{
    uint64_t w[6];
    jn_status_t status = invoke(task, JN_OP_TASK_UNMAP, address, pages, rights, flags, 0, w);
    if (seen)
        *seen = w[0];
    if (bits)
        *bits = w[1];
    return status;
}

jn_status_t jn_task_page(cap_t task, uint64_t address, uint32_t *rights, uint32_t *order,
                         uint32_t *bits)
{
    uint64_t w[6];
    jn_status_t status = invoke(task, JN_OP_TASK_PAGE, address, 0, 0, 0, 0, w);
    *rights = (uint32_t)w[0];
    *order = (uint32_t)w[1];
    *bits = (uint32_t)w[2];
    return status;
}

jn_status_t jn_task_bind_end(cap_t task, cap_t signal, uint64_t bits)
{
    return invoke(task, JN_OP_TASK_BIND_END, signal, bits, 0, 0, 0, NULL);
}

jn_status_t jn_task_info(cap_t task, uint64_t *threads, uint64_t *pages, uint64_t *cpu_ns)
{
    uint64_t w[6];
    jn_status_t status = invoke(task, JN_OP_TASK_INFO, 0, 0, 0, 0, 0, w);
    *threads = w[0];
    *pages = w[1];
    *cpu_ns = w[3];
    return status;
}

/* A nameless task is only harder to recognise: nobody handles these errors. */
void jn_task_name(cap_t task, const char *name, size_t length)
{
    uint64_t words[JN_WORDS_REG] = {0};
    size_t most = JN_NAME_WORDS * sizeof *words;

    memcpy(words, name, length < most ? length : most);
    jn_status_t ignored = jn_invoke(task, JN_OP_TASK_NAME, words);
    (void)ignored;
}

void jn_thread_number(cap_t thread, uint64_t number)
{
    uint64_t words[JN_WORDS_REG] = {number};
    jn_status_t ignored = jn_invoke(thread, JN_OP_THREAD_NUMBER, words);
    (void)ignored;
}

jn_status_t jn_thread_resume(cap_t thread)
{
    return invoke(thread, JN_OP_THREAD_RESUME, 0, 0, 0, 0, 0, NULL);
}

jn_status_t jn_pool_bind_end(cap_t pool, cap_t signal, uint64_t bits)
{
    return invoke(pool, JN_OP_POOL_BIND_END, signal, bits, 0, 0, 0, NULL);
}

jn_status_t jn_task_door(cap_t task, uint64_t begin, uint64_t end, uint64_t entry)
{
    return invoke(task, JN_OP_TASK_DOOR, begin, end, entry, 0, 0, NULL);
}

jn_status_t jn_thread_suspend(cap_t thread, enum jn_was *was)
{
    return jn_thread_suspend_outside(thread, 0, was);
}

jn_status_t jn_thread_suspend_outside(cap_t thread, uint64_t until, enum jn_was *was)
{
    uint64_t w[6];
    jn_status_t status = invoke(thread, JN_OP_THREAD_SUSPEND, until, 0, 0, 0, 0, w);
    *was = (enum jn_was)w[0];
    return status;
}

jn_status_t jn_thread_read(cap_t thread, uint32_t groups, struct jn_state *state, enum jn_was *was)
{
    uint64_t w[6];
    jn_status_t status = invoke(thread, JN_OP_THREAD_READ, groups, 0, 0, 0, 0, w);
    if (was)
        *was = (enum jn_was)w[0];
    if (status == JN_OK && state) {
        size_t size = groups & JN_STATE_XSAVE ? sizeof *state : offsetof(struct jn_state, xsave);
        memcpy(state, &jn_utcb()->state, size);
    }
    return status;
}

jn_status_t jn_thread_write(cap_t thread, uint32_t groups, const struct jn_state *state)
{
    if (state) {
        size_t size = groups & JN_STATE_XSAVE ? sizeof *state : offsetof(struct jn_state, xsave);
        memcpy(&jn_utcb()->state, state, size);
    }
    return invoke(thread, JN_OP_THREAD_WRITE, groups, 0, 0, 0, 0, NULL);
}

jn_status_t jn_thread_set_gates(cap_t thread, cap_t exceptions, uint64_t label, cap_t faults,
                                uint64_t fault_label)
{
    return invoke(thread, JN_OP_THREAD_SET_GATES, exceptions, label, faults, fault_label, 0, NULL);
}

jn_status_t jn_thread_set_sched(cap_t thread, cap_t sched)
{
    return invoke(thread, JN_OP_THREAD_SET_SCHED, sched, 0, 0, 0, 0, NULL);
}

jn_status_t jn_thread_set_priority(cap_t thread, uint32_t priority)
{
    return invoke(thread, JN_OP_THREAD_SET_PRIORITY, priority, 0, 0, 0, 0, NULL);
}

jn_status_t jn_thread_set_cpu(cap_t thread, uint32_t cpu)
{
    return invoke(thread, JN_OP_THREAD_SET_CPU, cpu, 0, 0, 0, 0, NULL);
}

jn_status_t jn_thread_set_cpus(cap_t thread, uint64_t cpus)
{
    return invoke(thread, JN_OP_THREAD_SET_CPU, JN_CPU_ANY, cpus, 0, 0, 0, NULL);
}

jn_status_t jn_thread_cpu(cap_t thread, uint32_t *cpu)
{
    uint64_t words[JN_WORDS_REG] = {0};
    jn_status_t status = jn_invoke(thread, JN_OP_THREAD_INFO, words);
    *cpu = (uint32_t)words[6];
    return status;
}

jn_status_t jn_thread_set_foreign(cap_t thread, bool foreign)
{
    return invoke(thread, JN_OP_THREAD_SET_FOREIGN, foreign, 0, 0, 0, 0, NULL);
}

jn_status_t jn_thread_bind_signal(cap_t thread, cap_t signal)
{
    return invoke(thread, JN_OP_THREAD_BIND_SIGNAL, signal, 0, 0, 0, 0, NULL);
}

jn_status_t jn_thread_bind_end(cap_t thread, cap_t signal, uint64_t bits)
{
    return invoke(thread, JN_OP_THREAD_BIND_END, signal, bits, 0, 0, 0, NULL);
}

jn_status_t jn_thread_attention(cap_t thread)
{
    return invoke(thread, JN_OP_THREAD_ATTENTION, 0, 0, 0, 0, 0, NULL);
}

jn_status_t jn_thread_attention_outside(cap_t thread, uint64_t until)
{
    return invoke(thread, JN_OP_THREAD_ATTENTION, until, 0, 0, 0, 0, NULL);
}

jn_status_t jn_thread_cancel(cap_t thread)
{
    return invoke(thread, JN_OP_THREAD_CANCEL, 0, 0, 0, 0, 0, NULL);
}

jn_status_t jn_thread_step(cap_t thread, bool on)
{
    return invoke(thread, JN_OP_THREAD_STEP, on, 0, 0, 0, 0, NULL);
}

jn_status_t jn_thread_info(cap_t thread, enum jn_was *was, uint64_t *cpu_ns)
{
    uint64_t w[6];
    jn_status_t status = invoke(thread, JN_OP_THREAD_INFO, 0, 0, 0, 0, 0, w);
    *was = (enum jn_was)w[0];
    *cpu_ns = w[1];
    return status;
}

jn_status_t jn_gate_mint(cap_t gate, uint64_t label, uint32_t rights, cap_t *out)
{
    return create(gate, JN_OP_GATE_MINT, label, rights, 0, 0, NULL, out);
}

jn_status_t jn_gate_bind_end(cap_t gate, cap_t signal, uint64_t bits)
{
    return invoke(gate, JN_OP_GATE_BIND_END, signal, bits, 0, 0, 0, NULL);
}

jn_status_t jn_signal_raise(cap_t signal, uint64_t bits)
{
    struct jn_registers registers = {.tag = 1, .words = {bits}};
    return (jn_status_t)jn_syscall(JN_SIGNAL, signal, &registers);
}

jn_status_t jn_signal_poll(cap_t signal, uint64_t *bits)
{
    uint64_t w[6];
    jn_status_t status = invoke(signal, JN_OP_SIGNAL_POLL, 0, 0, 0, 0, 0, w);
    *bits = w[0];
    return status;
}

jn_status_t jn_signal_wait(cap_t signal, uint64_t deadline, uint64_t *bits)
{
    struct jn_registers registers = {0};
    if (deadline)
        jn_utcb()->recv_deadline = deadline;
    int64_t result = jn_syscall(JN_WAIT | (deadline ? JN_RECV_UNTIL : 0), signal, &registers);
    *bits = result == JN_SIGNALLED ? registers.label : 0;
    return result == JN_SIGNALLED ? JN_OK : (jn_status_t)result;
}

jn_status_t jn_irq_create(cap_t control, uint32_t gsi, uint32_t flags, cap_t *out,
                          uint64_t *msi_address, uint64_t *msi_data)
{
    uint64_t w[6] = {0};
    jn_status_t status = create(control, JN_OP_IRQ_CREATE, gsi, flags, 0, 0, w, out);
    *msi_address = w[0];
    *msi_data = w[1];
    return status;
}

jn_status_t jn_irq_bind(cap_t irq, cap_t signal, uint64_t bits)
{
    return invoke(irq, JN_OP_IRQ_BIND, signal, bits, 0, 0, 0, NULL);
}

jn_status_t jn_irq_ack(cap_t irq)
{
    return invoke(irq, JN_OP_IRQ_ACK, 0, 0, 0, 0, 0, NULL);
}

jn_status_t jn_ports_split(cap_t ports, uint32_t first, uint32_t count, cap_t *out)
{
    return create(ports, JN_OP_PORTS_SPLIT, first, count, 0, 0, NULL, out);
}

jn_status_t jn_port_in(cap_t ports, uint32_t port, uint32_t bytes, uint32_t *value)
{
    uint64_t w[6];
    jn_status_t status = invoke(ports, JN_OP_PORT_IN, port, bytes, 0, 0, 0, w);
    *value = (uint32_t)w[0];
    return status;
}

jn_status_t jn_port_out(cap_t ports, uint32_t port, uint32_t bytes, uint32_t value)
{
    return invoke(ports, JN_OP_PORT_OUT, port, bytes, value, 0, 0, NULL);
}
