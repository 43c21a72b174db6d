/* Kept answers of stat(2): a table in which a question has one place. */
#include "stat_cache.h"

#include <stdlib.h>
#include <string.h>

#include "janus/idl/lease.h"

#define RECORDS (1u << STAT_RECORD_BITS)

_Static_assert(sizeof(struct lx_stat) == 144, "fast_stat.inc");
_Static_assert(sizeof(struct stat_record) == 384 && offsetof(struct stat_record, key) == 8 &&
                   offsetof(struct stat_record, names) == 16 &&
                   offsetof(struct stat_record, generation) == 24 &&
                   offsetof(struct stat_record, slot) == 32 &&
                   offsetof(struct stat_record, bytes) == 36 &&
                   offsetof(struct stat_record, stat) == 40 &&
                   offsetof(struct stat_record, text) == 184,
               "fast_stat.inc");

struct stat_cache stat_cache;
static uint16_t asked[RECORDS]; /* a part of the hash of the last question that had the place */
static uint64_t last_serial;

static inline uint32_t place_of(const struct backend_question *q)
{
    return backend_question_place(q, STAT_RECORD_BITS);
}

static uint64_t key_of(const struct process *p, enum stat_key kind)
{
    return p->names_serial << 2 | kind;
}

bool stat_ask_path(struct backend_question *q, const struct process *p, const char *path,
                   size_t length, bool nofollow)
{
    return backend_question_text(q, key_of(p, nofollow ? STAT_NOFOLLOW : STAT_FOLLOW), path, length);
}

void stat_ask_descriptor(struct backend_question *q, const struct process *p, uint32_t fd)
{
    backend_question_number(q, key_of(p, STAT_DESCRIPTOR), fd);
}

static bool is(const struct stat_record *record, const struct backend_question *q)
{
    return backend_question_is(q, record->key, record->bytes, record->text);
}

static uint64_t generation(uint32_t slot)
{
    return __atomic_load_n(&stat_cache.generations[slot], __ATOMIC_ACQUIRE);
}

const struct lx_stat *stat_cache_find(const struct backend_question *q)
{
    if (!stat_cache.records)
        return NULL;
    const struct stat_record *record = &stat_cache.records[place_of(q)];
    if (!is(record, q) || generation(record->slot) != record->generation)
        return NULL;
    if ((q->key & 3) != STAT_DESCRIPTOR && generation(0) != record->names)
        return NULL;
    return &record->stat;
}

bool stat_cache_wants(const struct process *p, const struct backend_question *q)
{
    uint32_t place = place_of(q);
    uint16_t part = (uint16_t)(q->hash >> 8);
    if (p->trace) /* each call is to be seen */
        return false;
    if (asked[place] == part)
        return true;
    asked[place] = part;
    return false;
}

static bool begin(const struct process *p)
{
    if (!stat_cache.generations)
        stat_cache.generations = backend_fs_generations(&p->clients);
    if (!stat_cache.generations)
        return false;
    if (!stat_cache.records)
        stat_cache.records = aligned_alloc(64, RECORDS * sizeof *stat_cache.records);
    if (!stat_cache.records)
        return false;
    memset(stat_cache.records, 0, RECORDS * sizeof *stat_cache.records);
    return true;
}

/* The version is odd between the two. */
static void change(struct stat_record *record)
{
    __atomic_store_n(&record->version, record->version + 1, __ATOMIC_SEQ_CST);
}

void stat_cache_keep(const struct process *p, const struct backend_question *q,
                     const struct lx_stat *stat, const struct backend_watch *watch)
{
    if (!watch->slot || watch->slot >= LEASE_GENERATIONS || (!stat_cache.records && !begin(p)))
        return;
    struct stat_record *record = &stat_cache.records[place_of(q)];
    change(record);
    record->key = q->key;
    record->names = watch->names;
    record->generation = watch->generation;
    record->slot = watch->slot;
    record->bytes = q->bytes;
    record->stat = *stat;
    memcpy(record->text, q->text, q->bytes);
    change(record);
}

void stat_cache_new_names(struct process *p)
{
    p->names_serial = ++last_serial;
}

void stat_cache_forget(const struct process *p, uint32_t fd)
{
    struct backend_question q;
    if (!stat_cache.records)
        return;
    stat_ask_descriptor(&q, p, fd);
    struct stat_record *record = &stat_cache.records[place_of(&q)];
    if (!is(record, &q))
        return;
    change(record);
    record->key = 0;
    change(record);
}

void stat_cache_child(void)
{
    free(stat_cache.records);
    stat_cache = (struct stat_cache){0};
    backend_fs_generations_child();
}
