/* The views of a process's address space: one per allocation, mapping or image, with the state of
 * every page. Views are kept sorted by base. Page states are one byte a page in chunks that exist
 * only where they differ from the view's default, so a reservation costs one record. */
#include <stdlib.h>
#include <string.h>

#include "core.h"

/* Index of the first view whose end lies above address. */
static size_t view_index(const struct nt_address_space *space, uint64_t address)
{
    size_t low = 0, high = space->count;

    while (low < high) {
        size_t middle = (low + high) / 2;
        if (space->views[middle]->base + space->views[middle]->size <= address)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

struct nt_view *nt_view_find(struct nt_process *p, uint64_t address)
{
    size_t index = view_index(&p->space, address);

    if (index < p->space.count && p->space.views[index]->base <= address)
        return p->space.views[index];
    return NULL;
}

uint8_t nt_view_page(const struct nt_view *view, uint64_t address)
{
    uint64_t page = (address - view->base) / NT_PAGE;

    if (view->chunks && view->chunks[page / NT_CHUNK_PAGES])
        return view->chunks[page / NT_CHUNK_PAGES][page % NT_CHUNK_PAGES];
    return view->pages;
}

nt_status nt_view_set_pages(struct nt_view *view, uint64_t address, uint64_t length, uint8_t clear,
                            uint8_t set)
{
    uint64_t page = (address - view->base) / NT_PAGE;
    uint64_t end = page + length / NT_PAGE;
    uint64_t chunks = (view->size / NT_PAGE + NT_CHUNK_PAGES - 1) / NT_CHUNK_PAGES;

    if (page == 0 && end == view->size / NT_PAGE && !view->chunks) {
        view->pages = (view->pages & ~clear) | set;
        return NT_SUCCESS;
    }
    if (!view->chunks) {
        view->chunks = calloc(chunks, sizeof *view->chunks);
        if (!view->chunks)
            return NT_NO_MEMORY;
    }
    while (page < end) {
        uint64_t chunk = page / NT_CHUNK_PAGES;
        uint64_t stop = (chunk + 1) * NT_CHUNK_PAGES < end ? (chunk + 1) * NT_CHUNK_PAGES : end;
        if (!view->chunks[chunk]) {
            view->chunks[chunk] = malloc(NT_CHUNK_PAGES);
            if (!view->chunks[chunk])
                return NT_NO_MEMORY;
            memset(view->chunks[chunk], view->pages, NT_CHUNK_PAGES);
        }
        if (clear == 0xff) {
            memset(view->chunks[chunk] + page % NT_CHUNK_PAGES, set, stop - page);
            page = stop;
        }
        for (; page < stop; page++) {
            uint8_t *state = &view->chunks[chunk][page % NT_CHUNK_PAGES];
            *state = (*state & ~clear) | set;
        }
    }
    return NT_SUCCESS;
}

uint32_t nt_page_rights(uint8_t page)
{
    uint32_t rights = 0;

    if (!(page & NT_PG_COMMITTED) || (page & NT_PG_GUARD))
        return 0;
    if (page & NT_PG_READ)
        rights |= JN_R;
    if (page & (NT_PG_WRITE | NT_PG_WRITECOPY))
        rights |= JN_R | JN_W;
    if (page & NT_PG_EXEC)
        rights |= JN_R | JN_X; /* execute-only pages are readable on this processor */
    return rights;
}

uint32_t nt_page_protection(uint8_t page, bool image)
{
    static const uint8_t table[16] = {
        NT_PAGE_NOACCESS,          NT_PAGE_READONLY,          NT_PAGE_READWRITE,
        NT_PAGE_READWRITE,         NT_PAGE_EXECUTE,           NT_PAGE_EXECUTE_READ,
        NT_PAGE_EXECUTE_READWRITE, NT_PAGE_EXECUTE_READWRITE, NT_PAGE_WRITECOPY,
        NT_PAGE_WRITECOPY,         NT_PAGE_WRITECOPY,         NT_PAGE_WRITECOPY,
        NT_PAGE_EXECUTE_WRITECOPY, NT_PAGE_EXECUTE_WRITECOPY, NT_PAGE_EXECUTE_WRITECOPY,
        NT_PAGE_EXECUTE_WRITECOPY,
    };
    uint32_t protection = table[page & 15];

    (void)image;
    if (page & NT_PG_GUARD)
        protection |= NT_PAGE_GUARD;
    return protection;
}

bool nt_page_from_protection(uint32_t protection, uint8_t *page)
{
    uint8_t state;

    switch (protection & 0xff) {
    case NT_PAGE_NOACCESS: state = 0; break;
    case NT_PAGE_READONLY: state = NT_PG_READ; break;
    case NT_PAGE_READWRITE: state = NT_PG_READ | NT_PG_WRITE; break;
    case NT_PAGE_WRITECOPY: state = NT_PG_READ | NT_PG_WRITECOPY; break;
    case NT_PAGE_EXECUTE: state = NT_PG_EXEC; break;
    case NT_PAGE_EXECUTE_READ: state = NT_PG_READ | NT_PG_EXEC; break;
    case NT_PAGE_EXECUTE_READWRITE: state = NT_PG_READ | NT_PG_WRITE | NT_PG_EXEC; break;
    case NT_PAGE_EXECUTE_WRITECOPY: state = NT_PG_READ | NT_PG_WRITECOPY | NT_PG_EXEC; break;
    default: return false;
    }
    if (protection & NT_PAGE_GUARD)
        state |= NT_PG_GUARD;
    *page = state;
    return true;
}

/* Tells the world the rights of every run of equal pages in the range. */
static nt_status view_apply(struct nt_process *p, struct nt_view *view, uint64_t address,
                            uint64_t length)
{
    uint64_t end = address + length, start = address;
    uint32_t rights;

    if (!view->chunks)
        return nt_status_from(world_memory_protect(p->world, address, length,
                                                   nt_page_rights(view->pages)));
    rights = nt_page_rights(nt_view_page(view, address));
    for (uint64_t at = address + NT_PAGE;; at += NT_PAGE) {
        uint32_t next = at < end ? nt_page_rights(nt_view_page(view, at)) : ~0u;
        if (next == rights)
            continue;
        world_status status = world_memory_protect(p->world, start, at - start, rights);
        if (status != JN_OK)
            return nt_status_from(status);
        if (at >= end)
            return NT_SUCCESS;
        start = at;
        rights = next;
    }
}

nt_status nt_view_protect(struct nt_process *p, struct nt_view *view, uint64_t address,
                          uint64_t length, uint8_t pages)
{
    nt_status status = nt_view_set_pages(view, address, length, 0xff, pages);

    return NT_FAILED(status) ? status : view_apply(p, view, address, length);
}

/* The lowest (or highest) place for size bytes in [low, high]. */
static bool view_place(struct nt_process *p, uint64_t size, uint64_t low, uint64_t high,
                       uint64_t align, bool top_down, uint64_t *base)
{
    struct nt_address_space *space = &p->space;

    if (align < NT_GRANULARITY)
        align = NT_GRANULARITY;
    if (low < NT_LOWEST_ADDRESS)
        low = NT_LOWEST_ADDRESS;
    if (!high || high > NT_HIGHEST_ADDRESS)
        high = NT_HIGHEST_ADDRESS;
    if (low >= high || size > high - low + 1)
        return false;
    if (!top_down) {
        uint64_t at = (low + align - 1) & -align;
        for (size_t i = view_index(space, at);; i++) {
            uint64_t limit = i < space->count ? space->views[i]->base : high + 1;
            if (limit > high + 1)
                limit = high + 1;
            if (at <= limit && limit - at >= size) {
                *base = at;
                return true;
            }
            if (i >= space->count || limit == high + 1)
                return false;
            at = (space->views[i]->base + space->views[i]->size + align - 1) & -align;
        }
    }
    uint64_t end = high + 1;
    for (size_t i = view_index(space, end);; i--) {
        uint64_t floor = i ? space->views[i - 1]->base + space->views[i - 1]->size : low;
        if (floor < low)
            floor = low;
        if (end >= size) {
            uint64_t at = (end - size) & -align;
            if (at >= floor) {
                *base = at;
                return true;
            }
        }
        if (!i || floor == low)
            return false;
        end = space->views[i - 1]->base;
    }
}

static nt_status view_insert(struct nt_process *p, struct nt_view *view)
{
    struct nt_address_space *space = &p->space;
    size_t index = view_index(space, view->base);

    if (space->count == space->capacity) {
        size_t capacity = space->capacity ? space->capacity * 2 : 64;
        struct nt_view **views = realloc(space->views, capacity * sizeof *views);
        if (!views)
            return NT_NO_MEMORY;
        space->views = views;
        space->capacity = capacity;
    }
    memmove(space->views + index + 1, space->views + index,
            (space->count - index) * sizeof *space->views);
    space->views[index] = view;
    space->count++;
    return NT_SUCCESS;
}

static void view_free(struct nt_process *p, struct nt_view *view)
{
    if (view->chunks)
        for (uint64_t i = 0; i * NT_CHUNK_PAGES * NT_PAGE < view->size; i++)
            free(view->chunks[i]);
    free(view->chunks);
    nt_image_put(view->image);
    if (view->file)
        nt_file_ref_put(p, view->file);
    if (view->section && !p->ended)
        world_section_close(p->world, view->section);
    free(view);
}

nt_status nt_view_create(struct nt_process *p, uint64_t *base, uint64_t size, uint64_t low,
                         uint64_t high, uint64_t align, bool top_down, uint32_t type,
                         uint32_t protection, uint8_t pages, const struct world_backing *backing,
                         struct nt_view **result)
{
    struct nt_view *view;
    nt_status status;

    if (*base) {
        size_t index = view_index(&p->space, *base);
        if (*base < NT_LOWEST_ADDRESS || *base > NT_HIGHEST_ADDRESS ||
            size > NT_HIGHEST_ADDRESS + 1 - *base)
            return NT_INVALID_PARAMETER;
        if (index < p->space.count && p->space.views[index]->base < *base + size)
            return NT_CONFLICTING_ADDRESSES;
    } else if (!view_place(p, size, low, high, align, top_down, base)) {
        return NT_NO_MEMORY;
    }
    view = calloc(1, sizeof *view);
    if (!view)
        return NT_NO_MEMORY;
    view->base = *base;
    view->size = size;
    view->type = type;
    view->protection = protection;
    view->pages = pages;
    status = view_insert(p, view);
    if (NT_FAILED(status)) {
        free(view);
        return status;
    }
    if (backing) {
        status = nt_status_from(
            world_memory_map(p->world, view->base, size, nt_page_rights(pages), backing));
        if (NT_FAILED(status)) {
            size_t index = view_index(&p->space, view->base);
            memmove(p->space.views + index, p->space.views + index + 1,
                    (p->space.count - index - 1) * sizeof *p->space.views);
            p->space.count--;
            free(view);
            return status;
        }
    }
    p->space.mapped_pages += size / NT_PAGE;
    *result = view;
    return NT_SUCCESS;
}

void nt_view_destroy(struct nt_process *p, struct nt_view *view)
{
    size_t index = view_index(&p->space, view->base);

    memmove(p->space.views + index, p->space.views + index + 1,
            (p->space.count - index - 1) * sizeof *p->space.views);
    p->space.count--;
    p->space.mapped_pages -= view->size / NT_PAGE;
    if (!p->ended)
        (void)world_memory_unmap(p->world, view->base, view->size);
    view_free(p, view);
}
