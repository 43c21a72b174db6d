/* How a personality server's loop joins the thread backend: its kernel_message hook brackets the core
 * with begin and end. Not for cores. */
#ifndef JANUS_BACKEND_GATE_H
#define JANUS_BACKEND_GATE_H

#include "janus/server.h"

/* Once, before the first thread: where threads' messages go, and the priority that threads get. */
void backend_gate_initialize(cap_t server_gate, uint32_t program_priority);
/* The message is current from here to the end; the result is what kernel_message returns. */
void backend_call_begin(struct jn_call *call);
jn_status_t backend_call_end(void);

#endif
