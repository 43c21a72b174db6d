/* The program's memory and the structures that services find there. */
#include <stdlib.h>
#include <string.h>

#include "nt_parts.h"
#include "nt_remote.h"

/* What a service reads of its caller's memory are small structures that mostly stand near each other on one
 * stack, so a small read brings what is around it, within its page, for those to come. It holds as long as
 * the one service runs, and only until the core writes there. */
static struct {
    struct nt_thread *thread; /* NULL: nobody's */
    uint64_t address;
    size_t length;
    uint8_t bytes[512];
} seen;
#define SEEN_BELOW 64u
#define SEEN_SMALL 64u

void nt_user_begin(struct nt_thread *t)
{
    seen.thread = t;
    seen.length = 0;
}

void nt_user_end(void)
{
    seen.thread = NULL;
}

static nt_status read_small(struct nt_thread *t, uint64_t address, void *buffer, size_t length)
{
    if (address - seen.address >= seen.length ||
        length > seen.length - (address - seen.address)) {
        uint64_t page = address & ~NT_MASK_PAGE, end = page + NT_PAGE;
        seen.address = address - page > SEEN_BELOW ? address - SEEN_BELOW : page;
        seen.length = end - seen.address < sizeof seen.bytes ? end - seen.address
                                                             : sizeof seen.bytes;
        if (NT_FAILED(nt_process_read(t->process, seen.address, seen.bytes, seen.length))) {
            seen.length = 0;
            return NT_ACCESS_VIOLATION;
        }
    }
    memcpy(buffer, seen.bytes + (address - seen.address), length);
    return NT_SUCCESS;
}

nt_status nt_process_read(struct nt_process *p, uint64_t address, void *buffer, size_t length)
{
    size_t done;

    if (!length)
        return NT_SUCCESS;
    if (address > NT_HIGHEST_ADDRESS || length > NT_HIGHEST_ADDRESS - address)
        return NT_ACCESS_VIOLATION;
    return world_memory_read(p->world, address, buffer, length, &done) == JN_OK
               ? NT_SUCCESS
               : NT_ACCESS_VIOLATION;
}

nt_status nt_process_write(struct nt_process *p, uint64_t address, const void *buffer,
                           size_t length)
{
    size_t done;

    if (!length)
        return NT_SUCCESS;
    if (address > NT_HIGHEST_ADDRESS || length > NT_HIGHEST_ADDRESS - address)
        return NT_ACCESS_VIOLATION;
    if (address < seen.address + seen.length && seen.address < address + length)
        seen.length = 0;
    return world_memory_write(p->world, address, buffer, length, &done) == JN_OK
               ? NT_SUCCESS
               : NT_ACCESS_VIOLATION;
}

nt_status nt_read(struct nt_thread *t, uint64_t address, void *buffer, size_t length)
{
    if (t->remote)
        return nt_remote_read(t, address, buffer, length);
    return t == seen.thread && length && length <= SEEN_SMALL &&
                   (address & NT_MASK_PAGE) + length <= NT_PAGE
               ? read_small(t, address, buffer, length)
               : nt_process_read(t->process, address, buffer, length);
}

nt_status nt_write(struct nt_thread *t, uint64_t address, const void *buffer, size_t length)
{
    return t->remote ? nt_remote_write(t, address, buffer, length)
                     : nt_process_write(t->process, address, buffer, length);
}

nt_status nt_write_u32(struct nt_thread *t, uint64_t address, uint32_t value)
{
    return nt_write(t, address, &value, 4);
}

nt_status nt_write_u64(struct nt_thread *t, uint64_t address, uint64_t value)
{
    return nt_write(t, address, &value, 8);
}

nt_status nt_read_u64(struct nt_thread *t, uint64_t address, uint64_t *value)
{
    return nt_read(t, address, value, 8);
}

nt_status nt_write_parts(struct nt_thread *t, const struct nt_part *parts, size_t count)
{
    uint8_t block[8 * NT_PARTS_MAX];

    for (size_t i = 0; i < count;) {
        uint64_t begin = parts[i].address, length = 0;
        do {
            memcpy(block + length, parts[i].bytes, parts[i].length);
            length += parts[i++].length;
        } while (!t->remote && i < count && parts[i].address == begin + length);
        nt_status status = nt_write(t, begin, block, length);
        if (NT_FAILED(status))
            return status;
    }
    return NT_SUCCESS;
}

nt_status nt_write_result(struct nt_thread *t, uint64_t address, uint32_t capacity,
                          uint64_t result_address, const void *data, uint32_t length)
{
    if (result_address && NT_FAILED(nt_write_u32(t, result_address, length)))
        return NT_ACCESS_VIOLATION;
    if (capacity < length)
        return NT_INFO_LENGTH_MISMATCH;
    return nt_write(t, address, data, length);
}

/* Classes that want exactly their size. */
nt_status nt_write_exact(struct nt_thread *t, uint64_t address, uint32_t capacity,
                         uint64_t result_address, const void *data, uint32_t length)
{
    if (capacity != length) {
        if (result_address && NT_FAILED(nt_write_u32(t, result_address, length)))
            return NT_ACCESS_VIOLATION;
        return NT_INFO_LENGTH_MISMATCH;
    }
    return nt_write_result(t, address, capacity, result_address, data, length);
}

nt_status nt_write_iosb(struct nt_thread *t, uint64_t address, nt_status status,
                        uint64_t information)
{
    struct nt_io_status_block block = {status, information};

    return address ? nt_write(t, address, &block, sizeof block) : NT_SUCCESS;
}

nt_status nt_read_unicode(struct nt_thread *t, uint64_t address, struct nt_text *text)
{
    struct nt_unicode_string string;

    text->units = NULL;
    text->length = 0;
    if (NT_FAILED(nt_read(t, address, &string, sizeof string)))
        return NT_ACCESS_VIOLATION;
    text->length = string.length / 2;
    text->units = malloc(text->length * 2 + 2);
    if (!text->units)
        return NT_NO_MEMORY;
    if (NT_FAILED(nt_read(t, string.buffer, text->units, text->length * 2))) {
        free(text->units);
        text->units = NULL;
        return NT_ACCESS_VIOLATION;
    }
    text->units[text->length] = 0;
    return NT_SUCCESS;
}

nt_status nt_read_attributes(struct nt_thread *t, uint64_t address, struct nt_attributes *a)
{
    struct nt_object_attributes raw;

    memset(a, 0, sizeof *a);
    if (!address)
        return NT_SUCCESS;
    if (NT_FAILED(nt_read(t, address, &raw, sizeof raw)))
        return NT_ACCESS_VIOLATION;
    if (raw.length != sizeof raw)
        return NT_INVALID_PARAMETER;
    a->present = true;
    a->root = raw.root;
    a->flags = raw.attributes;
    return raw.name ? nt_read_unicode(t, raw.name, &a->name) : NT_SUCCESS;
}

void nt_attributes_free(struct nt_attributes *a)
{
    free(a->name.units);
    a->name.units = NULL;
}
