/* The Win32 core's world in the central server: processes, threads and files of Janus. */
#ifndef WIN32_GUEST_H
#define WIN32_GUEST_H

#include "core.h"
#include "janus/backend/clients.h"
#include "janus/backend/io.h"
#include "janus/backend/memory.h"
#include "janus/backend/process.h"
#include "janus/backend/thread.h"
#include "janus/list.h"
#include "janus/region.h"
#include "janus/region_guest.h"
#include "janus/runtime.h"

/* Pages of a private mapping whose bytes do not lie on page boundaries of their file: each is read
 * when it is first touched. */
struct guest_lazy {
    struct guest_lazy *next;
    uint64_t address, length; /* whole pages */
    uint64_t number, offset, file_length;
    uint8_t *filled; /* a bit a page */
};

struct guest_source {
    struct guest_source *next;
    struct region_source *source;
    uint64_t number;
    uint32_t file;
};

struct world_process {
    struct backend_clients clients;
    cap_t kernel_task, pool;
    struct region_guest guest;
    struct region_map *map;
    struct guest_lazy *lazy;
    struct guest_source *sources;
    struct world_thread *threads;
    struct nt_process *core; /* found again by world_core */
    uint64_t pid, cookie;
    bool prepared; /* a kernel Task waits for its commit */
    bool committed;
    bool breakaway; /* of the next child */
    struct world_process *next; /* all, by cookie */
    int64_t paid_pages; /* charged at the pager, and not used: world_memory_commit */
    struct guest_foreign *foreign; /* children that wait for their resume */
};

struct world_thread {
    struct backend_thread thread;
    struct world_process *process;
    struct world_thread *next;
    uint64_t cookie;
    struct jn_state *first; /* until it is started */
    bool stopped;           /* its message is current or held */
    bool call;              /* the message is a system call */
    uint8_t armed[4];       /* times its cookie was armed at the servers since world_disarm, by RING_.. */
};

#define GUEST_PROCESS_COOKIE (1ull << 61)

extern cap_t guest_pager_template;
extern void *guest_shared_page;
extern uint32_t guest_running; /* threads that do not stand in the core */
/* clock.c: a thread starts, or goes on after it has waited; the clock may have stood still. */
void guest_clock_fresh(void);

/* take.c: a hand-over record; the clients are taken over on success. */
jn_status_t guest_take(const void *record, size_t length, const struct backend_clients *clients);
/* A process with these clients (taken over on success; `pager` is replaced by a fresh one). */
jn_status_t guest_process_create(const struct backend_clients *clients, uint64_t pid,
                                 struct world_process **process);
struct world_process *guest_process_by_cookie(uint64_t cookie);
struct world_process *guest_process_any(void);
/* The cookie was, or may have been, armed once at the server of this ring (RING_..); and: its entry has
 * come. world_disarm asks the servers that may have it still. */
void guest_armed(uint64_t cookie, unsigned ring);
void guest_unarmed(uint64_t cookie, unsigned ring);
/* A thread of the process whose message gives a way to its memory; NULL: none. */
struct world_thread *guest_lender(struct world_process *p);
/* Resolves a fault for the kernel's message or for a copy. */
jn_status_t guest_resolve(struct world_process *p, uint64_t address, uint32_t access);
void guest_lazy_remove(struct world_process *p, uint64_t address, uint64_t length);
void guest_memory_drop(struct world_process *p);
/* The region source of an open file or shared dataspace, made once. */
struct region_source *guest_source(struct world_process *p, uint32_t file, uint64_t number);
void guest_source_forget(struct world_process *p, uint32_t file, uint64_t number);
/* Requests of other processes go to the core, which may end this one with it. */
void guest_take_requests(struct world_process *p, struct nt_process *core);
/* Clients of a new child, with nothing but its pid; no pager. */
jn_status_t guest_child_clients(struct world_process *p, uint64_t *pid,
                                struct backend_clients *clients);
/* What was prepared for a child of another personality is dropped. */
void guest_foreign_drop(struct world_process *p);

static inline struct backend_open guest_open(struct world_open open)
{
    return (struct backend_open){open.server, open.number};
}

#endif
