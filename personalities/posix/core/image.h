/* Starting programs. */
#ifndef POSIX_IMAGE_H
#define POSIX_IMAGE_H

#include "core.h"
#include "janus/backend/io.h"
#include "linux/file.h"

/* Strings one after the other, each with its zero. */
struct strings {
    char *bytes;
    size_t length, capacity;
    uint32_t count;
};
long strings_add(struct strings *strings, const char *text, size_t length);
/* Replaces the first `drop` strings by `text` (each with its zero, `count` of them). */
long strings_replace_first(struct strings *strings, uint32_t drop, const struct strings *by);
void strings_free(struct strings *strings);

#define IMAGE_HEAD 1024 /* bytes: a file's beginning, mostly with all program headers */

/* A program about to start in a process. */
struct image {
    struct process *process;
    struct backend_open file; /* open for reading and executing */
    char path[LX_PATH_MAX];   /* as it was asked for; of a script: the script's interpreter */
    char script[LX_PATH_MAX]; /* AT_EXECFN: what exec was called with */
    struct strings arguments, environment;
    char head[IMAGE_HEAD];
    size_t head_length;
    uint64_t identity; /* of the file, as region sources have it */
    bool is_other; /* another personality's program; `server` takes it, as "svc/NAME" */
    char server[68];
};

static inline uint64_t image_identity(const struct io_stat *stat)
{
    return stat->inode ^ stat->device << 48;
}

/* The one image that is being started, empty: nothing in this core makes two at once, and pages that come and
 * go cost a process more than this. image_done frees its strings. */
struct image *image_begin(struct process *process);
void image_done(struct image *image);

/* Opens path (already relative to dir) as a program; follows `#!` lines. On failure nothing is open. */
long image_open(struct image *image, const struct backend_path *path);
void image_close(struct image *image);

/* What a loaded program starts with. */
struct image_start {
    uint64_t entry, stack;
};
/* Builds the address space of an ELF image in `mm` (empty): maps, stack, auxiliary vector. */
long image_load(struct image *image, struct mm *mm, struct image_start *start);
/* The image's Task has nothing mapped but what it got of this mm: pages that every program touches first, for
 * a message each instead of a fault. */
void image_show_first(struct mm *mm, const struct image_start *start);
struct elf_program;
long image_build_stack(struct image *image, struct mm *mm, const struct elf_program *program,
                       uint64_t bias, uint64_t interpreter_base, uint64_t entry, uint64_t *stack);

/* Replaces (or starts) the process's program. thread: the caller, which becomes the first thread of
 * the new image, or NULL for a process without threads. After success the caller's message is
 * answered by the new program's start. Closes the image's file. */
long image_start(struct image *image, struct thread *thread);
/* The same in the Task and thread that the caller has (placement_keeps_task): CORE_STATE, or CORE_GONE if that
 * was too late to fail otherwise. */
long image_replace(struct image *image, struct thread *thread);
/* Hands the process to whoever runs such images in that placement. On success it is no longer ours. */
long image_hand_over(struct image *image, struct thread *thread, uint32_t placement);
/* carry.c: the `own` part of the record, from malloc, for the thread that execs; -ENOMEM. And what the taker's
 * first thread, with its mask set, makes of one, which is ignored if it is nobody's of ours. */
long carry_pack(const struct thread *thread, void **block, size_t *length);
void carry_unpack(struct thread *thread, const void *block, size_t length);

#endif
