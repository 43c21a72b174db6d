#include "nt_lease.h"

#include "core.h"

_Atomic uint64_t nt_leases[NT_LEASES];
uint32_t nt_lease_limits[NT_LEASES];
bool nt_lease_enabled;
void (*nt_lease_unpark)(uint32_t number, bool granted);
void (*nt_open_used)(struct nt_thread *t, uint64_t handle, const struct nt_file *file, bool write,
                     uint64_t length);
void (*nt_open_unlease)(uint64_t number, bool closing);
bool (*nt_open_cancel)(struct nt_thread *target);

static struct nt_list due = {&due, &due}; /* nt_object.lease_link: to be looked at by renew */
static uint32_t mutants;                  /* leased ones */

static bool leasable(const struct nt_object *object)
{
    return object->type == NT_TYPE_EVENT || object->type == NT_TYPE_SEMAPHORE ||
           object->type == NT_TYPE_MUTANT ||
           (object->type == NT_TYPE_FILE && ((struct nt_file *)object)->kind == NT_FILE_NULL);
}

void nt_lease_offer(struct nt_process *p, struct nt_object *object, uint64_t handle)
{
    if (!nt_lease_enabled || !leasable(object) || handle / 4 > NT_LEASES)
        return;
    (void)p;
    nt_lease_recall(object); /* a second handle: then neither is leased */
    object->lease_handle = (uint32_t)handle;
    if (!object->lease_link.next)
        nt_list_init(&object->lease_link);
    if (nt_list_empty(&object->lease_link))
        nt_list_append(&due, &object->lease_link);
}

static struct nt_thread *thread_of(struct nt_process *p, uint32_t tid)
{
    for (struct nt_list *at = p->threads.next; at != &p->threads; at = at->next)
        if (nt_container(at, struct nt_thread, link)->tid == tid)
            return nt_container(at, struct nt_thread, link);
    return NULL;
}

static void put_back(struct nt_object *object, uint64_t word)
{
    uint32_t state = NT_LEASE_STATE(word);

    switch (object->type) {
    case NT_TYPE_EVENT: ((struct nt_event *)object)->set = state != 0; break;
    case NT_TYPE_SEMAPHORE: ((struct nt_semaphore *)object)->count = state; break;
    case NT_TYPE_FILE: break;
    default: {
        struct nt_mutant *mutant = (struct nt_mutant *)object;
        mutants--;
        mutant->count = state & NT_LEASE_COUNT;
        mutant->owner = mutant->count ? thread_of(object->process, state >> 12 << 2) : NULL;
        if (mutant->owner)
            nt_list_append(&mutant->owner->mutants, &mutant->owned);
        break;
    }
    }
}

static void take_back(struct nt_object *object)
{
    uint64_t word = atomic_exchange(&nt_leases[object->lease_handle / 4 - 1], NT_LEASE_NONE);

    object->leased = false;
    put_back(object, word);
    if (NT_LEASE_WAITER(word))
        nt_lease_unpark(NT_LEASE_WAITER(word), word & NT_LEASE_GRANTED);
}

void nt_lease_recall(struct nt_object *object)
{
    if (!object->lease_handle)
        return;
    if (object->leased)
        take_back(object);
    if (nt_list_empty(&object->lease_link))
        nt_list_append(&due, &object->lease_link);
}

void nt_lease_recall_owned(struct nt_thread *t)
{
    for (uint32_t i = 0; mutants && i < NT_LEASES; i++) {
        uint64_t word = atomic_load(&nt_leases[i]);
        struct nt_handle *entry;
        if (NT_LEASE_KIND(word) != NT_LEASE_MUTANT || !(NT_LEASE_STATE(word) & NT_LEASE_COUNT))
            continue;
        entry = nt_handle_entry(t->process, (i + 1) * 4ull);
        if (entry)
            nt_lease_recall(entry->object);
    }
}

void nt_lease_grant(struct nt_object *object)
{
    if (!object->leased)
        return;
    _Atomic uint64_t *lease = &nt_leases[object->lease_handle / 4 - 1];
    uint64_t word = atomic_load(lease);
    while (NT_LEASE_WAITER(word) &&
           !atomic_compare_exchange_weak(lease, &word, word | NT_LEASE_GRANTED))
        ;
}

void nt_lease_forget(struct nt_object *object)
{
    if (object->leased)
        take_back(object);
    if (object->lease_link.next)
        nt_list_remove(&object->lease_link);
}

static uint64_t word_of(struct nt_object *object)
{
    switch (object->type) {
    case NT_TYPE_EVENT: {
        struct nt_event *event = (struct nt_event *)object;
        return (uint64_t)event->set << 32 | (event->manual ? NT_LEASE_MANUAL : NT_LEASE_EVENT);
    }
    case NT_TYPE_SEMAPHORE:
        return (uint64_t)((struct nt_semaphore *)object)->count << 32 | NT_LEASE_SEMAPHORE;
    case NT_TYPE_FILE:
        return ((struct nt_file *)object)->completion ? NT_LEASE_NONE : NT_LEASE_NULL;
    default: {
        struct nt_mutant *mutant = (struct nt_mutant *)object;
        uint64_t state = mutant->owner ? mutant->owner->tid >> 2 << 12 | mutant->count : 0;
        if (mutant->abandoned || mutant->count > NT_LEASE_COUNT / 2 ||
            (mutant->owner && mutant->owner->tid >> 22))
            return NT_LEASE_NONE;
        return state << 32 | NT_LEASE_MUTANT;
    }
    }
}

void nt_lease_renew(void)
{
    while (!nt_list_empty(&due)) {
        struct nt_object *object = nt_container(due.next, struct nt_object, lease_link);
        struct nt_handle *entry = nt_handle_entry(object->process, object->lease_handle);
        uint32_t place = object->lease_handle / 4 - 1;
        uint64_t word;
        nt_list_remove(&object->lease_link);
        if (object->shared || object->refs != 1 || !nt_list_empty(&object->waiters) || !entry ||
            entry->object != object)
            continue;
        word = word_of(object);
        if (!word)
            continue;
        if (object->type == NT_TYPE_MUTANT) {
            struct nt_mutant *mutant = (struct nt_mutant *)object;
            mutants++;
            if (mutant->owner)
                nt_list_remove(&mutant->owned);
            mutant->owner = NULL;
        }
        if (object->type == NT_TYPE_SEMAPHORE)
            nt_lease_limits[place] = ((struct nt_semaphore *)object)->limit;
        if (object->type == NT_TYPE_MUTANT || entry->access & 2)
            word |= NT_LEASE_MODIFY;
        if (entry->access & 0x100000 && object->type != NT_TYPE_FILE)
            word |= NT_LEASE_WAIT;
        object->leased = true;
        atomic_store(&nt_leases[place], word);
    }
}
