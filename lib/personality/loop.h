/* What both placements share: one ring for each kind of event, and the server loop. */
#ifndef PERSONALITY_LOOP_H
#define PERSONALITY_LOOP_H

#include "janus/server.h"

enum { RING_FS, RING_CONSOLE, RING_TASK, RING_COUNT };

/* Makes the Signal of the rings; ends the task on failure. */
void loop_begin(void);
JN_CHECKED jn_status_t loop_open_ring(unsigned ring, cap_t client, uint32_t entries);
/* Serves for ever. before: called before each of the kernel's messages; may be NULL. */
_Noreturn void loop_run(cap_t gate, const struct jn_interface *interfaces, size_t count, bool grows,
                        void (*before)(void));

#endif
