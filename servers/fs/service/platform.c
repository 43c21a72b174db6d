/* The guest's side of platform.h. */
#include "platform.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client.h"
#include "janus/idl/client.h"
#include "janus/idl/console.h"
#include "janus/idl/dataspace.h"
#include "janus/idl/supervisor.h"
#include "janus/idl/task.h"
#include "janus/ipc.h"
#include "janus/object.h"
#include "janus/runtime.h"

/* ---- page cache memory ---- */

#define CHUNK_BYTES (2ull << 20)
#define CHUNK_ORDER 21

struct chunk_record {
    uint64_t address; /* kept when the chunk goes: the address is used again */
    uint64_t ds;      /* 0: nothing is there */
    struct chunk_record *next;
};

static struct chunk_record *chunks;

static struct chunk_record *free_record(void)
{
    for (struct chunk_record *record = chunks; record; record = record->next)
        if (!record->ds)
            return record;
    struct chunk_record *record = calloc(1, sizeof(*record));
    if (!record)
        return NULL;
    record->address = jn_reserve(CHUNK_BYTES, CHUNK_ORDER);
    if (!record->address) {
        free(record);
        return NULL;
    }
    record->next = chunks;
    chunks = record;
    return record;
}

void *platform_chunk_get(void)
{
    struct chunk_record *record = free_record();
    uint64_t done = 0, mapped = 0;
    /* All rights: programs map code and data of files out of here. Resident at once, because the
     * kernel copies into it and a server must not fault on its own memory. */
    if (!record || dataspace_create(JN_CAP_PAGER, CHUNK_BYTES, DS_PINNED, &record->ds) != JN_OK)
        return NULL;
    while (done < CHUNK_BYTES) {
        jn_status_t status =
            dataspace_map(JN_CAP_PAGER, record->ds, done, record->address + done,
                          CHUNK_BYTES - done, JN_R | JN_W | JN_X, 0, &mapped);
        if (status != JN_OK || !mapped) {
            platform_chunk_release((void *)record->address);
            return NULL;
        }
        done += mapped;
    }
    return (void *)record->address;
}

void platform_chunk_release(void *chunk)
{
    for (struct chunk_record *record = chunks; record; record = record->next)
        if (record->address == (uint64_t)chunk && record->ds) {
            jn_status_t status = dataspace_close(JN_CAP_PAGER, record->ds);
            if (status != JN_OK)
                jn_log(JN_LOG_ERROR, "page cache: closing: %s", jn_status_text(status));
            record->ds = 0;
            return;
        }
}

/* ---- programs' mappings ---- */

void platform_unmap(const void *address, uint64_t pages)
{
    uint64_t seen, bits;
    jn_status_t status =
        jn_task_unmap(JN_CAP_TASK, (uint64_t)address, pages, JN_R | JN_W | JN_X,
                      JN_UNMAP_DERIVED_ONLY, &seen, &bits);
    if (status != JN_OK)
        jn_log(JN_LOG_ERROR, "unmapping %llu pages: %s", (unsigned long long)pages,
               jn_status_text(status));
}

jn_status_t platform_map(cap_t space, const void *from, uint64_t address, uint64_t pages,
                         uint32_t access, uint64_t *mapped)
{
    return jn_task_map(space, from, address, pages, access, false, mapped);
}

/* ---- entropy ---- */

static bool has_rdrand(void)
{
    uint32_t a = 1, b, c = 0, d;
    __asm__("cpuid" : "+a"(a), "=b"(b), "+c"(c), "=d"(d));
    return c >> 30 & 1;
}

uint64_t platform_free_pages(void)
{
    uint64_t free_pages;
    return dataspace_machine(JN_CAP_PAGER, &free_pages) == JN_OK ? free_pages : 0;
}

void platform_counters(uint64_t words[PLATFORM_COUNTERS])
{
    static cap_t counters;
    if (!counters &&
        supervisor_grant(JN_CAP_SUPERVISOR, "counters", 8, &counters) != JN_OK)
        return;
    if (jn_invoke(counters, JN_OP_COUNTERS, words) != JN_OK)
        memset(words, 0, PLATFORM_COUNTERS * sizeof(*words));
}

uint64_t platform_seed(void)
{
    uint64_t seed = 0, value;
    if (has_rdrand()) {
        for (int attempt = 0; attempt < 10; attempt++) {
            uint8_t ok;
            __asm__ volatile("rdrand %0; setc %1" : "=r"(value), "=qm"(ok));
            if (ok) {
                seed = value;
                break;
            }
        }
    }
    /* Without it, or beside it: the jitter of the time stamp counter. */
    for (int i = 0; i < 32; i++) {
        uint32_t low, high;
        __asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
        seed = (seed << 7 | seed >> 57) ^ ((uint64_t)high << 32 | low) * 0x9e3779b97f4a7c15ull;
    }
    return seed;
}

void platform_unsupported(const char *format, ...)
{
    char line[200];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(line, sizeof(line), format, arguments);
    va_end(arguments);
    jn_log(JN_LOG_WARNING, "not supported: %s", line);
}

/* ---- other servers, looked for when they are first wanted ---- */

static cap_t task_server, console_server;

/* A client of the server under that name, made through its administrative capability. */
static cap_t find_server(cap_t *server, const char *name)
{
    cap_t administrator;
    if (*server || jn_name_lookup(name, &administrator) != JN_OK)
        return *server;
    if (client_create(administrator, 0, 0, 0, server) == JN_OK)
        jn_cap_delete(administrator);
    else
        *server = administrator; /* a server whose name leads to a client already */
    return *server;
}

jn_status_t platform_process_next(uint64_t from, struct task_status *status)
{
    cap_t server = find_server(&task_server, "svc/task");
    return server ? task_next(server, from, status) : JN_NO_SERVICE;
}

jn_status_t platform_process_status(uint64_t pid, struct task_status *status)
{
    cap_t server = find_server(&task_server, "svc/task");
    return server ? task_status(server, pid, status) : JN_NO_SERVICE;
}

jn_status_t platform_process_info(uint64_t pid, uint32_t field, char *buffer, size_t capacity,
                                  size_t *length)
{
    uint64_t true_length = 0;
    cap_t server = find_server(&task_server, "svc/task");
    if (!server)
        return JN_NO_SERVICE;
    jn_status_t status =
        task_get_info(server, pid, field, capacity, jn_window(buffer, capacity), &true_length);
    *length = true_length;
    return status;
}

jn_status_t platform_process_credentials(cap_t process, uint64_t *pid,
                                         struct task_credentials *credentials)
{
    cap_t server = find_server(&task_server, "svc/task");
    /* identify answers for capabilities of servers/task only: it is safe to call this one then. */
    jn_status_t status = server ? task_identify(server, process, pid) : JN_NO_SERVICE;
    if (status == JN_OK)
        status = task_credentials(process, credentials);
    jn_cap_delete(process);
    return status;
}

jn_status_t platform_terminal_next(uint64_t from, struct platform_terminal *terminal)
{
    cap_t server = find_server(&console_server, "svc/console");
    if (!server)
        return JN_NO_SERVICE;
    return console_next_pts(server, from, &terminal->number, &terminal->uid, &terminal->gid,
                            &terminal->mode);
}
