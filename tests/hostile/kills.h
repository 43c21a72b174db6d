/* What the victims of kills.c do, and how one sees whether what they shared is still usable. */
#ifndef KILLS_H
#define KILLS_H

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* One kind of victim. `prepare` runs once, in the parent; `live` in the victim, for ever; `check` after its
 * end: NULL, or what is wrong. `beside`, if any, is what the parent does until the victim ends. */
struct kind {
    const char *name;
    void (*prepare)(void);
    void (*each)(void); /* before each victim */
    void (*live)(void);
    void (*beside)(void);
    const char *(*check)(void);
};

extern const struct kind kinds_of_files[], kinds_of_processes[], kinds_of_terminals[],
    kinds_by_name[];

#define BLOCK 512
static inline int kills_uniform(const char *block, size_t size)
{
    return !memcmp(block, block + 1, size - 1);
}

/* How a victim that became another program by exec is told when to end. */
extern uint64_t kills_deadline;
extern const char *kills_program;

#endif
