/* Finding what a path leads to, and saying where an entry is. */
#include "vfs.h"

#include <string.h>

#include "client.h"
#include "description.h"
#include "janus/idl/fs.h"
#include "node.h"
#include "path_walk.h"
#include "vfs_place.h"
#include "volume.h"

struct entry *vfs_root;

struct volume volume_root = {
    .device = FS_DEVICE_ROOT, .magic = 0x01021994, .next_inode = 1, .type = "tmpfs"};
struct volume volume_pipes = {
    .device = FS_DEVICE_PIPES, .magic = 0x50495045, .next_inode = 1000, .type = "pipefs"};

jn_status_t vfs_init(uint64_t node_limit)
{
    volume_root.node_limit = node_limit;
    struct node *node = node_create(&volume_root, MODE_DIRECTORY | 0755, 0, 0);
    if (!node)
        return JN_NO_MEMORY;
    node->link_count = 2;
    vfs_root = entry_create(NULL, node, "", 0);
    if (!vfs_root)
        return JN_NO_MEMORY;
    vfs_root->attached = vfs_root->mount = true;
    return JN_OK;
}

jn_status_t place_begin(struct walk *walk, struct client *client, struct place place,
                        uint32_t lookup)
{
    struct entry *from = client->root;
    walk->at = NULL; /* so that walk_end is right after every error */
    walk->depth = walk->owned_count = 0;
    if (place.length >= PATH_LIMIT)
        return JN_NAME_TOO_LONG;
    if (place.from && !(place.length && place.path[0] == '/')) {
        if (place.length && !node_is(place.from->node, MODE_DIRECTORY))
            return JN_NOT_DIRECTORY;
        if (!place.from->entry)
            return place.length ? JN_NOT_DIRECTORY : JN_NOT_FOUND;
        from = place.from->entry;
    }
    return walk_begin(walk, client, from, place.path, place.length, lookup);
}

jn_status_t vfs_find(struct client *client, struct place place, uint32_t lookup,
                     struct entry **entry, struct node **node)
{
    *entry = NULL;
    if (place.length == 0 && (lookup & FS_LOOKUP_EMPTY)) {
        if (place.from) {
            *entry = place.from->entry ? entry_get(place.from->entry) : NULL;
            *node = node_get(place.from->node);
        } else {
            *entry = entry_get(client->root);
            *node = node_get(client->root->node);
        }
        return JN_OK;
    }
    struct walk walk;
    jn_status_t status = place_begin(&walk, client, place, lookup);
    if (status == JN_OK)
        status = walk_resolve(&walk, entry);
    if (status == JN_OK)
        *node = node_get((*entry)->node);
    walk_end(&walk);
    return status;
}

/* Whether a component of the path is "..". */
static bool goes_up(const char *path, size_t length)
{
    for (size_t i = 0; i + 2 <= length; i++)
        if (path[i] == '.' && path[i + 1] == '.' && (i == 0 || path[i - 1] == '/') &&
            (i + 2 == length || path[i + 2] == '/'))
            return true;
    return false;
}

/* Whether the path, which led through no link and not up, spells the names as they are. */
static bool spells(const char *path, size_t length, const struct entry *entry)
{
    for (;;) {
        while (length && path[length - 1] == '/')
            length--;
        size_t end = length;
        while (length && path[length - 1] != '/')
            length--;
        if (length == end)
            return true;
        if (end - length == 1 && path[length] == '.')
            continue;
        if (!entry || end - length != entry->name_length ||
            memcmp(path + length, entry->name, entry->name_length) != 0)
            return false;
        entry = entry->parent;
    }
}

jn_status_t vfs_find_straight(struct client *client, struct place place, uint32_t lookup,
                              struct entry **entry, bool *straight)
{
    struct walk walk;
    *entry = NULL;
    jn_status_t status = place_begin(&walk, client, place, lookup);
    if (status == JN_OK)
        status = walk_resolve(&walk, entry);
    *straight = status == JN_OK && !walk.links && !goes_up(place.path, place.length) &&
                (!(lookup & FS_LOOKUP_CASELESS) || spells(place.path, place.length, *entry));
    walk_end(&walk);
    return status;
}

jn_status_t vfs_path(const struct client *client, const struct entry *entry, char *buffer,
                     const char **path, size_t *length)
{
    size_t at = PATH_LIMIT;
    bool removed = false;
    *length = 0;
    while (entry != client->root) {
        if (!entry->parent)
            return JN_NOT_FOUND; /* outside of the root */
        removed |= !entry->attached;
        if (at < entry->name_length + 1u)
            return JN_NAME_TOO_LONG;
        at -= entry->name_length;
        memcpy(buffer + at, entry->name, entry->name_length);
        buffer[--at] = '/';
        entry = entry->parent;
    }
    if (at == PATH_LIMIT)
        buffer[--at] = '/';
    *path = buffer + at;
    *length = PATH_LIMIT - at;
    return removed ? JN_NOT_FOUND : JN_OK;
}
