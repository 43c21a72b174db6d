/* Opens: which numbers of a client name which descriptions, and interface console. */
#include <stdlib.h>
#include <string.h>

#include "condrv.h"
#include "console.h"
#include "janus/runtime.h"

enum { OPENS_MAX = 65536 };

struct description *open_find(const struct client *client, uint64_t open)
{
    return open >= 1 && open <= client->size ? client->table[open - 1] : NULL;
}

jn_status_t open_add(struct client *client, struct description *d, uint64_t *open)
{
    uint32_t at = 0;

    while (at < client->size && client->table[at])
        at++;
    if (at == client->size) {
        uint32_t size = client->size ? 2 * client->size : 8;
        struct description **grown;

        if (size > OPENS_MAX)
            return JN_TOO_MANY;
        grown = realloc(client->table, size * sizeof *grown);
        if (!grown)
            return JN_NO_MEMORY;
        memset(grown + client->size, 0, (size - client->size) * sizeof *grown);
        client->table = grown;
        client->size = size;
    }
    client->table[at] = d;
    *open = at + 1;
    return JN_OK;
}

jn_status_t description_create(enum open_kind kind, struct terminal *t, uint32_t access,
                               uint32_t flags, struct description **out)
{
    struct description *d = calloc(1, sizeof *d);

    if (!d)
        return JN_NO_MEMORY;
    *d = (struct description){.references = 1, .kind = kind, .terminal = t, .access = access,
                              .flags = flags};
    list_append(&t->descriptions, &d->link);
    t->references++;
    t->opens[description_side(d)]++;
    if (description_side(d) == SIDE_SLAVE)
        t->slave_seen = true;
    terminal_changed(t);
    *out = d;
    return JN_OK;
}

void description_release(struct description *d)
{
    struct terminal *t = d->terminal;
    enum side side = description_side(d);

    if (--d->references > 0)
        return;
    list_remove(&d->link);
    if (!d->hung_up)
        t->opens[side]--;
    if (d->token)
        jn_offers_remove(&console_offers, d->token);
    free(d);
    /* The keyboard and screen are gone: whoever uses the terminal is told. */
    if (side == SIDE_MASTER && t->opens[SIDE_MASTER] == 0)
        terminal_hang_up(t);
    terminal_changed(t);
    terminal_release(t);
}

jn_status_t open_close(struct client *client, uint64_t open)
{
    struct description *d = open_find(client, open);
    bool others = false;

    if (!d)
        return JN_BAD_HANDLE;
    client->table[open - 1] = NULL;
    for (uint32_t i = 0; i < client->size && !others; i++)
        others = client->table[i] == d;
    if (!others)
        wait_disarm_description(client, d);
    description_release(d);
    return JN_OK;
}

/* ---- interface console ---- */

static jn_status_t add_new(struct client *client, enum open_kind kind, struct terminal *t,
                           uint32_t access, uint32_t flags, uint64_t *open)
{
    struct description *d;
    jn_status_t status = description_create(kind, t, access, flags, &d);

    if (status != JN_OK)
        return status;
    status = open_add(client, d, open);
    if (status != JN_OK)
        description_release(d);
    return status;
}

static jn_status_t open_master(struct client *client, uint32_t access, uint32_t flags,
                               uint64_t *open)
{
    struct terminal *t;
    jn_status_t status = terminal_create(&t);

    if (status != JN_OK)
        return status;
    t->uid = client->uid;
    t->references++; /* so that a failure below frees it */
    status = add_new(client, OPEN_MASTER, t, access, flags, open);
    terminal_release(t);
    return status;
}

static bool may_open(const struct client *client, const struct terminal *t, uint32_t access)
{
    uint32_t wanted = (access & IO_ACCESS_READ ? 4u : 0) | (access & IO_ACCESS_WRITE ? 2u : 0);
    uint32_t allowed = client->uid == t->uid   ? t->mode >> 6
                       : client->gid == t->gid ? t->mode >> 3
                                               : t->mode;

    return client->uid == 0 || (wanted & ~allowed) == 0;
}

static jn_status_t open_slave(struct client *client, struct terminal *t, uint32_t access,
                              uint32_t flags, uint64_t *open)
{
    jn_status_t status;

    if (!t || t->opens[SIDE_MASTER] == 0)
        return JN_NO_DEVICE;
    if (t->locked)
        return JN_IO;
    if (t->exclusive && client->uid != 0)
        return JN_BUSY;
    if (!may_open(client, t, access))
        return JN_ACCESS;
    status = add_new(client, OPEN_SLAVE, t, access,
                     flags & CONSOLE_OPEN_NONBLOCK ? IO_FLAG_NONBLOCK : 0, open);
    if (status == JN_OK && !(flags & CONSOLE_OPEN_NO_CONTROLLING))
        job_opened(client, t);
    return status;
}

static jn_status_t op_open(struct jn_call *call, uint64_t device, uint32_t access, uint32_t flags,
                           uint64_t *open)
{
    struct client *client = client_find(call->label);

    if (!client)
        return JN_NO_RIGHT;
    access &= IO_ACCESS_READ | IO_ACCESS_WRITE;
    if (device == CONSOLE_PTMX)
        return open_master(client, access, flags & CONSOLE_OPEN_NONBLOCK ? IO_FLAG_NONBLOCK : 0,
                           open);
    if (device == CONSOLE_TTY)
        return open_slave(client, job_terminal(client), access,
                          flags | CONSOLE_OPEN_NO_CONTROLLING, open);
    if (device == CONSOLE_SYSTEM)
        return open_slave(client, terminal_next(0), access, flags | CONSOLE_OPEN_NO_CONTROLLING,
                          open);
    if (device < CONSOLE_PTS)
        return JN_NO_DEVICE;
    return open_slave(client, terminal_find(device - CONSOLE_PTS), access, flags, open);
}

static jn_status_t op_open_peer(struct jn_call *call, uint64_t open, uint32_t access,
                                uint64_t *peer)
{
    struct client *client = client_find(call->label);
    struct description *d;

    if (!client)
        return JN_NO_RIGHT;
    d = open_find(client, open);
    if (!d)
        return JN_BAD_HANDLE;
    if (d->kind != OPEN_MASTER)
        return JN_NOT_TERMINAL;
    return open_slave(client, d->terminal, access & (IO_ACCESS_READ | IO_ACCESS_WRITE),
                      CONSOLE_OPEN_NO_CONTROLLING, peer);
}

static jn_status_t op_next_pts(struct jn_call *call, uint64_t from, uint64_t *number, uint32_t *uid,
                               uint32_t *gid, uint32_t *mode)
{
    struct terminal *t = terminal_next(from);

    (void)call;
    while (t && t->opens[SIDE_MASTER] == 0)
        t = terminal_next(t->number + 1);
    if (!t)
        return JN_NOT_FOUND;
    *number = t->number;
    *uid = t->uid;
    *gid = t->gid;
    *mode = t->mode;
    return JN_OK;
}

static jn_status_t op_open_console(struct jn_call *call, uint64_t *input, uint64_t *output)
{
    struct client *client = client_find(call->label);
    struct terminal *t;
    jn_status_t status;

    if (!client)
        return JN_NO_RIGHT;
    t = job_terminal(client);
    if (!t || t->opens[SIDE_MASTER] == 0)
        return JN_NO_DEVICE;
    status = condrv_attach(t);
    if (status == JN_OK)
        status = add_new(client, OPEN_CONDRV_INPUT, t, IO_ACCESS_READ | IO_ACCESS_WRITE, 0, input);
    if (status != JN_OK)
        return status;
    status = add_new(client, OPEN_CONDRV_OUTPUT, t, IO_ACCESS_READ | IO_ACCESS_WRITE, 0, output);
    if (status != JN_OK) {
        jn_status_t ignored = open_close(client, *input);

        (void)ignored;
    }
    return status;
}

const struct console_ops console_operations = {
    .open = op_open,
    .open_peer = op_open_peer,
    .next_pts = op_next_pts,
    .open_console = op_open_console,
};
