/* A table in which a name has one place. A record's version is odd while it is written. */
#include "answers.h"

#include <stdlib.h>
#include <string.h>

#include "stat_cache.h"

#define RECORD_BITS 7

struct record {
    uint64_t version;
    uint64_t key; /* the process's cookie, which no other will have; 0: empty */
    struct backend_watch watch;
    uint32_t bytes; /* of text, a multiple of 8 */
    struct nt_file_network_open answer;
    uint64_t text[BACKEND_QUESTION_MOST / 8];
};

static struct record *records;

bool answers_find(const struct backend_question *q, struct nt_file_network_open *answer)
{
    const struct record *all = __atomic_load_n(&records, __ATOMIC_ACQUIRE);

    if (!all)
        return false;
    const struct record *record = &all[backend_question_place(q, RECORD_BITS)];
    uint64_t version = __atomic_load_n(&record->version, __ATOMIC_ACQUIRE);
    if (version & 1 || !backend_question_is(q, record->key, record->bytes, record->text) ||
        !stat_cache_holds(&record->watch))
        return false;
    *answer = record->answer;
    __atomic_thread_fence(__ATOMIC_ACQUIRE);
    return __atomic_load_n(&record->version, __ATOMIC_RELAXED) == version;
}

static void change(struct record *record)
{
    __atomic_store_n(&record->version, record->version + 1, __ATOMIC_SEQ_CST);
}

void world_answer_keep(struct world_process *p, const uint16_t *name, size_t length,
                       const char *path, size_t path_length,
                       const struct nt_file_network_open *answer)
{
    struct backend_watch watch;
    struct backend_question q;

    if (!stat_cache_kept(p, path, path_length, &watch) ||
        !answers_ask(&q, p->cookie, name, length * sizeof *name))
        return;
    if (!records) {
        struct record *made = calloc(1u << RECORD_BITS, sizeof *made);
        if (!made)
            return;
        __atomic_store_n(&records, made, __ATOMIC_RELEASE);
    }
    struct record *record = &records[backend_question_place(&q, RECORD_BITS)];
    change(record);
    record->key = q.key;
    record->watch = watch;
    record->bytes = q.bytes;
    record->answer = *answer;
    memcpy(record->text, q.text, q.bytes);
    change(record);
}
