/* What every operation needs: the client, its opens, paths. */
#ifndef FS_REQUEST_H
#define FS_REQUEST_H

#include "client.h"
#include "description.h"
#include "janus/server.h"
#include "node.h"
#include "vfs.h"

/* Two buffers for paths of the request under way: the server has one thread. */
extern char request_buffer[2][PATH_LIMIT];

/* The caller's client. NO_RIGHT: the label is not a client's. */
JN_CHECKED jn_status_t request_client(const struct jn_call *call, struct client **client);
/* And one of its opens. BAD_HANDLE. */
JN_CHECKED jn_status_t request_open(const struct jn_call *call, uint64_t open,
                                    struct client **client, struct description **description);
/* The same for operations that OPEN_PATH does not allow: BAD_HANDLE as Linux's EBADF. */
JN_CHECKED jn_status_t request_usable(const struct jn_call *call, uint64_t open,
                                      struct client **client, struct description **description);
/* Which client another capability of this server names; consumes it. BAD_ARG: none. */
JN_CHECKED jn_status_t request_target(cap_t target, struct client **client);
/* A path from window `window` (and buffer) of that number, and the directory it starts at. */
JN_CHECKED jn_status_t request_place(struct jn_call *call, struct client *client, uint64_t dir,
                                     uint64_t length, unsigned window, struct place *place);

/* Bytes to window `window`; JN_FAULT_AT with the address in *result if not all fit in. */
JN_CHECKED jn_status_t request_answer(struct jn_call *call, unsigned window, const void *bytes,
                                      size_t length, uint64_t *result);

extern const struct client_ops client_operations;
extern const struct io_ops io_operations;
extern const struct lease_ops lease_operations;
extern const struct fs_ops fs_operations;
extern const struct dataspace_ops dataspace_operations;

#endif
