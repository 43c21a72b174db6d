/* What stat(2) said, kept while servers/fs says that it holds (idl/lease.idl): by path for stat, lstat and
 * newfstatat of the current directory or the root, by descriptor for fstat. A hit asks nobody; the library
 * placement looks on the program's own thread (library/fast_stat.inc), while the core may write. */
#ifndef POSIX_STAT_CACHE_H
#define POSIX_STAT_CACHE_H

#include "core.h"
#include "janus/backend/io.h"
#include "janus/backend/question.h"
#include "linux/file.h"

/* The key's low bits: what the text is. The rest is the process's names_serial. */
enum stat_key { STAT_FOLLOW, STAT_NOFOLLOW, STAT_DESCRIPTOR };

/* Offsets: library/fast_stat.inc. */
struct stat_record {
    uint64_t version; /* odd while the core writes */
    uint64_t key;     /* 0: empty */
    uint64_t names, generation; /* of slots 0 and `slot` */
    uint32_t slot;
    uint32_t bytes; /* of text, a multiple of 8 */
    struct lx_stat stat;
    uint64_t text[BACKEND_QUESTION_MOST / 8]; /* the path, or the descriptor */
} __attribute__((aligned(64)));

/* What the library's routines look at; records NULL: nothing is kept. */
struct stat_cache {
    struct stat_record *records; /* 1 << STAT_RECORD_BITS */
    const uint64_t *generations;
};
extern struct stat_cache stat_cache;

/* false: too long to be kept. */
bool stat_ask_path(struct backend_question *q, const struct process *p, const char *path,
                   size_t length, bool nofollow);
void stat_ask_descriptor(struct backend_question *q, const struct process *p, uint32_t fd);

/* The answer if it is known and holds; NULL. Good until the core waits. */
const struct lx_stat *stat_cache_find(const struct backend_question *q);
/* Whether to ask the server in a way that lets the answer be kept: the second time, as it costs more. */
bool stat_cache_wants(const struct process *p, const struct backend_question *q);
void stat_cache_keep(const struct process *p, const struct backend_question *q,
                     const struct lx_stat *stat, const struct backend_watch *watch);

/* The process's paths mean something else from now on: another directory or root, a new process. */
void stat_cache_new_names(struct process *p);
/* The descriptor is closed. */
void stat_cache_forget(const struct process *p, uint32_t fd);
/* In the child of a fork with memory of its own: nothing is mapped here. */
void stat_cache_child(void);

#endif
