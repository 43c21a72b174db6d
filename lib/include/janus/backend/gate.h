/* How a personality server's loop joins the thread backend: its kernel_message hook brackets the core
 * with begin and end. Not for cores. */
#ifndef JANUS_BACKEND_GATE_H
#define JANUS_BACKEND_GATE_H

#include "janus/server.h"

/* Once, before the first thread: where threads' messages go, and the priority that threads get. */
void backend_gate_initialize(cap_t server_gate, uint32_t program_priority);
/* In an adapter: where threads get their UTCBs from, and how long (ns) stops wait for one that is in a
 * fast call. */
struct backend_door {
    uint64_t (*utcb_alloc)(void); /* 0: none left */
    void (*utcb_free)(uint64_t utcb);
    uint64_t patience_ns;
};
void backend_gate_door(const struct backend_door *door);
/* The message is current from here to the end; the result is what kernel_message returns. */
void backend_call_begin(struct jn_call *call);
jn_status_t backend_call_end(void);

#endif
