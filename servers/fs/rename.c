/* rename(2) and renameat2(2): Linux's do_renameat2 and vfs_rename, in their order of checks. */
#include <stdlib.h>
#include <string.h>

#include "client.h"
#include "description.h"
#include "janus/idl/fs.h"
#include "name.h"
#include "node.h"
#include "vfs_place.h"

/* Whether `above` is `entry` or contains it. */
static bool contains(const struct entry *above, const struct entry *entry)
{
    while (entry && entry != above)
        entry = entry->parent;
    return entry != NULL;
}

/* Moves an entry that is not attached (and referenced by the caller) to its new place. */
static void settle(struct entry *entry, struct entry *directory, const char *name, size_t length,
                   char *spare)
{
    if (node_is(entry->node, MODE_DIRECTORY))
        directory->node->link_count++;
    entry_take_name(entry, name, length, spare);
    entry_set_parent(entry, directory);
    if (!directory_attach(&directory->node->directory, entry))
        __builtin_trap(); /* it was reserved */
    node_modify_now(directory->node);
    node_change_now(entry->node);
}

static void uproot(struct entry *entry)
{
    struct node *directory = entry->parent->node;
    if (node_is(entry->node, MODE_DIRECTORY))
        directory->link_count--;
    directory_detach(&directory->directory, entry);
    node_modify_now(directory);
}

static char *spare_for(size_t length, bool *failed)
{
    char *spare = length > ENTRY_INLINE_NAME ? malloc(length) : NULL;
    if (length > ENTRY_INLINE_NAME && !spare)
        *failed = true;
    return spare;
}

static jn_status_t move(struct entry *old, struct entry *target, const struct walk *to)
{
    bool failed = false;
    char *spare = spare_for(to->name_length, &failed);
    if (failed || !directory_reserve(&to->at->node->directory, 1)) {
        free(spare);
        return JN_NO_SPACE;
    }
    if (target)
        name_remove(target);
    uproot(old);
    settle(old, to->at, to->name, to->name_length, spare);
    return JN_OK;
}

static jn_status_t exchange(struct entry *old, struct entry *target)
{
    struct entry *old_parent = entry_get(old->parent), *new_parent = entry_get(target->parent);
    bool failed = false;
    char *old_spare = spare_for(target->name_length, &failed);
    char *new_spare = spare_for(old->name_length, &failed);
    char old_name[NAME_LIMIT];
    size_t old_length = old->name_length;
    jn_status_t status = JN_OK;
    if (failed || !directory_reserve(&old_parent->node->directory, 2) ||
        !directory_reserve(&new_parent->node->directory, 2)) {
        free(old_spare);
        free(new_spare);
        status = JN_NO_SPACE;
    } else {
        __builtin_memcpy(old_name, old->name, old_length);
        uproot(old);
        uproot(target);
        settle(old, new_parent, target->name, target->name_length, old_spare);
        settle(target, old_parent, old_name, old_length, new_spare);
    }
    entry_put(old_parent);
    entry_put(new_parent);
    return status;
}

/* The checks of vfs_rename on permissions and types. */
static jn_status_t may_move(struct client *client, struct entry *old, struct entry *target,
                            struct entry *new_directory, uint32_t flags)
{
    jn_status_t status = name_may_remove(client, old);
    if (status != JN_OK)
        return status;
    bool directory = node_is(old->node, MODE_DIRECTORY);
    if (!target) {
        status = name_may_create(client, new_directory);
    } else {
        status = name_may_remove(client, target);
        bool onto = node_is(target->node, MODE_DIRECTORY);
        if (status == JN_OK && !(flags & FS_RENAME_EXCHANGE) && directory != onto)
            status = directory ? JN_NOT_DIRECTORY : JN_IS_DIRECTORY;
    }
    if (status != JN_OK)
        return status;
    if (new_directory != old->parent) {
        if (directory && (status = node_permit(client, old->node, PERMIT_WRITE)) != JN_OK)
            return status;
        if ((flags & FS_RENAME_EXCHANGE) && node_is(target->node, MODE_DIRECTORY))
            return node_permit(client, target->node, PERMIT_WRITE);
    }
    return JN_OK;
}

/* Everything after both last components are known. */
static jn_status_t rename_entry(struct client *client, struct entry *old, bool old_slash,
                                struct walk *to, uint32_t flags)
{
    struct entry *target = NULL;
    jn_status_t status = walk_lookup(to, &target);
    if (status == JN_NOT_FOUND && memchr(to->name, 0, to->name_length))
        status = JN_BAD_ARG; /* as name_add */
    if (status != JN_OK && status != JN_NOT_FOUND)
        return status;
    status = JN_OK;
    bool directory = node_is(old->node, MODE_DIRECTORY);
    bool exchanges = flags & FS_RENAME_EXCHANGE;
    /* A caseless rename onto another spelling of itself changes the name. */
    if (target == old && (to->lookup & FS_LOOKUP_CASELESS) &&
        !directory_find(&to->at->node->directory, to->name, to->name_length, to->name_hash)) {
        entry_put(target);
        target = NULL;
    }
    if (target && (flags & FS_RENAME_NO_REPLACE))
        status = JN_EXISTS;
    else if (!target && exchanges)
        status = JN_NOT_FOUND;
    else if (exchanges && to->wants_directory && !node_is(target->node, MODE_DIRECTORY))
        status = JN_NOT_DIRECTORY;
    else if (!directory && (old_slash || (!exchanges && to->wants_directory)))
        status = JN_NOT_DIRECTORY;
    else if (directory && contains(old, to->at))
        status = JN_BAD_ARG;
    else if (target && contains(target, old->parent))
        status = exchanges ? JN_BAD_ARG : JN_NOT_EMPTY;
    else if (target && target->node == old->node)
        goto out; /* two names of one file: nothing happens */
    else
        status = may_move(client, old, target, to->at, flags);
    if (status != JN_OK)
        goto out;
    if (exchanges)
        status = exchange(old, target);
    else if (target && node_is(target->node, MODE_DIRECTORY) && target->node->directory.count)
        status = JN_NOT_EMPTY;
    else
        status = move(old, target, to);
out:
    if (target)
        entry_put(target);
    return status;
}

static jn_status_t check_ends(const struct entry *old_directory, const struct walk *to,
                              uint32_t flags)
{
    if (old_directory->node->volume != to->at->node->volume)
        return JN_CROSS_DEVICE;
    if (to->last != WALK_NAME)
        return flags & FS_RENAME_NO_REPLACE ? JN_EXISTS : JN_BUSY;
    return JN_OK;
}

jn_status_t vfs_rename(struct client *client, struct place place, struct place new_place,
                       uint32_t lookup, uint32_t flags)
{
    if ((flags & ~(uint32_t)(FS_RENAME_NO_REPLACE | FS_RENAME_EXCHANGE)) ||
        flags == (FS_RENAME_NO_REPLACE | FS_RENAME_EXCHANGE))
        return JN_BAD_ARG;
    struct walk from, to;
    to.at = NULL;
    to.depth = to.owned_count = 0;
    struct entry *old = NULL;
    jn_status_t status = place_begin(&from, client, place, lookup);
    if (status == JN_OK)
        status = walk_to_last(&from);
    if (status == JN_OK)
        status = place_begin(&to, client, new_place, lookup);
    if (status == JN_OK)
        status = walk_to_last(&to);
    if (status == JN_OK && from.at->node->volume != to.at->node->volume)
        status = JN_CROSS_DEVICE;
    if (status == JN_OK && from.last != WALK_NAME)
        status = JN_BUSY;
    if (status == JN_OK)
        status = check_ends(from.at, &to, flags);
    if (status == JN_OK)
        status = walk_lookup(&from, &old);
    if (status == JN_OK)
        status = rename_entry(client, old, from.wants_directory, &to, flags);
    if (old)
        entry_put(old);
    walk_end(&from);
    walk_end(&to);
    return status;
}

jn_status_t vfs_rename_open(struct client *client, struct description *description,
                            struct place new_place, uint32_t lookup, uint32_t flags)
{
    struct entry *old = description->entry;
    if (flags & ~(uint32_t)FS_RENAME_NO_REPLACE)
        return JN_BAD_ARG;
    if (!old || !old->attached)
        return JN_NOT_FOUND;
    if (!old->parent)
        return JN_BUSY;
    struct walk to;
    jn_status_t status = place_begin(&to, client, new_place, lookup);
    if (status == JN_OK)
        status = walk_to_last(&to);
    if (status == JN_OK)
        status = check_ends(old->parent, &to, flags);
    if (status == JN_OK)
        status = rename_entry(client, old, false, &to, flags);
    walk_end(&to);
    return status;
}
