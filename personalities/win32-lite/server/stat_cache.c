/* Kept answers: a table in which a question has one place. */
#include "stat_cache.h"

#include <stdlib.h>
#include <string.h>

#include "janus/backend/question.h"
#include "janus/idl/fs.h"
#include "janus/idl/lease.h"

#define RECORD_BITS 7
#define RECORDS (1u << RECORD_BITS)

struct record {
    uint64_t key; /* the process's cookie, which no other will have; 0: empty */
    struct backend_watch watch;
    uint32_t bytes; /* of text, a multiple of 8 */
    struct world_stat stat;
    uint64_t text[BACKEND_QUESTION_MOST / 8];
};

static struct record *records;
static uint16_t asked[RECORDS]; /* a part of the hash of the last question that had the place */
static const uint64_t *generations;

void stat_cache_fill(const struct io_stat *from, struct world_stat *to)
{
    *to = (struct world_stat){.device = from->device,
                              .inode = from->inode,
                              .mode = from->mode,
                              .link_count = from->link_count,
                              .size = from->size,
                              .blocks = from->blocks,
                              .attributes = from->attributes,
                              .access_ns = from->access_ns,
                              .modify_ns = from->modify_ns,
                              .change_ns = from->change_ns,
                              .birth_ns = from->birth_ns};
}

static uint64_t generation(uint32_t slot)
{
    return __atomic_load_n(&generations[slot], __ATOMIC_ACQUIRE);
}

bool stat_cache_holds(const struct backend_watch *watch)
{
    return generation(watch->slot) == watch->generation && generation(0) == watch->names;
}

static bool holds(const struct record *record, const struct backend_question *q)
{
    return backend_question_is(q, record->key, record->bytes, record->text) &&
           stat_cache_holds(&record->watch);
}

bool stat_cache_kept(const struct world_process *p, const char *path, size_t length,
                     struct backend_watch *watch)
{
    struct backend_question q;

    if (!records || !backend_question_text(&q, p->cookie, path, length))
        return false;
    const struct record *record = &records[backend_question_place(&q, RECORD_BITS)];
    if (!holds(record, &q))
        return false;
    *watch = record->watch;
    return true;
}

static bool begin(const struct world_process *p)
{
    if (!generations)
        generations = backend_fs_generations(&p->clients);
    if (generations && !records)
        records = calloc(RECORDS, sizeof *records);
    return records != NULL;
}

jn_status_t stat_cache_ask(struct world_process *p, const struct backend_path *path,
                           struct world_stat *stat)
{
    struct backend_question q;
    struct io_stat answer;
    struct backend_watch watch = {0};
    jn_status_t status;
    bool again = false;
    uint32_t place = 0;

    if (backend_question_text(&q, p->cookie, path->path, path->length)) {
        place = backend_question_place(&q, RECORD_BITS);
        if (records && holds(&records[place], &q)) {
            *stat = records[place].stat;
            return JN_OK;
        }
        again = asked[place] == (uint16_t)(q.hash >> 8) && begin(p);
        asked[place] = (uint16_t)(q.hash >> 8);
    }
    status = again ? backend_fs_stat_watched(&p->clients, path, &answer, &watch)
                   : backend_fs_stat(&p->clients, path, &answer);
    if (status != JN_OK)
        return status;
    stat_cache_fill(&answer, stat);
    if (watch.slot && watch.slot < LEASE_GENERATIONS) {
        struct record *record = &records[place];
        record->key = q.key;
        record->watch = watch;
        record->bytes = q.bytes;
        record->stat = *stat;
        memcpy(record->text, q.text, q.bytes);
    }
    return JN_OK;
}
