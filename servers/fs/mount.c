/* Mounting a directory of the tree again, read-only: the nodes below it move to a volume of their own
 * that refuses changes. Names do not move, so opens and directories that are in use stay good. */
#include <stdlib.h>

#include "client.h"
#include "janus/idl/fs.h"
#include "node.h"
#include "vfs_place.h"
#include "watch.h"

/* Deeper than this no path reaches from the mount. */
#define DEPTH_LIMIT (PATH_LIMIT / 2)

static void move(struct node *node, struct volume *from, struct volume *to, unsigned depth)
{
    if (node->volume != from)
        return; /* another mount, or a further name of a node that has moved */
    node->volume = to;
    from->nodes--;
    to->nodes++;
    if (!node_is(node, MODE_DIRECTORY) || depth == DEPTH_LIMIT)
        return;
    for (struct entry *entry = directory_next(&node->directory, 0); entry;
         entry = directory_next(&node->directory, entry->position + 1))
        move(entry->node, from, to, depth + 1);
}

jn_status_t vfs_mount_again(struct client *client, struct place place, uint32_t flags)
{
    struct entry *entry;
    struct node *node;
    /* No process mounts anything: native clients only (servers/session). */
    if (client->uid != 0 || client->pid != 0)
        return JN_NOT_PERMITTED;
    if (flags != FS_MOUNT_READ_ONLY)
        return JN_BAD_ARG;
    jn_status_t status = vfs_find(client, place, 0, &entry, &node);
    if (status != JN_OK)
        return status;
    struct volume *volume = NULL;
    if (!node_is(node, MODE_DIRECTORY))
        status = JN_NOT_DIRECTORY;
    else if (node->ops || !entry || node->volume->read_only)
        status = JN_BUSY;
    else if (!(volume = malloc(sizeof(*volume))))
        status = JN_NO_MEMORY;
    if (volume) {
        *volume = *node->volume; /* the same device: hard links and inodes stay what they were */
        volume->nodes = 0;
        volume->read_only = true;
        watch_names_changed();
        move(node, node->volume, volume, 0);
        entry->mount = true;
    }
    if (entry)
        entry_put(entry);
    node_put(node);
    return status;
}
