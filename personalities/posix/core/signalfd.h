/* signalfd(2): held by the core. */
#ifndef POSIX_SIGNALFD_H
#define POSIX_SIGNALFD_H

#include "core.h"

struct signalfd {
    uint32_t users;
    uint32_t flags; /* O_NONBLOCK */
    uint64_t mask;
};

void signalfd_retain(struct signalfd *signalfd);
void signalfd_release(struct signalfd *signalfd);
long signalfd_read(struct thread *thread, struct signalfd *signalfd, uint64_t address,
                   uint64_t length);

#endif
