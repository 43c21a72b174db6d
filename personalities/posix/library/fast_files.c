/* Which descriptors are leased. A lease is asked for once a descriptor was used a few times in small
 * pieces, for a lease costs more than one call, and given up before anybody else can mean the open. */
#include "fast_files.h"

#include <stddef.h>
#include <stdlib.h>

#include "descriptors.h"
#include "janus/adapter.h"
#include "janus/idl/lease.h"
#include "janus/ipc.h"
#include "janus/object.h"
#include "janus/runtime.h"
#include "library.h"
#include "mm.h"
#include "placement.h"

#define FILES 128          /* descriptor numbers from here on are the handler's only */
#define USES 4             /* before a lease is asked for */
#define REFUSED (-256)     /* uses, after it was refused */
#define SMALL_BYTES 65536u /* larger transfers are as cheap by the server; COPY_MOST */

_Static_assert(offsetof(struct jn_utcb, user) == 1056 && ADAPTER_CAP_CLIENT_FS == 13 * 64 &&
                   LEASE_METHOD_KICK == (15 << 8 | 2),
               "fast.inc");

struct adapter_lease *fast_files;
uint32_t fast_file_count;

static int16_t uses[FILES];

/* ---- the lock ---- */

static struct thread *owner_of(struct process *p, uint32_t lock)
{
    struct thread *t;
    list_for_each(t, struct thread, &p->threads, link)
        if ((uint32_t)t->backend.utcb == lock)
            return t;
    return NULL;
}

/* A thread in the middle of its call is sent to the handler. */
static bool evict(void *context, struct adapter_lease *file, uint32_t lock)
{
    struct thread *t = owner_of(context, lock);
    enum jn_was was;
    if (!t || jn_thread_suspend(t->backend.thread, &was) != JN_OK)
        return true;
    bool sent = file->lock == lock && library_send_away(t, file);
    jn_status_t status = jn_thread_resume(t->backend.thread);
    if (status != JN_OK)
        jn_log(JN_LOG_ERROR, "a thread stays suspended: %s", jn_status_text(status));
    return sent;
}

static void take(struct process *p, struct adapter_lease *file)
{
    adapter_lease_lock(file, evict, p);
}

struct adapter_lease *fast_files_locked(struct thread *t, uint64_t file)
{
    uint64_t at = file - (uint64_t)(uintptr_t)fast_files;
    if (!fast_files || at >= fast_file_count * sizeof *fast_files || at % sizeof *fast_files)
        return NULL;
    struct adapter_lease *found = (struct adapter_lease *)file;
    return found->lock == (uint32_t)t->backend.utcb ? found : NULL;
}

/* ---- leases ---- */

static uint32_t number_of(const struct process *p, const struct descriptor *d)
{
    return (uint32_t)(d - p->descriptors.table);
}

void placement_used(struct process *p, const struct descriptor *d, uint64_t length)
{
    uint32_t fd = number_of(p, d);
    if (fd >= FILES || length > SMALL_BYTES)
        return;
    struct adapter_lease *file = fd < fast_file_count ? &fast_files[fd] : NULL;
    if (file && adapter_lease_has_ended(file))
        fast_files_release(p, fd);
    if (++uses[fd] < USES)
        return;
    if (file && file->kind && !adapter_lease_has_outgrown(file)) {
        uses[fd] = 0;
        return;
    }
    placement_take_back(p, d);
    uses[fd] = REFUSED;
    /* A vfork child's numbers are others', and edges are seen by the handler. */
    if (d->kind != DESCRIPTOR_OPEN || d->open.server != BACKEND_FS || d->watched ||
        p->trace || p->mm->users != 1)
        return;
    if (!fast_files) {
        fast_files = calloc(FILES, sizeof *fast_files);
        if (!fast_files)
            return;
        fast_file_count = FILES;
    }
    file = &fast_files[fd];
    take(p, file);
    file->flags = descriptor_nonblocking(p, d) ? FAST_NONBLOCK : 0;
    if (adapter_lease_take(file, d->open.number) == JN_OK)
        uses[fd] = 0;
    adapter_lease_unlock(file);
}

void fast_files_release(struct process *p, uint32_t fd)
{
    struct adapter_lease *file = &fast_files[fd];
    take(p, file);
    adapter_lease_drop(file);
    adapter_lease_unlock(file);
}

void placement_lock(struct process *p, const struct descriptor *d)
{
    uint32_t fd = number_of(p, d);
    if (fd < fast_file_count && fast_files[fd].kind)
        take(p, &fast_files[fd]);
}

void placement_unlock(struct process *p, const struct descriptor *d)
{
    uint32_t fd = number_of(p, d);
    if (fd < fast_file_count && fast_files[fd].lock == ADAPTER_LEASE_HANDLER)
        adapter_lease_unlock(&fast_files[fd]);
}

void placement_release(struct process *p, const struct descriptor *d)
{
    uint32_t fd = number_of(p, d);
    if (fd < FILES)
        uses[fd] = 0;
    fast_poll_release(fd);
    if (fd < fast_file_count && fast_files[fd].kind)
        fast_files_release(p, fd);
}

void placement_take_back(struct process *p, const struct descriptor *d)
{
    uint32_t fd = number_of(p, d);
    if (fd >= fast_file_count || !fast_files[fd].kind)
        return;
    uint64_t number = fast_files[fd].number;
    placement_release(p, d);
    jn_status_t status = lease_end(ADAPTER_CAP_CLIENT_FS, number);
    if (status != JN_OK)
        jn_log(JN_LOG_WARNING, "the end of a lease: %s", jn_status_text(status));
}

void placement_take_back_all(struct process *p)
{
    for (uint32_t fd = 0; fd < fast_file_count && fd < p->descriptors.size; fd++)
        placement_take_back(p, &p->descriptors.table[fd]);
}

void fast_files_child(void)
{
    fast_poll_child();
    adapter_leases_child();
}

bool fast_files_fault(struct thread *t, uint64_t address)
{
    for (uint32_t fd = 0; fd < fast_file_count; fd++) {
        struct adapter_lease *file = &fast_files[fd];
        enum adapter_lease_fault fault = adapter_lease_resolve(file, address);
        if (fault == ADAPTER_LEASE_RING_GONE) {
            if (file->lock == (uint32_t)t->backend.utcb)
                file->lock = 0;
            fast_files_release(t->process, fd);
        }
        if (fault != ADAPTER_LEASE_ELSEWHERE)
            return fault == ADAPTER_LEASE_MAPPED;
    }
    return false;
}
