/* The world of the pager in the guest. Frame p stands at PAGER_WINDOW + p * 4096. The records of all
 * frames are one array at RECORDS, of which the parts for chunks that were obtained are mapped. */
#include "janus/boot_layout.h"
#include "janus/idl/root.h"
#include "janus/object.h"
#include "janus/runtime.h"
#include "frame.h"
#include "pager.h"

#define RECORDS 0x500000000000ull
#define CHUNK_FRAMES (1u << CHUNK_ORDER)
#define RECORD_PAGES (CHUNK_FRAMES * sizeof(struct frame) / PAGE_BYTES)
/* Kernel memory that one chunk may cost when every page of it is mapped by itself: a page table, its
 * table of nodes and the nodes. Nodes of pages in other tasks are those tasks'. */
#define KERNEL_FRAMES_A_CHUNK 12
#define KERNEL_FRAMES_KEPT 64

_Static_assert(RECORD_PAGES * PAGE_BYTES == CHUNK_FRAMES * sizeof(struct frame), "whole pages");

#define CHUNKS_MAX (1u << 19) /* 1 TiB */
static uint64_t recorded[CHUNKS_MAX / 64]; /* chunks whose records are mapped */

uint8_t *platform_contents(uint32_t frame)
{
    return (uint8_t *)(PAGER_WINDOW + ((uint64_t)frame << PAGE_BITS));
}

struct frame *platform_record(uint32_t frame)
{
    return (struct frame *)RECORDS + frame;
}

/* Many pages by vector stores, which are a quarter of memset's instructions; the registers are a program's until
 * the first of them, which traps to the kernel: not worth it for a few. */
#define ZERO_WIDE_PAGES 16u
#define CPUID1_ECX_AVX (1u << 28)
#define XCR0_AVX 4u

void platform_zero(uint32_t frame, uint64_t pages)
{
    uint8_t *to = platform_contents(frame), *end = to + (pages << PAGE_BITS);
    if (pages < ZERO_WIDE_PAGES || !(jn_info()->cpuid1_ecx & CPUID1_ECX_AVX) ||
        !(jn_info()->xcr0 & XCR0_AVX)) {
        memset(to, 0, pages << PAGE_BITS);
        return;
    }
    __asm__ volatile("vpxor %%xmm0, %%xmm0, %%xmm0\n"
                     "0:\n"
                     ".set .Lat, 0\n"
                     ".rept 16\n"
                     "vmovdqa %%ymm0, .Lat(%0)\n"
                     ".set .Lat, .Lat + 32\n"
                     ".endr\n"
                     "add $512, %0\n"
                     "cmp %1, %0\n"
                     "jb 0b\n"
                     "vzeroupper\n"
                     : "+r"(to)
                     : "r"(end)
                     : "memory", "cc");
}

static bool is_recorded(uint32_t chunk)
{
    return recorded[chunk / 64] >> (chunk % 64) & 1;
}

/* The pager's own Pool pays for the tables of what it holds: it is funded before they are needed. */
static jn_status_t prepare_kernel_memory(uint32_t chunks)
{
    uint64_t owned, unused, bytes, added;
    jn_status_t status = jn_pool_info(JN_CAP_POOL, &owned, &unused, &bytes);
    uint64_t wanted = KERNEL_FRAMES_KEPT + (uint64_t)chunks * KERNEL_FRAMES_A_CHUNK;
    if (status != JN_OK || unused >= wanted)
        return status;
    return root_fund(JN_CAP_SUPERVISOR, wanted - unused, &added);
}

/* Maps records, which stand in `pages` frames from `source`, for a chunk. */
static jn_status_t map_records(uint32_t chunk, uint32_t source)
{
    uint64_t done;
    jn_status_t status = jn_task_map(JN_CAP_TASK, platform_contents(source),
                                     (uint64_t)platform_record(chunk << CHUNK_ORDER), RECORD_PAGES,
                                     JN_R | JN_W, false, &done);
    if (status == JN_OK) {
        memset(platform_record(chunk << CHUNK_ORDER), 0, RECORD_PAGES * PAGE_BYTES);
        recorded[chunk / 64] |= 1ull << (chunk % 64);
    }
    return status;
}

jn_status_t platform_obtain(unsigned order, uint32_t *frame, uint32_t *used)
{
    uint64_t physical;
    uint32_t count = 1u << order, chunks = count >> CHUNK_ORDER ? count >> CHUNK_ORDER : 1;
    jn_status_t status = prepare_kernel_memory(chunks);
    if (status == JN_OK)
        status = root_frames(JN_CAP_SUPERVISOR, order, &physical);
    if (status != JN_OK)
        return status == JN_QUOTA ? JN_NO_MEMORY : status;
    *frame = (uint32_t)(physical >> PAGE_BITS);
    *used = 0;
    uint32_t first = *frame >> CHUNK_ORDER;
    if (physical >> PAGE_BITS >= (uint64_t)CHUNKS_MAX << CHUNK_ORDER)
        status = JN_NO_MEMORY;
    for (uint32_t i = 0; i < chunks && status == JN_OK; i++) {
        uint32_t source;
        if (is_recorded(first + i))
            continue;
        /* Other free frames are better, so that the chunk stays whole; at the start there are none. */
        if (frame_alloc_present(__builtin_ctz(RECORD_PAGES), &source) != JN_OK) {
            source = *frame + *used;
            *used += RECORD_PAGES;
            if (*used >= count) {
                status = JN_NO_MEMORY;
                break;
            }
        }
        status = map_records(first + i, source);
    }
    if (status != JN_OK)
        platform_return(*frame, order);
    return status;
}

uint64_t platform_untouched(void)
{
    uint64_t granted, limit, free_pages;
    return root_account(JN_CAP_SUPERVISOR, &granted, &limit, &free_pages) == JN_OK ? free_pages : 0;
}

void platform_return(uint32_t frame, unsigned order)
{
    jn_status_t status = root_return_frames(JN_CAP_SUPERVISOR, (uint64_t)frame << PAGE_BITS, order);
    if (status != JN_OK)
        jn_log(JN_LOG_ERROR, "memory could not be returned: %s", jn_status_text(status));
}

jn_status_t platform_map(cap_t space, uint32_t frame, uint64_t address, uint64_t pages,
                         uint32_t access, uint64_t *done)
{
    return jn_task_map(space, platform_contents(frame), address, pages, access, false, done);
}

void platform_revoke(uint32_t frame, uint64_t pages, uint32_t rights)
{
    uint64_t seen, bits;
    jn_status_t status = jn_task_unmap(JN_CAP_TASK, (uint64_t)platform_contents(frame), pages,
                                       rights, JN_UNMAP_DERIVED_ONLY, &seen, &bits);
    /* Frames that others still see must not go on to somebody else. */
    if (status != JN_OK)
        jn_panic("pages cannot be taken back: %s", jn_status_text(status));
}

bool platform_space_alive(cap_t space)
{
    uint64_t threads, pages, cpu;
    return jn_task_info(space, &threads, &pages, &cpu) == JN_OK;
}

void platform_forget_space(cap_t space)
{
    jn_cap_delete(space);
}

void platform_init(void)
{
    uint64_t granted, limit, unused;
    jn_status_t status = root_account(JN_CAP_SUPERVISOR, &granted, &limit, &unused);
    if (status != JN_OK)
        jn_panic("no account at the root pager: %s", jn_status_text(status));
    /* Servers must be able to go on when programs have used up all they may. */
    frame_totals.program_limit = limit - limit / 8;
    frame_totals.shared_limit = limit - limit / 16;
}
