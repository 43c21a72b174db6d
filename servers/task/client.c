/* Labels, and the readiness rings through which personalities hear of their processes.
 */
#include <stdlib.h>

#include "janus/idl/client.h"
#include "janus/object.h"
#include "janus/runtime.h"
#include "janus/server.h"
#include "process.h"

struct jn_labels server_labels;

static struct list rings = {&rings, &rings};

struct process *client_process(uint64_t label)
{
    return jn_labels_find(&server_labels, label);
}

jn_status_t client_mint(struct process *process, cap_t *out)
{
    return jn_labels_mint(&server_labels, process, &process->label, out);
}

/* Nobody holds the process any more: one that still lives ends as if killed. */
void client_gone(uint64_t label)
{
    struct process *process = jn_labels_remove(&server_labels, label);
    if (!process)
        return;
    process->label = 0;
    if (!process->pid) { /* a supervisor's client */
        wait_disarm_all(process);
        request_drop_all(process);
        ring_release(process);
        free(process);
        return;
    }
    if (process->state < PROCESS_ZOMBIE)
        process_end(process, TASK_SIGNALLED, 9);
    else
        process_collect(process);
}

/* Only the process itself can say that of itself: the gate of its handler is its own capability here,
 * and the kernel puts that one's label on the message. words: JN_KM_EXCEPTION's. */
void client_adapter_failed(uint64_t label, const uint64_t *words)
{
    struct process *process = client_process(label);
    if (!process || !process->pid || process->state >= PROCESS_ZOMBIE)
        return;
    const char *name = process->info[TASK_INFO_NAME].data;
    jn_log(JN_LOG_ERROR,
           "process %lu (%.*s): its adapter failed at %#lx: exception %lu, error %#lx, address %#lx",
           (unsigned long)process->pid, name ? (int)process->info[TASK_INFO_NAME].length : 1,
           name ? name : "?", (unsigned long)words[2], (unsigned long)words[0],
           (unsigned long)words[1], (unsigned long)words[4]);
    process_end(process, TASK_SIGNALLED, 11); /* SIGSEGV */
}

void ring_release(struct process *process)
{
    struct ring *ring = process->ring;
    if (!ring)
        return;
    list_remove(&process->ring_due);
    process->ring = NULL;
    if (--ring->users)
        return;
    list_remove(&ring->link);
    if (ring->ring.header)
        jn_ring_destroy(&ring->ring);
    else
        jn_cap_delete(ring->ring.signal);
    free(ring);
}

void process_post(struct process *process, uint32_t events)
{
    uint32_t fresh = events & ~process->events;
    process->events |= events;
    if (!fresh || !process->ring || !process->cookie)
        return;
    const struct jn_ring *ring = &process->ring->ring;
    if (!ring->header) {
        jn_status_t ignored = jn_signal_raise(ring->signal, ring->bits);
        (void)ignored; /* who has no Signal hears nothing */
        return;
    }
    if (!list_empty(&process->ring->overflow) ||
        !jn_ring_post_unarmed(&process->ring->ring, process->cookie, process->events)) {
        list_remove(&process->ring_due);
        list_append(&process->ring->overflow, &process->ring_due);
    }
}

static void drain(struct ring *ring)
{
    while (!list_empty(&ring->overflow)) {
        struct process *process = list_entry(ring->overflow.next, struct process, ring_due);
        if (!jn_ring_post_unarmed(&ring->ring, process->cookie, process->events))
            return;
        list_remove(&process->ring_due);
    }
}

void rings_drain(void)
{
    list_for_each(at, &rings)
        drain(list_entry(at, struct ring, link));
}

static jn_status_t op_create(struct jn_call *call, uint64_t pid, uint32_t uid, uint32_t gid,
                             cap_t *client)
{
    if (call->label != JN_LABEL_ADMIN)
        return JN_NO_RIGHT;
    if (pid)
        return JN_BAD_ARG; /* processes come from task.create */
    struct process *process = calloc(1, sizeof *process);
    if (!process)
        return JN_NO_MEMORY;
    struct list *lists[] = {&process->children, &process->sibling, &process->zombies,
                            &process->zombie, &process->changed, &process->change,
                            &process->group_link, &process->queue, &process->ring_due,
                            &process->thread_queue,
                            &process->waiters, &process->watchers, &process->armed,
                            &process->requests, &process->asked,
                            &process->job_link, &process->jobs};
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
        list_init(lists[i]);
    process->group = init_process.group;
    process->credentials.uid = process->credentials.euid = uid;
    process->credentials.gid = process->credentials.egid = gid;
    jn_status_t status = client_mint(process, client);
    if (status != JN_OK)
        free(process);
    return status;
}

/* What had only its Signal becomes a ring for all who use it: nobody is armed there. Another's is left alone. */
static bool completes_ring(const struct process *process, uint64_t label, uint32_t entries)
{
    const struct ring *ring = process->ring;
    return entries && ring && !ring->ring.header && ring->opener == label;
}

static jn_status_t complete_ring(struct ring *ring, uint32_t entries, uint64_t bits, cap_t signal,
                                 struct jn_pages *pages, uint32_t *count)
{
    struct jn_ring made;
    jn_status_t status = jn_ring_create(&made, entries, signal, bits, pages);
    if (status != JN_OK) {
        jn_cap_delete(signal);
        return status;
    }
    jn_cap_delete(ring->ring.signal);
    ring->ring = made;
    *count = made.count;
    return JN_OK;
}

static jn_status_t op_open_ring(struct jn_call *call, uint32_t entries, uint64_t bits, cap_t signal,
                                struct jn_pages *pages, uint32_t *count)
{
    struct process *process = client_process(call->label);
    jn_status_t status = process ? JN_OK : JN_NO_RIGHT;
    if (status == JN_OK && (!list_empty(&process->armed) || !list_empty(&process->asked)))
        status = JN_BUSY;
    if (status == JN_OK && completes_ring(process, call->label, entries))
        return complete_ring(process->ring, entries, bits, signal, pages, count);
    struct ring *ring = status == JN_OK ? calloc(1, sizeof *ring) : NULL;
    if (!ring) {
        jn_cap_delete(signal);
        return status == JN_OK ? JN_NO_MEMORY : status;
    }
    if (entries)
        status = jn_ring_create(&ring->ring, entries, signal, bits, pages);
    else
        ring->ring = (struct jn_ring){.signal = signal, .bits = bits};
    if (status != JN_OK) {
        jn_cap_delete(signal);
        free(ring);
        return status;
    }
    list_init(&ring->overflow);
    list_append(&rings, &ring->link);
    ring_release(process);
    ring->users = 1;
    ring->opener = call->label;
    process->ring = ring;
    *count = ring->ring.count;
    return JN_OK;
}

jn_status_t client_identify(cap_t cap, struct process **out)
{
    void *client;
    jn_status_t status = jn_labels_identify(&server_labels, cap, &client);
    *out = client;
    return status;
}

static jn_status_t op_grow_ring(struct jn_call *call, uint32_t entries, struct jn_pages *pages,
                                uint32_t *count)
{
    struct process *process = client_process(call->label);
    struct ring *ring = process ? process->ring : NULL;
    if (!ring)
        return JN_NO_RIGHT;
    ring->ring.opener = ring->opener;
    return jn_ring_grow(&ring->ring, call->label, entries, pages, count);
}

static jn_status_t op_join_ring(struct jn_call *call, cap_t other)
{
    struct process *process = client_process(call->label), *from;
    jn_status_t status = client_identify(other, &from);
    if (status != JN_OK)
        return status;
    if (!process)
        return JN_NO_RIGHT;
    if (!from->ring)
        return JN_BUSY;
    if (from->ring == process->ring)
        return JN_OK;
    wait_disarm_all(process);
    request_disarm_all(process);
    ring_release(process);
    process->ring = from->ring;
    process->ring->users++;
    return JN_OK;
}

static jn_status_t op_end(struct jn_call *call)
{
    struct process *process = client_process(call->label);
    if (!process)
        return JN_NO_RIGHT;
    if (process->pid)
        process_end(process, TASK_SIGNALLED, 9);
    return JN_OK;
}

const struct client_ops client_operations = {
    .create = op_create,
    .end = op_end,
    .open_ring = op_open_ring,
    .grow_ring = op_grow_ring,
    .join_ring = op_join_ring,
};
