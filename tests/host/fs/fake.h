/* A world for the file server on the host: messages, copies, rings, tasks and processes are fakes. */
#ifndef FS_FAKE_H
#define FS_FAKE_H

#include <stdint.h>

#include "janus/server.h"

struct fake_window {
    void *address;
    size_t length;
    size_t fault_at; /* copies stop before this byte */
};

extern struct fake_window fake_windows[2];

/* Prepares the next call: who calls, and what is offered. */
struct jn_call *fake_call(uint64_t label);
void fake_offer(unsigned window, const void *address, size_t length);
/* Entries posted to rings since the last time this was asked; cookies[i], events[i]. */
struct fake_event {
    uint64_t cookie;
    uint32_t events;
};
extern struct fake_event fake_events[1024];
extern unsigned fake_event_count;

/* Pages mapped into the one fake task: address in it -> own address, or NULL. */
void *fake_mapped(uint64_t address, uint32_t *access);
extern uint64_t fake_chunks_left;

/* How often each Signal was raised, by its capability. */
extern uint64_t fake_raised[];
bool fake_signal_is_dead(cap_t signal);

/* What get_info answers for pid 7, per field. */
extern const char *fake_info[8];
extern size_t fake_info_length[8];

#endif
