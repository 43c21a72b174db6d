/* Opens: everything that behaves like a file, at whichever server it lives (interfaces io, fs,
 * console). Arguments, results and errors are those of idl/io.idl and idl/fs.idl. Paths are own
 * memory; `dir` is a number of the fs client, 0 its root. */
#ifndef JANUS_BACKEND_IO_H
#define JANUS_BACKEND_IO_H

#include "janus/backend/clients.h"
#include "janus/idl/fs.h"
#include "janus/idl/io.h"
#include "janus/idl/console.h"

#define BACKEND_READ_AT_POSITION (-1)

JN_CHECKED jn_status_t backend_io_read(const struct backend_clients *c, struct backend_open open,
                                       int64_t offset, uint64_t length, uint32_t flags,
                                       uint64_t cookie, struct jn_window data, uint64_t *done);
JN_CHECKED jn_status_t backend_io_write(const struct backend_clients *c, struct backend_open open,
                                        int64_t offset, uint64_t length, uint32_t flags,
                                        uint64_t cookie, struct jn_window data, uint64_t *done);
JN_CHECKED jn_status_t backend_io_seek(const struct backend_clients *c, struct backend_open open,
                                       int64_t offset, uint32_t whence, int64_t *position);
JN_CHECKED jn_status_t backend_io_stat(const struct backend_clients *c, struct backend_open open,
                                       struct io_stat *stat);
JN_CHECKED jn_status_t backend_io_poll(const struct backend_clients *c, struct backend_open open,
                                       uint32_t events, uint64_t cookie, uint32_t *ready);
/* io.poll_many: up to IO_POLL_MANY opens of one server. BAD_CALL: it polls one by one only. */
JN_CHECKED jn_status_t backend_io_poll_many(const struct backend_clients *c, uint32_t server,
                                            uint64_t cookie, const uint64_t *items, size_t count,
                                            uint16_t *ready);
/* Takes the cookie's armings back at one server (enum backend_server). */
void backend_io_disarm(const struct backend_clients *c, uint32_t server, uint64_t cookie);
JN_CHECKED jn_status_t backend_io_control(const struct backend_clients *c, struct backend_open open,
                                          uint32_t code, uint64_t argument, uint64_t cookie,
                                          struct jn_window input, struct jn_window output,
                                          uint64_t *result);
JN_CHECKED jn_status_t backend_io_duplicate(const struct backend_clients *c,
                                            struct backend_open open, struct backend_open *copy);
void backend_io_close(const struct backend_clients *c, struct backend_open open);
JN_CHECKED jn_status_t backend_io_truncate(const struct backend_clients *c,
                                           struct backend_open open, uint64_t size);
JN_CHECKED jn_status_t backend_io_allocate(const struct backend_clients *c,
                                           struct backend_open open, uint32_t mode,
                                           int64_t offset, int64_t length);
JN_CHECKED jn_status_t backend_io_sync(const struct backend_clients *c, struct backend_open open);
JN_CHECKED jn_status_t backend_io_get_flags(const struct backend_clients *c,
                                            struct backend_open open, uint32_t *flags,
                                            uint32_t *access);
JN_CHECKED jn_status_t backend_io_set_flags(const struct backend_clients *c,
                                            struct backend_open open, uint32_t flags);
JN_CHECKED jn_status_t backend_io_lock(const struct backend_clients *c, struct backend_open open,
                                       uint32_t kind, uint32_t scope, uint64_t start,
                                       uint64_t length, uint64_t cookie);
JN_CHECKED jn_status_t backend_io_test_lock(const struct backend_clients *c,
                                            struct backend_open open, uint32_t *kind,
                                            uint32_t scope, uint64_t *start, uint64_t *length,
                                            uint64_t *pid);
/* Gives the open to another process's client; *target is valid there. */
JN_CHECKED jn_status_t backend_io_transfer(const struct backend_clients *c,
                                           struct backend_open open,
                                           const struct backend_clients *target,
                                           struct backend_open *target_open);

/* ---- the mount tree ---- */

struct backend_path {
    uint64_t dir;
    const char *path;
    size_t length;
    uint32_t lookup; /* FS_LOOKUP_.. */
};

/* Opens; what fs says belongs to the console server is opened there. flags: FS_OPEN_.. and
 * BACKEND_OPEN_NO_CONTROLLING. */
#define BACKEND_OPEN_NO_CONTROLLING 0x80000000u
JN_CHECKED jn_status_t backend_fs_open(const struct backend_clients *c,
                                       const struct backend_path *path, uint32_t flags,
                                       uint32_t access, uint32_t share, uint32_t mode,
                                       uint64_t cookie, struct backend_open *open,
                                       uint32_t *created);
/* The same; and the mode of the node that fs found. */
JN_CHECKED jn_status_t backend_fs_open_node(const struct backend_clients *c,
                                            const struct backend_path *path, uint32_t flags,
                                            uint32_t access, uint32_t share, uint32_t mode,
                                            uint64_t cookie, struct backend_open *open,
                                            uint32_t *created, uint32_t *node_mode);
JN_CHECKED jn_status_t backend_fs_stat(const struct backend_clients *c,
                                       const struct backend_path *path, struct io_stat *stat);
/* lease.stat and lease.stat_path: the answer holds while word `slot` of the page of generations is
 * `generation`, and of a path word 0 `names`. Slot 0: nobody knows how long. */
struct backend_watch {
    uint32_t slot;
    uint64_t generation, names;
};
JN_CHECKED jn_status_t backend_io_stat_watched(const struct backend_clients *c,
                                               struct backend_open open, struct io_stat *stat,
                                               struct backend_watch *watch);
JN_CHECKED jn_status_t backend_fs_stat_watched(const struct backend_clients *c,
                                               const struct backend_path *path,
                                               struct io_stat *stat, struct backend_watch *watch);
/* The page, mapped into the caller's own Task once; NULL: it cannot be. And in a child of fork, which has
 * not got the mapping. */
const uint64_t *backend_fs_generations(const struct backend_clients *c);
void backend_fs_generations_child(void);
JN_CHECKED jn_status_t backend_fs_access(const struct backend_clients *c,
                                         const struct backend_path *path, uint32_t mode);
JN_CHECKED jn_status_t backend_fs_make_directory(const struct backend_clients *c,
                                                 const struct backend_path *path, uint32_t mode);
JN_CHECKED jn_status_t backend_fs_make_node(const struct backend_clients *c,
                                            const struct backend_path *path, uint32_t mode,
                                            uint64_t device_id);
JN_CHECKED jn_status_t backend_fs_remove(const struct backend_clients *c,
                                         const struct backend_path *path, uint32_t kind);
JN_CHECKED jn_status_t backend_fs_rename(const struct backend_clients *c,
                                         const struct backend_path *from,
                                         const struct backend_path *to, uint32_t flags);
JN_CHECKED jn_status_t backend_fs_link(const struct backend_clients *c,
                                       const struct backend_path *from,
                                       const struct backend_path *to);
JN_CHECKED jn_status_t backend_fs_link_open(const struct backend_clients *c, uint64_t open,
                                            const struct backend_path *to);
JN_CHECKED jn_status_t backend_fs_make_symlink(const struct backend_clients *c, const char *target,
                                               size_t target_length,
                                               const struct backend_path *path);
JN_CHECKED jn_status_t backend_fs_read_symlink(const struct backend_clients *c,
                                               const struct backend_path *path, char *target,
                                               size_t capacity, size_t *length);
struct backend_attributes {
    uint32_t mask; /* FS_SET_.. */
    uint32_t mode, uid, gid, attributes;
    int64_t access_ns, modify_ns, birth_ns;
};
JN_CHECKED jn_status_t backend_fs_set_attributes(const struct backend_clients *c,
                                                 const struct backend_path *path,
                                                 const struct backend_attributes *attributes);
JN_CHECKED jn_status_t backend_fs_read_directory(const struct backend_clients *c, uint64_t open,
                                                 uint64_t position, uint64_t capacity,
                                                 struct jn_window entries, uint64_t *done,
                                                 uint64_t *next);
JN_CHECKED jn_status_t backend_fs_pipe(const struct backend_clients *c, uint32_t flags,
                                       struct backend_open *read, struct backend_open *write);
JN_CHECKED jn_status_t backend_fs_temporary(const struct backend_clients *c, uint32_t mode,
                                            struct backend_open *open);
/* Writes no zero byte. */
JN_CHECKED jn_status_t backend_fs_path_of(const struct backend_clients *c, uint64_t open,
                                          char *path, size_t capacity, size_t *length);
JN_CHECKED jn_status_t backend_fs_statfs(const struct backend_clients *c, uint64_t open,
                                         struct fs_statfs *stat);
JN_CHECKED jn_status_t backend_fs_set_root(const struct backend_clients *c, uint64_t open);
/* The slave of an open pty master. */
JN_CHECKED jn_status_t backend_console_open_peer(const struct backend_clients *c,
                                                 struct backend_open open, uint32_t access,
                                                 struct backend_open *peer);

#endif
