/* The central placement (core/placement.h) and what its server has for it. */
#ifndef POSIX_CENTRAL_H
#define POSIX_CENTRAL_H

#include "loop.h"
#include "placement.h"

/* This server's own clients; the clients of processes join their rings. */
extern cap_t central_ring_clients[RING_COUNT];

#endif
