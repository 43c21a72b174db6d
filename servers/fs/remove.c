/* Removing names: unlink(2), rmdir(2), with Linux's order of errors. */
#include "client.h"
#include "janus/idl/fs.h"
#include "name.h"
#include "node.h"
#include "sharing.h"
#include "vfs_place.h"

static jn_status_t may_remove_as(struct client *client, struct entry *entry, uint32_t kind,
                                 bool slash)
{
    struct node *node = entry->node;
    bool directory = node_is(node, MODE_DIRECTORY);
    if (slash && kind == FS_REMOVE_FILE)
        return directory ? JN_IS_DIRECTORY : JN_NOT_DIRECTORY;
    jn_status_t status = name_may_remove(client, entry);
    if (status == JN_BUSY && kind == FS_REMOVE_FILE && directory)
        return JN_IS_DIRECTORY;
    if (status != JN_OK)
        return status;
    if (directory && !(kind & FS_REMOVE_DIRECTORY))
        return JN_IS_DIRECTORY;
    if (!directory && (!(kind & FS_REMOVE_FILE) || slash))
        return JN_NOT_DIRECTORY;
    if (directory && (node->directory.count || node->ops))
        return JN_NOT_EMPTY;
    return JN_OK;
}

jn_status_t vfs_remove(struct client *client, struct place place, uint32_t lookup, uint32_t kind)
{
    struct walk walk;
    struct entry *entry = NULL;
    jn_status_t status = place_begin(&walk, client, place, lookup);
    if (status == JN_OK)
        status = walk_to_last(&walk);
    if (status == JN_OK && walk.last != WALK_NAME) {
        if (kind == FS_REMOVE_FILE)
            status = JN_IS_DIRECTORY;
        else if (walk.last == WALK_DOT)
            status = JN_BAD_ARG;
        else
            status = walk.last == WALK_DOTDOT ? JN_NOT_EMPTY : JN_BUSY;
    }
    if (status == JN_OK)
        status = walk_lookup(&walk, &entry);
    if (status == JN_OK)
        status = may_remove_as(client, entry, kind, walk.wants_directory);
    if (status == JN_OK)
        name_remove(entry);
    if (entry)
        entry_put(entry);
    walk_end(&walk);
    return status;
}
