/* Interface fs, operations on paths. */
#include "fs_operations.h"

#include "janus/idl/fs.h"
#include "janus/idl/io.h"
#include "path_walk.h"
#include "platform.h"
#include "request.h"

/* The start of every operation with one path. */
static jn_status_t begin(struct jn_call *call, uint64_t dir, uint64_t length, unsigned window,
                         struct client **client, struct place *place)
{
    jn_status_t status = request_client(call, client);
    return status == JN_OK ? request_place(call, *client, dir, length, window, place) : status;
}

static jn_status_t op_open(struct jn_call *call, uint64_t dir, uint64_t length, uint32_t lookup,
                           uint32_t flags, uint32_t access, uint32_t share, uint32_t mode,
                           uint64_t cookie, uint64_t *open, uint32_t *kind, uint32_t *created,
                           uint64_t *device_id, uint32_t *node_mode)
{
    struct client *client;
    struct place place;
    struct open_result result;
    *open = *device_id = 0;
    *kind = *created = *node_mode = 0;
    jn_status_t status = begin(call, dir, length, 0, &client, &place);
    if (status != JN_OK)
        return status;
    if (lookup & FS_LOOKUP_DIRECTORY)
        flags |= FS_OPEN_DIRECTORY;
    struct open_request request = {lookup, flags, access, share, mode, cookie};
    status = vfs_open(client, place, &request, &result);
    *kind = result.kind;
    *created = result.created;
    *device_id = result.device_id;
    *node_mode = result.mode;
    if (status == JN_REDIRECT)
        *open = result.number;
    if (status != JN_OK)
        return status;
    status = client_add(client, result.description, open);
    if (status != JN_OK)
        description_put(result.description);
    return status;
}

static jn_status_t op_stat_path(struct jn_call *call, uint64_t dir, uint64_t length,
                                uint32_t lookup, struct io_stat *stat)
{
    struct client *client;
    struct place place;
    struct entry *entry;
    struct node *node;
    jn_status_t status = begin(call, dir, length, 0, &client, &place);
    if (status == JN_OK)
        status = vfs_find(client, place, lookup, &entry, &node);
    if (status != JN_OK)
        return status;
    node_stat(client, node, stat);
    if (entry)
        entry_put(entry);
    node_put(node);
    return JN_OK;
}

static jn_status_t op_access(struct jn_call *call, uint64_t dir, uint64_t length, uint32_t lookup,
                             uint32_t mode)
{
    struct client *client;
    struct place place;
    struct entry *entry;
    struct node *node;
    jn_status_t status = begin(call, dir, length, 0, &client, &place);
    if (status == JN_OK)
        status = vfs_find(client, place, lookup, &entry, &node);
    if (status != JN_OK)
        return status;
    uint32_t permits = (mode & IO_ACCESS_READ ? PERMIT_READ : 0) |
                       (mode & IO_ACCESS_WRITE ? PERMIT_WRITE : 0) |
                       (mode & IO_ACCESS_EXECUTE ? PERMIT_EXECUTE : 0);
    status = node_permit(client, node, permits);
    if (entry)
        entry_put(entry);
    node_put(node);
    return status;
}

static jn_status_t op_make_directory(struct jn_call *call, uint64_t dir, uint64_t length,
                                     uint32_t lookup, uint32_t mode)
{
    struct client *client;
    struct place place;
    jn_status_t status = begin(call, dir, length, 0, &client, &place);
    if (status != JN_OK)
        return status;
    return vfs_make(client, place, lookup, MODE_DIRECTORY | (mode & 01777), 0, NULL, 0);
}

static jn_status_t op_make_node(struct jn_call *call, uint64_t dir, uint64_t length,
                                uint32_t lookup, uint32_t mode, uint64_t device_id)
{
    struct client *client;
    struct place place;
    jn_status_t status = begin(call, dir, length, 0, &client, &place);
    if (status != JN_OK)
        return status;
    uint32_t type = mode & MODE_TYPE ? mode & MODE_TYPE : MODE_FILE;
    if (type == MODE_DIRECTORY)
        return JN_NOT_PERMITTED;
    if (type != MODE_FILE && type != MODE_FIFO && type != MODE_SOCKET && type != MODE_CHARACTER &&
        type != MODE_BLOCK)
        return JN_BAD_ARG;
    if (type != MODE_CHARACTER && type != MODE_BLOCK)
        device_id = 0;
    return vfs_make(client, place, lookup, type | (mode & MODE_PERMISSIONS), device_id, NULL, 0);
}

static jn_status_t op_remove(struct jn_call *call, uint64_t dir, uint64_t length, uint32_t lookup,
                             uint32_t kind)
{
    struct client *client;
    struct place place;
    jn_status_t status = begin(call, dir, length, 0, &client, &place);
    if (status != JN_OK)
        return status;
    if (!kind || kind & ~(uint32_t)(FS_REMOVE_FILE | FS_REMOVE_DIRECTORY))
        return JN_BAD_ARG;
    return vfs_remove(client, place, lookup, kind);
}

static jn_status_t op_rename(struct jn_call *call, uint64_t dir, uint64_t length, uint64_t new_dir,
                             uint64_t new_length, uint32_t lookup, uint32_t flags)
{
    struct client *client;
    struct place place, new_place;
    jn_status_t status = begin(call, dir, length, 0, &client, &place);
    if (status == JN_OK)
        status = request_place(call, client, new_dir, new_length, 1, &new_place);
    return status == JN_OK ? vfs_rename(client, place, new_place, lookup, flags) : status;
}

static jn_status_t op_link(struct jn_call *call, uint64_t dir, uint64_t length, uint64_t new_dir,
                           uint64_t new_length, uint32_t lookup)
{
    struct client *client;
    struct place place, new_place;
    jn_status_t status = begin(call, dir, length, 0, &client, &place);
    if (status == JN_OK)
        status = request_place(call, client, new_dir, new_length, 1, &new_place);
    return status == JN_OK ? vfs_link(client, place, lookup, new_place) : status;
}

static jn_status_t op_make_symlink(struct jn_call *call, uint64_t target_length, uint64_t dir,
                                   uint64_t length, uint32_t lookup)
{
    struct client *client;
    struct place place;
    static char target[PATH_LIMIT];
    jn_status_t status = begin(call, dir, length, 1, &client, &place);
    if (status != JN_OK)
        return status;
    if (target_length == 0)
        return JN_NOT_FOUND;
    if (target_length >= PATH_LIMIT)
        return JN_NAME_TOO_LONG;
    size_t done = 0;
    status = jn_copy_in(call, 0, 0, target, target_length, &done);
    if (status != JN_OK)
        return status;
    return vfs_make(client, place, lookup, MODE_LINK | 0777, 0, target, target_length);
}

static jn_status_t op_read_symlink(struct jn_call *call, uint64_t dir, uint64_t length,
                                   uint32_t lookup, uint64_t capacity, uint64_t *new_length)
{
    struct client *client;
    struct place place;
    struct entry *entry;
    struct node *node;
    static char made[PATH_LIMIT];
    *new_length = 0;
    jn_status_t status = begin(call, dir, length, 0, &client, &place);
    if (status == JN_OK)
        status = vfs_find(client, place, lookup | FS_LOOKUP_NOFOLLOW, &entry, &node);
    if (status != JN_OK)
        return status;
    const char *target = NULL;
    size_t target_length = 0;
    uint64_t descriptor;
    if (!node_is(node, MODE_LINK)) {
        status = length == 0 ? JN_NOT_FOUND : JN_BAD_ARG;
    } else if (node->ops && node->ops->read_link) {
        target = made;
        status = node->ops->read_link(client, node, made, sizeof(made), &target_length, &descriptor);
    } else {
        target = node->link.text;
        target_length = node->size;
        node_read_now(node);
    }
    if (status == JN_OK) {
        *new_length = target_length < capacity ? target_length : capacity;
        status = request_answer(call, 1, target, *new_length, new_length);
    }
    if (entry)
        entry_put(entry);
    node_put(node);
    return status;
}

static jn_status_t op_set_attributes(struct jn_call *call, uint64_t dir, uint64_t length,
                                     uint32_t lookup, uint32_t mask, uint32_t mode, uint32_t uid,
                                     uint32_t gid, int64_t access_ns, int64_t modify_ns,
                                     int64_t birth_ns, uint32_t attributes)
{
    struct client *client;
    struct place place;
    struct entry *entry;
    struct node *node;
    jn_status_t status = begin(call, dir, length, 0, &client, &place);
    if (status == JN_OK)
        status = vfs_find(client, place, length ? lookup : lookup | FS_LOOKUP_EMPTY, &entry, &node);
    if (status != JN_OK)
        return status;
    struct attribute_change change = {mask,      mode,      uid,     gid,
                                      attributes, access_ns, modify_ns, birth_ns};
    status = vfs_set_attributes(client, node, &change);
    if (entry)
        entry_put(entry);
    node_put(node);
    return status;
}

static jn_status_t op_rename_open(struct jn_call *call, uint64_t open, uint64_t new_dir,
                                  uint64_t new_length, uint32_t lookup, uint32_t flags)
{
    struct client *client;
    struct description *description;
    struct place place;
    jn_status_t status = request_open(call, open, &client, &description);
    if (status == JN_OK)
        status = request_place(call, client, new_dir, new_length, 0, &place);
    return status == JN_OK ? vfs_rename_open(client, description, place, lookup, flags) : status;
}

static jn_status_t op_link_open(struct jn_call *call, uint64_t open, uint64_t new_dir,
                                uint64_t new_length, uint32_t lookup)
{
    struct client *client;
    struct description *description;
    struct place place;
    jn_status_t status = request_open(call, open, &client, &description);
    if (status == JN_OK)
        status = request_place(call, client, new_dir, new_length, 0, &place);
    return status == JN_OK ? vfs_link_open(client, description, place, lookup) : status;
}

static jn_status_t op_mount(struct jn_call *call, uint64_t dir, uint64_t length, uint32_t kind,
                            uint32_t flags, cap_t server)
{
    struct client *client;
    struct place place;
    jn_cap_delete(server);
    if (kind != FS_MOUNT_AGAIN) {
        platform_unsupported("fs.mount(kind %u, flags %#x)", kind, flags);
        return JN_NOT_SUPPORTED;
    }
    jn_status_t status = begin(call, dir, length, 0, &client, &place);
    return status == JN_OK ? vfs_mount_again(client, place, flags) : status;
}

static jn_status_t op_unmount(struct jn_call *call, uint64_t dir, uint64_t length)
{
    (void)call;
    platform_unsupported("fs.unmount(dir %llu, length %llu)", (unsigned long long)dir,
                         (unsigned long long)length);
    return JN_NOT_SUPPORTED;
}

const struct fs_ops fs_operations = {
    .open = op_open,
    .stat_path = op_stat_path,
    .access = op_access,
    .make_directory = op_make_directory,
    .make_node = op_make_node,
    .remove = op_remove,
    .rename = op_rename,
    .link = op_link,
    .make_symlink = op_make_symlink,
    .read_symlink = op_read_symlink,
    .set_attributes = op_set_attributes,
    .rename_open = op_rename_open,
    .link_open = op_link_open,
    .mount = op_mount,
    .unmount = op_unmount,
    .read_directory = fs_op_read_directory,
    .pipe = fs_op_pipe,
    .temporary = fs_op_temporary,
    .path_of = fs_op_path_of,
    .statfs = fs_op_statfs,
    .set_delete = fs_op_set_delete,
    .set_root = fs_op_set_root,
};
