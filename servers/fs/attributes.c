/* Changing what stat shows: chmod(2), chown(2), utimensat(2), NT's attributes. */
#include "client.h"
#include "janus/idl/fs.h"
#include "janus/runtime.h"
#include "node.h"
#include "vfs.h"
#include "watch.h"

/* READ_ONLY is not stored: it is the absence of write permissions, as under Wine. */
#define STORED_ATTRIBUTES \
    (FS_ATTRIBUTE_HIDDEN | FS_ATTRIBUTE_SYSTEM | FS_ATTRIBUTE_ARCHIVE | FS_ATTRIBUTE_NOT_INDEXED)

static jn_status_t may_change(const struct client *client, const struct node *node,
                              const struct attribute_change *change)
{
    bool owner = node_is_owner(client, node);
    if ((change->mask & (FS_SET_MODE | FS_SET_ATTRIBUTES | FS_SET_BIRTH_TIME)) && !owner)
        return JN_NOT_PERMITTED;
    if ((change->mask & FS_SET_OWNER) && client->uid != 0 &&
        (client->uid != node->uid || change->uid != node->uid))
        return JN_NOT_PERMITTED;
    if ((change->mask & FS_SET_GROUP) && client->uid != 0 &&
        (client->uid != node->uid ||
         (change->gid != node->gid && !client_in_group(client, change->gid))))
        return JN_NOT_PERMITTED;
    if (!(change->mask & (FS_SET_ACCESS_TIME | FS_SET_MODIFY_TIME)) || owner)
        return JN_OK;
    if (!(change->mask & FS_SET_NOW))
        return JN_NOT_PERMITTED;
    return node_permit(client, node, PERMIT_WRITE);
}

jn_status_t vfs_set_attributes(struct client *client, struct node *node,
                               const struct attribute_change *change)
{
    uint32_t mask = change->mask;
    if (node->volume->read_only)
        return JN_READ_ONLY;
    jn_status_t status = may_change(client, node, change);
    if (status != JN_OK)
        return status;
    if (node->ops)
        return mask ? JN_NOT_PERMITTED : JN_OK;
    node_changed(node);
    if (node_is(node, MODE_DIRECTORY) &&
        (mask & (FS_SET_MODE | FS_SET_OWNER | FS_SET_GROUP | FS_SET_ATTRIBUTES)))
        watch_names_changed(); /* who may search it */
    if (mask & FS_SET_OWNER)
        node->uid = change->uid;
    if (mask & FS_SET_GROUP)
        node->gid = change->gid;
    if ((mask & (FS_SET_OWNER | FS_SET_GROUP)) && node_is(node, MODE_FILE)) {
        node->mode &= ~MODE_SET_UID;
        if (node->mode & 0010)
            node->mode &= ~MODE_SET_GID;
    }
    if (mask & FS_SET_MODE) {
        if (node_is(node, MODE_LINK))
            return JN_NOT_SUPPORTED;
        uint32_t mode = change->mode & MODE_PERMISSIONS;
        if (client->uid != 0 && !client_in_group(client, node->gid))
            mode &= ~MODE_SET_GID;
        node->mode = (node->mode & MODE_TYPE) | mode;
    }
    if (mask & FS_SET_ATTRIBUTES) {
        node->attributes = change->attributes & STORED_ATTRIBUTES;
        if (change->attributes & FS_ATTRIBUTE_READ_ONLY) {
            if (!node_is(node, MODE_DIRECTORY)) /* there it means something else, as under Wine */
                node->mode &= ~0222u;
        } else if (!(node->mode & 0222)) {
            node->mode |= 0200 | ((node->mode & 044) >> 1);
        }
    }
    int64_t now = jn_time_real();
    if (mask & FS_SET_ACCESS_TIME)
        node->access_ns = mask & FS_SET_NOW ? now : change->access_ns;
    if (mask & FS_SET_MODIFY_TIME)
        node->modify_ns = mask & FS_SET_NOW ? now : change->modify_ns;
    if (mask & FS_SET_BIRTH_TIME)
        node->birth_ns = change->birth_ns;
    node->change_ns = now; /* chown(2) that changes nothing counts as well */
    return JN_OK;
}
