/* What send(2), recv(2) and their like ask for a single transfer. */
#ifndef POSIX_SOCKET_CALLS_H
#define POSIX_SOCKET_CALLS_H

#include "core.h"

enum {
    LX_MSG_DONTWAIT = 0x40,
    LX_MSG_NOSIGNAL = 0x4000,
    LX_MSG_MORE = 0x8000, /* means nothing to a stream of this machine */
    LX_MSG_CMSG_CLOEXEC = 0x40000000,
};

/* The MSG_ flags of the call that the thread is in; 0: it is another. */
uint32_t socket_call_flags(const struct thread *thread);

#endif
