/* What a table of kept answers is asked: a short text under a key, hashed by words. Pure logic; the POSIX
 * adapter computes the same in assembly (personalities/posix/library/fast_stat.inc). */
#ifndef JANUS_BACKEND_QUESTION_H
#define JANUS_BACKEND_QUESTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define BACKEND_QUESTION_MOST 192 /* bytes of the text, with its end */
#define BACKEND_QUESTION_MULTIPLIER 0x9e3779b97f4a7c15ull

struct backend_question {
    uint64_t key, hash;
    uint32_t bytes; /* of text, a multiple of 8 */
    uint64_t text[BACKEND_QUESTION_MOST / 8]; /* zeroes behind the end, one at least */
};

static inline uint64_t backend_question_step(uint64_t hash, uint64_t word)
{
    return (hash ^ word) * BACKEND_QUESTION_MULTIPLIER;
}

/* false: the text is empty, or too long to be kept. */
static inline bool backend_question_text(struct backend_question *q, uint64_t key, const char *text,
                                         size_t length)
{
    if (length == 0 || length >= BACKEND_QUESTION_MOST)
        return false;
    q->key = key;
    q->bytes = (uint32_t)(length / 8 + 1) * 8;
    q->text[length / 8] = 0;
    memcpy(q->text, text, length);
    q->hash = key;
    for (uint32_t i = 0; i < q->bytes / 8; i++)
        q->hash = backend_question_step(q->hash, q->text[i]);
    return true;
}

/* A number instead of a text. */
static inline void backend_question_number(struct backend_question *q, uint64_t key, uint64_t number)
{
    q->key = key;
    q->bytes = 8;
    q->text[0] = number;
    q->hash = backend_question_step(key, number);
}

/* Its place in a table of 1 << bits. */
static inline uint32_t backend_question_place(const struct backend_question *q, unsigned bits)
{
    return (uint32_t)(q->hash >> (64 - bits));
}

/* Whether it is the question that a record was kept for. */
static inline bool backend_question_is(const struct backend_question *q, uint64_t key, uint32_t bytes,
                                       const uint64_t *text)
{
    if (q->key != key || q->bytes != bytes)
        return false;
    for (uint32_t i = 0; i < bytes / 8; i++)
        if (q->text[i] != text[i])
            return false;
    return true;
}

#endif
