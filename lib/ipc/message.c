/* Building, sending and taking apart messages: the part of every stub that is the same. */
#include "janus/message.h"

#include "janus/object.h"

void jn_put_bytes(struct jn_message *m, const void *data, size_t size)
{
    size_t words = (size + 7) / 8;
    if (words > JN_WORDS_MAX - m->words_count) {
        m->bad = 1;
        return;
    }
    if (size % 8)
        m->words[m->words_count + words - 1] = 0;
    memcpy(&m->words[m->words_count], data, size);
    m->words_count += words;
}

void jn_put_string(struct jn_message *m, const char *text, size_t length, size_t limit)
{
    if (length > limit) {
        m->bad = 1;
        return;
    }
    jn_put(m, length);
    jn_put_bytes(m, text, length);
}

/* No capability is sent as none: answers with an error have none, and the receiver of any other
 * message finds that one is missing. */
void jn_put_cap(struct jn_message *m, cap_t cap, bool move)
{
    if (cap == JN_CAP_NULL)
        return;
    if (m->items >= JN_ITEMS_MAX) {
        m->bad = 1;
        return;
    }
    m->item[m->items].what = (move ? JN_ITEM_CAP_MOVE : JN_ITEM_CAP) |
                             (uint64_t)JN_RIGHT_ALL << JN_ITEM_CAP_RIGHTS_SHIFT;
    m->item[m->items].where = cap;
    m->item[m->items].offset = 0;
    m->items++;
}

void jn_put_window(struct jn_message *m, struct jn_window window, uint32_t access)
{
    window.access = access;
    m->window[m->windows++] = window;
}

/* Cuts [address, address + length) into naturally aligned flexpages, largest first where it can. */
void jn_put_pages(struct jn_message *m, const struct jn_pages *pages)
{
    uint64_t address = (uint64_t)(uintptr_t)pages->address, offset = 0;
    while (offset < pages->length && m->items < JN_ITEMS_MAX) {
        unsigned order = 12;
        while (order < 30) {
            uint64_t bigger = 2ull << order;
            if (((address + offset) | offset) & (bigger - 1) || offset + bigger > pages->length)
                break;
            order++;
        }
        m->item[m->items].what = JN_ITEM_MAP | (uint64_t)pages->access << JN_ITEM_RIGHTS_SHIFT |
                                 (uint64_t)order << JN_ITEM_ORDER_SHIFT;
        m->item[m->items].where = address + offset;
        m->item[m->items].offset = offset;
        m->items++;
        offset += 1ull << order;
    }
    if (offset < pages->length)
        m->bad = 1;
}

void jn_receive_pages(struct jn_map_window window)
{
    struct jn_utcb *utcb = jn_utcb();
    utcb->recv_base = window.base;
    utcb->recv_order = window.order;
}

void jn_get_bytes(struct jn_message *m, void *data, size_t size)
{
    size_t words = (size + 7) / 8;
    if (words > m->words_count - m->next) {
        m->bad = 1;
        memset(data, 0, size);
        return;
    }
    memcpy(data, &m->words[m->next], size);
    m->next += words;
}

const char *jn_get_inline(struct jn_message *m, size_t *length, size_t limit)
{
    uint64_t size = jn_get(m);
    size_t words = (size + 7) / 8;
    if (size > limit || words > m->words_count - m->next) {
        m->bad = 1;
        *length = 0;
        return "";
    }
    const char *text = (const char *)&m->words[m->next];
    m->next += words;
    *length = size;
    return text;
}

void jn_get_string(struct jn_message *m, char *text, size_t capacity, size_t *length, size_t limit,
                   jn_status_t *status)
{
    const char *from = jn_get_inline(m, length, limit);
    memcpy(text, from, *length < capacity ? *length : capacity);
    if (*length > capacity && *status == JN_OK)
        *status = JN_TRUNCATED;
}

cap_t jn_get_cap(struct jn_message *m)
{
    if (m->next_cap >= m->cap_count) {
        m->bad = 1;
        return JN_CAP_NULL;
    }
    cap_t cap = m->caps[m->next_cap];
    m->caps[m->next_cap++] = JN_CAP_NULL;
    if (cap == JN_CAP_NULL)
        m->bad = 1;
    return cap;
}

void jn_drop_caps(struct jn_message *m)
{
    for (uint32_t i = m->next_cap; i < m->cap_count; i++)
        jn_cap_delete(m->caps[i]);
    m->cap_count = m->next_cap;
}

/* Puts what is not in registers into the UTCB; returns the low half of the tag. Registers that the
 * message does not use are zeroed (KERNEL 13). */
uint64_t jn_message_load(struct jn_message *m)
{
    uint64_t *words = m->words;
    switch (m->words_count) {
    case 0:
        words[0] = 0;
        /* fall through */
    case 1:
        words[1] = 0;
        /* fall through */
    case 2:
        words[2] = 0;
        /* fall through */
    case 3:
        words[3] = 0;
        /* fall through */
    case 4:
        words[4] = 0;
        /* fall through */
    case 5:
        words[5] = 0;
        /* fall through */
    case 6:
        words[6] = 0;
        /* fall through */
    case 7:
        words[7] = 0;
        /* fall through */
    case 8:
        words[8] = 0;
        /* fall through */
    case 9:
        words[9] = 0;
        break;
    default:
        memcpy(&jn_utcb()->words[JN_WORDS_REG], &words[JN_WORDS_REG],
               (m->words_count - JN_WORDS_REG) * 8);
    }
    if (!(m->items | m->windows))
        return m->words_count;
    struct jn_utcb *utcb = jn_utcb();
    for (uint32_t i = 0; i < m->items; i++) {
        utcb->items[i].what = m->item[i].what;
        utcb->items[i].where = m->item[i].where;
        utcb->item_offset[i] = m->item[i].offset;
    }
    for (uint32_t i = 0; i < m->windows; i++)
        utcb->windows[i] = m->window[i];
    return m->words_count | (uint64_t)m->items << JN_TAG_ITEMS_SHIFT |
           (uint64_t)m->windows << JN_TAG_WINDOWS_SHIFT;
}

/* Takes in what was received beside the registers. Capabilities are moved out of the landing slots at
 * once, so that the landing window is empty again before anything else is received. */
void jn_message_store(struct jn_message *m)
{
    uint64_t tag = m->tag;
    jn_begin(m, tag >> JN_TAG_METHOD_SHIFT);
    m->words_count = tag & JN_TAG_WORDS;
    if (m->words_count > JN_WORDS_REG) {
        if (m->words_count > JN_WORDS_MAX)
            m->words_count = JN_WORDS_MAX;
        memcpy(&m->words[JN_WORDS_REG], &jn_utcb()->words[JN_WORDS_REG],
               (m->words_count - JN_WORDS_REG) * 8);
    }
    uint32_t items = (tag & JN_TAG_ITEMS) >> JN_TAG_ITEMS_SHIFT;
    if (!items)
        return;
    /* The moves are system calls of their own: take the handles out of the UTCB first. */
    struct jn_utcb *utcb = jn_utcb();
    cap_t landed[JN_ITEMS_MAX];
    uint32_t count = 0;
    for (uint32_t i = 0; i < items && i < JN_ITEMS_MAX && i < utcb->got_items; i++) {
        uint64_t type = utcb->items[i].what & JN_ITEM_TYPE;
        if (type == JN_ITEM_CAP || type == JN_ITEM_CAP_MOVE)
            landed[count++] = utcb->items[i].where;
    }
    for (uint32_t i = 0; i < count; i++) {
        cap_t slot = jn_slot_alloc();
        if (slot != JN_CAP_NULL && jn_cap_move(landed[i], slot) != JN_OK) {
            jn_slot_free(slot);
            slot = JN_CAP_NULL;
        }
        if (slot == JN_CAP_NULL) {
            uint64_t words[JN_WORDS_REG] = {landed[i]};
            jn_status_t ignored = jn_invoke(JN_CAP_TASK, JN_OP_CAP_DELETE, words);
            (void)ignored;
        }
        m->caps[m->cap_count++] = slot;
    }
}

static uint64_t send_deadline;

void jn_message_set_send_deadline(uint64_t deadline)
{
    send_deadline = deadline;
}

static inline int64_t call(cap_t server, struct jn_registers *registers)
{
    if (!send_deadline)
        return jn_syscall(JN_CALL, server, registers);
    jn_utcb()->send_deadline = send_deadline;
    return jn_syscall(JN_CALL | JN_SEND_UNTIL, server, registers);
}

jn_status_t jn_message_call(cap_t server, struct jn_message *m, bool repeatable)
{
    if (m->bad) {
        jn_begin(m, 0);
        m->bad = 1;
        return JN_BAD_MESSAGE;
    }
    m->tag = jn_message_load(m) | m->tag_method << JN_TAG_METHOD_SHIFT;
    struct jn_registers again;
    if (repeatable)
        again = m->registers;
    int64_t result = call(server, &m->registers);
    while (result == JN_AGAIN && repeatable) {
        m->registers = again;
        result = call(server, &m->registers);
    }
    if (result < 0) {
        jn_begin(m, 0);
        m->bad = 2;
        return (jn_status_t)result;
    }
    jn_message_store(m);
    return (jn_status_t)(int32_t)m->tag_method;
}

/* Nobody asked for the capabilities that an answer brought. */
static __attribute__((noinline)) void drop_items(const struct jn_registers *registers)
{
    struct jn_message m;
    m.registers = *registers;
    jn_message_store(&m);
    jn_drop_caps(&m);
}

/* Status of an answer without struct jn_message. */
static inline jn_status_t answered(int64_t result, const struct jn_registers *registers,
                                   uint32_t results)
{
    if (result < 0)
        return (jn_status_t)result; /* the kernel made the words zeroes */
    if (registers->tag & JN_TAG_ITEMS)
        drop_items(registers);
    jn_status_t status = (jn_status_t)(int32_t)(registers->tag >> JN_TAG_METHOD_SHIFT);
    return status == JN_OK && (registers->tag & JN_TAG_WORDS) < results ? JN_BAD_MESSAGE : status;
}

jn_status_t jn_registers_call(cap_t server, struct jn_registers *registers, uint32_t results)
{
    return answered(call(server, registers), registers, results);
}

jn_status_t jn_registers_call_repeatable(cap_t server, struct jn_registers *registers,
                                         uint32_t results)
{
    struct jn_registers request = *registers;
    int64_t result = call(server, registers);
    while (result == JN_AGAIN) {
        *registers = request;
        result = call(server, registers);
    }
    return answered(result, registers, results);
}

jn_status_t jn_message_end(struct jn_message *m, jn_status_t status)
{
    if (m->next_cap < m->cap_count)
        jn_drop_caps(m);
    /* An error may come without results (then they read as 0); success may not. */
    return status == JN_OK && m->bad ? JN_BAD_MESSAGE : status;
}

/* An answer's moved capabilities are in slots of this task still if nobody was there to take them; and
 * in any case nobody else will say that the slots are free. */
void jn_drop_moved(struct jn_message *m)
{
    for (uint32_t i = 0; i < m->items; i++)
        if ((m->item[i].what & JN_ITEM_TYPE) == JN_ITEM_CAP_MOVE)
            jn_cap_delete(m->item[i].where);
}

jn_status_t jn_message_reply(cap_t reply, struct jn_message *m, jn_status_t status)
{
    if (m->bad) {
        jn_begin(m, 0);
        status = JN_BAD_MESSAGE;
    }
    m->tag = jn_message_load(m) | (uint64_t)(uint32_t)status << JN_TAG_METHOD_SHIFT;
    int64_t result = jn_syscall(JN_REPLY, reply, &m->registers);
    jn_drop_moved(m);
    if (result < 0 && result != JN_NO_REPLY && result != JN_BAD_CAP) {
        /* The items could not be delivered: the caller still waits, and hears why. */
        jn_begin(m, 0);
        m->tag = jn_message_load(m) | (uint64_t)(uint32_t)result << JN_TAG_METHOD_SHIFT;
        (void)jn_syscall(JN_REPLY, reply, &m->registers);
    }
    jn_cap_delete(reply);
    return (jn_status_t)result;
}
