/* Making directories, nodes, symbolic links and further names. */
#include <stdlib.h>
#include <string.h>

#include "client.h"
#include "description.h"
#include "janus/idl/fs.h"
#include "name.h"
#include "node.h"
#include "vfs_place.h"

/* Walks to a name that must not exist yet. */
static jn_status_t walk_to_new(struct walk *walk, bool directory)
{
    jn_status_t status = walk_to_last(walk);
    if (status != JN_OK)
        return status;
    if (walk->last != WALK_NAME)
        return JN_EXISTS;
    struct entry *found;
    status = walk_lookup(walk, &found);
    if (status == JN_OK) {
        entry_put(found);
        return JN_EXISTS;
    }
    if (status != JN_NOT_FOUND)
        return status;
    if (walk->wants_directory && !directory)
        return JN_NOT_FOUND;
    return name_may_create(walk->client, walk->at);
}

static jn_status_t make_at(struct walk *walk, uint32_t mode, uint64_t device_id, const char *target,
                           size_t target_length)
{
    struct node *node = name_make_node(walk->client, walk->at, mode);
    if (!node)
        return JN_NO_SPACE;
    node_get(node);
    jn_status_t status = JN_OK;
    node->device_id = device_id;
    if (node_is(node, MODE_LINK)) {
        char *text = malloc(target_length);
        if (text) {
            memcpy(text, target, target_length);
            node->link.text = text;
            node->link.owned = true;
            node->size = target_length;
        } else {
            status = JN_NO_SPACE;
        }
    }
    if (status == JN_OK)
        status = name_add(walk->at, walk->name, walk->name_length, node, NULL);
    node_put(node);
    return status;
}

jn_status_t vfs_make(struct client *client, struct place place, uint32_t lookup, uint32_t mode,
                     uint64_t device_id, const char *target, size_t target_length)
{
    struct walk walk;
    jn_status_t status = place_begin(&walk, client, place, lookup);
    if (status == JN_OK)
        status = walk_to_new(&walk, (mode & MODE_TYPE) == MODE_DIRECTORY);
    bool device = (mode & MODE_TYPE) == MODE_CHARACTER || (mode & MODE_TYPE) == MODE_BLOCK;
    if (status == JN_OK && device && client->uid != 0)
        status = JN_NOT_PERMITTED;
    if (status == JN_OK)
        status = make_at(&walk, mode, device_id, target, target_length);
    walk_end(&walk);
    return status;
}

/* fs.protected_hardlinks, which every distribution sets: what one neither owns nor may write cannot be
 * given a further name. */
static bool may_link(const struct client *client, const struct node *node)
{
    if (node_is_owner(client, node))
        return true;
    if (!node_is(node, MODE_FILE) || (node->mode & MODE_SET_UID) ||
        (node->mode & (MODE_SET_GID | 0010)) == (MODE_SET_GID | 0010))
        return false;
    return node_permit(client, node, PERMIT_READ | PERMIT_WRITE) == JN_OK;
}

static jn_status_t link_node(struct client *client, struct node *node, bool nameless,
                             struct place new_place, uint32_t lookup)
{
    struct walk walk;
    jn_status_t status = place_begin(&walk, client, new_place, lookup & FS_LOOKUP_CASELESS);
    if (status == JN_OK)
        status = walk_to_new(&walk, false);
    if (status == JN_OK && node->volume != walk.at->node->volume)
        status = JN_CROSS_DEVICE;
    if (status == JN_OK && !may_link(client, node))
        status = JN_NOT_PERMITTED;
    if (status == JN_OK && node_is(node, MODE_DIRECTORY))
        status = JN_NOT_PERMITTED;
    if (status == JN_OK && node->link_count == 0 && !nameless)
        status = JN_NOT_FOUND;
    if (status == JN_OK)
        status = name_add(walk.at, walk.name, walk.name_length, node, NULL);
    walk_end(&walk);
    return status;
}

jn_status_t vfs_link(struct client *client, struct place place, uint32_t lookup,
                     struct place new_place)
{
    struct entry *entry;
    struct node *node;
    jn_status_t status = vfs_find(client, place, lookup, &entry, &node);
    if (status != JN_OK)
        return status;
    status = link_node(client, node, !entry, new_place, lookup);
    if (entry)
        entry_put(entry);
    node_put(node);
    return status;
}

jn_status_t vfs_link_open(struct client *client, struct description *description,
                          struct place new_place, uint32_t lookup)
{
    /* A nameless file that never had a name may get one (O_TMPFILE). */
    return link_node(client, description->node, !description->entry, new_place, lookup);
}
