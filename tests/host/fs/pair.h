/* Every operation twice: on the file server's core through its interface, and on the real Linux in a
 * temporary directory. The results must be equal; a difference ends the test with what was done. */
#ifndef FS_PAIR_H
#define FS_PAIR_H

#include <stdint.h>

#define PAIR_CWD (-1)

/* Starts both worlds, empty. uid of the client is the caller's. */
void pair_start(void);
/* Empties both for the next sequence. */
void pair_reset(void);
void pair_finish(void);

/* Results are those of the system calls: a value or -errno. Opens are slots. */
long pair_open(int dir, const char *path, int flags, unsigned mode);
long pair_close(int slot);
long pair_duplicate(int slot);
long pair_read(int slot, unsigned length, long offset);
long pair_write(int slot, unsigned length, long offset);
long pair_seek(int slot, long offset, int whence);
long pair_truncate(int slot, long size);
long pair_allocate(int slot, int mode, long offset, long length);
long pair_stat(int dir, const char *path, int follow);
long pair_status(int slot);
long pair_mkdir(int dir, const char *path, unsigned mode);
long pair_fifo(int dir, const char *path, unsigned mode);
long pair_unlink(int dir, const char *path);
long pair_rmdir(int dir, const char *path);
long pair_rename(int dir, const char *path, int new_dir, const char *new_path, unsigned flags);
long pair_link(int dir, const char *path, int new_dir, const char *new_path, int follow);
long pair_symlink(const char *target, int dir, const char *path);
long pair_readlink(int dir, const char *path);
long pair_access(int dir, const char *path, int mode);
long pair_chmod(int dir, const char *path, unsigned mode);
long pair_chown(int dir, const char *path, unsigned uid, unsigned gid);
long pair_list(int dir, const char *path);
long pair_flock(int slot, int operation);
long pair_lock(int slot, int type, long start, long length);
long pair_test_lock(int slot, int type, long start, long length);
long pair_pipe(int slots[2]);
long pair_poll(int slot, int events);
long pair_readable(int slot);
long pair_pipe_size(int slot, long size);
/* Keeps what stat says of a path or a slot, as idl/lease.idl allows; and sees that all that was kept and
 * is said to hold is what stat says now. */
void pair_keep(int dir, const char *path, int follow);
void pair_keep_status(int slot);
void pair_check_kept(void);
/* How many of them held at the last check. */
unsigned pair_kept(void);
/* The whole trees, names, types, modes, sizes, links and contents. */
void pair_compare(void);

/* Which times (1 access, 2 modification, 4 change) `what` changes on path, in both worlds. */
long pair_times(const char *path, long (*what)(void));

/* The client's label, for calls that have no counterpart. */
extern uint64_t pair_label;
/* Acts as this user from now on (the test must run as root). */
void pair_become(unsigned uid, unsigned gid);

extern int pair_verbose;

#endif
