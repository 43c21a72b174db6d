/* Share modes and delete-on-close (Win32). Opens without FS_OPEN_SHARE_MODES never appear here, so
 * POSIX programs neither refuse nor are refused (PERSONALITIES 17). */
#include "sharing.h"

#include <stdlib.h>

#include "client.h"
#include "description.h"
#include "directory.h"
#include "janus/idl/fs.h"
#include "janus/idl/io.h"
#include "lock.h"
#include "name.h"
#include "node.h"

struct node_sharing *sharing_of(struct node *node)
{
    if (!node->sharing) {
        struct node_sharing *sharing = calloc(1, sizeof(*sharing));
        if (!sharing)
            return NULL;
        list_init(&sharing->locks);
        wait_queue_init(&sharing->lock_waits);
        list_init(&sharing->leases);
        list_init(&sharing->opens);
        node->sharing = sharing;
    }
    return node->sharing;
}

void sharing_destroy(struct node *node)
{
    struct node_sharing *sharing = node->sharing;
    if (!sharing)
        return;
    lock_drop_node(node);
    wait_wake(&sharing->lock_waits, UINT32_MAX);
    free(sharing);
    node->sharing = NULL;
}

/* Attributes can be looked at however the file is shared: only these need agreement. */
#define SHARED_ACCESS (IO_ACCESS_READ | IO_ACCESS_WRITE | IO_ACCESS_EXECUTE | IO_ACCESS_DELETE)

static uint32_t needs(uint32_t access)
{
    uint32_t share = access & (IO_ACCESS_READ | IO_ACCESS_WRITE | IO_ACCESS_DELETE);
    if (access & IO_ACCESS_EXECUTE)
        share |= IO_ACCESS_READ;
    return share;
}

jn_status_t sharing_check(const struct node *node, uint32_t access, uint32_t share)
{
    const struct node_sharing *sharing = node->sharing;
    if (!sharing)
        return JN_OK;
    if (sharing->delete_pending)
        return JN_DELETE_PENDING;
    if (!(access & SHARED_ACCESS))
        return JN_OK;
    const struct list *opens = &sharing->opens;
    for (const struct list *link = opens->next; link != opens; link = link->next) {
        const struct description *other = list_entry(link, struct description, in_opens);
        if (!(other->access & SHARED_ACCESS))
            continue;
        if ((needs(access) & ~other->share) || (needs(other->access) & ~share))
            return JN_SHARING;
    }
    return JN_OK;
}

bool sharing_enter(struct description *description)
{
    struct node_sharing *sharing = sharing_of(description->node);
    if (!sharing)
        return false;
    description->share_modes = true;
    list_append(&sharing->opens, &description->in_opens);
    return true;
}

static void mark(struct description *description)
{
    struct node_sharing *sharing = description->node->sharing;
    if (sharing->delete_pending || !description->entry)
        return;
    sharing->delete_pending = true;
    sharing->delete_entry = entry_get(description->entry);
}

static void unmark(struct node_sharing *sharing)
{
    sharing->delete_pending = false;
    if (sharing->delete_entry)
        entry_put(sharing->delete_entry);
    sharing->delete_entry = NULL;
}

bool sharing_enter_program(struct description *description)
{
    struct node_sharing *sharing = sharing_of(description->node);
    if (!sharing)
        return false;
    description->program = true;
    sharing->programs++;
    return true;
}

bool sharing_is_program(const struct node *node)
{
    return node->sharing && node->sharing->programs;
}

void sharing_close(struct description *description)
{
    if (description->program)
        description->node->sharing->programs--;
    if (!description->share_modes)
        return;
    struct node_sharing *sharing = description->node->sharing;
    if (description->delete_on_close)
        mark(description);
    list_remove(&description->in_opens);
    if (!sharing->delete_pending || !list_empty(&sharing->opens))
        return;
    struct entry *entry = entry_get(sharing->delete_entry);
    unmark(sharing);
    if (entry->attached && entry->node == description->node &&
        (!node_is(entry->node, MODE_DIRECTORY) || entry->node->directory.count == 0))
        name_remove(entry);
    entry_put(entry);
}

jn_status_t sharing_set_delete(struct client *client, struct description *description, bool remove)
{
    struct node *node = description->node;
    if (!description->entry || !sharing_of(node))
        return description->entry ? JN_NO_MEMORY : JN_NOT_SUPPORTED;
    if (!remove) {
        unmark(node->sharing);
        description->delete_on_close = false;
        return JN_OK;
    }
    if (description->entry->mount || !description->entry->parent)
        return JN_BUSY;
    if (!node_is(node, MODE_DIRECTORY) && !(node->mode & 0222))
        return JN_ACCESS;
    if (node_is(node, MODE_DIRECTORY) && node->directory.count)
        return JN_NOT_EMPTY;
    if (!description->entry->attached)
        return JN_OK; /* the name is gone already */
    jn_status_t status = name_may_remove(client, description->entry);
    if (status != JN_OK)
        return status;
    if (!description->share_modes && !sharing_enter(description))
        return JN_NO_MEMORY;
    mark(description);
    return JN_OK;
}
