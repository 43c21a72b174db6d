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

jn_status_t walk_find(struct client *client, struct entry *directory, const char *name,
                      size_t length, uint32_t hash, bool caseless, struct entry **found)
{
    struct node *node = directory->node;
    struct entry *entry = directory_find(&node->directory, name, length, hash);
    if (!entry && caseless)
        entry = directory_find_caseless(&node->directory, name, length);
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

/* Whether the parts below the top one have names left. Slashes after the last name that was taken from a
 * part are gone already. */
static bool more_below(const struct walk *walk)
{
    for (unsigned i = walk->depth - 1; i > 0; i--)
        if (walk->parts[i - 1].at < walk->parts[i - 1].end)
            return true;
    return false;
}

/* Takes the next name off; false: none. *more: another one follows. */
static bool next_name(struct walk *walk, bool *more)
{
    for (; walk->depth; walk->depth--) {
        struct walk_part *part = &walk->parts[walk->depth - 1];
        const char *at = part->at, *end = part->end;
        while (at < end && *at == '/')
            at++;
        if (at == end)
            continue;
        walk->name = at;
        uint32_t hash = NAME_HASH_START;
        do
            hash = name_hash_step(hash, *at++);
        while (at < end && *at != '/');
        walk->name_length = (size_t)(at - walk->name);
        walk->name_hash = name_hash_end(hash);
        bool slash = at < end;
        while (at < end && *at == '/')
            at++;
        part->at = at;
        *more = at < end || (walk->depth > 1 && more_below(walk));
        if (slash && !*more)
            walk->slash_at_end = true;
        walk->wants_directory = !*more && walk->slash_at_end;
        return true;
    }
    return false;
}

static enum walk_last kind_of_name(const struct walk *walk)
{
    if (walk->name[0] != '.' || walk->name_length > 2)
        return WALK_NAME;
    if (walk->name_length == 1)
        return WALK_DOT;
    return walk->name[1] == '.' ? WALK_DOTDOT : WALK_NAME;
}

jn_status_t walk_to_last(struct walk *walk)
{
    bool more;
    walk->last = WALK_ROOT;
    while (next_name(walk, &more)) {
        struct node *node = walk->at->node;
        if (!node_is(node, MODE_DIRECTORY))
            return JN_NOT_DIRECTORY;
        jn_status_t status = node_permit_search(walk->client, node);
        if (status != JN_OK)
            return status;
        if (walk->name_length > NAME_LIMIT)
            return JN_NAME_TOO_LONG;
        walk->last = kind_of_name(walk);
        if (walk->last != WALK_NAME) {
            if (walk->last == WALK_DOTDOT && (status = go_up(walk)) != JN_OK)
                return status;
            continue;
        }
        if (!more)
            return JN_OK;
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
