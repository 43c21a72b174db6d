/* Named pipes between nt_pipe.c (names, instances, connections) and nt_pipe_io.c (what goes through). */
#ifndef WIN32_NT_PIPE_H
#define WIN32_NT_PIPE_H

#include "core.h"

/* nt_file.pipe_mode */
#define NT_PIPE_READ_MESSAGES 1u
#define NT_PIPE_NOWAIT 2u
#define NT_PIPE_TYPE_MESSAGE 0x100u /* each write is one message */
#define NT_PIPE_SERVER 0x200u       /* the server's end */
#define NT_PIPE_INBOUND 0x400u      /* FILE_PIPE_INBOUND, _OUTBOUND or, both, _FULL_DUPLEX */
#define NT_PIPE_OUTBOUND 0x800u

static inline struct world_open nt_pipe_write_open(const struct nt_file *file)
{
    return file->write_open.server ? file->write_open : file->open;
}

/* SUCCESS: bytes can go through this end; else what a read or write answers. */
nt_status nt_pipe_usable(struct nt_file *file);
/* A whole message to or from the program's memory. PENDING: the cookie is armed. BUFFER_OVERFLOW: the message
 * goes on. */
nt_status nt_pipe_send(struct nt_file *file, uint64_t address, uint32_t length, uint64_t cookie,
                       uint64_t *done);
nt_status nt_pipe_receive(struct nt_file *file, uint64_t address, uint32_t length,
                          uint64_t cookie, uint64_t *done);
nt_status nt_pipe_peek(struct nt_thread *t, struct nt_file *file, const uint64_t *a);
nt_status nt_pipe_transceive(struct nt_thread *t, struct nt_file *file, const uint64_t *a);
/* FilePipeLocalInformation: ten words. */
void nt_pipe_local(struct nt_file *file, uint32_t local[10]);

#endif
