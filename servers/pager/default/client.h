/* Clients of the pager and their tables of dataspaces. */
#ifndef PAGER_CLIENT_H
#define PAGER_CLIENT_H

#include "account.h"
#include "dataspace.h"

struct client {
    cap_t space;     /* the Task into which map places pages, or JN_CAP_NULL */
    cap_t old_space; /* the one before, which may still show pages */
    bool many_spaces; /* there were more that were still alive */
    struct account *account;
    uint64_t label;
    uint64_t pid;
    bool program; /* its memory counts for the programs' share */
    bool sealed;  /* only to be cloned: many hold it, and none may change what the others get */
    struct open **opens; /* number - 1 -> open, or NULL */
    uint32_t size, lowest_free;
};

/* An empty client; parent: account above its own, or NULL. NULL: no memory. */
struct client *user_create(struct account *parent, uint64_t limit, uint64_t pid, bool program);
/* Takes over the capability. */
void user_set_space(struct client *client, cap_t space);
/* Drops all dataspaces; space stays. */
void user_clear(struct client *client);
/* The client is gone. */
void user_destroy(struct client *client);
/* Fork: private dataspaces become copy-on-write copies under the same numbers, shared ones are shared.
 * NO_MEMORY, QUOTA. */
JN_CHECKED jn_status_t user_clone(struct client *client, uint64_t pid, struct client **copy);

struct open *user_find(const struct client *client, uint64_t number);
/* Enters the dataspace, taking over the caller's use of it also on failure. NO_MEMORY, TOO_MANY. */
JN_CHECKED jn_status_t user_enter(struct client *client, struct dataspace *ds, uint32_t access,
                                    uint64_t *number);
/* BAD_HANDLE. */
JN_CHECKED jn_status_t user_close(struct client *client, uint64_t number);

#endif
