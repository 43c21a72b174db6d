/* brk(2), mmap(2) and their family, over the region map. */
#include <stdlib.h>
#include <string.h>

#include "descriptors.h"
#include "janus/runtime.h"
#include "linux/memory.h"
#include "mm.h"
#include "placement.h"
#include "status.h"
#include "syscalls.h"
#include "user.h"

#define PAGE 4096ull

static uint64_t page_up(uint64_t n)
{
    return (n + PAGE - 1) & ~(PAGE - 1);
}

static uint32_t access_of(uint64_t protection)
{
    return (protection & LX_PROT_READ ? JN_R : 0) |
           (protection & LX_PROT_WRITE ? JN_R | JN_W : 0) |
           (protection & LX_PROT_EXEC ? JN_R | JN_X : 0);
}

/* Statuses of the region map, as mmap and friends report them. */
static long memory_error(jn_status_t status)
{
    switch (status) {
    case JN_NO_SPACE:
    case JN_NOT_FOUND:
    case JN_QUOTA:
        return -LX_ENOMEM;
    default:
        return errno_of(status);
    }
}

static bool over_address_limit(struct process *p, uint64_t more)
{
    uint64_t limit = p->limits[LX_RLIMIT_AS].cur;
    struct region_totals totals;
    if (limit == UINT64_MAX)
        return false;
    region_map_totals(p->mm->map, &totals);
    return more > limit || totals.pages * PAGE > limit - more;
}

long sys_brk(struct thread *t, const uint64_t *a)
{
    struct mm *mm = t->process->mm;
    uint64_t wanted = a[0], old = page_up(mm->brk), new;
    if (wanted < mm->brk_start || wanted > mm->mmap_top)
        return (long)mm->brk;
    new = page_up(wanted);
    if (new - mm->brk_start > t->process->limits[LX_RLIMIT_DATA].cur)
        return (long)mm->brk;
    if (new > old) {
        struct region_request request = {.place = REGION_FIXED_NOREPLACE, .address = old,
                                         .length = new - old, .kind = REGION_PRIVATE,
                                         .access = JN_R | JN_W};
        uint64_t at;
        if (over_address_limit(t->process, new - old) ||
            region_map_add(mm->map, &request, &at) != JN_OK)
            return (long)mm->brk;
    } else if (new < old) {
        if (region_map_remove(mm->map, new, old - new) != JN_OK)
            return (long)mm->brk;
    }
    mm->brk = wanted;
    return (long)wanted;
}

/* What a descriptor offers to be mapped. */
static long file_source(struct thread *t, uint64_t fd, uint64_t protection, bool shared,
                        struct region_source **source, bool *zero_device)
{
    struct process *p = t->process;
    struct descriptor *d = descriptor_io(p, fd);
    struct io_stat stat;
    struct backend_open copy;
    *zero_device = false;
    if (!d)
        return -LX_EBADF;
    if (d->kind != DESCRIPTOR_OPEN || d->open.server != BACKEND_FS)
        return -LX_ENODEV;
    if (!(d->access & IO_ACCESS_READ))
        return -LX_EACCES;
    if (shared && protection & LX_PROT_WRITE && !(d->access & IO_ACCESS_WRITE))
        return -LX_EACCES;
    if (backend_io_stat(&p->clients, d->open, &stat) != JN_OK)
        return -LX_EBADF;
    if ((stat.mode & LX_S_IFMT) == LX_S_IFCHR && stat.device_id == (1 << 8 | 5)) {
        *zero_device = true; /* /dev/zero is anonymous memory */
        return 0;
    }
    if ((stat.mode & LX_S_IFMT) != LX_S_IFREG)
        return -LX_ENODEV;
    struct mm *mm = p->mm;
    jn_status_t status;
    if (mm->owner == p) {
        status = backend_io_duplicate(&p->clients, d->open, &copy);
    } else { /* a vfork child maps into its parent's memory, whose opens are the parent's */
        status = backend_io_transfer(&p->clients, d->open, &mm->owner->clients, &copy);
    }
    if (status != JN_OK)
        return errno_of(status);
    uint32_t maximum = JN_R | JN_X | (d->access & IO_ACCESS_WRITE ? JN_W : 0);
    *source = region_source_create(mm->map, REGION_SOURCE_FILE, copy.number,
                                   stat.inode ^ stat.device << 48, maximum);
    if (!*source) {
        backend_io_close(&mm->owner->clients, copy);
        return -LX_ENOMEM;
    }
    return 0;
}

static long shared_source(struct mm *mm, uint64_t length, struct region_source **source)
{
    uint64_t ds, identity;
    jn_status_t status = backend_memory_shared(mm->pager, length, &ds, &identity);
    if (status != JN_OK)
        return memory_error(status);
    *source = region_source_create(mm->map, REGION_SOURCE_MEMORY, ds, identity,
                                   JN_R | JN_W | JN_X);
    return *source ? 0 : -LX_ENOMEM;
}

long sys_mmap(struct thread *t, const uint64_t *a)
{
    struct process *p = t->process;
    struct mm *mm = p->mm;
    uint64_t address = a[0], length = a[1], flags = a[3], offset = a[5];
    uint64_t type = flags & LX_MAP_TYPE;
    bool anonymous = flags & LX_MAP_ANONYMOUS, shared = type != LX_MAP_PRIVATE;
    bool fixed = flags & (LX_MAP_FIXED | LX_MAP_FIXED_NOREPLACE);
    if (!length || offset % PAGE || (fixed && address % PAGE))
        return -LX_EINVAL;
    if (type != LX_MAP_PRIVATE && type != LX_MAP_SHARED && type != LX_MAP_SHARED_VALIDATE)
        return -LX_EINVAL;
    if (length > LX_TASK_SIZE)
        return -LX_ENOMEM;
    length = page_up(length);
    if (!anonymous && offset + length < offset)
        return -LX_EOVERFLOW;
    if (fixed && (address > LX_TASK_SIZE - length))
        return -LX_ENOMEM;
    if (fixed && address < LX_MMAP_MIN)
        return -LX_EPERM;
    if (flags & LX_MAP_HUGETLB)
        return -LX_ENOMEM; /* the pool of huge pages is empty */
    if (over_address_limit(p, length))
        return -LX_ENOMEM;
    struct region_source *source = NULL;
    bool zero_device = false;
    long error = 0;
    if (!anonymous)
        error = file_source(t, a[4], a[2], shared, &source, &zero_device);
    if (!error && shared && !source)
        error = shared_source(mm, length, &source);
    if (error)
        return error;
    if (anonymous || zero_device)
        offset = 0;
    struct region_request request = {
        .length = length, .access = access_of(a[2]), .source = source, .offset = offset,
        .low = LX_MMAP_MIN, .high = flags & LX_MAP_32BIT ? 0x80000000ull : mm->mmap_top};
    request.kind = !source                                   ? REGION_PRIVATE
                   : source->file == REGION_SOURCE_MEMORY ? REGION_SHARED
                   : shared                                  ? REGION_FILE
                                                             : REGION_FILE_PRIVATE;
    request.address = address & ~(PAGE - 1);
    if (flags & LX_MAP_FIXED_NOREPLACE)
        request.place = REGION_FIXED_NOREPLACE;
    else if (flags & LX_MAP_FIXED)
        request.place = REGION_FIXED;
    else if (address >= LX_MMAP_MIN && request.address <= LX_TASK_SIZE - length)
        request.place = REGION_HINT;
    else
        request.place = REGION_ANYWHERE;
    uint64_t at = 0;
    if (request.place == REGION_FIXED)
        placement_memory_changes(p, request.address, request.length);
    jn_status_t status = region_map_add(mm->map, &request, &at);
    if (source)
        region_source_release(mm->map, source);
    if (status != JN_OK)
        return memory_error(status);
    if (!source && length <= REGION_SMALL && request.access & JN_W)
        region_map_populate(mm->map, at, length);
    else if (flags & (LX_MAP_POPULATE | LX_MAP_LOCKED) && !(flags & LX_MAP_NONBLOCK))
        for (uint64_t page = 0; page < length && page < 64ull << 20; page += PAGE)
            if (mm_resolve(mm, at + page, access_of(a[2]) & JN_W ? JN_W : JN_R, NULL) != JN_OK)
                break;
    return (long)at;
}

long sys_munmap(struct thread *t, const uint64_t *a)
{
    if (a[0] % PAGE || !a[1] || a[1] > LX_TASK_SIZE || a[0] > LX_TASK_SIZE - page_up(a[1]))
        return -LX_EINVAL;
    placement_memory_changes(t->process, a[0], page_up(a[1]));
    return memory_error(region_map_remove(t->process->mm->map, a[0], page_up(a[1])));
}

static bool range_valid(uint64_t address, uint64_t length)
{
    return length <= LX_TASK_SIZE && address <= LX_TASK_SIZE - page_up(length);
}

long sys_mprotect(struct thread *t, const uint64_t *a)
{
    uint64_t address = a[0], length = page_up(a[1]), protection = a[2];
    struct mm *mm = t->process->mm;
    if (address % PAGE)
        return -LX_EINVAL;
    if (!length)
        return 0;
    if (!range_valid(address, a[1]))
        return -LX_ENOMEM;
    if (protection & LX_PROT_GROWSDOWN) { /* glibc's execstack: to the start of the mapping */
        const struct region *region = region_map_find(mm->map, address);
        if (!region)
            return -LX_EINVAL;
        length += address - region->start;
        address = region->start;
        protection &= ~(uint64_t)LX_PROT_GROWSDOWN;
    }
    if (protection & ~7ull)
        return -LX_EINVAL;
    placement_memory_changes(t->process, address, length);
    return memory_error(region_map_protect(mm->map, address, length, access_of(protection)));
}

long sys_mremap(struct thread *t, const uint64_t *a)
{
    uint64_t old_length = page_up(a[1]), new_length = page_up(a[2]), result = 0;
    uint32_t flags = (uint32_t)a[3], move = 0;
    struct mm *mm = t->process->mm;
    if (a[0] % PAGE || !new_length || flags & ~7u || !range_valid(a[0], a[1]) ||
        new_length > LX_TASK_SIZE)
        return -LX_EINVAL;
    if ((flags & (LX_MREMAP_FIXED | LX_MREMAP_DONTUNMAP)) && !(flags & LX_MREMAP_MAYMOVE))
        return -LX_EINVAL;
    if (flags & LX_MREMAP_FIXED &&
        (a[4] % PAGE || a[4] > LX_TASK_SIZE - new_length ||
         (a[4] < a[0] + old_length && a[0] < a[4] + new_length)))
        return -LX_EINVAL;
    if (!old_length)
        return -LX_EINVAL; /* duplication of shared mappings: not since 4.14 for private ones */
    if (flags & LX_MREMAP_MAYMOVE)
        move |= REGION_MOVE_MAY;
    if (flags & LX_MREMAP_FIXED)
        move |= REGION_MOVE_FIXED;
    if (flags & LX_MREMAP_DONTUNMAP)
        move |= REGION_MOVE_KEEP;
    if (new_length > old_length && over_address_limit(t->process, new_length - old_length))
        return -LX_ENOMEM;
    placement_memory_changes(t->process, a[0], old_length);
    if (flags & LX_MREMAP_FIXED)
        placement_memory_changes(t->process, a[4], new_length);
    jn_status_t status =
        region_map_move(mm->map, a[0], old_length, new_length, move, a[4], &result);
    return status == JN_OK ? (long)result : memory_error(status);
}

static long change_flags(struct mm *mm, uint64_t address, uint64_t length, uint32_t set,
                         uint32_t clear)
{
    struct region_change change = {.mask = REGION_SET_FLAGS, .set_flags = set,
                                   .clear_flags = clear};
    return memory_error(region_map_change(mm->map, address, length, &change));
}

long sys_madvise(struct thread *t, const uint64_t *a)
{
    uint64_t address = a[0], length = page_up(a[1]);
    struct mm *mm = t->process->mm;
    if (address % PAGE || !range_valid(address, a[1]))
        return -LX_EINVAL;
    switch ((int32_t)a[2]) {
    case LX_MADV_NORMAL:
    case LX_MADV_RANDOM:
    case LX_MADV_SEQUENTIAL:
    case LX_MADV_WILLNEED:
    case LX_MADV_MERGEABLE:
    case LX_MADV_UNMERGEABLE:
    case LX_MADV_HUGEPAGE:
    case LX_MADV_NOHUGEPAGE:
    case LX_MADV_DONTDUMP:
    case LX_MADV_DODUMP:
    case LX_MADV_COLD:
    case LX_MADV_PAGEOUT:
        return 0; /* advice that changes nothing a program could see */
    case LX_MADV_DONTNEED:
    case LX_MADV_FREE:
        placement_memory_changes(t->process, address, length);
        return length ? memory_error(region_map_discard(mm->map, address, length)) : 0;
    case LX_MADV_DONTFORK:
        return change_flags(mm, address, length, REGION_NO_FORK, 0);
    case LX_MADV_DOFORK:
        return change_flags(mm, address, length, 0, REGION_NO_FORK);
    case LX_MADV_WIPEONFORK:
        return change_flags(mm, address, length, REGION_WIPE, 0);
    case LX_MADV_KEEPONFORK:
        return change_flags(mm, address, length, 0, REGION_WIPE);
    case LX_MADV_POPULATE_READ:
    case LX_MADV_POPULATE_WRITE:
        for (uint64_t page = 0; page < length; page += PAGE)
            if (mm_resolve(mm, address + page,
                           a[2] == LX_MADV_POPULATE_WRITE ? JN_W : JN_R, NULL) != JN_OK)
                return -LX_EFAULT;
        return 0;
    default:
        return -LX_EINVAL;
    }
}

/* Shared file pages are the file's own pages: nothing to write back. */
long sys_msync(struct thread *t, const uint64_t *a)
{
    uint64_t end = a[0] + page_up(a[1]);
    if (a[0] % PAGE || a[2] & ~7ull || (a[2] & LX_MS_ASYNC && a[2] & LX_MS_SYNC))
        return -LX_EINVAL;
    for (uint64_t at = a[0]; at < end;) {
        const struct region *region = region_map_find(t->process->mm->map, at);
        if (!region)
            return -LX_ENOMEM;
        at = region->start + region->length;
    }
    return 0;
}

long sys_mincore(struct thread *t, const uint64_t *a)
{
    uint64_t pages = page_up(a[1]) / PAGE;
    if (a[0] % PAGE)
        return -LX_EINVAL;
    if (!range_valid(a[0], a[1]))
        return -LX_ENOMEM;
    for (uint64_t i = 0; i < pages; i++) {
        uint8_t resident = 1; /* there is no swap */
        if (!region_map_find(t->process->mm->map, a[0] + i * PAGE))
            return -LX_ENOMEM;
        if (user_write(t, a[2] + i, &resident, 1))
            return -LX_EFAULT;
    }
    return 0;
}

/* Memory is never paged out: locking holds by itself, once the range is there. */
static long lock_range(struct thread *t, uint64_t address, uint64_t length)
{
    uint64_t end = page_up(address + length);
    for (uint64_t at = address & ~(PAGE - 1); at < end;) {
        const struct region *region = region_map_find(t->process->mm->map, at);
        if (!region)
            return -LX_ENOMEM;
        at = region->start + region->length;
    }
    return 0;
}

long sys_mlock(struct thread *t, const uint64_t *a)
{
    return lock_range(t, a[0], a[1]);
}

long sys_mlock2(struct thread *t, const uint64_t *a)
{
    return a[2] & ~1ull ? -LX_EINVAL : lock_range(t, a[0], a[1]);
}

long sys_munlock(struct thread *t, const uint64_t *a)
{
    return lock_range(t, a[0], a[1]);
}

long sys_mlockall(struct thread *t, const uint64_t *a)
{
    (void)t;
    return !a[0] || a[0] & ~7ull ? -LX_EINVAL : 0;
}

long sys_munlockall(struct thread *t, const uint64_t *a)
{
    (void)t, (void)a;
    return 0;
}

long sys_membarrier(struct thread *t, const uint64_t *a)
{
    (void)t;
    /* One processor: the entry into the kernel was barrier enough. */
    switch (a[0]) {
    case 0: /* QUERY: global, private expedited, and its registration */
        return 1 | 8 | 16;
    case 1:
    case 8:
    case 16:
        return a[1] ? -LX_EINVAL : 0;
    default:
        return -LX_EINVAL;
    }
}
