/* Path walking. */
#include "path_walk.h"

#include <stdlib.h>
#include <string.h>

#include "client.h"
#include "janus/idl/fs.h"
#include "node.h"

jn_status_t walk_begin(struct walk *walk, struct client *client, struct entry *from,
                       const char *path, size_t length, uint32_t lookup)
{
    walk->client = client;
    walk->lookup = lookup;
    walk->start = from;
    walk->at = entry_get(path[0] == '/' && length ? client->root : from);
    walk->links = 0;
    walk->wants_directory = walk->slash_at_end = false;
    walk->depth = 1;
    walk->owned_count = 0;
    walk->parts[0] = (struct walk_part){path, path + length};
    if (length == 0)
        return JN_NOT_FOUND;
    if (path[0] == '/' && (lookup & FS_LOOKUP_BENEATH))
        return JN_CROSS_DEVICE;
    return JN_OK;
}

void walk_end(struct walk *walk)
{
    if (walk->at)
        entry_put(walk->at);
    walk->at = NULL;
    while (walk->owned_count)
        free(walk->owned[--walk->owned_count]);
}

static void set_at(struct walk *walk, struct entry *entry)
{
    struct entry *old = walk->at;
    walk->at = entry;
    entry_put(old);
}

/* Drops finished parts and slashes; true: something is left. *slash: there were slashes. */
static bool skip(struct walk *walk, bool *slash)
{
    while (walk->depth) {
        struct walk_part *part = &walk->parts[walk->depth - 1];
        while (part->at < part->end && *part->at == '/') {
            part->at++;
            *slash = true;
        }
        if (part->at < part->end)
            return true;
        walk->depth--;
    }
    return false;
}

jn_status_t walk_find(struct client *client, struct entry *directory, const char *name,
                      size_t length, uint32_t hash, bool caseless, struct entry **found)
{
    struct node *node = directory->node;
    struct entry *entry =
        caseless ? directory_find_caseless(&node->directory, name, length, hash)
                 : directory_find(&node->directory, name, length, hash);
    if (entry) {
        *found = entry_get(entry);
        return JN_OK;
    }
    if (node->ops && node->ops->lookup)
        return node->ops->lookup(client, directory, name, length, found);
    return JN_NOT_FOUND;
}

jn_status_t walk_lookup(struct walk *walk, struct entry **found)
{
    if (walk->last != WALK_NAME) {
        *found = entry_get(walk->at);
        return JN_OK;
    }
    return walk_find(walk->client, walk->at, walk->name, walk->name_length, walk->name_hash,
                     walk->lookup & FS_LOOKUP_CASELESS, found);
}

jn_status_t walk_enter_link(struct walk *walk, struct entry *link)
{
    struct node *node = link->node;
    if (++walk->links > LINK_LIMIT)
        return JN_LOOP;
    struct walk_part part;
    if (node->ops && node->ops->read_link) {
        size_t length = 0;
        char *target = malloc(PATH_LIMIT);
        if (!target)
            return JN_NO_MEMORY;
        walk->owned[walk->owned_count++] = target;
        jn_status_t status = node->ops->read_link(walk->client, node, target, PATH_LIMIT, &length,
                                                  &walk->descriptor);
        if (status != JN_OK)
            return status;
        part = (struct walk_part){target, target + length};
    } else {
        part = (struct walk_part){node->link.text, node->link.text + node->size};
        node_read_now(node);
    }
    if (part.at == part.end)
        return JN_NOT_FOUND;
    if (*part.at == '/') {
        if (walk->lookup & FS_LOOKUP_BENEATH)
            return JN_CROSS_DEVICE;
        set_at(walk, entry_get(walk->client->root));
    }
    walk->parts[walk->depth++] = part;
    return JN_OK;
}

static jn_status_t go_up(struct walk *walk)
{
    if (walk->at == walk->start && (walk->lookup & FS_LOOKUP_BENEATH))
        return JN_CROSS_DEVICE;
    if (walk->at != walk->client->root && walk->at->parent)
        set_at(walk, entry_get(walk->at->parent));
    return JN_OK;
}

/* Takes the next name off; false: none. *more: another one follows. */
static bool next_name(struct walk *walk, bool *more)
{
    bool slash = false;
    if (!skip(walk, &slash))
        return false;
    struct walk_part *part = &walk->parts[walk->depth - 1];
    const char *start = part->at;
    uint32_t hash = 2166136261u; /* name_hash, in the same pass */
    while (part->at < part->end && *part->at != '/')
        hash = (hash ^ (uint8_t)*part->at++) * 16777619u;
    walk->name = start;
    walk->name_length = (size_t)(part->at - start);
    walk->name_hash = hash ^ hash >> 15;
    slash = false;
    *more = skip(walk, &slash);
    if (slash && !*more)
        walk->slash_at_end = true;
    walk->wants_directory = !*more && walk->slash_at_end;
    return true;
}

jn_status_t walk_to_last(struct walk *walk)
{
    bool more;
    walk->last = WALK_ROOT;
    while (next_name(walk, &more)) {
        if (!node_is(walk->at->node, MODE_DIRECTORY))
            return JN_NOT_DIRECTORY;
        jn_status_t status = node_permit(walk->client, walk->at->node, PERMIT_EXECUTE);
        if (status != JN_OK)
            return status;
        if (walk->name_length > NAME_LIMIT)
            return JN_NAME_TOO_LONG;
        walk->last = WALK_NAME;
        if (walk->name[0] == '.' && walk->name_length <= 2) {
            if (walk->name_length == 1)
                walk->last = WALK_DOT;
            else if (walk->name[1] == '.')
                walk->last = WALK_DOTDOT;
        }
        if (walk->last == WALK_NAME && !more)
            return JN_OK;
        if (walk->last != WALK_NAME) {
            if (walk->last == WALK_DOTDOT && (status = go_up(walk)) != JN_OK)
                return status;
            continue;
        }
        struct entry *found;
        status = walk_lookup(walk, &found);
        if (status != JN_OK)
            return status;
        if (node_is(found->node, MODE_LINK)) {
            status = walk_enter_link(walk, found);
            entry_put(found);
            if (status != JN_OK) /* below a descriptor nothing can be named */
                return status == JN_REDIRECT ? JN_NOT_DIRECTORY : status;
        } else {
            set_at(walk, found);
        }
        walk->last = WALK_ROOT; /* if nothing follows, as after a link to "/" */
    }
    return JN_OK;
}

jn_status_t walk_resolve(struct walk *walk, struct entry **found)
{
    for (;;) {
        jn_status_t status = walk_to_last(walk);
        if (status != JN_OK)
            return status;
        bool wants_directory = walk->wants_directory;
        status = walk_lookup(walk, found);
        if (status != JN_OK)
            return status;
        struct node *node = (*found)->node;
        if (node_is(node, MODE_LINK) &&
            (wants_directory || !(walk->lookup & FS_LOOKUP_NOFOLLOW))) {
            status = walk_enter_link(walk, *found);
            entry_put(*found);
            *found = NULL;
            if (status != JN_OK)
                return status;
            continue;
        }
        if ((wants_directory || (walk->lookup & FS_LOOKUP_DIRECTORY)) &&
            !node_is(node, MODE_DIRECTORY)) {
            entry_put(*found);
            *found = NULL;
            return JN_NOT_DIRECTORY;
        }
        return JN_OK;
    }
}
