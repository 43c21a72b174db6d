/* fs.read_directory. */
#include <string.h>

#include "fs_operations.h"
#include "janus/idl/fs.h"
#include "janus/idl/io.h"
#include "request.h"

#define BUFFER_BYTES 32768

struct listing {
    _Alignas(8) uint8_t bytes[BUFFER_BYTES];
    uint64_t length, capacity;
};

static struct listing listing;

/* false: it does not fit. */
static bool emit(uint64_t next, const struct fs_entry *from, const char *name, size_t length)
{
    uint64_t size = (sizeof(struct fs_entry) + length + 7) & ~7ull;
    if (size > listing.capacity - listing.length)
        return false;
    struct fs_entry entry = *from;
    entry.next = next;
    entry.name_length = (uint32_t)length;
    entry.entry_length = (uint32_t)size;
    uint8_t *at = listing.bytes + listing.length;
    memset(at + sizeof(entry) + (length & ~7ull), 0, size - sizeof(entry) - (length & ~7ull));
    memcpy(at, &entry, sizeof(entry));
    memcpy(at + sizeof(entry), name, length);
    listing.length += size;
    return true;
}

static struct fs_entry describe(const struct node *node)
{
    bool directory = node_is(node, MODE_DIRECTORY);
    return (struct fs_entry){
        .inode = node->inode,
        .mode = node->mode,
        .attributes =
            node->attributes | (!directory && !(node->mode & 0222) ? FS_ATTRIBUTE_READ_ONLY : 0),
        .size = directory ? 0 : node->size,
        .modify_ns = node->modify_ns,
        .birth_ns = node->birth_ns,
    };
}

/* "." and "..", then names in the order of their positions. Returns false when one did not fit. */
static bool list(struct client *client, struct entry *directory, uint64_t position, uint64_t *next)
{
    struct node *node = directory->node;
    const struct entry *above =
        directory != client->root && directory->parent ? directory->parent : directory;
    for (; position < 2; position = ++*next) {
        struct fs_entry entry = describe(position ? above->node : node);
        *next = position;
        if (!emit(position + 1, &entry, "..", position + 1))
            return false;
    }
    struct entry *entry;
    for (; (entry = directory_next(&node->directory, position)); position = *next) {
        struct fs_entry described = describe(entry->node);
        if (!emit(entry->position + 1, &described, entry->name, entry->name_length))
            return false;
        *next = entry->position + 1;
    }
    if (!node->ops || !node->ops->enumerate)
        return true;
    /* What is made up comes after what is fixed: its positions count from the fixed ones' end. */
    uint64_t base = node->directory.next_position;
    struct made_entry made;
    uint64_t within = position > base ? position - base : 0;
    while (node->ops->enumerate(client, node, within, &made)) {
        struct fs_entry described = {.inode = made.inode, .mode = made.mode};
        if (!emit(base + made.next, &described, made.name, made.name_length))
            return false;
        within = made.next;
        *next = base + within;
    }
    return true;
}

jn_status_t fs_op_read_directory(struct jn_call *call, uint64_t open, uint64_t position,
                                 uint64_t capacity, uint64_t *done, uint64_t *next)
{
    struct client *client;
    struct description *description;
    *done = 0;
    *next = position;
    jn_status_t status = request_usable(call, open, &client, &description);
    if (status != JN_OK)
        return status;
    if (description->kind != OPEN_DIRECTORY)
        return JN_NOT_DIRECTORY;
    struct entry *directory = description->entry;
    if (!directory->attached && directory->parent)
        return JN_NOT_FOUND; /* removed: getdents(2) gives ENOENT */
    listing.length = 0;
    listing.capacity = capacity < BUFFER_BYTES ? capacity : BUFFER_BYTES;
    if (!list(client, directory, position, next) && listing.length == 0)
        return JN_BAD_ARG; /* not even one entry fits */
    node_read_now(directory->node);
    if (listing.length == 0)
        return JN_OK;
    size_t copied = 0;
    status = jn_copy_out(call, 0, 0, listing.bytes, listing.length, &copied);
    if (status == JN_FAULT) {
        *done = call->fault_address;
        return JN_FAULT_AT;
    }
    *done = listing.length;
    return status;
}
