/* Looking up, listing and reading trees that are made up. */
#include "made.h"

#include <string.h>

#include "janus/idl/task.h"
#include "janus/runtime.h"
#include "platform.h"
#include "tree.h"

bool made_number(const char *name, size_t length, uint64_t *number)
{
    *number = 0;
    if (length == 0 || length > 10 || (name[0] == '0' && length > 1))
        return false;
    for (size_t i = 0; i < length; i++) {
        if (name[i] < '0' || name[i] > '9')
            return false;
        *number = *number * 10 + (uint64_t)(name[i] - '0');
    }
    return true;
}

jn_status_t made_target(const char *text, size_t text_length, char *target, size_t capacity,
                        size_t *length)
{
    *length = text_length < capacity ? text_length : capacity;
    memcpy(target, text, *length);
    return JN_OK;
}

/* Stable while the process lives, and the same however the node is reached. */
static uint64_t inode_of(const struct made_item *item, uint64_t tag)
{
    return tag << 20 | (tag ? 0 : 0xf0000000ull) | item->number;
}

void made_owner(struct node *node)
{
    struct task_status status;
    if (!node->tag || platform_process_status(node->tag & 0xffffffff, &status) != JN_OK)
        return;
    node->uid = status.uid;
    node->gid = status.gid;
}

static jn_status_t lookup(struct client *client, struct entry *directory, const char *name,
                          size_t length, struct entry **found)
{
    const struct made_item *parent = directory->node->item;
    const struct made_directory *table = parent->directory;
    const struct made_item *item = NULL;
    uint64_t tag = directory->node->tag;
    for (size_t i = 0; i < table->count && !item; i++)
        if (strlen(table->items[i].name) == length &&
            memcmp(table->items[i].name, name, length) == 0)
            item = &table->items[i];
    if (!item) {
        if (!table->find)
            return JN_NOT_FOUND;
        jn_status_t status = table->find(client, tag, name, length, &item, &tag);
        if (status != JN_OK)
            return status;
    }
    *found = tree_made(directory, name, length, directory->node->volume, item->mode,
                       &made_operations, inode_of(item, tag));
    if (!*found)
        return JN_NO_MEMORY;
    struct node *node = (*found)->node;
    node->tag = tag;
    node->item = item;
    made_owner(node);
    return JN_OK;
}

static bool enumerate(struct client *client, struct node *directory, uint64_t position,
                      struct made_entry *entry)
{
    const struct made_item *parent = directory->item;
    const struct made_directory *table = parent->directory;
    const struct made_item *item;
    uint64_t tag = directory->tag;
    static char name[32];
    if (position < table->count) {
        item = &table->items[position];
        entry->name = item->name;
        entry->next = position + 1;
    } else {
        uint64_t within = position - table->count;
        if (!table->next || !table->next(client, tag, &within, name, &item, &tag))
            return false;
        entry->name = name;
        entry->next = table->count + within;
    }
    entry->name_length = strlen(entry->name);
    entry->mode = item->mode;
    entry->inode = inode_of(item, tag);
    return true;
}

static jn_status_t read_link(struct client *client, struct node *link, char *target,
                             size_t capacity, size_t *length, uint64_t *descriptor)
{
    const struct made_item *item = link->item;
    return item->link ? item->link(client, link->tag, target, capacity, length, descriptor)
                      : JN_BAD_ARG;
}

static jn_status_t generate(struct client *client, struct node *file, struct text *text)
{
    const struct made_item *item = file->item;
    return item->text ? item->text(client, file->tag, text) : JN_OK;
}

const struct node_ops made_operations = {
    .lookup = lookup,
    .enumerate = enumerate,
    .read_link = read_link,
    .generate = generate,
};

jn_status_t made_mount(const char *path, struct volume *volume, const struct made_item *root)
{
    struct entry *entry;
    jn_status_t status = tree_mount(path, volume, &made_operations, &entry);
    if (status != JN_OK)
        return status;
    entry->node->mode = root->mode;
    entry->node->item = root;
    return JN_OK;
}
