/* The hand-over record: what a process keeps when another program image, perhaps of another
 * personality, takes its place (PERSONALITIES 5). It travels in the window of personality.take,
 * from servers/session and from every personality; the process's capabilities stand beside it.
 *
 * What servers own is not repeated here: ids and credentials are at servers/task, file positions
 * and locks at fs. `pid` .. `gid` are for information only.
 *
 * Layout: struct handover_header, then the parts that it places by offset. Every offset is a
 * multiple of 8 and every part lies inside [sizeof header, length). Decoding checks all of it, so
 * the decoded form needs no further checks; it points into the record.
 */
#ifndef JANUS_HANDOVER_H
#define JANUS_HANDOVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "janus/abi/status.h"

#define HANDOVER_MAGIC 0x31564f484e414a00ull
#define HANDOVER_VERSION 1
#define HANDOVER_MAX (8u << 20)            /* bytes of one record */
#define HANDOVER_DESCRIPTORS_MAX 1048576u
#define HANDOVER_LIMITS 16 /* in Linux's RLIMIT_ order */
#define HANDOVER_UNLIMITED UINT64_MAX

/* Which of the process's clients a descriptor's number belongs to. */
enum handover_server {
    HANDOVER_FS = 1,
    HANDOVER_CONSOLE = 2,
    HANDOVER_OBJECT = 3,
};

/* handover_descriptor.flags */
#define HANDOVER_CLOSE_ON_EXEC 1 /* NT: not inheritable; the taker closes it */
#define HANDOVER_SECOND 2 /* of a descriptor with two opens, the one to write to; follows the first */
#define HANDOVER_NAMES_ONLY 4 /* O_PATH */
#define HANDOVER_KIND_SHIFT 8  /* of servers/object: 1 eventfd, 2 timerfd */
#define HANDOVER_KIND 0x300

struct handover_descriptor {
    uint32_t fd;     /* POSIX number; NT hands over 0, 1, 2 (and what it inherits from there) */
    uint32_t server; /* enum handover_server */
    uint64_t number; /* `open` in the process's client there */
    uint32_t flags;
    uint32_t access; /* IO_ACCESS_.. of the open */
};

enum handover_placement {
    HANDOVER_PLACE_DEFAULT = 0,
    HANDOVER_PLACE_CENTRAL = 1,
    HANDOVER_PLACE_LIBRARY = 2,
};

/* handover_header.flags */
#define HANDOVER_SUSPENDED 1 /* the first thread waits for a resume (CreateProcess) */
/* Shifted by enum handover_server: the client there has no readiness ring, so none has to be replaced. */
#define HANDOVER_RINGLESS 0x10u
#define HANDOVER_FLAGS (HANDOVER_SUSPENDED | HANDOVER_RINGLESS * 0xe)

struct handover_header {
    uint64_t magic;
    uint32_t version;
    uint32_t flags;
    uint64_t length; /* of the whole record */
    uint64_t pid, parent, group, session;
    uint32_t uid, gid;
    uint64_t directory; /* current directory: an open of the fs client, taken over */
    uint64_t root;      /* changed root: an open, or 0 = the client's own root */
    uint64_t program;   /* an open of the program file, taken over; 0: `path` is to be opened */
    uint64_t signals_ignored, signals_blocked; /* bit n-1 = signal n */
    uint32_t umask;
    uint32_t placement; /* enum handover_placement */
    int32_t terminal;   /* number of the controlling terminal's pty, -1: none or unknown */
    int32_t nice;
    struct {
        uint64_t soft, hard;
    } limits[HANDOVER_LIMITS];
    uint32_t descriptor_count, argument_count, environment_count;
    uint32_t cpus; /* processors that its thread had asked for (a mask); 0: it had not */
    uint64_t descriptors; /* offset */
    uint64_t arguments, arguments_length;     /* strings one after the other, each with its zero */
    uint64_t environment, environment_length; /* the same */
    uint64_t path, path_length;               /* with its zero; of the program, for /proc */
    uint64_t name, name_length;               /* the same; what it was called by, if that is a script */
    uint64_t alarm_deadline, alarm_interval;  /* ITIMER_REAL, monotonic ns; 0: not set */
    uint64_t own, own_length; /* what only a core of the same personality understands, and checks */
};

_Static_assert(sizeof(struct handover_descriptor) == 24, "record layout");
_Static_assert(sizeof(struct handover_header) % 8 == 0, "record layout");

/* A record as its user sees it. Encoding ignores the header's magic, version, length, offsets and
 * counts of bytes; decoding fills them all. */
struct handover {
    struct handover_header header;
    const struct handover_descriptor *descriptors; /* header.descriptor_count, fds ascending */
    const char *arguments;   /* header.argument_count strings in header.arguments_length bytes */
    const char *environment; /* header.environment_count strings */
    const char *path;        /* a string; may be empty */
    const char *name;        /* a string; empty: path */
    const void *own;         /* header.own_length bytes; 8-aligned */
};

/* Bytes that encoding needs, from the counts and lengths in header, path and name. */
size_t handover_size(const struct handover *handover);

/* Writes the record. RANGE: capacity is too small. TOO_BIG: beyond HANDOVER_MAX. */
__attribute__((warn_unused_result)) int32_t
handover_encode(const struct handover *handover, void *buffer, size_t capacity, size_t *length);

/* Checks the record and fills `handover`, which points into it. The buffer must be aligned to 8.
 * BAD_MESSAGE: not a valid record. NOT_SUPPORTED: of another version. */
__attribute__((warn_unused_result)) int32_t handover_decode(const void *buffer, size_t length,
                                                            struct handover *handover);

/* The string after `string` in a list of strings (there must be one). */
static inline const char *handover_next(const char *string)
{
    while (*string++)
        ;
    return string;
}

/* The personality whose programs begin as `head` does. setting: the manifest's `programs`, HEX=NAME pairs
 * with commas between (docs/manifest.md); the first that fits counts. False: none, or a name that does
 * not fit. ELF, scripts and PE need no entry. */
#define HANDOVER_NAME_MAX 64
bool handover_program_of(const char *setting, size_t setting_length, const void *head,
                         size_t head_length, char *name, size_t capacity);
/* The name in the index-th of those pairs; false: there are not so many. */
bool handover_program_name(const char *setting, size_t setting_length, unsigned index, char *name,
                           size_t capacity);
/* JANUS_PLACE in an environment of `count` strings: the placement that it asks for, `fallback` without it.
 * BAD_ARG: it has another value, *wrong. */
__attribute__((warn_unused_result)) int32_t handover_place(const char *environment, uint32_t count,
                                                           uint32_t fallback, uint32_t *placement,
                                                           const char **wrong);
/* The name of who takes a personality's processes in that placement (CENTRAL, LIBRARY): `server`,
 * "svc/NAME", or that with "-library" behind. */
#define HANDOVER_TAKER_MAX (HANDOVER_NAME_MAX + 16)
const char *handover_taker(const char *server, uint32_t placement,
                           char buffer[static HANDOVER_TAKER_MAX]);

/* Puts every default into an empty record: no descriptors, limits of a fresh system, umask 022. */
void handover_init(struct handover *handover);

#endif
