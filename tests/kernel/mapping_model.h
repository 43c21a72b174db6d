/* A model of the mapping database that knows, of every page of 4 KiB of every space, which page it
 * was mapped from, and random operations that are done to it and to a kernel behind a *backend*:
 * the kernel's own functions on the host, system calls in the self-test. What is done does not
 * depend on what came of it, so the same seed is the same sequence everywhere; the digest says so.
 */
#ifndef TESTS_KERNEL_MAPPING_MODEL_H
#define TESTS_KERNEL_MAPPING_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "janus/abi/ipc.h"
#include "janus/abi/object.h"
#include "janus/abi/status.h"

#define MODEL_SPACES    6
#define MODEL_PAGES_MAX 2048
#define MODEL_KERNEL_AT 37 /* page of space 1 at which the kernel has one of its own */

struct model_options {
    uint64_t seed;
    unsigned pages;     /* of the window that all spaces have */
    unsigned levels;    /* sizes of page that the window has: 2 or 3 */
    unsigned per_table; /* 4 KiB pages of the next larger one */
    unsigned every;     /* steps between comparisons of everything */
    unsigned look_at;   /* pages of a range that are compared after a step; 0: all */
    bool frames;        /* backend_frames() is there */
};

/* The digest of all operations. Whatever differs is told to backend_failed(). */
uint64_t model_run(const struct model_options *options, uint64_t steps);

/* ---- what the kernel behind it does; pages are numbers within the window ---- */

/* Spaces are empty at first. Space 0 gets the whole window with all rights from outside. */
void backend_create(unsigned space);
void backend_destroy(unsigned space);
void backend_fill(void);
int64_t backend_map(unsigned from, unsigned at, unsigned to, unsigned where, unsigned count,
                    unsigned rights, bool grant, uint64_t *done);
int64_t backend_unmap(unsigned space, unsigned first, unsigned count, unsigned rights,
                      bool derived_only, uint64_t *seen, uint64_t *bits);
/* Rights, or 0, and bits. */
unsigned backend_page(unsigned space, unsigned page, unsigned *bits);
/* Pages that the space has. */
uint64_t backend_count(unsigned space);
/* Touches it if that is allowed: the frame that it found, or -1. */
int backend_access(unsigned space, unsigned page, unsigned access);
/* Frames of space 0 to the root Pool and back; was it done? `may`: it has to be. */
bool backend_frames(unsigned page, unsigned order, bool may, bool writable);
_Noreturn void backend_failed(const char *what, uint64_t a, uint64_t b, uint64_t c, uint64_t d);
/* The next operation may be stopped in its middle. */
void backend_preempt(bool often);

#endif
