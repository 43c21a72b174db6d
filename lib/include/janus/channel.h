/* The byte channel between the `janus` command on the host and the session server in the guest.
 *
 * docs/channel.md says who sends what and when; this header fixes how it looks on the wire and
 * offers the encoder and parser that both ends use. Freestanding: no libc, no allocation, no state
 * that is not the caller's. Everything on the wire is little-endian and unaligned.
 */
#ifndef JANUS_CHANNEL_H
#define JANUS_CHANNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    CHANNEL_VERSION = 1,
    CHANNEL_HEADER_SIZE = 8,
    CHANNEL_MAX_PAYLOAD = 65536,
    CHANNEL_MAX_FRAME = CHANNEL_HEADER_SIZE + CHANNEL_MAX_PAYLOAD,
    CHANNEL_MAX_RUN = 4 << 20,  /* bytes of a whole RUN record, over all its frames */
    CHANNEL_MAX_PATH = 4096,    /* bytes of a path or link target, without a final zero */
};

/* The name of the virtio-serial port that carries the channel. */
#define CHANNEL_PORT_NAME "janus.channel"

/* Frame types. The high byte of the type field is always CHANNEL_MAGIC, so that an end which has
 * lost its place finds out at the next header. */
enum { CHANNEL_MAGIC = 0x4a };

enum channel_type {
    CHANNEL_HELLO = 1,      /* both; u32 version, u32 largest payload the sender accepts */
    CHANNEL_RUN = 2,        /* host; stream 0: more follows, stream 1: last part; fields (TLV) */
    CHANNEL_FILE = 3,       /* both; struct channel_file */
    CHANNEL_FILE_DATA = 4,  /* both; bytes of the regular file that the last FILE began */
    CHANNEL_FILE_END = 5,   /* both; empty: that file is complete */
    CHANNEL_REMOVE = 6,     /* guest; the path, whole payload */
    CHANNEL_SHARE_END = 7,  /* guest; empty: every change of the shared tree has been sent */
    CHANNEL_DATA = 8,       /* both; bytes of a stream, at most its credit */
    CHANNEL_CREDIT = 9,     /* both; u32: the receiver of that stream takes so many bytes more */
    CHANNEL_EOF = 10,       /* both; empty: no further DATA on this stream */
    CHANNEL_CLOSED = 11,    /* both; empty: the receiver of this stream is gone; stop sending */
    CHANNEL_WINSIZE = 12,   /* host; struct channel_winsize */
    CHANNEL_SIGNAL = 13,    /* host; u32 Linux signal number, u32 grace in milliseconds */
    CHANNEL_EXIT = 14,      /* guest; u32 kind, u32 value, then text to the end of the payload */
    CHANNEL_FATAL = 15,     /* guest; text: Janus itself failed; ends the run with status 125 */
    CHANNEL_NOTE = 16,      /* guest; text "name=value": a figure for `bench`, else ignored */
    CHANNEL_TRACE = 17,     /* guest; records of janus/abi/trace.h, if the boot had trace=on */
    CHANNEL_TYPE_END,
};

enum channel_stream {
    CHANNEL_STDIN = 0,   /* host to guest */
    CHANNEL_STDOUT = 1,  /* guest to host */
    CHANNEL_STDERR = 2,  /* guest to host */
    CHANNEL_TTY = 3,     /* both ways: keys in, screen out */
    CHANNEL_STREAM_END,
};

/* How a run ended, in EXIT. The command's exit status follows from it. */
enum channel_exit {
    CHANNEL_EXITED = 0,         /* value: the status, its low eight bits count */
    CHANNEL_SIGNALED = 1,       /* value: the signal; the command's status is 128 + value */
    CHANNEL_NOT_FOUND = 2,      /* 127; value: a Linux errno, text: what was not found */
    CHANNEL_NOT_STARTABLE = 3,  /* 126; value: a Linux errno, text: why */
};

/* Fields of a RUN record: {u16 tag, u16 zero, u32 length, bytes}. A tag that the guest does not
 * know is skipped if its bit 15 is set, else the run is refused with FATAL. */
enum channel_field_tag {
    CHANNEL_FIELD_ARG = 1,      /* repeated, in order: argv[0], argv[1], ... */
    CHANNEL_FIELD_ENV = 2,      /* repeated: "NAME=VALUE", the whole environment */
    CHANNEL_FIELD_CWD = 3,      /* absolute guest path */
    CHANNEL_FIELD_PROGRAM = 4,  /* file to start; absent: argv[0] looked up on PATH of ENV */
    CHANNEL_FIELD_FD = 5,       /* struct channel_fd, once for each of descriptors 0, 1, 2 */
    CHANNEL_FIELD_WINSIZE = 6,  /* struct channel_winsize; present exactly if an FD is a TTY */
    CHANNEL_FIELD_SHARE = 7,    /* u32 flags, then the mount point ("/host") */
};

enum { CHANNEL_FIELD_OPTIONAL = 0x8000 };
enum { CHANNEL_SHARE_READ_ONLY = 1 };

enum channel_fd_kind {
    CHANNEL_FD_NULL = 0,  /* /dev/null */
    CHANNEL_FD_PIPE = 1,  /* a pipe whose other end is `stream` */
    CHANNEL_FD_TTY = 2,   /* the terminal on stream CHANNEL_TTY */
    CHANNEL_FD_FILE = 3,  /* the carried file `path`, opened read-only at `offset` */
    CHANNEL_FD_CLOSED = 4 /* the program starts without this descriptor */
};

struct channel_frame {
    uint16_t type;    /* enum channel_type, magic removed */
    uint16_t stream;  /* enum channel_stream where a stream is meant, else as said at the type */
    uint32_t length;
    const uint8_t *payload;
};

struct channel_field {
    uint16_t tag;
    uint32_t length;
    const uint8_t *data;
};

/* A counted string inside a payload; no final zero. */
struct channel_text {
    const char *data;
    uint32_t length;
};

struct channel_file {
    uint32_t mode;     /* S_IFMT and permissions, as Linux numbers them: REG, DIR or LNK */
    int64_t mtime_ns;  /* since 1970, UTC */
    uint64_t size;     /* of a regular file when it was announced; FILE_END counts, not this */
    struct channel_text path;
    struct channel_text target;  /* of a symbolic link, else empty */
};

struct channel_fd {
    uint32_t fd;
    uint32_t kind;
    uint32_t stream;
    uint64_t offset;
    struct channel_text path;
};

struct channel_winsize {
    uint16_t rows, columns, x_pixels, y_pixels;
};

/* ---- parsing: every function reads only [data, data + length) and trusts nothing ---- */

enum channel_status {
    CHANNEL_OK = 0,
    CHANNEL_AGAIN = 1,    /* more bytes are needed */
    CHANNEL_BAD = -1,     /* not this protocol: the run cannot go on */
    CHANNEL_FULL = -2,    /* an encoder's buffer is too small */
};

/* Take the frame at the start of a buffer. CHANNEL_OK: *frame points into the buffer and is
 * CHANNEL_HEADER_SIZE + frame->length bytes long. A buffer of CHANNEL_MAX_FRAME bytes is enough. */
enum channel_status channel_parse(const void *data, size_t length, struct channel_frame *frame);

/* Step over the fields of a RUN record from *offset on; CHANNEL_AGAIN at its end. */
enum channel_status channel_next_field(const void *record, size_t length, size_t *offset,
                                       struct channel_field *field);

enum channel_status channel_read_u32(const void *payload, size_t length, unsigned index,
                                     uint32_t *value);
enum channel_status channel_read_file(const void *payload, size_t length,
                                      struct channel_file *file);
enum channel_status channel_read_fd(const void *payload, size_t length, struct channel_fd *fd);
enum channel_status channel_read_winsize(const void *payload, size_t length,
                                         struct channel_winsize *size);

/* An absolute path without empty, "." or ".." components and without a zero byte. */
bool channel_path_is_plain(struct channel_text path);

/* ---- encoding ---- */

/* Write a frame's header; its payload of `length` bytes follows. */
void channel_put_header(uint8_t header[CHANNEL_HEADER_SIZE], enum channel_type type,
                        uint16_t stream, uint32_t length);

/* A buffer being filled. Once `full` is set nothing more is written. */
struct channel_writer {
    uint8_t *data;
    size_t capacity;
    size_t length;
    bool full;
};

void channel_put_bytes(struct channel_writer *to, const void *data, size_t length);
void channel_put_u16(struct channel_writer *to, uint16_t value);
void channel_put_u32(struct channel_writer *to, uint32_t value);
void channel_put_u64(struct channel_writer *to, uint64_t value);

/* Payloads, in the layouts that the readers above take. */
void channel_put_field(struct channel_writer *to, uint16_t tag, const void *data, size_t length);
void channel_put_file(struct channel_writer *to, const struct channel_file *file);
void channel_put_fd(struct channel_writer *to, const struct channel_fd *fd);
void channel_put_winsize(struct channel_writer *to, const struct channel_winsize *size);

#endif
