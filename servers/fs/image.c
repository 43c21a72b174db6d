/* Reading the boot image's table into nodes. */
#include "image.h"

#include <stdlib.h>
#include <string.h>

#include "janus/bootimage.h"
#include "node.h"
#include "platform.h"

static struct {
    const uint8_t *base;
    uint64_t size;
    uint64_t *mapped; /* a bit per page */
} image;

void image_set_mapped(const void *page, uint64_t pages)
{
    uint64_t first = (uint64_t)((const uint8_t *)page - image.base) >> PAGE_SHIFT;
    for (uint64_t i = first; image.mapped && i < first + pages; i++)
        image.mapped[i / 64] |= 1ull << (i % 64);
}

void image_unmap(const void *page, uint64_t pages)
{
    uint64_t first = (uint64_t)((const uint8_t *)page - image.base) >> PAGE_SHIFT;
    uint64_t end = first + pages;
    for (uint64_t i = first; i < end;) {
        if (image.mapped && !(image.mapped[i / 64] >> (i % 64) & 1)) {
            i++;
            continue;
        }
        uint64_t run = 0;
        while (i + run < end && (!image.mapped || image.mapped[(i + run) / 64] >> ((i + run) % 64) & 1)) {
            if (image.mapped)
                image.mapped[(i + run) / 64] &= ~(1ull << ((i + run) % 64));
            run++;
        }
        platform_unmap(image.base + i * PAGE_BYTES, run);
        i += run;
    }
}

/* The directory that holds `path` and where its last name starts; NULL: no such directory. */
static struct entry *find_parent(struct entry *root, const char *path, uint32_t length,
                                 uint32_t *name_at)
{
    struct entry *at = root;
    uint32_t start = 0;
    for (uint32_t i = 0; i < length; i++) {
        if (path[i] != '/')
            continue;
        if (i == start || !node_is(at->node, MODE_DIRECTORY))
            return NULL;
        at = directory_find(&at->node->directory, path + start, i - start,
                            name_hash(path + start, i - start));
        if (!at)
            return NULL;
        start = i + 1;
    }
    *name_at = start;
    return node_is(at->node, MODE_DIRECTORY) && start < length ? at : NULL;
}

static bool set_contents(struct node *node, const struct bootimage_entry *from, const uint8_t *base,
                         uint64_t size)
{
    if (from->data_offset > size || from->size > size - from->data_offset)
        return false;
    node->size = from->size;
    if (node_is(node, MODE_LINK)) {
        node->link.text = (const char *)base + from->data_offset;
        return from->size > 0 && from->size < PATH_LIMIT;
    }
    if (!node_is(node, MODE_FILE))
        return true;
    uint64_t pages = (from->size + PAGE_BYTES - 1) >> PAGE_SHIFT;
    if (from->data_offset % PAGE_BYTES || pages > (size - from->data_offset) >> PAGE_SHIFT)
        return false;
    node->file.image = base + from->data_offset;
    node->file.image_pages = pages;
    return true;
}

static struct node *make_node(struct entry *parent, const struct bootimage_entry *from,
                              const uint8_t *base, uint64_t size)
{
    uint32_t type = from->mode & MODE_TYPE;
    if (type != MODE_FILE && type != MODE_DIRECTORY && type != MODE_LINK)
        return NULL;
    struct node *node = node_create(parent->node->volume, from->mode & (MODE_TYPE | MODE_PERMISSIONS),
                                    from->uid, from->gid);
    if (!node)
        return NULL;
    node->access_ns = node->modify_ns = node->change_ns = node->birth_ns = from->mtime_ns;
    if (!set_contents(node, from, base, size)) {
        node_put(node_get(node));
        return NULL;
    }
    return node;
}

/* One entry of the table: a new node, or another name of an earlier one. */
static jn_status_t add_entry(struct entry *root, const struct bootimage_header *header,
                             const struct bootimage_entry *table, uint32_t number,
                             struct node **nodes, uint64_t size)
{
    const struct bootimage_entry *from = &table[number];
    const uint8_t *base = (const uint8_t *)header;
    if (from->path_offset > header->paths_size ||
        from->path_length > header->paths_size - from->path_offset ||
        from->link_index > number)
        return JN_BAD_IMAGE;
    const char *path = (const char *)base + header->paths_offset + from->path_offset;
    if (from->path_length == 0) { /* the root itself */
        root->node->mode = MODE_DIRECTORY | (from->mode & MODE_PERMISSIONS);
        nodes[number] = root->node;
        return JN_OK;
    }
    uint32_t name_at = 0;
    struct entry *parent = find_parent(root, path, from->path_length, &name_at);
    const char *name = path + name_at;
    uint32_t length = from->path_length - name_at;
    if (!parent || length > NAME_LIMIT ||
        directory_find(&parent->node->directory, name, length, name_hash(name, length)))
        return JN_BAD_IMAGE;
    struct node *node = NULL;
    if (from->link_index != number) {
        node = nodes[from->link_index];
        if (!node || !node_is(node, MODE_FILE))
            return JN_BAD_IMAGE;
    } else if (!(node = make_node(parent, from, base, size))) {
        return JN_BAD_IMAGE;
    }
    nodes[number] = node;
    node_get(node);
    struct entry *entry = entry_create(parent, node, name, length);
    bool attached = entry && directory_attach(&parent->node->directory, entry);
    if (attached) {
        node->link_count++;
        if (node_is(node, MODE_DIRECTORY)) {
            node->link_count = 2;
            parent->node->link_count++;
        }
    }
    if (entry)
        entry_put(entry);
    node_put(node);
    return attached ? JN_OK : JN_NO_MEMORY;
}

jn_status_t image_load(struct entry *root, const void *memory, uint64_t size)
{
    const struct bootimage_header *header = memory;
    if (size < BOOTIMAGE_HEADER_SIZE ||
        memcmp(header->magic, BOOTIMAGE_MAGIC, sizeof(header->magic)) != 0 ||
        header->version != BOOTIMAGE_VERSION || header->total_size > size ||
        header->entries_offset % 8 || header->entries_offset > size ||
        header->entries_size > size - header->entries_offset ||
        header->entries_size / sizeof(struct bootimage_entry) < header->entry_count ||
        header->paths_offset > size || header->paths_size > size - header->paths_offset)
        return JN_BAD_IMAGE;
    image.base = memory;
    image.size = size;
    free(image.mapped); /* without the bits every page counts as mapped */
    image.mapped = calloc((size >> PAGE_SHIFT) / 64 + 1, sizeof(*image.mapped));
    struct node **nodes = calloc(header->entry_count + 1u, sizeof(*nodes));
    if (!nodes)
        return JN_NO_MEMORY;
    const struct bootimage_entry *table =
        (const void *)((const uint8_t *)memory + header->entries_offset);
    jn_status_t status = JN_OK;
    for (uint32_t i = 0; i < header->entry_count && status == JN_OK; i++)
        status = add_entry(root, header, table, i, nodes, size);
    free(nodes);
    return status;
}
