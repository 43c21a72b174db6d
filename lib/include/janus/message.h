/* What generated stubs are made of: building, sending and taking apart one message. */
#ifndef JANUS_MESSAGE_H
#define JANUS_MESSAGE_H

#include <string.h>

#include "janus/ipc.h"
#include "janus/types.h"

/* A message under construction, or being read. `next` is the word that comes next. */
struct jn_message {
    uint64_t tag_method; /* high half of the tag: method, or status of an answer */
    uint32_t words_count;
    uint32_t next;
    uint32_t items;
    uint32_t windows;
    uint32_t next_cap;
    uint32_t bad; /* something did not fit or was missing */
    uint32_t cap_count;
    cap_t caps[JN_ITEMS_MAX]; /* received capabilities, already in slots of their own */
    struct {
        uint64_t what, where, offset;
    } item[JN_ITEMS_MAX]; /* to be sent: they go into the UTCB last */
    struct jn_window window[JN_WINDOWS_MAX];
    /* The system call takes its registers out of the message, and leaves what came there. */
    union {
        struct jn_registers registers;
        struct {
            uint64_t tag, label;
            uint64_t words[JN_WORDS_MAX];
        };
    };
};

/* Pages of the server's own memory that an answer maps into the client's receive window. */
struct jn_pages {
    void *address;
    uint64_t length; /* bytes, multiple of 4096; what one answer cannot carry is cut: see `map` users */
    uint32_t access; /* JN_R.. */
};

/* Where the caller wants mapped pages: 2^order bytes at base, aligned to their size. */
struct jn_map_window {
    uint64_t base;
    uint32_t order;
};

struct jn_call;
struct jn_server;

struct jn_interface {
    uint32_t number;
    const void *ops;
    jn_status_t (*dispatch)(const void *ops, struct jn_call *call, uint32_t method);
};

/* One request that a server is working on. */
struct jn_call {
    uint64_t label; /* of the capability that the client used */
    uint64_t tag;
    cap_t reply;    /* JN_CAP_NULL, or the parked Reply after jn_call_hold */
    uint64_t answer_tag; /* JN_TAG_STATE .. for the answer to a kernel message */
    uint64_t fault_address; /* of the last copy that answered JN_FAULT, and what it wanted */
    uint64_t fault_access;
    struct jn_server *server;
    struct jn_message message;
};

/* Names of methods and their scalar parameters, for traces. */
struct jn_method {
    const char *name;
    const char *in_words;
    const char *out_words;
    bool repeatable;
};

struct jn_method_table {
    const char *interface;
    uint32_t number;
    uint32_t count;
    const struct jn_method *methods;
};

static inline void jn_begin(struct jn_message *m, uint64_t method)
{
    m->tag_method = method;
    m->words_count = 0;
    m->next = 0;
    m->items = 0;
    m->windows = 0;
    m->next_cap = 0;
    m->bad = 0;
    m->cap_count = 0;
}

static inline void jn_begin_answer(struct jn_message *m)
{
    jn_begin(m, 0);
}

static inline void jn_put(struct jn_message *m, uint64_t word)
{
    if (m->words_count < JN_WORDS_MAX)
        m->words[m->words_count++] = word;
    else
        m->bad = 1;
}

static inline uint64_t jn_get(struct jn_message *m)
{
    if (m->next < m->words_count)
        return m->words[m->next++];
    m->bad = 1;
    return 0;
}

void jn_put_bytes(struct jn_message *m, const void *data, size_t size);
void jn_put_string(struct jn_message *m, const char *text, size_t length, size_t limit);
void jn_put_cap(struct jn_message *m, cap_t cap, bool move);
void jn_put_window(struct jn_message *m, struct jn_window window, uint32_t access);
void jn_put_pages(struct jn_message *m, const struct jn_pages *pages);
void jn_receive_pages(struct jn_map_window window);
void jn_get_bytes(struct jn_message *m, void *data, size_t size);
/* Points into the message: valid until the next call through this thread's message. */
const char *jn_get_inline(struct jn_message *m, size_t *length, size_t limit);
/* Copies at most capacity bytes; *status becomes JN_TRUNCATED if there was more. No terminator
 * is added; length is the true length. */
void jn_get_string(struct jn_message *m, char *text, size_t capacity, size_t *length, size_t limit,
                   jn_status_t *status);
cap_t jn_get_cap(struct jn_message *m);
/* Deletes the received capabilities that nobody took. */
void jn_drop_caps(struct jn_message *m);
static inline bool jn_request_complete(struct jn_call *call)
{
    if (call->message.next_cap < call->message.cap_count)
        jn_drop_caps(&call->message);
    return !call->message.bad;
}

/* Stubs of methods that carry nothing but scalars and windows do without struct jn_message. */

/* Offers window `index` with the next call. */
static inline void jn_offer_window(uint32_t index, struct jn_window window, uint32_t access)
{
    window.access = access;
    jn_utcb()->windows[index] = window;
}
/* Sends the registers (tag complete) and loads the answer's: its status. BAD_MESSAGE: it has fewer
 * words than `results` although it succeeded. Its words are 0 where nothing came. */
jn_status_t jn_registers_call(cap_t server, struct jn_registers *registers, uint32_t results);
/* The same for what may be repeated after a server's restart. */
jn_status_t jn_registers_call_repeatable(cap_t server, struct jn_registers *registers,
                                         uint32_t results);
/* An answer of the first `count` words, which the caller has put there. */
static inline void jn_answer_words(struct jn_message *m, uint32_t count)
{
    jn_begin(m, 0);
    m->words_count = count;
}

/* From now on calls give up with TIMEOUT if nobody has received them by then (monotonic ns; 0: they
 * wait for ever). For two servers that may call each other: one of them must be able to turn back. */
void jn_message_set_send_deadline(uint64_t deadline);
/* Sends the message, waits for the answer and loads it. repeatable: JN_AGAIN repeats it. */
jn_status_t jn_message_call(cap_t server, struct jn_message *m, bool repeatable);
/* After the results were read: an answer that lacked something is BAD_MESSAGE. Capabilities that
 * nobody took are deleted. */
jn_status_t jn_message_end(struct jn_message *m, jn_status_t status);
/* Answers a parked Reply; the Reply's slot is free afterwards. Result: NO_REPLY if the caller is
 * gone, which most servers ignore. */
jn_status_t jn_message_reply(cap_t reply, struct jn_message *m, jn_status_t status);

/* After an answer was sent: what it was to give away is no longer here, whether it arrived or not. */
void jn_drop_moved(struct jn_message *m);

/* Between jn_message and its registers, and the UTCB (message.c, server.c): the low half of the tag
 * to send with; what was received. */
uint64_t jn_message_load(struct jn_message *m);
void jn_message_store(struct jn_message *m);

/* A window on own memory. */
static inline struct jn_window jn_window(const void *address, uint64_t length)
{
    return (struct jn_window){(uint64_t)(uintptr_t)address, length, 0, 0};
}

/* A window on the memory of the caller whose Reply is held (0 in `reply` is not allowed). */
static inline struct jn_window jn_window_lent(cap_t reply, uint64_t address, uint64_t length)
{
    return (struct jn_window){address, length, 0, (uint32_t)reply};
}

#endif
