/* Locks on files: flock(2), fcntl(2) record locks of processes and of descriptions, NT's ranges. */
#ifndef FS_LOCK_H
#define FS_LOCK_H

#include "janus/types.h"

struct client;
struct description;
struct node;

struct lock_range {
    uint64_t start, end; /* inclusive; UINT64_MAX: to infinity */
};

/* kind and scope are IO_LOCK_..; kind IO_LOCK_NONE unlocks. WOULD_BLOCK: held by others (the cookie
 * is armed); DEADLOCK: waiting would never end; NOT_FOUND: NT unlock of what is not locked. */
JN_CHECKED jn_status_t lock_set(struct client *client, struct description *description,
                                uint32_t kind, uint32_t scope, struct lock_range range,
                                uint64_t cookie);
/* The first lock in the way; *kind IO_LOCK_NONE: none. pid 0: a description's. */
void lock_test(struct client *client, struct description *description, uint32_t *kind,
               uint32_t scope, struct lock_range *range, uint64_t *pid);
/* Whether NT locks of others forbid the description to read or write the bytes. LOCKED. */
JN_CHECKED jn_status_t lock_permit(const struct description *description, bool write,
                                   uint64_t start, uint64_t length);

/* close(2): the process loses its record locks on the file. */
void lock_drop_process(struct client *client, struct node *node);
void lock_drop_client(struct client *client);
void lock_drop_description(struct description *description);
void lock_drop_node(struct node *node);

#endif
