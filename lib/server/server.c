/* The server loop and what operations need while they run. */
#include "janus/server.h"

#include "janus/idl/supervisor.h"
#include "janus/object.h"
#include "janus/runtime.h"

/* The interfaces of the task's one server. */
static const struct jn_interface *by_number[JN_INTERFACE_NUMBERS];

static jn_status_t dispatch(struct jn_server *server, struct jn_call *call)
{
    struct jn_message *m = &call->message;
    if (call->tag & JN_TAG_KERNEL) {
        uint32_t kind = (call->tag & JN_TAG_KIND) >> JN_TAG_KIND_SHIFT;
        if (!server->kernel_message)
            return JN_BAD_CALL;
        return server->kernel_message(server, call, kind);
    }
    uint32_t interface = (uint32_t)(m->tag_method >> 8), method = (uint32_t)m->tag_method & 0xff;
    const struct jn_interface *found =
        interface < sizeof by_number / sizeof by_number[0] ? by_number[interface] : NULL;
    jn_status_t status = found ? found->dispatch(found->ops, call, method) : JN_BAD_CALL;
    if (status == JN_BAD_CALL) /* nobody has looked at what came with it */
        jn_drop_caps(m);
    return status;
}

#define POOL_CHECK 32   /* messages between two looks at the Pool */
#define POOL_LOW 256    /* frames; one message needs far fewer */
#define POOL_STEP 1024

static void keep_pool(void)
{
    static uint32_t messages;
    uint64_t owned, left, bytes, added;
    if (messages++ % POOL_CHECK ||
        jn_pool_info(JN_CAP_POOL, &owned, &left, &bytes) != JN_OK || left >= POOL_LOW)
        return;
    /* Refused: what needs more fails with NO_MEMORY, as it should. */
    jn_status_t status = supervisor_fund(JN_CAP_SUPERVISOR, POOL_STEP, &added);
    (void)status;
}

static struct jn_call call; /* one loop a task; 700 bytes that the stack need not hold */
static struct jn_server *served;
static bool has_alarm;

/* All that the last message caused is done: what is left to do before the next wait. The deadline for
 * the wait, 0: none. */
static inline uint64_t settle(struct jn_server *server)
{
    if (server->before_wait)
        server->before_wait(server);
    uint64_t deadline = server->deadline ? server->deadline(server) : 0;
    if (!has_alarm)
        return deadline;
    server->alarm->set(deadline);
    return 0;
}

/* What is to be sent with an answer, beside the words. */
static uint64_t answer_tag(jn_status_t status)
{
    struct jn_message *m = &call.message;
    if (m->bad || status == JN_BAD_CALL)
        jn_begin_answer(m);
    return jn_message_load(m) | call.answer_tag | (uint64_t)(uint32_t)status << JN_TAG_METHOD_SHIFT;
}

/* A foreign system call, from serve.asm, its registers in the message: the value to answer with, or
 * JN_NOT_QUICK when there is nothing to answer. */
static int64_t serve_syscall(void)
{
    struct jn_server *server = served;
    struct jn_message *m = &call.message;
    int64_t value = JN_NOT_QUICK;
    call.label = m->label;
    call.tag = m->tag;
    call.reply = JN_CAP_NULL;
    call.answer_tag = 0;
    jn_begin(m, 0);
    m->words_count = JN_WORDS_REG;
    if (server->grows)
        keep_pool();
    jn_status_t status = server->kernel_message(server, &call, JN_KM_SYSCALL);
    if (status == JN_OK && !call.answer_tag && m->words_count == 1 &&
        (int64_t)m->words[0] != JN_NOT_QUICK) {
        value = (int64_t)m->words[0];
    } else if (status != JN_HELD) {
        m->tag = answer_tag(status);
        (void)jn_syscall(JN_REPLY, JN_CAP_NULL, &m->registers);
    }
    (void)settle(server); /* without an alarm nothing comes here */
    return value;
}

static void prepare(struct jn_server *server)
{
    for (size_t i = 0; i < server->interface_count; i++) {
        if (server->interfaces[i].number >= JN_INTERFACE_NUMBERS)
            jn_panic("interface %u has no place", server->interfaces[i].number);
        by_number[server->interfaces[i].number] = &server->interfaces[i];
    }
    call.server = server;
    served = server;
    if (server->signal != JN_CAP_NULL) {
        jn_status_t status = jn_thread_bind_signal(JN_CAP_THREAD, server->signal);
        if (status != JN_OK)
            jn_panic("the server's Signal cannot be bound: %s", jn_status_text(status));
        has_alarm = server->alarm && server->deadline && server->alarm->start(server->signal);
    }
    if (server->quick && (has_alarm || !server->deadline))
        server->quick->other = serve_syscall;
}

_Noreturn void jn_server_run(struct jn_server *server)
{
    struct jn_message *m = &call.message;
    struct jn_registers *registers = &m->registers;
    bool answer = false;
    prepare(server);
    for (;;) {
        uint64_t deadline = settle(server);
        if (deadline)
            jn_utcb()->recv_deadline = deadline;
        uint64_t operation = (answer ? JN_REPLY_WAIT : JN_WAIT) | (deadline ? JN_RECV_UNTIL : 0);
        int64_t result = server->quick
                             ? jn_serve_quick(operation, server->gate, registers, server->quick)
                             : jn_syscall(operation, server->gate, registers);
        if (answer && m->items)
            jn_drop_moved(m);
        answer = false;
        if (result == JN_SIGNALLED) {
            uint64_t bits = registers->label;
            if (has_alarm && bits & JN_ALARM_BIT) {
                server->alarm->came();
                bits &= ~JN_ALARM_BIT;
                if (server->on_timeout)
                    server->on_timeout(server);
            }
            if (bits && server->on_signal)
                server->on_signal(server, bits);
            continue;
        }
        if (result == JN_TIMEOUT) {
            if (server->on_timeout)
                server->on_timeout(server);
            continue;
        }
        if (result < 0) {
            /* The answer's items could not be delivered: the caller still waits, and hears why. */
            *registers = (struct jn_registers){.tag = (uint64_t)(uint32_t)result
                                                      << JN_TAG_METHOD_SHIFT};
            (void)jn_syscall(JN_REPLY, JN_CAP_NULL, registers);
            continue;
        }
        call.label = registers->label;
        call.tag = registers->tag;
        call.reply = JN_CAP_NULL;
        call.answer_tag = 0;
        jn_message_store(m);
        if (server->grows) /* now, while neither request nor answer stands in the UTCB */
            keep_pool();
        jn_status_t status = dispatch(server, &call);
        if (status == JN_HELD)
            continue;
        registers->tag = answer_tag(status);
        answer = true;
    }
}

jn_status_t jn_call_hold(struct jn_call *call, cap_t *reply)
{
    cap_t slot = jn_slot_alloc();
    if (slot == JN_CAP_NULL)
        return JN_NO_MEMORY;
    struct jn_registers registers = {.tag = 1, .words = {slot}};
    int64_t result = jn_syscall(JN_PARK, JN_CAP_NULL, &registers);
    if (result < 0) {
        jn_slot_free(slot);
        return (jn_status_t)result;
    }
    call->reply = slot;
    *reply = slot;
    return JN_OK;
}

static inline jn_status_t copy(cap_t reply, uint64_t how, uint64_t address, const void *buffer,
                               size_t length, size_t *done, uint64_t *fault)
{
    uint64_t words[3] = {address, (uint64_t)(uintptr_t)buffer, length};
    int64_t result = jn_syscall_copy(reply, how << JN_TAG_METHOD_SHIFT | 3, words, words);
    if (done)
        *done = words[0];
    if (fault) {
        fault[0] = words[1];
        fault[1] = words[2];
    }
    return (jn_status_t)result;
}

jn_status_t jn_copy_in(struct jn_call *call, unsigned index, uint64_t offset, void *buffer,
                       size_t length, size_t *done)
{
    return copy(call->reply, JN_COPY_IN | index, offset, buffer, length, done,
                &call->fault_address);
}

jn_status_t jn_copy_out(struct jn_call *call, unsigned index, uint64_t offset, const void *buffer,
                        size_t length, size_t *done)
{
    return copy(call->reply, JN_COPY_OUT | index, offset, buffer, length, done,
                &call->fault_address);
}

jn_status_t jn_space_copy_in(cap_t reply, uint64_t address, void *buffer, size_t length,
                             size_t *done, uint64_t fault[2])
{
    return copy(reply, JN_COPY_IN | JN_COPY_SPACE, address, buffer, length, done, fault);
}

jn_status_t jn_space_copy_out(cap_t reply, uint64_t address, const void *buffer, size_t length,
                              size_t *done, uint64_t fault[2])
{
    return copy(reply, JN_COPY_OUT | JN_COPY_SPACE, address, buffer, length, done, fault);
}

jn_status_t jn_space_copy_string(cap_t reply, uint64_t address, char *buffer, size_t length,
                                 size_t *done, uint64_t fault[2])
{
    return copy(reply, JN_COPY_IN | JN_COPY_STRING | JN_COPY_SPACE, address, buffer, length, done,
                fault);
}
