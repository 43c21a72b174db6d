/* Redirecting call sites. A site becomes a jump to a stub of its own within reach:
 *
 *     lea rcx, [back]; mov r11, adapter_redirected; jmp r11
 *     syscall                      what restarting the call finds at rip - 2
 *     back: the instructions that stood behind the site's syscall; jmp behind the site
 *
 * Where getpid or gettid was called the site's jump leads to a second part, which answers that one by itself:
 *
 *     cmp eax, number; jne the stub; mov eax, gs:[its place behind the UTCB]; the instructions; jmp
 *
 * Nothing is pushed, so whatever the program has below its stack pointer stays (PERSONALITIES 10 was written
 * for a method that pushes). That the bytes are an instruction is known because it was executed.
 *
 * The program never sees the jump: a text with redirected sites is mapped for execution only, page by page,
 * and whoever reads one of its pages, the program or a server for it, faults. Then the page gets its own
 * bytes back, for good, before it is shown (placement_memory_shown). */
#include "placement.h"

#include <stdlib.h>
#include <string.h>

#include "janus/abi/utcb.h"
#include "janus/adapter.h"
#include "janus/object.h"
#include "janus/runtime.h"
#include "mm.h"
#include "sites.h"

extern const char adapter_redirected[], adapter_slow[]; /* entry.asm */
extern const uint64_t adapter_fast[];                   /* fast.asm */

#define PAGE REGION_PAGE
#define CPUID_KEYS (1u << 3) /* leaf 7, ecx: with protection keys the kernel can hide a page */
#define TEXT_MOST (16ull << 20) /* larger ones are not searched for jumps */
#define REACH 0x70000000ull     /* of a jump, with room */
#define STUB_BYTES 128
#define FAST_SAMPLE 0x7f000001u /* fast.inc: under this number the door shows one call in 256 */
#define FAST_NONE 0
#define SHOWN_EVERY 256 /* calls through the door */
#define DOOR_COSTS 100  /* instructions that such a call takes more than a redirected one */
#define SCAN_COSTS 3    /* a quarter of what a byte of text takes: who made many calls makes more */
#define FAST_IDS 4032 /* fast_ids.c: the process's and the thread's number */
#define STUB_SYSCALL 20 /* where in it */
#define STUB_BACK 22
#define STUB_PLAIN 64 /* where the site of a plain call jumps to */
#define STUB_PLAIN_BACK (STUB_PLAIN + 15)

_Static_assert(STUB_BACK + SITE_MOST + SITE_JUMP <= STUB_PLAIN &&
                   STUB_PLAIN_BACK + SITE_MOST + SITE_JUMP <= STUB_BYTES,
               "a stub holds any site");

struct site {
    uint64_t address, stub;
    uint64_t number; /* of the call that was seen there */
    struct site_plan plan;
    bool redirected; /* false: refused, or given back */
    uint8_t bytes[SITE_MOST];
};

/* A page of the program's text in which something is, or was, redirected. */
struct text_page {
    uint64_t address;
    bool shown; /* it was read: nothing is redirected here any more */
};

struct stub_page {
    uint64_t address;
    uint32_t used;
};

/* Few: what one process calls often. */
static struct site *sites;
static uint32_t site_count;
static struct stub_page *stub_pages;
static uint32_t stub_page_count;
static struct text_page *text_pages;
static uint32_t text_page_count;
static struct site_targets *texts;
static uint32_t text_count;
static uint64_t door_calls;
bool library_gs_is_ours = true;

static void *append(void **items, uint32_t count, size_t size)
{
    if ((count & (count - 1)) == 0) {
        void *more = realloc(*items, (count ? count * 2 : 1) * size);
        if (!more)
            return NULL;
        *items = more;
    }
    return (char *)*items + count * size;
}

static const struct site_targets *known_text(const struct region *region)
{
    for (uint32_t i = 0; i < text_count; i++)
        if (texts[i].begin == region->start && texts[i].length == region->length)
            return &texts[i];
    return NULL;
}

static const struct site_targets *text_of(struct process *p, const struct region *region)
{
    const struct site_targets *known = known_text(region);
    if (known)
        return known;
    struct site_targets text = {region->start, region->length, NULL};
    text.bits = calloc(1, text.length / 8);
    uint8_t *buffer = malloc(CORE_SCRATCH + 8);
    struct site_targets *place = append((void **)&texts, text_count, sizeof *texts);
    uint64_t done = 0, at = 0;
    if (text.bits && buffer && place) {
        for (; at < text.length; at += CORE_SCRATCH) {
            uint64_t left = text.length - at;
            uint64_t here = left < CORE_SCRATCH ? left : CORE_SCRATCH;
            uint64_t beyond = left - here < 5 ? left - here : 5;
            if (region_map_read(p->mm->map, text.begin + at, buffer, here + beyond, &done) != JN_OK ||
                done < here + beyond)
                break;
            site_targets_scan(&text, text.begin + at, buffer, here, beyond);
        }
    }
    free(buffer);
    if (at < text.length || !place) {
        free(text.bits);
        return NULL;
    }
    *place = text;
    text_count++;
    return place;
}

/* Room for a stub within reach of the site. 0: none. */
static uint64_t stub_place(struct process *p, uint64_t site)
{
    for (uint32_t i = 0; i < stub_page_count; i++) {
        uint64_t address = stub_pages[i].address;
        if (stub_pages[i].used + STUB_BYTES <= PAGE && address - (site - REACH) < 2 * REACH) {
            stub_pages[i].used += STUB_BYTES;
            return address + stub_pages[i].used - STUB_BYTES;
        }
    }
    struct stub_page *page = append((void **)&stub_pages, stub_page_count, sizeof *stub_pages);
    if (!page)
        return 0;
    struct region_request request = {
        .place = REGION_ANYWHERE,
        .length = PAGE,
        .low = site > REACH + (1u << 16) ? site - REACH : 1u << 16,
        .high = site + REACH,
        .kind = REGION_PRIVATE,
        .access = JN_R | JN_X,
        .flags = REGION_LOCKED | PLACEMENT_REGION,
    };
    if (request.high > ADAPTER_BASE)
        request.high = ADAPTER_BASE;
    uint64_t address;
    if (region_map_add(p->mm->map, &request, &address) != JN_OK)
        return 0;
    *page = (struct stub_page){address, STUB_BYTES};
    stub_page_count++;
    return address;
}

static uint8_t *put_jump(uint8_t *at, uint64_t from, uint64_t to)
{
    int32_t distance = (int32_t)(to - (from + SITE_JUMP));
    *at++ = 0xe9;
    memcpy(at, &distance, 4);
    return at + 4;
}

static bool write_text(struct process *p, uint64_t address, const void *bytes, uint64_t length)
{
    uint64_t done = 0;
    return region_map_write(p->mm->map, address, bytes, length, true, &done) == JN_OK &&
           done == length;
}

/* Where in the UTCB the answer of a plain call stands; 0: it is none. */
static uint32_t plain_answer(uint64_t number)
{
    return number == 39 ? FAST_IDS : number == 186 ? FAST_IDS + 8 : 0;
}

static void put_back(uint8_t *stub, uint32_t back, const struct site *site)
{
    memcpy(stub + back, site->bytes + 2, site->plan.copied);
    uint32_t end = back + site->plan.copied;
    if (!site->plan.ends)
        put_jump(stub + end, site->stub + end, site->address + 2 + site->plan.copied);
}

static bool write_stub(struct process *p, const struct site *site)
{
    uint8_t stub[STUB_BYTES], *at = stub;
    uint64_t entry = (uint64_t)(uintptr_t)adapter_redirected;
    static const uint8_t begin[] = {0x48, 0x8d, 0x0d, STUB_BACK - 7, 0, 0, 0, 0x49, 0xbb};
    static const uint8_t jump[] = {0x41, 0xff, 0xe3, 0x0f, 0x05};
    memset(stub, 0xcc, sizeof stub);
    memcpy(at, begin, sizeof begin), at += sizeof begin;
    memcpy(at, &entry, 8), at += 8;
    memcpy(at, jump, sizeof jump), at += sizeof jump;
    put_back(stub, STUB_BACK, site);
    uint32_t answer = plain_answer(site->number);
    if (answer) {
        uint32_t number = (uint32_t)site->number;
        static const uint8_t otherwise[] = {0x75, (uint8_t)-(STUB_PLAIN + 7), 0x65, 0x8b, 0x04, 0x25};
        at = stub + STUB_PLAIN;
        *at++ = 0x3d;
        memcpy(at, &number, 4), at += 4;
        memcpy(at, otherwise, sizeof otherwise), at += sizeof otherwise;
        memcpy(at, &answer, 4);
        put_back(stub, STUB_PLAIN_BACK, site);
    }
    return write_text(p, site->stub, stub, sizeof stub);
}

/* Nobody is in the page afterwards: who goes on there faults, and waits for the handler. */
static bool hide(struct process *p, uint64_t page)
{
    uint64_t seen, bits;
    return jn_task_unmap(p->mm->kernel_task, page, 1, JN_R | JN_W | JN_X, 0, &seen, &bits) == JN_OK;
}

static bool is_within(const struct site *site, uint64_t rip)
{
    return rip > site->address && rip < site->address + site->plan.length;
}

/* Writes to the text while no other thread is in the middle of the site. */
static bool write_site(struct thread *self, const struct site *site, const uint8_t *bytes)
{
    static struct jn_state state;
    struct process *p = self->process;
    struct thread *t;
    enum jn_was was;
    bool fine = true;
    list_for_each(t, struct thread, &p->threads, link) {
        if (t == self || jn_thread_suspend(t->backend.thread, &was) != JN_OK)
            continue;
        /* One in the adapter goes back to where the door has noted. */
        const struct jn_utcb *utcb = (const struct jn_utcb *)t->backend.utcb;
        if (backend_thread_read(&t->backend, JN_STATE_REGS, &state) != JN_OK ||
            is_within(site, state.rip) || is_within(site, utcb->door_rip))
            fine = false;
    }
    if (fine)
        fine = hide(p, site->address & ~(PAGE - 1)) &&
               write_text(p, site->address, bytes, site->plan.length);
    list_for_each(t, struct thread, &p->threads, link)
        if (t != self && jn_thread_resume(t->backend.thread) != JN_OK)
            jn_log(JN_LOG_ERROR, "a thread stays suspended");
    return fine;
}

static uint64_t entry_of(const struct site *site)
{
    return site->stub + (plain_answer(site->number) ? STUB_PLAIN : 0);
}

/* The page of a site begins to be hidden. False: it has been read, or would not be hidden. */
static bool hide_from_now(struct process *p, const struct region *region, uint64_t address)
{
    uint64_t page = address & ~(PAGE - 1);
    struct region_change change = {.mask = REGION_SET_FLAGS, .set_flags = REGION_HIDDEN};
    for (uint32_t i = 0; i < text_page_count; i++)
        if (text_pages[i].address == page)
            return !text_pages[i].shown;
    struct text_page *place = append((void **)&text_pages, text_page_count, sizeof *text_pages);
    if (!place || region_map_change(p->mm->map, region->start, region->length, &change) != JN_OK)
        return false;
    *place = (struct text_page){.address = page};
    text_page_count++;
    return true;
}

static bool redirect(struct thread *t, struct site *site)
{
    struct process *p = t->process;
    const struct region *region = region_map_find(p->mm->map, site->address);
    /* A program's file as it was mapped. What a program generates itself stays on the door. */
    if (!region || region->kind != REGION_FILE_PRIVATE || region->access != (JN_R | JN_X) ||
        region->length > TEXT_MOST)
        return false;
    uint64_t left = region->start + region->length - site->address, done = 0;
    uint8_t code[SITE_MOST + 8];
    if (left > sizeof code)
        left = sizeof code;
    const struct site_targets *targets = text_of(p, region);
    if (!targets || region_map_read(p->mm->map, site->address, code, left, &done) != JN_OK ||
        done < left || !site_plan(targets, site->address, code, left, &site->plan))
        return false;
    if (site->address % PAGE + site->plan.length > PAGE || !hide_from_now(p, region, site->address))
        return false;
    memcpy(site->bytes, code, site->plan.length);
    site->stub = stub_place(p, site->address);
    if (!site->stub || !write_stub(p, site))
        return false;
    uint8_t bytes[SITE_MOST];
    memset(put_jump(bytes, site->address, entry_of(site)), 0x90, sizeof bytes - SITE_JUMP);
    return write_site(t, site, bytes);
}

static void redirect_consider(struct thread *t, uint64_t rip, uint64_t number)
{
    if (t->process->mm->users != 1 || t->process->trace || !library_gs_is_ours ||
        !(jn_info()->cpuid7_ecx & CPUID_KEYS))
        return;
    for (uint32_t i = 0; i < site_count; i++)
        if (sites[i].address == rip - 2)
            return;
    /* A text is searched when the door has cost a good part of what that will: most programs end before. */
    const struct region *region = region_map_find(t->process->mm->map, rip - 2);
    door_calls += SHOWN_EVERY;
    if (region && !known_text(region) && door_calls * DOOR_COSTS < region->length * SCAN_COSTS)
        return;
    struct site *site = append((void **)&sites, site_count, sizeof *sites);
    if (!site)
        return;
    *site = (struct site){.address = rip - 2, .number = number};
    site_count++;
    site->redirected = redirect(t, site);
}

uint64_t placement_program_rip(uint64_t rip)
{
    for (uint32_t i = 0; i < site_count; i++) {
        uint64_t inside = rip - sites[i].stub;
        if (!sites[i].stub || inside >= STUB_BYTES)
            continue;
        uint64_t back = inside < STUB_PLAIN ? STUB_BACK : STUB_PLAIN_BACK;
        if (inside < back)
            return sites[i].address;
        inside -= back;
        return sites[i].address + 2 + (inside < sites[i].plan.copied ? inside : sites[i].plan.copied);
    }
    return rip;
}

/* Behind a site's syscall there is no instruction any more, while it is redirected. */
uint64_t placement_resume_rip(uint64_t rip)
{
    for (uint32_t i = 0; i < site_count; i++) {
        uint64_t inside = rip - sites[i].address;
        if (sites[i].redirected && inside >= 2 && inside < 2 + sites[i].plan.copied)
            return sites[i].stub + STUB_BACK + inside - 2;
    }
    return rip;
}

/* Stubs find the UTCB by GS; the door does not. */
void placement_gs_changes(struct process *p)
{
    library_gs_is_ours = false;
    placement_memory_changes(p, 0, ADAPTER_BASE);
}

bool placement_private_call(struct thread *t, long *result)
{
    struct jn_utcb *utcb = (struct jn_utcb *)t->backend.utcb;
    uint64_t *sampled = &utcb->words[6]; /* entry.asm; a register's cell */
    uint64_t number = *sampled;
    if (t->number != FAST_SAMPLE || number == FAST_NONE)
        return false; /* a program that makes this call itself */
    *sampled = FAST_NONE;
    number--;
    if (adapter_fast[number] != (uint64_t)(uintptr_t)adapter_slow)
        redirect_consider(t, t->rip, number);
    /* Now the call itself. */
    if (backend_thread_read(&t->backend, JN_STATE_REGS, &core_state) != JN_OK)
        return false;
    core_state.rip = t->rip - 2;
    core_state.r[JN_REG_RAX] = number;
    if (backend_thread_write(&t->backend, JN_STATE_REGS, &core_state) != JN_OK)
        return false;
    *result = CORE_STATE;
    return true;
}

/* Every site that touches the range has its own bytes afterwards, and never another again. Its stub stays:
 * somebody may be in it. */
static void give_back(struct process *p, uint64_t address, uint64_t end)
{
    for (uint32_t i = 0; i < site_count; i++) {
        struct site *site = &sites[i];
        if (site->address + SITE_MOST <= address || site->address >= end || !site->redirected)
            continue;
        uint8_t jump[SITE_JUMP], now[SITE_JUMP];
        uint64_t done = 0;
        put_jump(jump, site->address, entry_of(site));
        if (region_map_read(p->mm->map, site->address, now, sizeof now, &done) == JN_OK &&
            done == sizeof now && !memcmp(now, jump, sizeof now) &&
            (!hide(p, site->address & ~(PAGE - 1)) ||
             !write_text(p, site->address, site->bytes, site->plan.length)))
            jn_log(JN_LOG_ERROR, "a call site stays redirected at %#lx",
                   (unsigned long)site->address);
        site->redirected = false;
    }
}

void placement_memory_changes(struct process *p, uint64_t address, uint64_t length)
{
    uint64_t end = address + length;
    give_back(p, address, end);
    for (uint32_t i = 0; i < text_count; i++)
        if (texts[i].begin < end && texts[i].begin + texts[i].length > address) {
            free(texts[i].bits);
            texts[i--] = texts[--text_count];
        }
}

void redirect_forget(void)
{
    while (text_count)
        free(texts[--text_count].bits);
    free(texts);
    free(sites);
    free(stub_pages);
    free(text_pages);
    texts = NULL;
    sites = NULL;
    stub_pages = NULL;
    text_pages = NULL;
    site_count = stub_page_count = text_page_count = 0;
    door_calls = 0;
    library_gs_is_ours = true;
}

void placement_memory_shown(struct process *p, uint64_t address)
{
    uint64_t page = address & ~(PAGE - 1);
    for (uint32_t i = 0; i < text_page_count; i++)
        if (text_pages[i].address == page && !text_pages[i].shown) {
            text_pages[i].shown = true;
            give_back(p, page, page + PAGE);
        }
}
