/* Quotas: a tree of accounts in pages. A client has one; a supervisor's set_quota hangs the account of
 * another client below its own, and clones of a client are beside it. */
#ifndef PAGER_ACCOUNT_H
#define PAGER_ACCOUNT_H

#include "janus/types.h"

struct account {
    struct account *parent;
    uint64_t users;     /* its client, and accounts below it */
    uint64_t limit;     /* UINT64_MAX: none of its own */
    uint64_t used;      /* pages of the dataspaces it pays for, with those of accounts below */
    uint64_t peak;
    uint64_t committed; /* promised by dataspace.commit */
};

/* NULL: no memory. */
struct account *account_create(struct account *parent, uint64_t limit);
void account_release(struct account *account);
/* QUOTA: nothing was charged. */
JN_CHECKED jn_status_t account_charge(struct account *account, uint64_t pages);
/* Charges what exists already and only changes its payer. */
void account_force(struct account *account, uint64_t pages);
void account_refund(struct account *account, uint64_t pages);
/* Moves the account, with what it used, below another. BAD_ARG: that would be a circle. */
JN_CHECKED jn_status_t account_move(struct account *account, struct account *parent);
JN_CHECKED jn_status_t account_commit(struct account *account, int64_t pages);

#endif
