/* The kernel's rings, and the store that they are emptied into. One thread. */
#ifndef TRACE_TRACE_H
#define TRACE_TRACE_H

#include "janus/abi.h"
#include "janus/types.h"

/* ---- rings.c ---- */
/* Makes the rings of all CPUs. */
JN_CHECKED jn_status_t rings_open(cap_t console);
/* Bits of the Signal are raised when a ring has filled up by a quarter. */
JN_CHECKED jn_status_t rings_start(cap_t signal, uint64_t bits);
JN_CHECKED jn_status_t rings_stop(void);
/* Moves what was written since the last time into the store. */
void rings_empty(void);

/* ---- store.c ---- */
/* The place of the next record; NULL: no memory, and it is counted. From then on there is none. */
struct jn_trace_record *store_next(void);
bool store_full(void);
/* So many records more are not even offered. */
void store_refuse(uint64_t count);
/* No more records come: what there was no memory for is said in the place of the last. */
void store_seal(void);
void store_reset(void);
uint64_t store_count(void);
uint64_t store_lost(void);
void store_lose(uint64_t count);
/* `*count` records that lie together, from number `from` on. */
const struct jn_trace_record *store_at(uint64_t from, uint64_t *count);

#endif
