/* Finding the program and telling what it is: between process.c and program.c. */
#ifndef SESSION_PROCESS_H
#define SESSION_PROCESS_H

#include "janus/handover.h"
#include "session.h"


struct program {
    char *path;             /* absolute */
    uint64_t open;          /* of the process's fs client */
    char personality[HANDOVER_NAME_MAX]; /* whose it is: "posix", ... */
};

/* Finds the file that the record names and looks at its first bytes. `fs` is the process's client.
 * False: *kind, *value, *text say how EXIT is to be filled. */
bool program_find(struct session *s, cap_t fs, const struct run_record *record,
                  struct program *program, uint32_t *kind, uint32_t *value, const char **text);

#endif
