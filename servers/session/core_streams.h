/* The streams of a run: between core.c and core_streams.c. */
#ifndef SESSION_CORE_STREAMS_H
#define SESSION_CORE_STREAMS_H

#include "core.h"

/* Which streams the record uses; buffers for the inputs. */
bool core_streams_open(struct core *core);
/* The first credit, once the program is there. */
void core_streams_grant(struct core *core);
/* No program was started: every stream is at its end. */
void core_streams_abandon(struct core *core);
/* DATA, CREDIT, EOF and CLOSED. */
void core_stream_frame(struct core *core, const struct channel_frame *frame);
/* Moves what can be moved between buffers and the guest's ends. */
bool core_streams_move(struct core *core);
/* Outputs that have nothing to read and no end: somebody who cannot be killed holds them. */
void core_streams_give_up(struct core *core);
/* Every output has sent its EOF, or nobody reads it. */
bool core_streams_drained(const struct core *core);

void core_append_u32(struct core *core, enum channel_type type, uint16_t stream, uint32_t value);
size_t core_output_room(const struct core *core);

#endif
