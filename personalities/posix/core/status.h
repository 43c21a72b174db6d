/* Statuses of servers as errors of Linux. */
#ifndef POSIX_STATUS_H
#define POSIX_STATUS_H

#include "janus/types.h"

/* The negative error number for a status; 0 for JN_OK. Total: unknown codes give -EIO. */
long errno_of(jn_status_t status);

#endif
