/* Anonymous pages of the own task, from the default pager; each mapping is one dataspace, all of it
 * resident, so that a server never faults on its own heap. */
#include <stdlib.h>

#include "janus/idl/client.h"
#include "janus/idl/dataspace.h"
#include "janus/runtime.h"

struct mapping {
    uint64_t address;
    uint64_t pages;
    uint64_t ds;
    struct mapping *next;
};

#define BUCKETS 256
static struct mapping *mappings[BUCKETS];
static struct mapping *spare;
static uint64_t next_address = JN_NATIVE_HEAP;
static bool space_set;

static struct mapping **bucket(uint64_t address)
{
    return &mappings[(address >> 12) * 0x9e3779b97f4a7c15ull >> 56];
}

uint64_t jn_reserve(uint64_t bytes, unsigned order)
{
    uint64_t size = 1ull << order, base = (next_address + size - 1) & ~(size - 1);
    if (base < next_address || bytes > JN_NATIVE_HEAP_END - base || base > JN_NATIVE_HEAP_END)
        return 0;
    next_address = base + bytes;
    return base;
}

/* Records come from pages of their own: malloc itself stands on this file. */
static struct mapping *new_record(void)
{
    if (!spare) {
        static struct mapping first[64];
        static bool used;
        struct mapping *chunk = used ? NULL : first;
        size_t count = 64;
        used = true;
        if (!chunk) {
            uint64_t ds, mapped, address = jn_reserve(4096, 12);
            if (!address || dataspace_create(JN_CAP_PAGER, 4096, DS_PINNED, &ds) != JN_OK)
                return NULL;
            if (dataspace_map(JN_CAP_PAGER, ds, 0, address, 4096, JN_R | JN_W, 0, &mapped) != JN_OK)
                return NULL;
            chunk = (struct mapping *)address;
            count = 4096 / sizeof *chunk;
        }
        for (size_t i = 0; i < count; i++) {
            chunk[i].next = spare;
            spare = &chunk[i];
        }
    }
    struct mapping *record = spare;
    spare = record->next;
    return record;
}

void *jn_map_pages_aligned(size_t pages, unsigned order)
{
    if (!space_set) {
        if (client_set_space(JN_CAP_PAGER, JN_CAP_TASK) != JN_OK)
            return NULL;
        space_set = true;
    }
    uint64_t bytes = (uint64_t)pages << 12, done = 0, mapped;
    if (!pages || pages > JN_NATIVE_HEAP_END >> 12)
        return NULL;
    struct mapping *record = new_record();
    if (!record)
        return NULL;
    record->address = jn_reserve(bytes, order < 12 ? 12 : order);
    record->pages = pages;
    if (!record->address || dataspace_create(JN_CAP_PAGER, bytes, DS_PINNED, &record->ds) != JN_OK)
        goto fail;
    while (done < bytes) {
        if (dataspace_map(JN_CAP_PAGER, record->ds, done, record->address + done, bytes - done,
                          JN_R | JN_W, 0, &mapped) != JN_OK || !mapped) {
            jn_status_t ignored = dataspace_close(JN_CAP_PAGER, record->ds);
            (void)ignored;
            goto fail;
        }
        done += mapped;
    }
    struct mapping **head = bucket(record->address);
    record->next = *head;
    *head = record;
    return (void *)record->address;
fail:
    record->next = spare;
    spare = record;
    return NULL;
}

void *jn_map_pages(size_t pages)
{
    return jn_map_pages_aligned(pages, pages >= 512 ? 21 : 12);
}

void jn_unmap_pages(void *address)
{
    struct mapping **link = bucket((uint64_t)(uintptr_t)address);
    while (*link && (*link)->address != (uint64_t)(uintptr_t)address)
        link = &(*link)->next;
    struct mapping *record = *link;
    if (!record)
        return;
    *link = record->next;
    jn_status_t status = dataspace_close(JN_CAP_PAGER, record->ds);
    if (status != JN_OK)
        jn_log(JN_LOG_ERROR, "own pages could not be given back: %s", jn_status_text(status));
    record->next = spare;
    spare = record;
}
