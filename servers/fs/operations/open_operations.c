/* Interface fs, operations that make opens without a path or look at one. */
#include "fs_operations.h"
#include "janus/idl/fs.h"
#include "janus/idl/io.h"
#include "pipe.h"
#include "pipe_message.h"
#include "request.h"
#include "sharing.h"
#include "volume.h"
#include "watch.h"

/* A new end of a pipe in the client's table. */
static jn_status_t add_end(struct client *client, struct node *node, uint32_t access,
                           uint32_t flags, uint64_t *open)
{
    struct description *description = description_create(OPEN_PIPE, node, NULL, access, flags);
    if (!description)
        return JN_NO_MEMORY;
    pipe_open(node->pipe, access);
    jn_status_t status = client_add(client, description, open);
    if (status != JN_OK)
        description_put(description);
    return status;
}

jn_status_t fs_op_pipe(struct jn_call *call, uint32_t flags, uint64_t *read_open,
                       uint64_t *write_open)
{
    struct client *client;
    *read_open = *write_open = 0;
    jn_status_t status = request_client(call, &client);
    if (status != JN_OK)
        return status;
    struct node *node = node_create(&volume_pipes, MODE_FIFO | 0600, client->uid, client->gid);
    if (!node)
        return JN_NO_MEMORY;
    node_get(node);
    node->link_count = 1;
    bool messages = flags & FS_PIPE_MESSAGES;
    flags &= IO_FLAG_NONBLOCK | IO_FLAG_DIRECT;
    status = pipe_of(node) ? JN_OK : JN_NO_MEMORY;
    if (status == JN_OK && messages && !(node->pipe->messages = pipe_messages_create()))
        status = JN_NO_MEMORY;
    if (status == JN_OK)
        status = add_end(client, node, IO_ACCESS_READ, flags, read_open);
    if (status == JN_OK) {
        status = add_end(client, node, IO_ACCESS_WRITE, flags, write_open);
        if (status != JN_OK) {
            description_put(client_take(client, *read_open));
            *read_open = 0;
        }
    }
    node_put(node);
    return status;
}

jn_status_t fs_op_temporary(struct jn_call *call, uint32_t mode, uint64_t *open)
{
    struct client *client;
    *open = 0;
    jn_status_t status = request_client(call, &client);
    if (status != JN_OK)
        return status;
    struct node *node =
        node_create(&volume_root, MODE_FILE | (mode & MODE_PERMISSIONS), client->uid, client->gid);
    if (!node)
        return JN_NO_SPACE;
    node_get(node);
    struct description *description =
        description_create(OPEN_FILE, node, NULL, IO_ACCESS_READ | IO_ACCESS_WRITE, 0);
    node_put(node);
    if (!description)
        return JN_NO_MEMORY;
    status = client_add(client, description, open);
    if (status != JN_OK)
        description_put(description);
    return status;
}

jn_status_t fs_op_path_of(struct jn_call *call, uint64_t open, uint64_t capacity, uint64_t *length)
{
    struct client *client;
    struct description *description;
    const char *path;
    size_t path_length;
    *length = 0;
    jn_status_t status = request_open(call, open, &client, &description);
    if (status != JN_OK)
        return status;
    if (!description->entry)
        return JN_NOT_FOUND;
    status = vfs_path(client, description->entry, request_buffer[0], &path, &path_length);
    if (status != JN_OK && !path_length)
        return status;
    *length = path_length;
    if (path_length > capacity)
        return JN_TRUNCATED;
    jn_status_t copied = request_answer(call, 0, path, path_length, length);
    return copied == JN_OK ? status : copied;
}

jn_status_t fs_op_statfs(struct jn_call *call, uint64_t open, struct fs_statfs *stat)
{
    struct client *client;
    struct description *description = NULL;
    jn_status_t status = open ? request_open(call, open, &client, &description)
                              : request_client(call, &client);
    if (status != JN_OK)
        return status;
    const struct volume *volume =
        description ? description->node->volume : client->root->node->volume;
    *stat = (struct fs_statfs){.type = volume->magic, .block_size = 4096, .name_max = NAME_LIMIT};
    if (volume->magic != volume_root.magic)
        return JN_OK;
    stat->flags = volume->read_only; /* ST_RDONLY */
    uint64_t used = page_cache_used();
    stat->blocks = page_cache_limit();
    stat->free = stat->blocks > used ? stat->blocks - used : 0;
    stat->files = volume->node_limit;
    stat->free_files =
        volume->node_limit > volume->nodes ? volume->node_limit - volume->nodes : 0;
    return JN_OK;
}

jn_status_t fs_op_set_delete(struct jn_call *call, uint64_t open, uint32_t remove)
{
    struct client *client;
    struct description *description;
    jn_status_t status = request_open(call, open, &client, &description);
    return status == JN_OK ? sharing_set_delete(client, description, remove != 0) : status;
}

jn_status_t fs_op_set_root(struct jn_call *call, uint64_t open)
{
    struct client *client;
    struct description *description;
    jn_status_t status = request_open(call, open, &client, &description);
    if (status != JN_OK)
        return status;
    if (!node_is(description->node, MODE_DIRECTORY) || !description->entry)
        return JN_NOT_DIRECTORY;
    status = node_permit(client, description->node, PERMIT_EXECUTE);
    if (status == JN_OK && client->uid != 0)
        status = JN_NOT_PERMITTED;
    if (status != JN_OK)
        return status;
    struct entry *old = client->root;
    watch_client_changed(client);
    client->root = entry_get(description->entry);
    entry_put(old);
    return JN_OK;
}
