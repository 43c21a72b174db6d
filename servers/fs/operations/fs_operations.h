/* The operations of interface fs on opens, in open_operations.c and read_directory.c. */
#ifndef FS_FS_OPERATIONS_H
#define FS_FS_OPERATIONS_H

#include "janus/object.h"
#include "janus/types.h"

struct fs_statfs;
struct jn_call;

jn_status_t fs_op_read_directory(struct jn_call *call, uint64_t open, uint64_t position,
                                 uint64_t capacity, uint64_t *done, uint64_t *next);
jn_status_t fs_op_pipe(struct jn_call *call, uint32_t flags, uint64_t *read_open,
                       uint64_t *write_open);
jn_status_t fs_op_temporary(struct jn_call *call, uint32_t mode, uint64_t *open);
jn_status_t fs_op_path_of(struct jn_call *call, uint64_t open, uint64_t capacity, uint64_t *length);
jn_status_t fs_op_statfs(struct jn_call *call, uint64_t open, struct fs_statfs *stat);
jn_status_t fs_op_set_delete(struct jn_call *call, uint64_t open, uint32_t remove);
jn_status_t fs_op_set_root(struct jn_call *call, uint64_t open);

#endif
