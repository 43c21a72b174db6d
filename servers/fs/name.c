/* Names come and go. */
#include "name.h"

#include <string.h>

#include "client.h"
#include "node.h"

jn_status_t name_may_create(const struct client *client, const struct entry *directory)
{
    if (directory->node->ops)
        return JN_NOT_PERMITTED; /* nothing can be made in /proc and its like */
    if (directory->parent && !directory->attached)
        return JN_NOT_FOUND;
    return node_permit(client, directory->node, PERMIT_WRITE | PERMIT_EXECUTE);
}

jn_status_t name_may_remove(const struct client *client, const struct entry *entry)
{
    if (!entry->parent || entry->mount)
        return JN_BUSY;
    const struct node *directory = entry->parent->node;
    if (directory->volume->read_only)
        return JN_READ_ONLY;
    if (directory->ops)
        return JN_NOT_PERMITTED;
    jn_status_t status = node_permit(client, directory, PERMIT_WRITE | PERMIT_EXECUTE);
    if (status != JN_OK)
        return status;
    if ((directory->mode & MODE_STICKY) && !node_is_owner(client, directory) &&
        !node_is_owner(client, entry->node))
        return JN_NOT_PERMITTED;
    return JN_OK;
}

struct node *name_make_node(const struct client *client, const struct entry *directory,
                            uint32_t mode)
{
    uint32_t gid = client->gid;
    if (directory->node->mode & MODE_SET_GID) {
        gid = directory->node->gid;
        if ((mode & MODE_TYPE) == MODE_DIRECTORY)
            mode |= MODE_SET_GID;
        else if ((mode & (MODE_SET_GID | 0010)) == (MODE_SET_GID | 0010) && client->uid != 0 &&
                 !client_in_group(client, gid))
            mode &= ~MODE_SET_GID;
    }
    return node_create(directory->node->volume, mode, client->uid, gid);
}

jn_status_t name_add(struct entry *directory, const char *name, size_t length, struct node *node,
                     struct entry **out)
{
    if (out)
        *out = NULL;
    if (memchr(name, 0, length))
        return JN_BAD_ARG; /* no personality could name it again */
    struct entry *entry = entry_create(directory, node, name, length);
    if (!entry)
        return JN_NO_SPACE;
    if (!directory_attach(&directory->node->directory, entry)) {
        entry_put(entry);
        return JN_NO_SPACE;
    }
    if (node_is(node, MODE_DIRECTORY)) {
        node->link_count = 2;
        directory->node->link_count++;
    } else {
        node->link_count++;
    }
    node_change_now(node);
    node_modify_now(directory->node);
    if (out)
        *out = entry;
    else
        entry_put(entry);
    return JN_OK;
}

void name_remove(struct entry *entry)
{
    struct node *node = entry->node;
    struct node *directory = entry->parent->node;
    if (node_is(node, MODE_DIRECTORY)) {
        node->link_count = 0;
        directory->link_count--;
    } else {
        node->link_count--;
    }
    node_change_now(node);
    node_modify_now(directory);
    directory_detach(&directory->directory, entry);
}
