/* NtAllocate-, Free-, Protect-, QueryVirtualMemory and page faults. */
#include <stdlib.h>
#include <string.h>

#include "nt_parts.h"

static const struct world_backing zero_backing = {.kind = WORLD_BACK_ZERO};

static bool round_range(uint64_t *address, uint64_t *size)
{
    uint64_t end = *address + *size;

    if (!*size || end < *address || end > NT_HIGHEST_ADDRESS + 1)
        return false;
    end = (end + NT_MASK_PAGE) & ~NT_MASK_PAGE;
    *address &= ~NT_MASK_PAGE;
    *size = end - *address;
    return true;
}

/* The process a handle names, if this core runs it. */
static nt_status process_of(struct nt_thread *t, uint64_t handle, uint32_t access,
                            struct nt_process **p)
{
    struct nt_process_object *object;
    nt_status status = nt_handle_object(t, handle, NT_TYPE_PROCESS, access, &object);

    if (NT_FAILED(status))
        return status;
    *p = nt_process_by_pid(object->pid);
    if (!*p || (*p)->ended)
        return object->foreign ? NT_ACCESS_DENIED : NT_PROCESS_IS_TERMINATING;
    return NT_SUCCESS;
}

static uint64_t count_committed(const struct nt_view *view, uint64_t address, uint64_t size)
{
    uint64_t count = 0;

    if (!view->chunks)
        return view->pages & NT_PG_COMMITTED ? size / NT_PAGE : 0;
    for (uint64_t at = address; at < address + size; at += NT_PAGE)
        count += !!(nt_view_page(view, at) & NT_PG_COMMITTED);
    return count;
}

/* The process answers for so many pages more. */
static nt_status charge(struct nt_process *p, uint64_t pages)
{
    if (pages && (p->space.committed_pages + pages > world_ram_pages() ||
                  world_memory_commit(p->world, (int64_t)pages) != JN_OK))
        return NT_COMMITMENT_LIMIT;
    p->space.committed_pages += pages;
    return NT_SUCCESS;
}

static nt_status commit(struct nt_process *p, uint64_t address, uint64_t size, uint8_t pages)
{
    struct nt_view *view = nt_view_find(p, address);

    if (!view || view->placeholder || view->base == NT_ADAPTER_BASE)
        return NT_CONFLICTING_ADDRESSES;
    if (address + size > view->base + view->size)
        return NT_CONFLICTING_ADDRESSES;
    if (view->type == NT_MEM_IMAGE)
        return NT_CONFLICTING_ADDRESSES;
    nt_status status = charge(p, size / NT_PAGE - count_committed(view, address, size));
    if (NT_FAILED(status))
        return status;
    return nt_view_protect(p, view, address, size, pages | NT_PG_COMMITTED);
}

static void uncommit(struct nt_process *p, const struct nt_view *view, uint64_t address,
                     uint64_t size)
{
    uint64_t pages = count_committed(view, address, size);

    p->space.committed_pages -= pages;
    if (pages)
        (void)world_memory_commit(p->world, -(int64_t)pages);
}

/* Replaces the placeholder view that covers exactly the range. */
static nt_status replace_placeholder(struct nt_process *p, uint64_t base, uint64_t size)
{
    struct nt_view *view = nt_view_find(p, base);

    if (!view || !view->placeholder || view->base != base || view->size != size)
        return NT_CONFLICTING_ADDRESSES;
    nt_view_destroy(p, view);
    return NT_SUCCESS;
}

static nt_status allocate(struct nt_thread *t, uint64_t handle, uint64_t base_address,
                          uint64_t size_address, uint32_t type, uint32_t protection, uint64_t low,
                          uint64_t high, uint64_t align)
{
    struct nt_process *p;
    struct nt_view *view;
    uint64_t base, size, asked;
    uint8_t pages;
    nt_status status = process_of(t, handle, 8, &p);

    if (NT_FAILED(status))
        return status;
    if (NT_FAILED(nt_read_u64(t, base_address, &base)) ||
        NT_FAILED(nt_read_u64(t, size_address, &size)))
        return NT_ACCESS_VIOLATION;
    if (!size || size > NT_HIGHEST_ADDRESS)
        return NT_INVALID_PARAMETER;
    if (!nt_page_from_protection(protection, &pages) || (pages & NT_PG_WRITECOPY))
        return NT_INVALID_PAGE_PROTECTION;
    if (!(type & (NT_MEM_COMMIT | NT_MEM_RESERVE | NT_MEM_RESET | NT_MEM_RESET_UNDO)))
        return NT_INVALID_PARAMETER;
    asked = base;
    if (type & (NT_MEM_RESET | NT_MEM_RESET_UNDO)) {
        if (!round_range(&base, &size))
            return NT_INVALID_PARAMETER;
        view = nt_view_find(p, base);
        if (!view || base + size > view->base + view->size)
            return NT_NOT_MAPPED_VIEW;
        goto done; /* contents may be lost, and need not be */
    }
    if (!asked && (type & NT_MEM_COMMIT))
        type |= NT_MEM_RESERVE;
    if (type & NT_MEM_RESERVE) {
        bool placeholder = (type & NT_MEM_RESERVE_PLACEHOLDER) != 0;
        uint64_t end = base + size;
        if (end < base)
            return NT_INVALID_PARAMETER_4;
        if (type & NT_MEM_REPLACE_PLACEHOLDER) {
            if ((base & NT_MASK_PAGE) || (size & NT_MASK_PAGE))
                return NT_INVALID_PARAMETER;
            status = replace_placeholder(p, base, size);
            if (NT_FAILED(status))
                return status;
        } else {
            base &= ~(NT_GRANULARITY - 1);
            size = (end - base + NT_MASK_PAGE) & ~NT_MASK_PAGE;
        }
        if (asked && base < NT_LOWEST_ADDRESS)
            return NT_INVALID_PARAMETER;
        uint8_t state = type & NT_MEM_COMMIT ? pages | NT_PG_COMMITTED : 0;
        if (placeholder && state)
            return NT_CONFLICTING_ADDRESSES;
        status = nt_view_create(p, &base, size, low, high, align, !!(type & NT_MEM_TOP_DOWN),
                                NT_MEM_PRIVATE, protection, state,
                                placeholder ? NULL : &zero_backing, &view);
        if (NT_FAILED(status))
            return status;
        view->placeholder = placeholder;
        status = charge(p, state ? size / NT_PAGE : 0);
        if (NT_FAILED(status)) {
            nt_view_destroy(p, view);
            return status;
        }
        if (nt_page_rights(state) & JN_W)
            world_memory_committed(p->world, base, size);
    } else {
        if (!round_range(&base, &size))
            return NT_INVALID_PARAMETER;
        status = commit(p, base, size, pages);
        if (NT_FAILED(status))
            return status;
    }
done:;
    const struct nt_part results[] = {{base_address, &base, 8}, {size_address, &size, 8}};
    return NT_FAILED(nt_write_parts(t, results, 2)) ? NT_ACCESS_VIOLATION : NT_SUCCESS;
}

nt_status NtAllocateVirtualMemory(struct nt_thread *t, const uint64_t *a)
{
    /* zero_bits: a number of leading zero bits below 32, or a mask. */
    uint64_t zero_bits = a[2], high = 0;

    if (zero_bits && zero_bits < 32)
        high = zero_bits > 21 ? 0 : (1ull << (32 - zero_bits)) - 1;
    else if (zero_bits >= 32)
        high = zero_bits | zero_bits >> 1;
    if (zero_bits > 21 && zero_bits < 32)
        return NT_INVALID_PARAMETER_3;
    if (zero_bits >= 32)
        for (unsigned shift = 1; shift < 64; shift *= 2)
            high |= high >> shift;
    return allocate(t, a[0], a[1], a[3], (uint32_t)a[4], (uint32_t)a[5], 0, high, 0);
}

nt_status NtAllocateVirtualMemoryEx(struct nt_thread *t, const uint64_t *a)
{
    uint64_t low = 0, high = 0, align = 0;
    uint32_t count = (uint32_t)a[6];

    if (count > 16)
        return NT_INVALID_PARAMETER;
    for (uint32_t i = 0; i < count; i++) {
        uint64_t parameter[2], requirements[3];
        if (NT_FAILED(nt_read(t, a[5] + i * 16, parameter, 16)))
            return NT_ACCESS_VIOLATION;
        if ((parameter[0] & 0xff) != 1) /* MemExtendedParameterAddressRequirements */
            continue;
        if (NT_FAILED(nt_read(t, parameter[1], requirements, 24)))
            return NT_ACCESS_VIOLATION;
        low = requirements[0];
        high = requirements[1];
        align = requirements[2];
        if (align & (align - 1))
            return NT_INVALID_PARAMETER;
    }
    return allocate(t, a[0], a[1], a[2], (uint32_t)a[3], (uint32_t)a[4], low, high, align);
}

/* Splits a placeholder so that [base, +size) is a view of its own. */
static nt_status split_placeholder(struct nt_process *p, struct nt_view *view, uint64_t base,
                                   uint64_t size)
{
    uint64_t start = view->base, end = view->base + view->size;
    struct nt_view *part;
    nt_status status = NT_SUCCESS;

    nt_view_destroy(p, view);
    uint64_t parts[3][2] = {{start, base - start}, {base, size}, {base + size, end - base - size}};
    for (unsigned i = 0; i < 3 && !NT_FAILED(status); i++) {
        if (!parts[i][1])
            continue;
        status = nt_view_create(p, &parts[i][0], parts[i][1], 0, 0, 0, false, NT_MEM_PRIVATE,
                                NT_PAGE_NOACCESS, 0, NULL, &part);
        if (!NT_FAILED(status))
            part->placeholder = true;
    }
    return status;
}

static nt_status coalesce(struct nt_process *p, uint64_t base, uint64_t size)
{
    struct nt_view *view;
    uint64_t at = base;
    unsigned count = 0;

    while (at < base + size) {
        view = nt_view_find(p, at);
        if (!view || !view->placeholder || view->base != at || at + view->size > base + size)
            return NT_CONFLICTING_ADDRESSES;
        at += view->size;
        count++;
    }
    if (count < 2)
        return NT_CONFLICTING_ADDRESSES;
    while ((view = nt_view_find(p, base)))
        nt_view_destroy(p, view);
    for (at = base; at < base + size;) {
        view = nt_view_find(p, at);
        if (view) {
            at += view->size;
            nt_view_destroy(p, view);
        } else {
            at += NT_PAGE;
        }
    }
    nt_status status = nt_view_create(p, &base, size, 0, 0, 0, false, NT_MEM_PRIVATE,
                                      NT_PAGE_NOACCESS, 0, NULL, &view);
    if (!NT_FAILED(status))
        view->placeholder = true;
    return status;
}

nt_status NtFreeVirtualMemory(struct nt_thread *t, const uint64_t *a)
{
    uint32_t type = (uint32_t)a[3];
    struct nt_process *p;
    struct nt_view *view;
    uint64_t base, size, start;
    nt_status status = process_of(t, a[0], 8, &p);

    if (NT_FAILED(status))
        return status;
    if (NT_FAILED(nt_read_u64(t, a[1], &base)) || NT_FAILED(nt_read_u64(t, a[2], &size)))
        return NT_ACCESS_VIOLATION;
    start = base & ~NT_MASK_PAGE;
    if (size && !round_range(&base, &size))
        return NT_INVALID_PARAMETER;
    base = start;
    if ((type & NT_MEM_RELEASE) && (type & NT_MEM_COALESCE_PLACEHOLDERS)) {
        status = coalesce(p, base, size);
        goto done;
    }
    view = nt_view_find(p, base);
    if (!view || view->type != NT_MEM_PRIVATE || view->system)
        return view ? NT_UNABLE_TO_FREE_VM : NT_MEMORY_NOT_ALLOCATED;
    if ((type & ~3u) == NT_MEM_DECOMMIT) {
        if (!size) {
            if (base != view->base)
                return NT_FREE_VM_NOT_AT_BASE;
            size = view->size;
        }
        if (base + size > view->base + view->size)
            return NT_UNABLE_TO_FREE_VM;
        uncommit(p, view, base, size);
        status = nt_view_protect(p, view, base, size, 0);
        if (!NT_FAILED(status))
            status = nt_status_from(world_memory_discard(p->world, base, size));
    } else if ((type & ~3u) == NT_MEM_RELEASE) {
        if (!size) {
            if (base != view->base)
                return NT_FREE_VM_NOT_AT_BASE;
            size = view->size;
        }
        if (base + size > view->base + view->size)
            return NT_UNABLE_TO_FREE_VM;
        if (type & NT_MEM_PRESERVE_PLACEHOLDER) {
            if (view->placeholder) {
                if (base == view->base && size == view->size)
                    return NT_CONFLICTING_ADDRESSES;
                status = split_placeholder(p, view, base, size);
            } else {
                if (base != view->base || size != view->size)
                    return NT_UNABLE_TO_FREE_VM;
                uncommit(p, view, base, size);
                nt_view_destroy(p, view);
                status = nt_view_create(p, &base, size, 0, 0, 0, false, NT_MEM_PRIVATE,
                                        NT_PAGE_NOACCESS, 0, NULL, &view);
                if (!NT_FAILED(status))
                    view->placeholder = true;
            }
        } else {
            if (base != view->base || size != view->size)
                return NT_UNABLE_TO_FREE_VM; /* Wine 8.0 frees whole allocations only */
            uncommit(p, view, base, size);
            nt_view_destroy(p, view);
        }
    } else {
        return NT_INVALID_PARAMETER;
    }
done:
    if (NT_FAILED(status))
        return status;
    if (NT_FAILED(nt_write_u64(t, a[1], base)) || NT_FAILED(nt_write_u64(t, a[2], size)))
        return NT_ACCESS_VIOLATION;
    return NT_SUCCESS;
}

nt_status NtProtectVirtualMemory(struct nt_thread *t, const uint64_t *a)
{
    uint32_t protection = (uint32_t)a[3], old;
    struct nt_process *p;
    struct nt_view *view;
    uint64_t base, size;
    uint8_t pages, first;
    nt_status status = process_of(t, a[0], 8, &p);

    if (NT_FAILED(status))
        return status;
    if (!a[4])
        return NT_ACCESS_VIOLATION;
    if (NT_FAILED(nt_read_u64(t, a[1], &base)) || NT_FAILED(nt_read_u64(t, a[2], &size)))
        return NT_ACCESS_VIOLATION;
    if (!round_range(&base, &size))
        return NT_INVALID_PARAMETER;
    if (!nt_page_from_protection(protection, &pages))
        return NT_INVALID_PAGE_PROTECTION;
    view = nt_view_find(p, base);
    if (!view || view->placeholder || base + size > view->base + view->size)
        return NT_INVALID_PARAMETER;
    for (uint64_t at = base; at < base + size; at += NT_PAGE)
        if (!(nt_view_page(view, at) & NT_PG_COMMITTED))
            return NT_NOT_COMMITTED;
    /* Writable pages of an image are always copied on write. */
    if (view->type == NT_MEM_IMAGE && (pages & NT_PG_WRITE))
        pages = (pages & ~NT_PG_WRITE) | NT_PG_WRITECOPY;
    else if (view->type == NT_MEM_PRIVATE && (pages & NT_PG_WRITECOPY))
        return NT_INVALID_PAGE_PROTECTION;
    first = nt_view_page(view, base);
    old = nt_page_protection(first, view->type == NT_MEM_IMAGE);
    status = nt_view_protect(p, view, base, size, pages | NT_PG_COMMITTED);
    if (NT_FAILED(status))
        return status;
    /* The result may lie on the very page that has just become a guard page. */
    const struct nt_part results[] = {{a[4], &old, 4}, {a[1], &base, 8}, {a[2], &size, 8}};
    return NT_FAILED(nt_write_parts(t, results, 3)) ? NT_ACCESS_VIOLATION : NT_SUCCESS;
}

static nt_status query_basic(struct nt_thread *t, struct nt_process *p, uint64_t address,
                             const uint64_t *a)
{
    struct nt_memory_basic_information information = {0};
    struct nt_view *view;
    uint64_t end, result = sizeof information;

    if (a[4] < sizeof information)
        return NT_INFO_LENGTH_MISMATCH;
    address &= ~NT_MASK_PAGE;
    if (address > NT_HIGHEST_ADDRESS)
        return NT_INVALID_PARAMETER;
    information.base = address;
    view = nt_view_find(p, address);
    if (!view || view->placeholder) {
        uint64_t limit = NT_HIGHEST_ADDRESS + 1;
        for (size_t i = 0; i < p->space.count; i++)
            if (p->space.views[i]->base > address) {
                limit = p->space.views[i]->base;
                break;
            }
        if (view) {
            information.allocation_base = view->base;
            information.allocation_protect = NT_PAGE_NOACCESS;
            information.region_size = view->base + view->size - address;
            information.state = NT_MEM_RESERVE;
            information.type = NT_MEM_PRIVATE;
        } else {
            information.region_size = limit - address;
            information.state = NT_MEM_FREE;
            information.protect = NT_PAGE_NOACCESS;
        }
    } else {
        uint8_t page = nt_view_page(view, address);
        for (end = address + NT_PAGE; end < view->base + view->size; end += NT_PAGE) {
            if (!view->chunks) {
                end = view->base + view->size;
                break;
            }
            if (nt_view_page(view, end) != page)
                break;
        }
        information.allocation_base = view->base;
        information.allocation_protect = view->protection;
        information.region_size = end - address;
        information.type = view->type;
        if (page & NT_PG_COMMITTED) {
            information.state = NT_MEM_COMMIT;
            information.protect = nt_page_protection(page, view->type == NT_MEM_IMAGE);
        } else {
            information.state = NT_MEM_RESERVE;
        }
    }
    if (NT_FAILED(nt_write(t, a[3], &information, sizeof information)))
        return NT_ACCESS_VIOLATION;
    return a[5] ? nt_write_u64(t, a[5], result) : NT_SUCCESS;
}

/* MemoryMappedFilenameInformation: UNICODE_STRING followed by the text. */
static nt_status query_file_name(struct nt_thread *t, struct nt_process *p, const uint64_t *a)
{
    static const uint16_t prefix[] = {'\\', '?', '?', '\\'};
    struct nt_view *view = nt_view_find(p, a[1]);
    struct nt_unicode_string string = {0};
    uint32_t bytes;

    if (!view)
        return NT_INVALID_ADDRESS;
    if (!view->file || !view->file->path)
        return NT_INVALID_ADDRESS;
    bytes = view->file->path_length * 2 + sizeof prefix;
    if (a[5] && NT_FAILED(nt_write_u64(t, a[5], sizeof string + bytes + 2)))
        return NT_ACCESS_VIOLATION;
    if (a[4] < sizeof string)
        return NT_INFO_LENGTH_MISMATCH;
    if (a[4] < sizeof string + bytes + 2)
        return NT_BUFFER_OVERFLOW;
    string.length = bytes;
    string.maximum = bytes + 2;
    string.buffer = a[3] + sizeof string;
    uint16_t zero = 0;
    if (NT_FAILED(nt_write(t, a[3], &string, sizeof string)) ||
        NT_FAILED(nt_write(t, string.buffer, prefix, sizeof prefix)) ||
        NT_FAILED(nt_write(t, string.buffer + sizeof prefix, view->file->path,
                           bytes - sizeof prefix)) ||
        NT_FAILED(nt_write(t, string.buffer + bytes, &zero, 2)))
        return NT_ACCESS_VIOLATION;
    return NT_SUCCESS;
}

/* MemoryWorkingSetExInformation: one valid bit per committed page. */
static nt_status query_working_set(struct nt_thread *t, struct nt_process *p, const uint64_t *a)
{
    uint64_t count = a[4] / 16;

    for (uint64_t i = 0; i < count && i < 65536; i++) {
        uint64_t entry[2];
        if (NT_FAILED(nt_read(t, a[3] + i * 16, entry, 16)))
            return NT_ACCESS_VIOLATION;
        struct nt_view *view = nt_view_find(p, entry[0]);
        uint8_t page = view ? nt_view_page(view, entry[0]) : 0;
        entry[1] = 0;
        if (page & NT_PG_COMMITTED)
            entry[1] = 1 | (uint64_t)nt_page_protection(page, false) << 4;
        if (NT_FAILED(nt_write(t, a[3] + i * 16, entry, 16)))
            return NT_ACCESS_VIOLATION;
    }
    return a[5] ? nt_write_u64(t, a[5], count * 16) : NT_SUCCESS;
}

nt_status NtQueryVirtualMemory(struct nt_thread *t, const uint64_t *a)
{
    struct nt_process *p;
    nt_status status;

    if ((uint32_t)a[2] == 1000) { /* MemoryWineUnixFuncs: see nt_unix.c */
        extern nt_status nt_unix_functions(struct nt_thread *, const uint64_t *);
        return nt_unix_functions(t, a);
    }
    status = process_of(t, a[0], 0x400, &p);
    if (NT_FAILED(status))
        return status;
    switch ((uint32_t)a[2]) {
    case 0: return query_basic(t, p, a[1], a);
    case 2: return query_file_name(t, p, a);
    case 4: return query_working_set(t, p, a);
    }
    return NT_INVALID_INFO_CLASS;
}

nt_status NtLockVirtualMemory(struct nt_thread *t, const uint64_t *a)
{
    struct nt_process *p;
    uint64_t base, size;
    nt_status status = process_of(t, a[0], 8, &p);

    if (NT_FAILED(status))
        return status;
    if (NT_FAILED(nt_read_u64(t, a[1], &base)) || NT_FAILED(nt_read_u64(t, a[2], &size)))
        return NT_ACCESS_VIOLATION;
    if (!round_range(&base, &size))
        return NT_INVALID_PARAMETER;
    for (uint64_t at = base; at < base + size; at += NT_PAGE) {
        struct nt_view *view = nt_view_find(p, at);
        if (!view || !(nt_view_page(view, at) & NT_PG_COMMITTED))
            return NT_ACCESS_DENIED;
    }
    /* Nothing is ever swapped: committed pages stay where they are. */
    if (NT_FAILED(nt_write_u64(t, a[1], base)) || NT_FAILED(nt_write_u64(t, a[2], size)))
        return NT_ACCESS_VIOLATION;
    return NT_SUCCESS;
}

nt_status NtUnlockVirtualMemory(struct nt_thread *t, const uint64_t *a)
{
    return NtLockVirtualMemory(t, a);
}

nt_status NtFlushVirtualMemory(struct nt_thread *t, const uint64_t *a)
{
    struct nt_process *p;
    uint64_t base;
    nt_status status = process_of(t, a[0], 8, &p);

    if (NT_FAILED(status))
        return status;
    if (NT_FAILED(nt_read_u64(t, a[1], &base)))
        return NT_ACCESS_VIOLATION;
    struct nt_view *view = nt_view_find(p, base);
    if (!view || view->type != NT_MEM_MAPPED)
        return NT_NOT_MAPPED_VIEW;
    return NT_SUCCESS; /* mapped and read files are the same frames */
}

nt_status NtFlushInstructionCache(struct nt_thread *t, const uint64_t *a)
{
    struct nt_process *p;

    return process_of(t, a[0], 8, &p);
}

static nt_status copy_between(struct nt_thread *t, const uint64_t *a, bool write)
{
    struct nt_process *p;
    uint64_t left = a[3], done = 0;
    uint8_t buffer[4096];
    nt_status status = process_of(t, a[0], write ? 0x20 : 0x10, &p);

    if (NT_FAILED(status))
        return status;
    while (left) {
        /* Page-wise on the other side, so that a partial copy ends at a page. */
        uint64_t other = a[1] + done, own = a[2] + done;
        size_t part = NT_PAGE - (other & NT_MASK_PAGE);
        if (part > left)
            part = left;
        if (write)
            status = NT_FAILED(nt_read(t, own, buffer, part)) ||
                             NT_FAILED(nt_process_write(p, other, buffer, part))
                         ? NT_PARTIAL_COPY
                         : NT_SUCCESS;
        else
            status = NT_FAILED(nt_process_read(p, other, buffer, part)) ? NT_PARTIAL_COPY
                     : NT_FAILED(nt_write(t, own, buffer, part))        ? NT_ACCESS_VIOLATION
                                                                        : NT_SUCCESS;
        if (NT_FAILED(status))
            break;
        done += part;
        left -= part;
    }
    if (a[4] && NT_FAILED(nt_write_u64(t, a[4], done)))
        return NT_ACCESS_VIOLATION;
    return status;
}

nt_status NtReadVirtualMemory(struct nt_thread *t, const uint64_t *a)
{
    return copy_between(t, a, false);
}

nt_status NtWriteVirtualMemory(struct nt_thread *t, const uint64_t *a)
{
    return copy_between(t, a, true);
}

/* A touch of the guard page of a thread's stack: the guard moves down one page. */
static nt_status stack_guard(struct nt_process *p, struct nt_thread *t, struct nt_view *view,
                             uint64_t page)
{
    uint64_t lowest = view->base + NT_PAGE, limit;
    uint32_t guaranteed = 0;

    (void)nt_process_read(p, t->teb + NT_TEB_GUARANTEED, &guaranteed, 4);
    if (guaranteed < 2 * NT_PAGE)
        guaranteed = 2 * NT_PAGE;
    guaranteed = (guaranteed + NT_MASK_PAGE) & ~NT_MASK_PAGE;
    if (page >= lowest + guaranteed + NT_PAGE) {
        nt_view_protect(p, view, page, NT_PAGE, NT_PG_READ | NT_PG_WRITE | NT_PG_COMMITTED);
        nt_view_protect(p, view, page - NT_PAGE, NT_PAGE,
                        NT_PG_READ | NT_PG_WRITE | NT_PG_COMMITTED | NT_PG_GUARD);
        limit = page;
        (void)nt_process_write(p, t->teb + NT_TEB_STACK_LIMIT, &limit, 8);
        return NT_SUCCESS;
    }
    /* The reserve of the end: the handler of the overflow runs on it. */
    nt_view_protect(p, view, lowest, page + NT_PAGE - lowest,
                    NT_PG_READ | NT_PG_WRITE | NT_PG_COMMITTED);
    limit = lowest;
    (void)nt_process_write(p, t->teb + NT_TEB_STACK_LIMIT, &limit, 8);
    return NT_STACK_OVERFLOW;
}

#define FAULT_RUN (64 * NT_PAGE) /* so far down the region map may have brought in more */

nt_status nt_memory_fault(struct nt_process *p, struct nt_thread *t, uint64_t address,
                          uint32_t access)
{
    struct nt_view *view = address > NT_HIGHEST_ADDRESS ? NULL : nt_view_find(p, address);
    uint32_t wanted = access == JN_ACCESS_WRITE ? JN_W : access == JN_ACCESS_EXEC ? JN_X : JN_R;
    uint64_t page_address = address & ~NT_MASK_PAGE;
    uint8_t page;

    if (!view || view->placeholder)
        return NT_ACCESS_VIOLATION;
    page = nt_view_page(view, address);
    if (!(page & NT_PG_COMMITTED))
        return NT_ACCESS_VIOLATION;
    if (page & NT_PG_GUARD) {
        if (t && address >= t->stack_allocation && address < t->stack_base)
            return stack_guard(p, t, view, page_address);
        nt_view_protect(p, view, page_address, NT_PAGE, page & ~NT_PG_GUARD);
        return NT_GUARD_PAGE_VIOLATION;
    }
    if (!(nt_page_rights(page) & wanted))
        return NT_ACCESS_VIOLATION;
    switch (world_memory_resolve(p->world, address, wanted)) {
    case JN_OK:
        if (wanted == JN_W && (page & NT_PG_WRITECOPY) && view->type != NT_MEM_IMAGE)
            nt_view_set_pages(view, page_address, NT_PAGE, NT_PG_WRITECOPY, NT_PG_WRITE);
        if (t && !t->started && address < t->stack_low && address >= t->stack_allocation)
            t->stack_low = page_address - FAULT_RUN;
        return NT_SUCCESS;
    case JN_QUOTA:
    case JN_NO_MEMORY: return NT_IN_PAGE_ERROR;
    case JN_RANGE: return NT_IN_PAGE_ERROR; /* beyond the end of the file */
    default: return NT_ACCESS_VIOLATION;
    }
}
