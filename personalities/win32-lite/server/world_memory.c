/* Memory of programs: the region map, pages that are read from unaligned places of files, copies. */
#include <stdlib.h>
#include <string.h>

#include "janus/idl/dataspace.h"
#include "janus/idl/io.h"
#include "janus/region_prefault.h"
#include "placement.h"

#define PAGE 4096ull
#define FUND_FRAMES 64u
#define AROUND 16u /* pages that the region map maps around a fault, either way */

/* ---- sources ---- */
struct region_source *guest_source(struct world_process *p, uint32_t file, uint64_t number)
{
    struct guest_source *s;
    uint64_t identity = 0;

    for (s = p->sources; s; s = s->next)
        if (s->file == file && s->number == number)
            return s->source;
    if (file == REGION_SOURCE_MEMORY) {
        uint64_t size, resident;
        uint32_t flags;
        if (dataspace_info(p->clients.pager, number, &size, &resident, &flags, &identity) != JN_OK)
            return NULL;
    }
    s = calloc(1, sizeof *s);
    if (!s)
        return NULL;
    s->source = region_source_create(p->map, file, number, identity, JN_R | JN_W | JN_X);
    if (!s->source) {
        free(s);
        return NULL;
    }
    s->file = file;
    s->number = number;
    s->next = p->sources;
    p->sources = s;
    return s->source;
}

void guest_source_forget(struct world_process *p, uint32_t file, uint64_t number)
{
    for (struct guest_source **at = &p->sources; *at; at = &(*at)->next) {
        struct guest_source *s = *at;
        if (s->file != file || s->number != number)
            continue;
        *at = s->next;
        if (p->map)
            region_source_release(p->map, s->source);
        free(s);
        return;
    }
}

/* ---- unaligned pages ---- */
void guest_lazy_remove(struct world_process *p, uint64_t address, uint64_t length)
{
    for (struct guest_lazy **at = &p->lazy; *at;) {
        struct guest_lazy *lazy = *at;
        if (lazy->address >= address && lazy->address + lazy->length <= address + length) {
            *at = lazy->next;
            free(lazy->filled);
            free(lazy);
        } else {
            at = &lazy->next;
        }
    }
}

/* The bytes of `count` pages from `page` on, up to the file's end; whole pages. */
static jn_status_t lazy_read(struct world_process *p, struct guest_lazy *lazy, uint64_t page,
                             uint64_t count, uint8_t *buffer, uint64_t *length)
{
    uint64_t start = page * PAGE, done = 0;
    uint64_t wanted = start < lazy->file_length ? lazy->file_length - start : 0;

    if (wanted > count * PAGE)
        wanted = count * PAGE;
    while (done < wanted) {
        uint64_t part;
        jn_status_t status =
            io_read(p->clients.fs, lazy->number, (int64_t)(lazy->offset + start + done),
                    wanted - done, 0, 0, backend_window(buffer + done, wanted - done), &part);
        if (status != JN_OK)
            return status;
        if (!part)
            break;
        done += part;
    }
    *length = (done + PAGE - 1) & ~(PAGE - 1);
    memset(buffer + done, 0, *length - done);
    return JN_OK;
}

/* Reads up to 16 pages from `page` on into the private memory, before the region map shows them. */
static jn_status_t lazy_fill(struct world_process *p, struct guest_lazy *lazy, uint64_t page)
{
    enum { BATCH = 16 };
    uint64_t pages = lazy->length / PAGE, count = 0, length = 0, written;
    uint8_t *buffer = malloc(BATCH * PAGE);
    jn_status_t status;

    if (!buffer)
        return JN_NO_MEMORY;
    while (count < BATCH && page + count < pages &&
           !(lazy->filled[(page + count) / 8] & 1u << (page + count) % 8))
        count++;
    status = lazy_read(p, lazy, page, count, buffer, &length);
    if (status == JN_OK && length)
        status = region_map_write(p->map, lazy->address + page * PAGE, buffer, length, true,
                                  &written);
    free(buffer);
    if (status != JN_OK)
        return status;
    for (uint64_t i = page; i < page + count; i++)
        lazy->filled[i / 8] |= 1u << i % 8;
    return JN_OK;
}

static jn_status_t lazy_touch(struct world_process *p, uint64_t address, uint64_t length)
{
    uint64_t first = address & ~(PAGE - 1), end = address + length;

    for (struct guest_lazy *lazy = p->lazy; lazy; lazy = lazy->next) {
        uint64_t at = first > lazy->address ? first : lazy->address;
        for (; at < end && at < lazy->address + lazy->length; at += PAGE) {
            uint64_t page = (at - lazy->address) / PAGE;
            if (lazy->filled[page / 8] & 1u << page % 8)
                continue;
            jn_status_t status = lazy_fill(p, lazy, page);
            if (status != JN_OK)
                return status;
        }
    }
    return JN_OK;
}

static jn_status_t add_lazy(struct world_process *p, uint64_t address, uint64_t length,
                            uint64_t number, uint64_t offset, uint64_t file_length)
{
    struct guest_lazy *lazy = calloc(1, sizeof *lazy);

    if (lazy)
        lazy->filled = calloc(1, length / PAGE / 8 + 1);
    if (!lazy || !lazy->filled) {
        free(lazy);
        return JN_NO_MEMORY;
    }
    lazy->address = address;
    lazy->length = length;
    lazy->number = number;
    lazy->offset = offset;
    lazy->file_length = file_length;
    lazy->next = p->lazy;
    p->lazy = lazy;
    return JN_OK;
}

/* ---- regions ---- */
static jn_status_t add(struct world_process *p, uint64_t address, uint64_t length,
                       enum region_kind kind, uint32_t access, struct region_source *source,
                       uint64_t offset, uint64_t tag)
{
    struct region_request request = {.place = REGION_FIXED,
                                     .address = address,
                                     .length = length,
                                     .kind = kind,
                                     .access = access,
                                     .source = source,
                                     .offset = offset,
                                     .tag = tag};
    uint64_t place;

    return length ? region_map_add(p->map, &request, &place) : JN_OK;
}

world_status world_memory_map(struct world_process *p, uint64_t address, uint64_t length,
                              uint32_t protection, const struct world_backing *b)
{
    struct region_source *source = NULL;
    uint64_t direct = 0;
    jn_status_t status;

    switch (b->kind) {
    case WORLD_BACK_ZERO: return add(p, address, length, REGION_PRIVATE, protection, NULL, 0, 0);
    case WORLD_BACK_SECTION:
        source = guest_source(p, REGION_SOURCE_MEMORY, b->section);
        return source ? add(p, address, length, REGION_SHARED, protection, source, b->offset, 0)
                      : JN_NO_MEMORY;
    case WORLD_BACK_SHARED:
        source = guest_source(p, REGION_SOURCE_FILE, b->file.number);
        return source ? add(p, address, length, REGION_FILE, protection, source, b->offset, 0)
                      : JN_NO_MEMORY;
    case WORLD_BACK_PRIVATE: break;
    }
    if (!(b->offset & (PAGE - 1))) {
        direct = b->file_length & ~(PAGE - 1);
        if (direct > length)
            direct = length;
    }
    if (direct) {
        source = guest_source(p, REGION_SOURCE_FILE, b->file.number);
        status = source ? add(p, address, direct, REGION_FILE_PRIVATE, protection, source,
                              b->offset, 0)
                        : JN_NO_MEMORY;
        if (status != JN_OK)
            return status;
    }
    if (direct < length && b->file_length > direct) {
        uint64_t bytes = b->file_length - direct, pages = (bytes + PAGE - 1) & ~(PAGE - 1);
        if (pages > length - direct)
            pages = length - direct;
        /* Its own tag: never one region with pages that hold nothing yet. */
        status = add(p, address + direct, pages, REGION_PRIVATE, protection, NULL, 0,
                     address + direct);
        if (status == JN_OK)
            status = add_lazy(p, address + direct, pages, b->file.number, b->offset + direct,
                              bytes);
        if (status != JN_OK)
            return status;
        direct += pages;
    }
    return add(p, address + direct, length - direct, REGION_PRIVATE, protection, NULL, 0, 0);
}

world_status world_memory_unmap(struct world_process *p, uint64_t address, uint64_t length)
{
    guest_lazy_remove(p, address, length);
    return region_map_remove(p->map, address, length);
}

world_status world_memory_protect(struct world_process *p, uint64_t address, uint64_t length,
                                  uint32_t protection)
{
    return region_map_protect(p->map, address, length, protection);
}

world_status world_memory_discard(struct world_process *p, uint64_t address, uint64_t length)
{
    return region_map_discard(p->map, address, length);
}

void world_memory_committed(struct world_process *p, uint64_t address, uint64_t length)
{
    if (length <= REGION_SMALL)
        region_map_populate(p->map, address, length);
}

/* The process's account is charged a little ahead, and gets back what is much; so most calls ask nobody. */
world_status world_memory_commit(struct world_process *p, int64_t pages)
{
    enum { AHEAD = 64, MUCH = 4 * AHEAD };
    int64_t missing = pages - p->paid_pages, ahead = AHEAD;
    jn_status_t status = JN_OK;

    if (missing > 0 || -missing > MUCH) {
        status = dataspace_commit(p->clients.pager, missing + ahead);
        if (status == JN_QUOTA && missing > 0) {
            ahead = 0;
            status = dataspace_commit(p->clients.pager, missing);
        }
        if (status == JN_OK)
            p->paid_pages += missing + ahead;
    }
    if (status == JN_OK)
        p->paid_pages -= pages;
    return status;
}

jn_status_t guest_resolve(struct world_process *p, uint64_t address, uint32_t access)
{
    struct world_thread *lender = guest_lender(p);
    /* The region map may bring in the neighbours too: they must have their contents by then. */
    uint64_t around = AROUND * PAGE, low = address > around ? address - around : 0;
    jn_status_t status = p->lazy ? lazy_touch(p, low, address - low + around + PAGE) : JN_OK;

    if (status != JN_OK)
        return status;
    for (unsigned tries = 0; tries < 8; tries++) {
        cap_t reply = JN_CAP_NULL;
        if (lender) {
            /* An overlay lends the page as the thread sees it: its message must be held. */
            status = backend_thread_hold(&lender->thread);
            if (status == JN_OK)
                reply = lender->thread.reply;
        }
        status = region_map_resolve(p->map, address, access, reply);
        if (status == JN_NO_MEMORY) {
            uint64_t got = 0;
            if (backend_process_fund(p->clients.task, FUND_FRAMES, &got) != JN_OK || !got)
                return status;
        } else if (status != JN_RETRY) {
            return status;
        }
    }
    return status;
}

world_status world_memory_resolve(struct world_process *p, uint64_t address, uint32_t access)
{
    jn_status_t status = guest_resolve(p, address, access);

    if (status != JN_OK)
        jn_log(JN_LOG_DEBUG, "pid %u: fault at %llx (%x): %s", (unsigned)p->pid,
               (unsigned long long)address, (unsigned)access, jn_status_text(status));
    return status;
}

/* ---- copies ---- */
static bool mend(struct world_process *p, const uint64_t fault[2])
{
    struct nt_process *core = NULL;
    struct nt_thread *thread = NULL;

    for (core = nt_process_next(NULL); core && core->world != p; core = nt_process_next(core))
        ;
    if (!core)
        return false;
    for (struct nt_list *at = core->threads.next; at != &core->threads; at = at->next) {
        struct nt_thread *t = nt_container(at, struct nt_thread, link);
        if (fault[0] >= t->stack_allocation && fault[0] < t->stack_base)
            thread = t;
    }
    return nt_core_resolve(core, thread, fault[0],
                           fault[1] & JN_ACCESS_WRITE ? JN_ACCESS_WRITE : JN_ACCESS_READ);
}

static jn_status_t copy(struct world_process *p, uint64_t address, void *buffer, size_t length,
                        size_t *done, bool write)
{
    uint64_t last = 0;
    unsigned same = 0;

    *done = 0;
    while (*done < length) {
        struct world_thread *lender = guest_lender(p);
        uint64_t fault[2] = {0, 0};
        size_t part = 0;
        jn_status_t status;
        if (!lender) {
            uint64_t n = 0;
            status = lazy_touch(p, address + *done, length - *done);
            if (status == JN_OK)
                status = write ? region_map_write(p->map, address + *done,
                                                  (const uint8_t *)buffer + *done, length - *done,
                                                  false, &n)
                               : region_map_read(p->map, address + *done,
                                                 (uint8_t *)buffer + *done, length - *done, &n);
            *done += n;
            return status == JN_OK && *done == length ? JN_OK : JN_FAULT;
        }
        status = write ? backend_copy_out(&lender->thread, address + *done,
                                          (const uint8_t *)buffer + *done, length - *done, &part,
                                          fault)
                       : backend_copy_in(&lender->thread, address + *done,
                                         (uint8_t *)buffer + *done, length - *done, &part, fault);
        *done += part;
        if (status == JN_OK)
            continue;
        if (status != JN_FAULT)
            return JN_FAULT;
        if (fault[0] == last && same++ > 3)
            return JN_FAULT;
        if (fault[0] != last)
            same = 0;
        last = fault[0];
        if (!mend(p, fault))
            return JN_FAULT;
    }
    return JN_OK;
}

world_status world_memory_read(struct world_process *p, uint64_t address, void *buffer,
                               size_t length, size_t *done)
{
    return copy(p, address, buffer, length, done, false);
}

world_status world_memory_write(struct world_process *p, uint64_t address, const void *buffer,
                                size_t length, size_t *done)
{
    return copy(p, address, (void *)(uintptr_t)buffer, length, done, true);
}

world_status world_memory_patch(struct world_process *p, uint64_t address, const void *buffer,
                                size_t length)
{
    uint64_t done = 0;
    jn_status_t status = lazy_touch(p, address, length);

    if (status == JN_OK)
        status = region_map_write(p->map, address, buffer, length, true, &done);
    return status == JN_OK && done != length ? JN_FAULT : status;
}

world_status world_memory_fill(struct world_process *p, uint64_t address, const void *buffer,
                               size_t length)
{
    return region_map_fill(p->map, address, buffer, length);
}

void world_memory_populate(struct world_process *p, uint64_t address, uint64_t length)
{
    uint64_t done, got;

    if (p->lazy && lazy_touch(p, address, length) != JN_OK)
        return;
    /* Page tables of the process's own Pool may run out, once or twice. */
    for (unsigned tries = 0; tries < 4; tries++) {
        jn_status_t status = region_map_prefault(p->map, address, length, &done);
        if (status != JN_NO_MEMORY ||
            backend_process_fund(p->clients.task, FUND_FRAMES, &got) != JN_OK || !got)
            return;
        address += done;
        length -= done;
    }
}

/* ---- sections ---- */
world_status world_section_create(struct world_process *p, uint64_t size, uint64_t *section)
{
    return dataspace_create(p->clients.pager, size, DS_SHARED, section);
}

world_status world_section_share(struct world_process *p, uint64_t section,
                                 struct world_process *target, uint64_t *copy_number)
{
    return dataspace_share(p->clients.pager, section, target->clients.pager, JN_R | JN_W | JN_X,
                           copy_number);
}

void world_section_close(struct world_process *p, uint64_t section)
{
    jn_status_t status;

    guest_source_forget(p, REGION_SOURCE_MEMORY, section);
    status = dataspace_close(p->clients.pager, section);
    (void)status; /* a number that is gone is closed */
}

world_status world_map_shared_data(struct world_process *p, uint64_t address)
{
    struct region_source *source = guest_source(p, REGION_SOURCE_SPECIAL, 1);

    if (!source || !guest_shared_page)
        return JN_NO_MEMORY;
    jn_status_t status = add(p, address, PAGE, REGION_SPECIAL, JN_R, source, 0, 0);
    return status == JN_OK ? add(p, address + PAGE, PAGE, REGION_SPECIAL,
                                 placement_dispatcher_access(), source, PAGE, 0)
                           : status;
}

void guest_memory_drop(struct world_process *p)
{
    guest_lazy_remove(p, 0, UINT64_MAX);
    while (p->sources)
        guest_source_forget(p, p->sources->file, p->sources->number);
    if (p->map)
        region_map_destroy(p->map, false);
    p->map = NULL;
}
