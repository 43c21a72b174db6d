/* Programs: how one begins in a process that is handed over, finds its memory, and ends. */
#include "../abi.h"

#include <stdlib.h>
#include <string.h>

#include "core.h"
#include "janus/backend/io.h"
#include "janus/backend/process.h"
#include "janus/handover.h"
#include "janus/runtime.h"

#define FUND_FRAMES 64
#define FLAGS_FIRST 0x202
#define SIGNAL_SEGV 11
#define STATUS_NOT_STARTABLE 126
/* CHLD, CONT, URG, WINCH mean nothing here; every other signal ends a program. */
#define SIGNALS_IGNORED (1ull << 16 | 1ull << 17 | 1ull << 22 | 1ull << 27)

/* Handles: place in the table in the low half, how often that place was used in the high one, so that
 * a late event never reaches a newcomer. */
static struct {
    struct program *program;
    uint32_t used;
} *table;
static uint32_t table_size;

struct program *program_find(uint64_t handle)
{
    uint32_t place = (uint32_t)handle;
    return place < table_size && table[place].used == handle >> 32 ? table[place].program : NULL;
}

static struct program *program_create(void)
{
    uint32_t place = 0;
    struct program *p = calloc(1, sizeof *p);
    while (place < table_size && table[place].program)
        place++;
    if (p && place == table_size) {
        void *larger = realloc(table, (place + 64) * sizeof *table);
        if (larger) {
            table = larger;
            memset(&table[place], 0, 64 * sizeof *table);
            table_size += 64;
        }
    }
    if (!p || place == table_size) {
        free(p);
        return NULL;
    }
    table[place].program = p;
    table[place].used = (table[place].used + 1) & 0x1fffffff; /* labels have 62 bits */
    p->handle = (uint64_t)table[place].used << 32 | place;
    return p;
}

static void program_free(struct program *p)
{
    if (p->map)
        region_map_destroy(p->map, false);
    if (p->space.context)
        backend_space_close(&p->space);
    backend_cap_drop(p->place.task);
    backend_cap_drop(p->place.pool);
    table[(uint32_t)p->handle].program = NULL;
    free(p);
}

void program_end(struct program *p, uint32_t kind, uint32_t code)
{
    backend_thread_destroy(&p->thread);
    backend_clients_drop_files(&p->clients); /* what its reader finds after the end is settled */
    if (kind && backend_process_exit(p->clients.task, kind, code) != JN_OK)
        jn_log(JN_LOG_ERROR, "process %lu could not be ended", (unsigned long)p->pid);
    backend_clients_drop(&p->clients);
    program_free(p);
}

jn_status_t program_resolve(struct program *p, uint64_t address, uint32_t access)
{
    for (;;) {
        uint64_t got = 0;
        jn_status_t status = region_map_resolve(p->map, address, access, JN_CAP_NULL);
        if (status == JN_NO_MEMORY &&
            (backend_process_fund(p->clients.task, FUND_FRAMES, &got) != JN_OK || !got))
            return status;
        if (status != JN_NO_MEMORY && status != JN_RETRY)
            return status;
    }
}

/* ---- the image ---- */

static uint64_t page_up(uint64_t bytes)
{
    return (bytes + REGION_PAGE - 1) & ~(REGION_PAGE - 1);
}

static jn_status_t add(struct program *p, uint64_t at, uint64_t length, uint32_t access,
                       struct region_source *source)
{
    struct region_request request = {
        .place = REGION_FIXED_NOREPLACE, .address = at, .length = length, .access = access,
        .kind = source ? REGION_FILE_PRIVATE : REGION_PRIVATE, .source = source};
    return length ? region_map_add(p->map, &request, &at) : JN_OK;
}

/* The program that the record names, and its header. The caller of take keeps its own open. */
static jn_status_t open_program(const struct backend_clients *clients, const struct handover *h,
                                struct backend_open *file, struct example_header *header,
                                struct io_stat *stat)
{
    struct backend_path path = {h->header.directory, h->path, strlen(h->path), 0};
    uint64_t done = 0;
    uint32_t created;
    if (h->header.program)
        path = (struct backend_path){h->header.program, "", 0, FS_LOOKUP_EMPTY};
    jn_status_t status =
        backend_fs_open(clients, &path, FS_OPEN_NOT_DIRECTORY, IO_ACCESS_READ | IO_ACCESS_EXECUTE,
                        7, 0, 0, file, &created);
    if (status != JN_OK)
        return status;
    status = backend_io_stat(clients, *file, stat);
    if (status == JN_OK)
        status = backend_io_read(clients, *file, 0, sizeof *header, 0, 0,
                                 backend_window(header, sizeof *header), &done);
    if (status == JN_OK && (done < sizeof *header || header->magic != EXAMPLE_MAGIC))
        status = JN_NOT_EXECUTABLE;
    else if (status == JN_OK && (header->entry >= stat->size || stat->size > EXAMPLE_LIMIT / 4 ||
                                 header->memory > EXAMPLE_LIMIT / 4))
        status = JN_BAD_IMAGE;
    else if (status == JN_OK && h->header.arguments_length > EXAMPLE_ARGUMENTS_MAX)
        status = JN_TOO_BIG;
    if (status != JN_OK)
        backend_io_close(clients, *file);
    return status;
}

static jn_status_t load(struct program *p, const struct handover *h, uint64_t *entry)
{
    struct example_header header;
    struct backend_open file;
    struct io_stat stat;
    uint64_t done;
    jn_status_t status = open_program(&p->clients, h, &file, &header, &stat);
    if (status != JN_OK)
        return status;
    struct region_source *source = region_source_create(p->map, REGION_SOURCE_FILE, file.number,
                                                        stat.inode, JN_R | JN_X);
    if (!source) {
        backend_io_close(&p->clients, file);
        return JN_NO_MEMORY;
    }
    uint64_t length = page_up(stat.size);
    status = add(p, EXAMPLE_BASE, length, JN_R | JN_X, source);
    region_source_release(p->map, source); /* the region has a use of its own */
    if (status == JN_OK)
        status = add(p, EXAMPLE_BASE + length, page_up(header.memory), JN_R | JN_W, NULL);
    if (status == JN_OK)
        status = add(p, EXAMPLE_STACK_TOP - EXAMPLE_STACK_SIZE,
                     EXAMPLE_STACK_SIZE + REGION_PAGE, JN_R | JN_W, NULL);
    if (status == JN_OK)
        status = region_map_write(p->map, EXAMPLE_STACK_TOP, h->arguments,
                                  h->header.arguments_length, true, &done);
    *entry = EXAMPLE_BASE + header.entry;
    return status;
}

/* A fresh Task with the image and its thread, which becomes the process's with the commit. */
static jn_status_t start(struct program *p, const struct handover *h)
{
    static struct jn_state state; /* too large for the stack */
    uint64_t entry = 0;
    jn_status_t status =
        backend_space_open(p->place.pager, p->clients.fs, p->place.task, &p->space);
    if (status == JN_OK)
        p->map = region_map_create(p->space.ops, p->space.context, EXAMPLE_BASE, EXAMPLE_LIMIT);
    if (status == JN_OK)
        status = p->map ? load(p, h, &entry) : JN_NO_MEMORY;
    if (status == JN_OK)
        status = backend_thread_create(p->place.pool, p->place.task, p->handle, &p->thread);
    if (status == JN_OK)
        status = backend_process_commit(p->clients.task, TASK_PERSONALITY_NATIVE);
    memset(&state, 0, sizeof state);
    state.rip = entry;
    state.rflags = FLAGS_FIRST;
    state.r[JN_REG_RSP] = EXAMPLE_STACK_TOP;
    state.r[JN_REG_RDI] = h->header.argument_count;
    state.r[JN_REG_RSI] = EXAMPLE_STACK_TOP;
    return status == JN_OK
               ? backend_thread_start(&p->thread, JN_STATE_REGS | JN_STATE_BASES, &state)
               : status;
}

static jn_status_t check(const struct handover *h, const struct backend_clients *clients)
{
    struct example_header header;
    struct backend_open file;
    struct io_stat stat;
    jn_status_t status = open_program(clients, h, &file, &header, &stat);
    if (status == JN_OK)
        backend_io_close(clients, file);
    return status;
}

static jn_status_t take(const struct handover *h, const struct backend_clients *clients)
{
    struct personality_task place;
    struct backend_ids ids;
    jn_status_t status = backend_process_ids(clients->task, 0, &ids);
    struct program *p = status == JN_OK ? program_create() : NULL;
    if (!p)
        return status == JN_OK ? JN_NO_MEMORY : status;
    status = personality_prepare(clients, ids.pid, &place);
    if (status != JN_OK) {
        program_free(p);
        return status;
    }
    p->place = place;
    p->pid = ids.pid;
    p->clients = *clients;
    for (uint32_t i = 0; i < h->header.descriptor_count; i++) {
        const struct handover_descriptor *d = &h->descriptors[i];
        if (d->fd <= 1)
            *(d->fd ? &p->output : &p->input) = (struct backend_open){d->server, d->number};
    }
    status = backend_process_set_cookie(clients->task, p->handle);
    if (status == JN_OK)
        status = start(p, h);
    backend_cap_drop(clients->pager); /* the old image's memory */
    p->clients.pager = p->place.pager;
    if (status != JN_OK) { /* its clients serve the new image already: there is no way back */
        jn_log(JN_LOG_WARNING, "process %lu cannot start: %s", (unsigned long)p->pid,
               jn_status_text(status));
        program_end(p, TASK_EXITED, STATUS_NOT_STARTABLE);
    }
    return JN_OK;
}

/* ---- what comes to a program ---- */

static void message(uint64_t label, uint32_t kind, const uint64_t words[10])
{
    struct program *p = program_find(label);
    if (!p)
        return;
    if (kind == JN_KM_ATTENTION) {
        backend_thread_answer_resume(&p->thread, false);
        return;
    }
    if (kind == JN_KM_SYSCALL) {
        p->call[0] = words[4], p->call[1] = words[5], p->call[2] = words[6];
        call_run(p);
        return;
    }
    uint32_t access = words[1] & JN_ACCESS_WRITE ? JN_W : words[1] & JN_ACCESS_EXEC ? JN_X : JN_R;
    if (kind == JN_KM_PAGE_FAULT && program_resolve(p, words[0], access) == JN_OK) {
        backend_thread_answer_resume(&p->thread, false);
        return;
    }
    jn_log(JN_LOG_WARNING, "process %lu ends by %s %lx at %#lx", (unsigned long)p->pid,
           kind == JN_KM_PAGE_FAULT ? "a fault of address" : "exception", (unsigned long)words[0],
           (unsigned long)words[2]);
    program_end(p, TASK_SIGNALLED, SIGNAL_SEGV);
}

static void event(bool process, uint64_t cookie, uint32_t events)
{
    struct program *p = program_find(cookie);
    struct task_siginfo info;
    uint64_t pending;
    uint32_t number = 1;
    if (p && !process && p->waiting)
        call_run(p);
    else if (p && process && (events & TASK_EVENT_KILLED))
        program_end(p, 0, 0);
    else if (p && process)
        while (number && backend_process_take_signal(p->clients.task, ~0ull, &number, &info,
                                                     &pending) == JN_OK)
            if (number && !(SIGNALS_IGNORED >> (number - 1) & 1)) {
                program_end(p, TASK_SIGNALLED, number);
                return;
            }
}

const struct personality_core personality_core = {"example", check, take, message, event};
