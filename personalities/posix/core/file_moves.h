/* The steps of which reads and writes consist (file_read.c), for those by vectors as well
 * (file_vector.c). Offsets: NO_OFFSET is the description's own position. Lengths in bytes. */
#ifndef POSIX_FILE_MOVES_H
#define POSIX_FILE_MOVES_H

#include "core.h"
#include "janus/backend/io.h"

#define NO_OFFSET BACKEND_READ_AT_POSITION

struct descriptor;

/* What is written to: of a socketpair's end its other pipe. */
struct backend_open file_write_end(const struct descriptor *d);

/* One step: at most `length` bytes at `address` of the program. *done; a status of the server,
 * JN_FAULT for EFAULT. */
jn_status_t file_step_read(struct thread *t, const struct descriptor *d, int64_t offset,
                           uint64_t address, uint64_t length, uint64_t *done);
jn_status_t file_step_write(struct thread *t, const struct descriptor *d, int64_t offset,
                            uint64_t address, uint64_t length, uint32_t flags, uint64_t *done);

/* Writes what a window shows of the core's or the program's memory. */
jn_status_t file_move_out(struct process *p, const struct descriptor *d, int64_t offset,
                          uint64_t length, uint32_t flags, uint64_t cookie, struct jn_window window,
                          uint64_t *done);

/* RLIMIT_FSIZE: cuts *length to what a regular file may still get; TOO_BIG, with SIGXFSZ, if that
 * is nothing. Costs nothing while there is no limit. */
jn_status_t file_limit_write(struct thread *t, struct backend_open open, int64_t offset,
                             uint64_t *length);

/* The call's result after a status that is not OK: -errno, with its signal, or CORE_WAITING. */
long file_read_error(struct thread *t, uint64_t fd, const struct descriptor *d, jn_status_t status);
long file_write_error(struct thread *t, uint64_t fd, const struct descriptor *d,
                      jn_status_t status);

/* read(2) and pread(2), of any kind of descriptor. */
long file_do_read(struct thread *t, uint64_t fd, int64_t offset, uint64_t address, uint64_t length);

#endif
