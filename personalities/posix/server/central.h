/* The central placement (core/placement.h) and what its server has for it. */
#ifndef POSIX_CENTRAL_H
#define POSIX_CENTRAL_H

#include "loop.h"
#include "placement.h"

/* This server's own clients; the clients of processes join their rings. */
extern cap_t central_ring_clients[RING_COUNT];

/* Once, when the clients and core_pager_template are there. */
void central_begin(void);
/* Whoever hands a process over says that these are clients of the servers; a call to anybody else might
 * never come back. */
bool central_are_clients(const struct backend_clients *clients);

#endif
