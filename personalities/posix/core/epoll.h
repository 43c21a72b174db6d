/* epoll(7): interest lists, held by the core. */
#ifndef POSIX_EPOLL_H
#define POSIX_EPOLL_H

#include "core.h"

void epoll_retain(struct epoll *epoll);
void epoll_release(struct epoll *epoll);
/* A watched descriptor is being closed: it leaves all interest lists. */
void epoll_forget(struct process *process, uint32_t fd);
/* What holds now among `events` for this epoll, arming the thread's cookie if nothing does. */
uint32_t epoll_poll(struct thread *thread, struct epoll *epoll, bool arm);
/* A read or write met WOULD_BLOCK: the next readiness is a new edge. */
void epoll_edge_consumed(struct process *process, uint32_t fd, uint32_t events);

/* poll.c: what holds of `events` (poll bits) for a descriptor; cookie not 0: armed if nothing does. */
struct descriptor;
uint32_t poll_descriptor(struct thread *thread, struct descriptor *descriptor, uint32_t events,
                         uint64_t cookie);
/* poll.c: installs the mask of ppoll and friends until the call is left. */
long wait_mask_begin(struct thread *thread, uint64_t address, uint64_t size);
long poll_restart(struct thread *thread);

#endif
