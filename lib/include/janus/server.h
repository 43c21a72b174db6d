/* The server loop: one thread on one gate, with its bound Signal and a deadline. */
#ifndef JANUS_SERVER_H
#define JANUS_SERVER_H

#include "janus/message.h"

#define JN_INTERFACE_NUMBERS 64 /* all are below */

/* Foreign system calls that are answered without a look at anything else: no waiting, no waking, no
 * state beyond the thread's own, so neither before_wait nor deadline is asked after them. */
#define JN_QUICK_CALLS 512
#define JN_NOT_QUICK (-0x7fffffffll - 1) /* no result: the message goes to kernel_message */
struct jn_quick_entry {
    void *object;
    uint64_t label; /* as the thread's gates have it; 0: a free place */
};
/* Known to serve.asm. */
struct jn_quick {
    const struct jn_quick_entry *table; /* places by the low JN_QUICK_INDEX_BITS bits of the label */
    uint64_t size;                      /* places */
    /* The server loop's own, for calls that are not quick: the same wait goes on after them. */
    int64_t (*other)(void);
    /* By the number in the caller's rax; NULL: none. Gets the object and the first four arguments. */
    int64_t (*call[JN_QUICK_CALLS])(void *object, uint64_t a, uint64_t b, uint64_t c, uint64_t d);
};
#define JN_QUICK_INDEX_BITS 28

/* The deadline of the loop without a deadline of each wait: alarm.c. One loop a task. */
#define JN_ALARM_BIT (1ull << 63) /* of the bound Signal */
struct jn_alarm {
    bool (*start)(cap_t signal); /* false: the loop has to wait with a deadline itself */
    /* The bit is wanted at `deadline` (monotonic ns) at the latest; 0: no change. */
    void (*set)(uint64_t deadline);
    void (*came)(void); /* the bit was seen: nothing is set any more */
};
extern const struct jn_alarm jn_alarm;

struct jn_server {
    cap_t gate;                            /* RECV right */
    cap_t signal; /* JN_CAP_NULL: none; jn_server_run binds it to the thread */
    /* For servers with a Signal and deadlines whose messages must not pay for them; or NULL. */
    const struct jn_alarm *alarm;
    const struct jn_interface *interfaces; /* what clients may call */
    size_t interface_count;
    /* Bits of the bound Signal. May be NULL. */
    void (*on_signal)(struct jn_server *server, uint64_t bits);
    /* Messages that the kernel made (JN_TAG_KERNEL): kind is enum jn_kernel_message, words are in
     * call->message. For messages that want an answer: fill the answer with jn_begin_answer/jn_put
     * and return a status, or JN_HELD after jn_call_hold; JN_TAG_STATE and
     * the like are set in call->answer_tag. NULL: SYSCALL, faults get JN_BAD_CALL. */
    jn_status_t (*kernel_message)(struct jn_server *server, struct jn_call *call, uint32_t kind);
    /* Absolute time (ns, monotonic) at which on_timeout is wanted; 0: never. Asked before each wait. */
    uint64_t (*deadline)(struct jn_server *server);
    void (*on_timeout)(struct jn_server *server);
    /* Called before each wait, after all that the last message caused. May be NULL. */
    void (*before_wait)(struct jn_server *server);
    /* Asks the supervisor for more kernel memory whenever its own Pool runs low: for servers whose
     * clients make it map and mint. Not for those that the supervisor itself calls. */
    bool grows;
    void *context;
    struct jn_quick *quick; /* for servers of foreign threads; or NULL */
};

/* jn_syscall() for a wait, which answers what is quick by itself (serve.asm). */
int64_t jn_serve_quick(uint64_t operation, cap_t gate, struct jn_registers *registers,
                       const struct jn_quick *quick);

/* Serves for ever. */
_Noreturn void jn_server_run(struct jn_server *server);

/* Moves the current caller's Reply into a slot of its own (call->reply): the operation returns
 * JN_HELD and somebody answers later with METHOD_reply or jn_message_reply. */
JN_CHECKED jn_status_t jn_call_hold(struct jn_call *call, cap_t *reply);

/* Copies from or to window `index` of the request, `offset` bytes into it. *done: bytes copied, also
 * with JN_FAULT (call->fault_address tells where). JN_WINDOW: outside the window or none offered. */
JN_CHECKED jn_status_t jn_copy_in(struct jn_call *call, unsigned index, uint64_t offset,
                                  void *buffer, size_t length, size_t *done);
JN_CHECKED jn_status_t jn_copy_out(struct jn_call *call, unsigned index, uint64_t offset,
                                   const void *buffer, size_t length, size_t *done);

/* Copies from or to the whole address space of a foreign caller (JN_COPY_SPACE). reply: JN_CAP_NULL
 * for the current caller. fault: NULL or two words {address, access}. */
JN_CHECKED jn_status_t jn_space_copy_in(cap_t reply, uint64_t address, void *buffer, size_t length,
                                        size_t *done, uint64_t fault[2]);
JN_CHECKED jn_status_t jn_space_copy_out(cap_t reply, uint64_t address, const void *buffer,
                                         size_t length, size_t *done, uint64_t fault[2]);
/* The same up to and with the first zero byte. */
JN_CHECKED jn_status_t jn_space_copy_string(cap_t reply, uint64_t address, char *buffer,
                                            size_t length, size_t *done, uint64_t fault[2]);

#endif
