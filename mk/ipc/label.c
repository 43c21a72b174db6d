/* Labels, found by their Gate and value: minting one asks whether it is there, in constant time. */
#include "ipc/ipc.h"
#include "memory/pool.h"

#define BUCKETS 16384

static struct label *table[BUCKETS];

/* Users choose labels; where those stand they shall not choose. */
static struct label **bucket(const struct gate *gate, uint64_t value)
{
    uint64_t hash = (value ^ object_identity(&gate->object)) * 0x9e3779b97f4a7c15ull;

    hash = (hash ^ hash >> 29) * 0xbf58476d1ce4e5b9ull;
    return &table[hash >> 40 & (BUCKETS - 1)];
}

status_t label_create(struct gate *gate, uint64_t value, struct label **result)
{
    struct label **head = bucket(gate, value);

    for (struct label *i = *head; i; i = i->next)
        if (i->gate == gate && i->value == value)
            return JN_EXISTS;
    struct label *label = pool_alloc(gate->object.pool, sizeof *label);
    if (!label)
        return JN_NO_MEMORY;
    label->value = value;
    label->gate = gate;
    label->count = 1;
    list_init(&label->notice);
    list_insert(&gate->labels, &label->in_gate);
    label->next = *head;
    *head = label;
    *result = label;
    return JN_OK;
}

void label_free(struct label *label)
{
    struct label **link = bucket(label->gate, label->value);

    while (*link != label)
        link = &(*link)->next;
    *link = label->next;
    list_remove(&label->in_gate);
    pool_free(label->gate->object.pool, label, sizeof *label);
}
