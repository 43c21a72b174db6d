/* The server around the logic. */
#ifndef PAGER_PAGER_H
#define PAGER_PAGER_H

#include "client.h"
#include "janus/labels.h"
#include "janus/server.h"

extern struct jn_labels pager_labels;

/* The client that calls; NULL for the administrative capability, and for a sealed one. */
struct client *pager_client(const struct jn_call *call);
/* The client that a capability names, which is consumed, to be changed. BAD_ARG: none; NOT_PERMITTED: sealed. */
JN_CHECKED jn_status_t pager_target(cap_t capability, struct client **client);

extern const struct client_ops pager_client_ops;
extern const struct dataspace_ops pager_dataspace_ops;

/* platform_guest.c: the frames of the first dataspaces exist. */
void platform_init(void);

#endif
