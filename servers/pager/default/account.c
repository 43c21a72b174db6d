#include "account.h"

#include <stdlib.h>

struct account *account_create(struct account *parent, uint64_t limit)
{
    struct account *account = calloc(1, sizeof *account);
    if (!account)
        return NULL;
    account->parent = parent;
    account->users = 1;
    account->limit = limit;
    if (parent)
        parent->users++;
    return account;
}

void account_release(struct account *account)
{
    while (account && --account->users == 0) {
        struct account *parent = account->parent;
        free(account);
        account = parent;
    }
}

jn_status_t account_charge(struct account *account, uint64_t pages)
{
    for (struct account *a = account; a; a = a->parent)
        if (a->limit != UINT64_MAX && (a->used > a->limit || pages > a->limit - a->used))
            return JN_QUOTA;
    account_force(account, pages);
    return JN_OK;
}

void account_force(struct account *account, uint64_t pages)
{
    for (struct account *a = account; a; a = a->parent) {
        a->used += pages;
        if (a->used > a->peak)
            a->peak = a->used;
    }
}

void account_refund(struct account *account, uint64_t pages)
{
    for (struct account *a = account; a; a = a->parent)
        a->used -= pages;
}

jn_status_t account_move(struct account *account, struct account *parent)
{
    for (struct account *a = parent; a; a = a->parent)
        if (a == account)
            return JN_BAD_ARG;
    if (account->parent == parent)
        return JN_OK;
    if (account->parent)
        account_refund(account->parent, account->used);
    account_release(account->parent);
    account->parent = parent;
    if (parent) {
        parent->users++;
        account_force(parent, account->used);
    }
    return JN_OK;
}

jn_status_t account_commit(struct account *account, int64_t pages)
{
    uint64_t count = (uint64_t)(pages < 0 ? -pages : pages);
    if (pages < 0) {
        account->committed -= count < account->committed ? count : account->committed;
        return JN_OK;
    }
    for (struct account *a = account; a; a = a->parent)
        if (a->limit != UINT64_MAX &&
            (account->committed > a->limit || count > a->limit - account->committed))
            return JN_QUOTA;
    account->committed += count;
    return JN_OK;
}
