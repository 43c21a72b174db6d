/* Clients: tables of numbers, clones, the end. */
#include "client.h"

#include <stdlib.h>

#include "janus/idl/dataspace.h"

#define NUMBERS_MAX (1u << 24)

struct client *user_create(struct account *parent, uint64_t limit, uint64_t pid, bool program)
{
    struct client *client = calloc(1, sizeof *client);
    if (!client)
        return NULL;
    client->account = account_create(parent, limit);
    if (!client->account) {
        free(client);
        return NULL;
    }
    client->pid = pid;
    client->program = program;
    return client;
}

static bool space_alive(cap_t space)
{
    return space != JN_CAP_NULL && platform_space_alive(space);
}

/* May a Task still have pages of this client mapped? */
static bool alive(const struct client *client)
{
    return client->many_spaces || space_alive(client->space) || space_alive(client->old_space);
}

void user_set_space(struct client *client, cap_t space)
{
    if (client->old_space != JN_CAP_NULL) {
        client->many_spaces |= platform_space_alive(client->old_space);
        platform_forget_space(client->old_space);
    }
    client->old_space = client->space;
    client->space = space;
}

/* The open goes; with the last one the dataspace. */
static void drop_open(struct open *open, bool is_alive)
{
    struct dataspace *ds = open->ds;
    *open->link = open->next;
    if (open->next)
        open->next->link = open->link;
    if (!ds->opens)
        ds_drop(ds, is_alive || ds->flags & (DS_SHARED | DS_PINNED | DS_CONTIGUOUS));
    else if (ds->payer == open->client)
        ds_change_payer(ds, ds->opens->client);
    free(open);
}

void user_clear(struct client *client)
{
    bool is_alive = alive(client);
    for (uint32_t i = 0; i < client->size; i++)
        if (client->opens[i])
            drop_open(client->opens[i], is_alive);
    free(client->opens);
    client->opens = NULL;
    client->size = client->lowest_free = 0;
    client->account->committed = 0;
}

void user_destroy(struct client *client)
{
    user_clear(client);
    if (client->space != JN_CAP_NULL)
        platform_forget_space(client->space);
    if (client->old_space != JN_CAP_NULL)
        platform_forget_space(client->old_space);
    account_release(client->account);
    free(client);
}

struct open *user_find(const struct client *client, uint64_t number)
{
    return number && number <= client->size ? client->opens[number - 1] : NULL;
}

static struct open *attach(struct client *client, struct dataspace *ds, uint32_t access)
{
    struct open *open = calloc(1, sizeof *open);
    if (!open)
        return NULL;
    *open = (struct open){ds, client, access, ds->opens, &ds->opens};
    if (open->next)
        open->next->link = &open->next;
    ds->opens = open;
    return open;
}

static bool grow_table(struct client *client, uint32_t size)
{
    struct open **opens = realloc(client->opens, size * sizeof *opens);
    if (!opens)
        return false;
    for (uint32_t i = client->size; i < size; i++)
        opens[i] = NULL;
    client->opens = opens;
    client->size = size;
    return true;
}

jn_status_t user_enter(struct client *client, struct dataspace *ds, uint32_t access,
                         uint64_t *number)
{
    jn_status_t status = JN_NO_MEMORY;
    uint32_t i = client->lowest_free;
    while (i < client->size && client->opens[i])
        i++;
    if (i == NUMBERS_MAX)
        status = JN_TOO_MANY;
    else if (i < client->size || grow_table(client, client->size ? client->size * 2 : 8)) {
        client->opens[i] = attach(client, ds, access);
        if (client->opens[i]) {
            client->lowest_free = i + 1;
            *number = i + 1;
            return JN_OK;
        }
    }
    if (!ds->opens)
        ds_drop(ds, false);
    return status;
}

jn_status_t user_close(struct client *client, uint64_t number)
{
    struct open *open = user_find(client, number);
    if (!open)
        return JN_BAD_HANDLE;
    client->opens[number - 1] = NULL;
    if (number - 1 < client->lowest_free)
        client->lowest_free = (uint32_t)number - 1;
    drop_open(open, alive(client));
    return JN_OK;
}

static jn_status_t clone_open(struct client *copy, const struct open *open, uint32_t index)
{
    struct dataspace *ds = open->ds;
    if (!(ds->flags & (DS_SHARED | DS_PINNED | DS_CONTIGUOUS))) {
        jn_status_t status = ds_copy(ds, copy, &ds);
        if (status != JN_OK)
            return status;
    }
    copy->opens[index] = attach(copy, ds, open->access);
    if (copy->opens[index])
        return JN_OK;
    if (!ds->opens)
        ds_drop(ds, false);
    return JN_NO_MEMORY;
}

jn_status_t user_clone(struct client *client, uint64_t pid, struct client **copy)
{
    struct client *made = user_create(client->account->parent, client->account->limit, pid,
                                        client->program);
    if (!made)
        return JN_NO_MEMORY;
    jn_status_t status = JN_OK;
    if (client->size && !grow_table(made, client->size))
        status = JN_NO_MEMORY;
    made->lowest_free = client->lowest_free;
    for (uint32_t i = 0; i < client->size && status == JN_OK; i++)
        if (client->opens[i])
            status = clone_open(made, client->opens[i], i);
    made->account->committed = client->account->committed;
    if (status != JN_OK) {
        user_destroy(made);
        return status;
    }
    *copy = made;
    return JN_OK;
}
