/* Calls that the server loop answers by itself. */
#ifndef POSIX_QUICK_H
#define POSIX_QUICK_H

#include "janus/server.h"

/* Objects are threads (struct thread), labels their handles; handles.c keeps the table. */
extern struct jn_quick core_quick;
/* file_read.c */
#define QUICK_BYTES 65536 /* more may need several steps */
int64_t quick_read(void *object, uint64_t fd, uint64_t address, uint64_t length, uint64_t offset);
int64_t quick_write(void *object, uint64_t fd, uint64_t address, uint64_t length, uint64_t offset);
int64_t quick_pread64(void *object, uint64_t fd, uint64_t address, uint64_t length,
                      uint64_t offset);
/* file_stat.c */
int64_t quick_stat(void *object, uint64_t path, uint64_t address, uint64_t c, uint64_t d);
int64_t quick_lstat(void *object, uint64_t path, uint64_t address, uint64_t c, uint64_t d);
int64_t quick_newfstatat(void *object, uint64_t dirfd, uint64_t path, uint64_t address,
                         uint64_t flags);
int64_t quick_fstat(void *object, uint64_t fd, uint64_t address, uint64_t c, uint64_t d);
/* From now on every call goes through syscall_run(), where it is traced. */
void core_quick_stop(void);

#endif
