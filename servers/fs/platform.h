/* What the pure part of the file server needs from its surroundings beside the Janus library: the
 * guest's versions are in service/platform.c, the tests' in tests/host/fs/fake.c. */
#ifndef FS_PLATFORM_H
#define FS_PLATFORM_H

#include "janus/types.h"

/* 2 MiB of zeroed memory, mapped with all rights; NULL when the pager has no more. */
void *platform_chunk_get(void);
void platform_chunk_release(void *chunk);

/* Takes every mapping away that programs have of these own pages. */
void platform_unmap(const void *address, uint64_t pages);
/* Maps own pages into a client's Task. */
JN_CHECKED jn_status_t platform_map(cap_t space, const void *from, uint64_t address, uint64_t pages,
                                    uint32_t access, uint64_t *mapped);

/* Pages of the machine's RAM that nobody uses. */
uint64_t platform_free_pages(void);

/* What the kernel counts, in the order of JN_OP_COUNTERS, whose argument words[0] is; zeroes if fs may not
 * read it. */
#define PLATFORM_COUNTERS 10
void platform_counters(uint64_t words[PLATFORM_COUNTERS]);

/* Entropy for the random devices. */
uint64_t platform_seed(void);

/* What servers/task knows (idl/task.idl: next, status, get_info), for /proc. Errors: no such process, or
 * no task server. Information longer than `capacity` is cut; *length is the true one. */
struct task_status;
JN_CHECKED jn_status_t platform_process_next(uint64_t from, struct task_status *status);
JN_CHECKED jn_status_t platform_process_status(uint64_t pid, struct task_status *status);
JN_CHECKED jn_status_t platform_process_info(uint64_t pid, uint32_t field, char *buffer,
                                             size_t capacity, size_t *length);

/* User, group and groups of the process whose capability at servers/task this is (consumed). BAD_ARG: it
 * is none. */
struct task_credentials;
JN_CHECKED jn_status_t platform_process_credentials(cap_t process, uint64_t *pid,
                                                    struct task_credentials *credentials);

/* The terminal pair with the least number >= from (console.next_pts), for /dev/pts. */
struct platform_terminal {
    uint64_t number;
    uint32_t uid, gid, mode;
};
JN_CHECKED jn_status_t platform_terminal_next(uint64_t from, struct platform_terminal *terminal);

/* A line for the system log about something that a client asked and fs does not offer. */
__attribute__((format(printf, 1, 2))) void platform_unsupported(const char *format, ...);

#endif
