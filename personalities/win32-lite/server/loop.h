/* The event loop of the Win32 core, the same in both placements: messages of program threads at the gate,
 * readiness rings behind one Signal, deadlines. */
#ifndef WIN32_LOOP_H
#define WIN32_LOOP_H

#include "janus/server.h"

enum { RING_FS, RING_CONSOLE, RING_OBJECT, RING_TASK, RING_COUNT };
extern const char *const ring_names[RING_COUNT]; /* of the servers */

/* The loop's Signal. */
JN_CHECKED jn_status_t loop_begin(void);
/* From here on what a ring at `client` brings goes to the core. */
JN_CHECKED jn_status_t loop_open_ring(unsigned ring, cap_t client, uint32_t entries);
bool loop_has_ring(unsigned ring);
/* Before loop_run: keeps its deadlines (janus/server.h). Adapters have none. */
extern const struct jn_alarm *loop_alarm;
/* Serves for ever. before_message: called for each, before anything else; or NULL. quick: what the loop
 * answers by itself, without before_message; or NULL. */
_Noreturn void loop_run(cap_t gate, const struct jn_interface *interfaces, size_t count,
                        bool grows, void (*before_message)(void), struct jn_quick *quick);

#endif
