/* The id space: processes and threads share it. A two-level table indexed by id / 4 finds an owner
 * with two loads and enumerates in order; ids are handed out rising and wrap like Linux's. */
#include <stdlib.h>

#include "process.h"

#define LEAF 1024
#define SLOTS (PID_MAX / PID_STEP)
#define FIRST_AFTER_WRAP (300 / PID_STEP)

/* An entry is a struct process, tagged in bit 0 if the id is one of its threads'. */
static uintptr_t *leaves[SLOTS / LEAF];
static uint32_t leaf_used[SLOTS / LEAF];
static uint32_t next_slot = 1, used;

static uintptr_t *entry(uint64_t id)
{
    uint64_t slot = id / PID_STEP;
    if (id % PID_STEP || slot >= SLOTS || !leaves[slot / LEAF])
        return NULL;
    return &leaves[slot / LEAF][slot % LEAF];
}

jn_status_t id_allocate(void *owner, uint64_t *id)
{
    if (used >= SLOTS - FIRST_AFTER_WRAP)
        return JN_QUOTA;
    for (;;) {
        if (next_slot >= SLOTS)
            next_slot = FIRST_AFTER_WRAP;
        uint32_t slot = next_slot++, leaf = slot / LEAF;
        if (leaf_used[leaf] == LEAF) { /* a full leaf is passed in one step */
            next_slot = (leaf + 1) * LEAF;
            continue;
        }
        if (!leaves[leaf]) {
            leaves[leaf] = calloc(LEAF, sizeof(uintptr_t));
            if (!leaves[leaf])
                return JN_NO_MEMORY;
        }
        if (leaves[leaf][slot % LEAF])
            continue;
        leaves[leaf][slot % LEAF] = (uintptr_t)owner;
        leaf_used[leaf]++;
        used++;
        *id = (uint64_t)slot * PID_STEP;
        return JN_OK;
    }
}

void id_free(uint64_t id)
{
    uintptr_t *at = entry(id);
    if (!at || !*at)
        return;
    *at = 0;
    uint32_t leaf = (uint32_t)(id / PID_STEP / LEAF);
    used--;
    if (--leaf_used[leaf] == 0) {
        free(leaves[leaf]);
        leaves[leaf] = NULL;
    }
}

struct process *process_find_ended(uint64_t pid)
{
    if (pid == PID_INIT)
        return &init_process;
    uintptr_t *at = entry(pid);
    if (!at || !*at || *at & 1)
        return NULL;
    return (struct process *)*at;
}

struct process *process_find(uint64_t pid)
{
    struct process *process = process_find_ended(pid);
    return process && process->state == PROCESS_REAPED ? NULL : process;
}

struct process *process_next(uint64_t from)
{
    if (from <= PID_INIT)
        return &init_process;
    for (uint64_t slot = (from + PID_STEP - 1) / PID_STEP; slot < SLOTS;) {
        if (!leaves[slot / LEAF]) {
            slot = (slot / LEAF + 1) * LEAF;
            continue;
        }
        struct process *process = process_find(slot * PID_STEP);
        if (process)
            return process;
        slot++;
    }
    return NULL;
}

jn_status_t thread_id_allocate(struct process *process, uint64_t *id)
{
    jn_status_t status = id_allocate((void *)((uintptr_t)process | 1), id);
    if (status == JN_OK)
        process->threads++;
    return status;
}

jn_status_t thread_id_free(struct process *process, uint64_t id)
{
    uintptr_t *at = entry(id);
    if (!at || *at != ((uintptr_t)process | 1))
        return JN_NOT_FOUND;
    process->threads--;
    id_free(id);
    return JN_OK;
}

void thread_ids_drop(struct process *process)
{
    for (uint32_t leaf = 0; leaf < SLOTS / LEAF && process->threads > 1; leaf++)
        for (uint32_t i = 0; leaves[leaf] && i < LEAF && process->threads > 1; i++)
            if (leaves[leaf][i] == ((uintptr_t)process | 1)) {
                process->threads--;
                id_free(((uint64_t)leaf * LEAF + i) * PID_STEP);
            }
}

struct process *thread_owner(uint64_t id)
{
    uintptr_t *at = entry(id);
    if (!at || !*at)
        return NULL;
    return (struct process *)(*at & ~(uintptr_t)1);
}
