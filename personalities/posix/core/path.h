/* Path arguments of system calls. */
#ifndef POSIX_PATH_H
#define POSIX_PATH_H

#include "core.h"
#include "janus/backend/io.h"

/* Reads the path at `address` and finds its directory. The text stands in one of two buffers
 * (which: 0, 1) until the next call with it. flags: AT_EMPTY_PATH allows "" (the descriptor itself).
 * lookup: FS_LOOKUP_.. to set. 0 or -errno. */
long path_get(struct thread *thread, uint64_t dirfd, uint64_t address, uint32_t flags,
              uint32_t lookup, int which, struct backend_path *path);
/* The directory of a path: the open behind dirfd, or the current directory. */
long path_directory(struct thread *thread, uint64_t dirfd, const char *path, uint64_t *dir);
/* Does the path lead to one of the process's own descriptors (/dev/stdin, /proc/self/fd/3)? Its
 * number, or -1. Asked after a REDIRECT. */
long path_descriptor(struct thread *thread, const struct backend_path *path);
/* Opens a path of the file server for an operation of the core's own; what leads to a descriptor of
 * the process opens the file behind it anew. 0 or -errno; ENXIO if no file is behind it. */
long path_open(struct process *process, const struct backend_path *path, uint32_t flags,
               uint32_t access, struct backend_open *open);

#endif
