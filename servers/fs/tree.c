/* Building the fixed parts of the tree. */
#include "tree.h"

#include <string.h>

#include "name.h"
#include "vfs.h"

static struct entry *find_parent(const char *path, const char **name)
{
    struct entry *at = vfs_root;
    *name = path + 1;
    for (const char *slash; (slash = strchr(*name, '/')); *name = slash + 1) {
        size_t length = (size_t)(slash - *name);
        at = directory_find(&at->node->directory, *name, length, name_hash(*name, length));
        if (!at || !node_is(at->node, MODE_DIRECTORY))
            return NULL;
    }
    return at;
}

jn_status_t tree_make(const char *path, uint32_t mode, uint64_t device_id, const char *target,
                      struct entry **out)
{
    const char *name;
    struct entry *parent = find_parent(path, &name);
    if (!parent)
        return JN_NOT_FOUND;
    size_t length = strlen(name);
    struct directory *directory = &parent->node->directory;
    struct entry *entry = directory_find(directory, name, length, name_hash(name, length));
    if (!entry) {
        struct node *node = node_create(parent->node->volume, mode, 0, 0);
        if (!node)
            return JN_NO_MEMORY;
        node->device_id = device_id;
        if (target) {
            node->link.text = target;
            node->size = strlen(target);
        }
        node_get(node);
        jn_status_t status = name_add(parent, name, length, node, NULL);
        node_put(node);
        if (status != JN_OK)
            return status;
        entry = directory_find(directory, name, length, name_hash(name, length));
    } else if ((entry->node->mode & MODE_TYPE) != (mode & MODE_TYPE)) {
        return JN_EXISTS;
    }
    if (out)
        *out = entry;
    return JN_OK;
}

jn_status_t tree_mount(const char *path, struct volume *volume, const struct node_ops *ops,
                       struct entry **out)
{
    struct entry *entry;
    jn_status_t status = tree_make(path, MODE_DIRECTORY | 0755, 0, NULL, &entry);
    if (status != JN_OK)
        return status;
    if (entry->node->directory.count)
        return JN_NOT_EMPTY;
    struct node *node = node_create(volume, MODE_DIRECTORY | 0555, 0, 0);
    if (!node)
        return JN_NO_MEMORY;
    node->link_count = 2;
    node->ops = ops;
    node->inode = 1;
    node_put(entry->node);
    entry->node = node_get(node);
    entry->mount = true;
    if (out)
        *out = entry;
    return JN_OK;
}

struct entry *tree_made(struct entry *parent, const char *name, size_t length,
                        struct volume *volume, uint32_t mode, const struct node_ops *ops,
                        uint64_t inode)
{
    struct node *node = node_create(volume, mode, 0, 0);
    if (!node)
        return NULL;
    node->inode = inode;
    node->ops = ops;
    node->link_count = node_is(node, MODE_DIRECTORY) ? 2 : 1;
    node_get(node);
    struct entry *entry = entry_create(parent, node, name, length);
    node_put(node);
    if (entry)
        entry->attached = true; /* as paths see it; it stands in no table */
    return entry;
}
