/* Reading the boot image; format: janus/bootimage.h. The image comes from outside, so everything that
 * is later used without a check is checked here once. */
#include <string.h>

#include "janus/loader.h"

#define FORMAT_MASK 0170000u
#define FORMAT_REGULAR 0100000u

static bool inside(uint64_t offset, uint64_t size, uint64_t total)
{
    return offset <= total && size <= total - offset;
}

static int compare(const char *a, size_t a_length, const char *b, size_t b_length)
{
    size_t common = a_length < b_length ? a_length : b_length;
    int order = common ? memcmp(a, b, common) : 0;
    return order ? order : (a_length > b_length) - (a_length < b_length);
}

static bool entry_ok(const struct bootimage *image, uint64_t paths_size, uint32_t index)
{
    const struct bootimage_entry *entry = &image->entries[index];
    if (!inside(entry->path_offset, entry->path_length, paths_size))
        return false;
    if (!inside(entry->data_offset, entry->size, image->size))
        return false;
    if ((entry->mode & FORMAT_MASK) == FORMAT_REGULAR && entry->data_offset % BOOTIMAGE_PAGE)
        return false;
    if (!index)
        return true;
    const struct bootimage_entry *before = entry - 1;
    return compare(image->paths + before->path_offset, before->path_length,
                   image->paths + entry->path_offset, entry->path_length) < 0;
}

jn_status_t bootimage_open(const void *base, uint64_t size, struct bootimage *image)
{
    const struct bootimage_header *header = base;
    if (size < BOOTIMAGE_HEADER_SIZE || memcmp(header->magic, BOOTIMAGE_MAGIC, 8) != 0 ||
        header->version != BOOTIMAGE_VERSION)
        return JN_BAD_IMAGE;
    if (header->total_size > size || header->total_size % BOOTIMAGE_PAGE)
        return JN_BAD_IMAGE;
    if (header->entries_size / sizeof(struct bootimage_entry) != header->entry_count ||
        header->entries_size % sizeof(struct bootimage_entry) ||
        header->entries_offset % _Alignof(struct bootimage_entry) ||
        !inside(header->entries_offset, header->entries_size, header->total_size) ||
        !inside(header->paths_offset, header->paths_size, header->total_size))
        return JN_BAD_IMAGE;
    image->base = base;
    image->size = header->total_size;
    image->entries = (const void *)(image->base + header->entries_offset);
    image->entry_count = header->entry_count;
    image->paths = (const char *)image->base + header->paths_offset;
    for (uint32_t i = 0; i < image->entry_count; i++)
        if (!entry_ok(image, header->paths_size, i))
            return JN_BAD_IMAGE;
    return JN_OK;
}

jn_status_t bootimage_find(const struct bootimage *image, const char *path, size_t path_length,
                           const void **data, uint64_t *size)
{
    uint32_t low = 0, high = image->entry_count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        const struct bootimage_entry *entry = &image->entries[middle];
        int order = compare(path, path_length, image->paths + entry->path_offset,
                            entry->path_length);
        if (order == 0) {
            if ((entry->mode & FORMAT_MASK) != FORMAT_REGULAR)
                return JN_NOT_FOUND;
            *data = image->base + entry->data_offset;
            *size = entry->size;
            return JN_OK;
        }
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return JN_NOT_FOUND;
}
