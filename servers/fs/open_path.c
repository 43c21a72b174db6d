/* Opening by path: the rules of openat(2), with NT's additions. The order of checks is that of
 * Linux's path_openat and do_open. */
#include "client.h"
#include "description.h"
#include "dev/device.h"
#include "fifo.h"
#include "janus/idl/fs.h"
#include "janus/idl/io.h"
#include "name.h"
#include "node.h"
#include "pipe.h"
#include "sharing.h"
#include "vfs_place.h"

static bool is_nt(const struct open_request *request)
{
    return request->flags & FS_OPEN_SHARE_MODES;
}

static uint32_t permits_of(const struct open_request *request)
{
    uint32_t permits = 0;
    if (request->access & IO_ACCESS_READ)
        permits |= PERMIT_READ;
    if ((request->access & IO_ACCESS_WRITE) || (request->flags & FS_OPEN_TRUNCATE))
        permits |= PERMIT_WRITE;
    if (request->access & IO_ACCESS_EXECUTE)
        permits |= PERMIT_EXECUTE;
    return permits;
}

static uint32_t description_flags(const struct open_request *request)
{
    uint32_t flags = 0;
    if (request->flags & FS_OPEN_APPEND)
        flags |= IO_FLAG_APPEND;
    if (request->flags & FS_OPEN_NONBLOCK)
        flags |= IO_FLAG_NONBLOCK;
    return flags;
}

/* Whether what was found may be opened as it is asked. */
static jn_status_t check(struct client *client, struct node *node, bool wants_directory,
                         const struct open_request *request, bool created)
{
    bool directory = node_is(node, MODE_DIRECTORY);
    if (!created) {
        if ((request->flags & FS_OPEN_CREATE) && (request->flags & FS_OPEN_EXCLUSIVE))
            return JN_EXISTS;
        if ((request->flags & FS_OPEN_CREATE) && directory &&
            !(request->flags & FS_OPEN_MAKE_DIRECTORY))
            return JN_IS_DIRECTORY;
    }
    if ((wants_directory || (request->flags & (FS_OPEN_DIRECTORY | FS_OPEN_MAKE_DIRECTORY))) &&
        !directory)
        return JN_NOT_DIRECTORY;
    if ((request->flags & FS_OPEN_NOT_DIRECTORY) && directory)
        return JN_IS_DIRECTORY;
    if (request->flags & FS_OPEN_PATH)
        return JN_OK;
    if (node_is(node, MODE_LINK))
        return JN_LOOP;
    uint32_t permits = permits_of(request);
    if (directory && (permits & PERMIT_WRITE)) {
        if (!is_nt(request))
            return JN_IS_DIRECTORY;
        permits &= ~PERMIT_WRITE;
    }
    if (directory && (request->flags & FS_OPEN_TRUNCATE))
        return JN_IS_DIRECTORY;
    if (node_is(node, MODE_SOCKET))
        return JN_NO_DEVICE;
    if (created)
        return JN_OK;
    if (is_nt(request) && (permits & PERMIT_WRITE) && !(node->mode & 0222))
        return JN_ACCESS; /* the read-only attribute binds root as well */
    return node_permit(client, node, permits);
}

/* Makes the description for a node that was found or made. */
static jn_status_t open_node(struct client *client, struct entry *entry, struct node *node,
                             const struct open_request *request, struct open_result *result)
{
    uint32_t access = request->access;
    enum description_kind kind = OPEN_FILE;
    const struct device *device = NULL;
    if (request->flags & FS_OPEN_PATH) {
        kind = OPEN_PATH;
        access = 0;
    } else if (node_is(node, MODE_DIRECTORY)) {
        kind = OPEN_DIRECTORY;
    } else if (node_is(node, MODE_FIFO)) {
        kind = OPEN_PIPE;
        access &= IO_ACCESS_READ | IO_ACCESS_WRITE;
    } else if (node_is(node, MODE_CHARACTER)) {
        kind = OPEN_DEVICE;
        result->device_id = node->device_id;
        if (device_redirects(node->device_id, &result->number)) {
            result->kind = FS_SERVER_CONSOLE;
            return JN_REDIRECT;
        }
        if (!(device = device_find(node->device_id)))
            return JN_NO_DEVICE;
    } else if (!node_is(node, MODE_FILE)) {
        return JN_NO_DEVICE; /* block devices: there are none */
    } else if (node->ops) {
        kind = OPEN_TEXT;
    }
    bool nt = is_nt(request) && kind != OPEN_PATH;
    bool deletes = (request->flags & FS_OPEN_DELETE_ON_CLOSE) && kind != OPEN_PATH;
    jn_status_t status = nt ? sharing_check(node, access, request->share) : JN_OK;
    if (status == JN_OK && (access & IO_ACCESS_WRITE) && sharing_is_program(node))
        status = JN_TEXT_BUSY;
    if (status == JN_OK && deletes)
        status = entry ? name_may_remove(client, entry) : JN_NOT_SUPPORTED;
    if (status != JN_OK)
        return status;
    struct description *description =
        description_create(kind, node, entry, access, description_flags(request));
    if (!description)
        return JN_NO_MEMORY;
    description->share = request->share;
    description->delete_on_close = deletes;
    if (kind == OPEN_DEVICE)
        description->device = device;
    if (kind == OPEN_PIPE) {
        uint64_t seen = node->pipe ? node->pipe->writers_come : 0;
        status = fifo_open(client, node, access, request->flags & FS_OPEN_NONBLOCK,
                           request->cookie);
        /* A reader that did not wait has seen nobody write yet; hang-up would come too early. */
        description->writers_seen =
            (request->flags & FS_OPEN_NONBLOCK) && node->pipe && !node->pipe->writers ? seen : 0;
        if (status != JN_OK)
            description->kind = OPEN_PATH; /* there is no end to close */
    }
    if (status == JN_OK && (nt || deletes) && !sharing_enter(description))
        status = JN_NO_MEMORY;
    if (status == JN_OK && (request->flags & FS_OPEN_PROGRAM) && kind == OPEN_FILE &&
        !sharing_enter_program(description))
        status = JN_NO_MEMORY;
    if (status == JN_OK && (request->flags & FS_OPEN_TRUNCATE) && kind == OPEN_FILE &&
        !result->created) {
        status = file_resize(node, 0);
        node_modify_now(node);
        node_drop_set_id(client, node);
    }
    if (status != JN_OK) {
        description->delete_on_close = false;
        description_put(description);
        return status;
    }
    result->description = description;
    return JN_OK;
}

static jn_status_t create(struct client *client, struct walk *walk,
                          const struct open_request *request, struct entry **entry)
{
    jn_status_t status = name_may_create(client, walk->at);
    if (status != JN_OK)
        return status;
    bool directory = request->flags & FS_OPEN_MAKE_DIRECTORY;
    uint32_t mode = (request->mode & MODE_PERMISSIONS) | (directory ? MODE_DIRECTORY : MODE_FILE);
    struct node *node = name_make_node(client, walk->at, mode);
    if (!node)
        return JN_NO_SPACE;
    node_get(node);
    status = name_add(walk->at, walk->name, walk->name_length, node, entry);
    node_put(node);
    return status;
}

/* Finds or makes the entry. */
static jn_status_t find(struct client *client, struct walk *walk,
                        const struct open_request *request, struct entry **entry, bool *created)
{
    bool exclusive = (request->flags & FS_OPEN_CREATE) && (request->flags & FS_OPEN_EXCLUSIVE);
    bool directory = request->flags & FS_OPEN_MAKE_DIRECTORY;
    for (;;) {
        jn_status_t status = walk_to_last(walk);
        if (status != JN_OK)
            return status;
        bool slash = walk->wants_directory;
        if ((request->flags & FS_OPEN_CREATE) && slash && !directory && walk->last == WALK_NAME)
            return JN_IS_DIRECTORY;
        status = walk_lookup(walk, entry);
        if (status == JN_NOT_FOUND && (request->flags & FS_OPEN_CREATE)) {
            *created = true;
            return create(client, walk, request, entry);
        }
        if (status != JN_OK)
            return status;
        if (!node_is((*entry)->node, MODE_LINK) || exclusive ||
            ((walk->lookup & FS_LOOKUP_NOFOLLOW) && !slash))
            return JN_OK;
        status = walk_enter_link(walk, *entry);
        entry_put(*entry);
        *entry = NULL;
        if (status != JN_OK)
            return status;
    }
}

jn_status_t vfs_open(struct client *client, struct place place, const struct open_request *request,
                     struct open_result *result)
{
    *result = (struct open_result){.kind = FS_SERVER_FS};
    struct entry *entry = NULL;
    struct node *node = NULL;
    bool created = false, wants_directory = false;
    jn_status_t status;
    if (place.length == 0 && (request->lookup & FS_LOOKUP_EMPTY)) {
        status = vfs_find(client, place, request->lookup, &entry, &node);
    } else {
        struct walk walk;
        status = place_begin(&walk, client, place, request->lookup);
        if (status == JN_OK)
            status = find(client, &walk, request, &entry, &created);
        if (status == JN_OK) {
            node = node_get(entry->node);
            wants_directory = walk.wants_directory;
        } else if (status == JN_REDIRECT) {
            result->kind = FS_SERVER_DESCRIPTOR;
            result->number = walk.descriptor;
        }
        walk_end(&walk);
    }
    if (status != JN_OK)
        return status;
    result->created = created;
    result->mode = node->mode;
    status = check(client, node, wants_directory, request, created);
    if (status == JN_OK)
        status = open_node(client, entry, node, request, result);
    if (entry)
        entry_put(entry);
    node_put(node);
    return status;
}
