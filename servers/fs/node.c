/* Life, permissions, times and stat of nodes. */
#include "node.h"

#include <stdlib.h>
#include <string.h>

#include "client.h"
#include "janus/idl/fs.h"
#include "janus/idl/io.h"
#include "janus/runtime.h"
#include "lease.h"
#include "pipe.h"
#include "sharing.h"
#include "watch.h"

#define DIRECTORY_ENTRY_SIZE 20 /* what tmpfs counts for a name */
#define DAY_NS (86400ll * 1000000000)

struct node *node_create(struct volume *volume, uint32_t mode, uint32_t uid, uint32_t gid)
{
    if (volume->node_limit && volume->nodes >= volume->node_limit)
        return NULL;
    struct node *node = calloc(1, sizeof(*node));
    if (!node)
        return NULL;
    node->mode = mode;
    node->uid = uid;
    node->gid = gid;
    node->volume = volume;
    node->inode = volume->next_inode++;
    node->access_ns = node->modify_ns = node->change_ns = node->birth_ns = jn_time_real();
    if (node_is(node, MODE_DIRECTORY))
        directory_init(&node->directory);
    volume->nodes++;
    return node;
}

void node_free(struct node *node)
{
    if (node_is(node, MODE_FILE) && !node->ops)
        file_clear(&node->file);
    else if (node_is(node, MODE_DIRECTORY))
        directory_clear(&node->directory);
    else if (node_is(node, MODE_LINK) && node->link.owned)
        free((char *)node->link.text);
    else if (node_is(node, MODE_FIFO) && node->pipe)
        pipe_destroy(node->pipe);
    sharing_destroy(node);
    node->volume->nodes--;
    free(node);
}

bool node_is_owner(const struct client *client, const struct node *node)
{
    return client->uid == 0 || client->uid == node->uid;
}

jn_status_t node_permit(const struct client *client, const struct node *node, uint32_t wanted)
{
    uint32_t mode = node->mode;
    if ((wanted & PERMIT_WRITE) && node_is_read_only(node))
        return JN_READ_ONLY;
    if (client->uid == 0) {
        bool runs = node_is(node, MODE_DIRECTORY) || (mode & 0111);
        return (wanted & PERMIT_EXECUTE) && !runs ? JN_ACCESS : JN_OK;
    }
    if (client->uid == node->uid)
        mode >>= 6;
    else if (client_in_group(client, node->gid))
        mode >>= 3;
    return (mode & wanted) == wanted ? JN_OK : JN_ACCESS;
}

void node_set_size(struct node *node, uint64_t size)
{
    node->size = size;
    node_changed(node);
    if (node->sharing)
        lease_set_size(node);
}

void node_read_now(struct node *node)
{
    /* relatime: once after each change, and once a day. */
    if (node->access_ns > node->modify_ns && node->access_ns > node->change_ns) {
        if (jn_time_real() - node->access_ns < DAY_NS)
            return;
    }
    node->access_ns = jn_time_real();
    node_changed(node);
}

void node_modify_now(struct node *node)
{
    node->modify_ns = node->change_ns = jn_time_real();
    node_changed(node);
}

void node_change_now(struct node *node)
{
    node->change_ns = jn_time_real();
    node_changed(node);
}

void node_drop_set_id(const struct client *client, struct node *node)
{
    if (!(node->mode & (MODE_SET_UID | MODE_SET_GID)) || client->uid == 0 ||
        !node_is(node, MODE_FILE))
        return;
    node_changed(node);
    node->mode &= ~MODE_SET_UID;
    if (node->mode & 0010) /* without group execution the bit once meant mandatory locks */
        node->mode &= ~MODE_SET_GID;
}

void node_stat(struct client *client, struct node *node, struct io_stat *stat)
{
    if (node->ops && node->ops->refresh)
        node->ops->refresh(client, node);
    uint64_t size = node->size, pages = 0;
    if (node_is(node, MODE_DIRECTORY))
        size = node->ops ? 0 : (node->directory.count + 2ull) * DIRECTORY_ENTRY_SIZE;
    else if (node_is(node, MODE_FILE) && !node->ops)
        pages = file_pages(node);
    *stat = (struct io_stat){
        .device = node->volume->device,
        .inode = node->inode,
        .mode = node->mode,
        .link_count = node->link_count,
        .uid = node->uid,
        .gid = node->gid,
        .device_id = node->device_id,
        .size = size,
        .block_size = 4096,
        .attributes = node->attributes |
                      (!node_is(node, MODE_DIRECTORY) && !(node->mode & 0222) ? FS_ATTRIBUTE_READ_ONLY
                                                                              : 0),
        .blocks = pages * (PAGE_BYTES / 512),
        .access_ns = node->access_ns,
        .modify_ns = node->modify_ns,
        .change_ns = node->change_ns,
        .birth_ns = node->birth_ns,
    };
}
