/* Fakes of what surrounds the file server's core. */
#include "fake.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include "janus/abi/info.h"
#include "janus/idl/task.h"
#include "janus/object.h"
#include "janus/ring.h"
#include "janus/runtime.h"
#include "platform.h"

struct fake_window fake_windows[2];
struct fake_event fake_events[1024];
unsigned fake_event_count;
uint64_t fake_chunks_left = 64;

struct jn_call *fake_call(uint64_t label)
{
    static struct jn_call call;
    memset(&call, 0, sizeof(call));
    call.label = label;
    memset(fake_windows, 0, sizeof(fake_windows));
    return &call;
}

void fake_offer(unsigned window, const void *address, size_t length)
{
    fake_windows[window] = (struct fake_window){(void *)address, length, SIZE_MAX};
}

static jn_status_t copy(struct jn_call *call, unsigned index, uint64_t offset, void *buffer,
                        size_t length, size_t *done, bool in)
{
    struct fake_window *window = &fake_windows[index];
    *done = 0;
    if (offset > window->length || length > window->length - offset)
        return JN_WINDOW;
    jn_status_t status = JN_OK;
    if (offset + length > window->fault_at) {
        length = offset < window->fault_at ? window->fault_at - offset : 0;
        call->fault_address = (uint64_t)window->address + window->fault_at;
        status = JN_FAULT;
    }
    if (length && in)
        memcpy(buffer, (char *)window->address + offset, length);
    else if (length)
        memcpy((char *)window->address + offset, buffer, length);
    *done = length;
    return status;
}

jn_status_t jn_copy_in(struct jn_call *call, unsigned index, uint64_t offset, void *buffer,
                       size_t length, size_t *done)
{
    return copy(call, index, offset, buffer, length, done, true);
}

jn_status_t jn_copy_out(struct jn_call *call, unsigned index, uint64_t offset, const void *buffer,
                        size_t length, size_t *done)
{
    return copy(call, index, offset, (void *)buffer, length, done, false);
}

/* ---- time, log ---- */

static int64_t now(clockid_t clock)
{
    struct timespec time;
    clock_gettime(clock, &time);
    return time.tv_sec * 1000000000ll + time.tv_nsec;
}

int64_t jn_time_real(void)
{
    return now(CLOCK_REALTIME);
}

uint64_t jn_time_monotonic(void)
{
    return (uint64_t)now(CLOCK_MONOTONIC);
}

const struct jn_info *jn_info(void)
{
    static const struct jn_info info = {.cpus = 2,
                                        .ram_bytes = 256 << 20,
                                        .tsc_hz = 2000000000,
                                        .cpu_vendor = "GenuineIntel",
                                        .cpu_brand = "Fake CPU"};
    return &info;
}

uint64_t platform_free_pages(void)
{
    return 1000;
}

void platform_counters(uint64_t words[PLATFORM_COUNTERS])
{
    words[0] = 17;
}

void platform_unsupported(const char *format, ...)
{
    (void)format;
}

uint64_t platform_seed(void)
{
    static uint64_t seed = 1;
    return seed = seed * 6364136223846793005ull + 1442695040888963407ull;
}

/* ---- capabilities ---- */

#define FAKE_GATE 77

jn_status_t jn_gate_mint(cap_t gate, uint64_t label, uint32_t rights, cap_t *out)
{
    (void)gate;
    (void)rights;
    *out = label << 8;
    return JN_OK;
}

jn_status_t jn_cap_info(cap_t cap, uint32_t *type, uint32_t *rights, uint64_t *identity,
                        uint64_t *label)
{
    *type = JN_TYPE_GATE;
    *rights = JN_RIGHT_ALL;
    *identity = FAKE_GATE;
    *label = cap >> 8;
    return JN_OK;
}

void jn_cap_delete(cap_t cap)
{
    (void)cap;
}

/* Signals: capabilities counted from one number; copies are the object's own number. */
#define FAKE_SIGNALS 256
uint64_t fake_raised[FAKE_SIGNALS];
static bool signal_dead[FAKE_SIGNALS];
static cap_t next_signal = 1;

jn_status_t jn_signal_create(cap_t pool, cap_t *out)
{
    (void)pool;
    if (next_signal == FAKE_SIGNALS)
        return JN_NO_MEMORY;
    *out = next_signal++;
    return JN_OK;
}

jn_status_t jn_signal_raise(cap_t signal, uint64_t bits)
{
    (void)bits;
    if (signal_dead[signal])
        return JN_DEAD;
    fake_raised[signal]++;
    return JN_OK;
}

bool fake_signal_is_dead(cap_t signal)
{
    return signal_dead[signal];
}

jn_status_t jn_cap_copy(cap_t source, uint32_t rights, cap_t *out)
{
    (void)rights;
    *out = source;
    return JN_OK;
}

jn_status_t jn_cap_destroy(cap_t cap)
{
    signal_dead[cap] = true;
    return JN_OK;
}

/* ---- rings ---- */

jn_status_t jn_ring_create(struct jn_ring *ring, uint32_t entries, cap_t signal, uint64_t bits,
                           struct jn_pages *pages)
{
    *ring = (struct jn_ring){.count = entries, .signal = signal, .bits = bits, .users = 1};
    *pages = (struct jn_pages){0};
    return JN_OK;
}

void jn_ring_destroy(struct jn_ring *ring)
{
    ring->count = 0;
}

jn_status_t jn_ring_arm(struct jn_ring *ring)
{
    if (ring->armed >= ring->count)
        return JN_NO_MEMORY;
    ring->armed++;
    return JN_OK;
}

void jn_ring_disarm(struct jn_ring *ring)
{
    ring->armed--;
}

jn_status_t jn_ring_grow(struct jn_ring *ring, uint64_t label, uint32_t entries,
                         struct jn_pages *pages, uint32_t *count)
{
    if (label != ring->opener)
        return JN_NO_RIGHT;
    ring->count = *count = entries;
    *pages = (struct jn_pages){0};
    return JN_OK;
}

void jn_ring_post(struct jn_ring *ring, uint64_t cookie, uint32_t events)
{
    ring->armed--;
    if (fake_event_count < 1024)
        fake_events[fake_event_count++] = (struct fake_event){cookie, events};
}

/* ---- memory of the page cache, and one task to map into ---- */

#define CHUNK_BYTES (2u << 20)

void *platform_chunk_get(void)
{
    if (!fake_chunks_left)
        return NULL;
    fake_chunks_left--;
    void *chunk = mmap(NULL, CHUNK_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return chunk == MAP_FAILED ? NULL : chunk;
}

void platform_chunk_release(void *chunk)
{
    fake_chunks_left++;
    munmap(chunk, CHUNK_BYTES);
}

#define FAKE_PAGES 256
static struct {
    uint64_t address;
    const char *from;
    uint32_t access;
} mapped_pages[FAKE_PAGES];

jn_status_t platform_map(cap_t space, const void *from, uint64_t address, uint64_t pages,
                         uint32_t access, uint64_t *mapped)
{
    (void)space;
    *mapped = 0;
    for (uint64_t i = 0; i < pages; i++) {
        int free_slot = -1;
        for (int slot = FAKE_PAGES - 1; slot >= 0; slot--)
            if (mapped_pages[slot].address == address + i * 4096 || !mapped_pages[slot].from)
                if (free_slot < 0 || mapped_pages[slot].address == address + i * 4096)
                    free_slot = slot;
        if (free_slot < 0)
            return JN_NO_MEMORY;
        mapped_pages[free_slot].address = address + i * 4096;
        mapped_pages[free_slot].from = (const char *)from + i * 4096;
        mapped_pages[free_slot].access = access;
        ++*mapped;
    }
    return JN_OK;
}

void platform_unmap(const void *address, uint64_t pages)
{
    const char *start = address;
    for (int slot = 0; slot < FAKE_PAGES; slot++)
        if (mapped_pages[slot].from >= start && mapped_pages[slot].from < start + pages * 4096) {
            mapped_pages[slot].from = NULL;
            mapped_pages[slot].address = 0;
        }
}

void *fake_mapped(uint64_t address, uint32_t *access)
{
    for (int slot = 0; slot < FAKE_PAGES; slot++)
        if (mapped_pages[slot].from && mapped_pages[slot].address == address) {
            *access = mapped_pages[slot].access;
            return (void *)mapped_pages[slot].from;
        }
    return NULL;
}

/* ---- processes and terminals ---- */

const char *fake_info[8];
size_t fake_info_length[8];

static void fill(struct task_status *status, uint64_t pid)
{
    *status = (struct task_status){.pid = pid,
                                   .parent = pid == 1 ? 0 : 1,
                                   .group = pid,
                                   .session = pid,
                                   .state = 'S',
                                   .threads = 1,
                                   .resident_pages = 10,
                                   .virtual_pages = 20};
    strcpy((char *)status->name, pid == 1 ? "init" : "a.out");
}

jn_status_t platform_process_next(uint64_t from, struct task_status *status)
{
    if (from > 7)
        return JN_NOT_FOUND;
    fill(status, from <= 1 ? 1 : 7);
    return JN_OK;
}

jn_status_t platform_process_status(uint64_t pid, struct task_status *status)
{
    if (pid != 1 && pid != 7)
        return JN_NO_PROCESS;
    fill(status, pid);
    return JN_OK;
}

jn_status_t platform_process_info(uint64_t pid, uint32_t field, char *buffer, size_t capacity,
                                  size_t *length)
{
    *length = 0;
    if (pid != 7 || !fake_info[field])
        return pid == 7 ? JN_OK : JN_NO_PROCESS;
    *length = fake_info_length[field];
    memcpy(buffer, fake_info[field], *length < capacity ? *length : capacity);
    return JN_OK;
}

jn_status_t platform_process_credentials(cap_t process, uint64_t *pid,
                                         struct task_credentials *credentials)
{
    if (process != 7)
        return JN_BAD_ARG;
    *pid = 7;
    *credentials = (struct task_credentials){.fsuid = 5, .fsgid = 6, .group_count = 1, .groups = {8}};
    return JN_OK;
}

jn_status_t platform_terminal_next(uint64_t from, struct platform_terminal *terminal)
{
    if (from > 2)
        return JN_NOT_FOUND;
    *terminal = (struct platform_terminal){from < 1 ? 0 : 2, 0, 5, 0620};
    return JN_OK;
}
