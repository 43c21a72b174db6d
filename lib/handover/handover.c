/* Encoding and checking of the hand-over record. No allocation, no library but memcpy and memset. */
#include "janus/handover.h"

#include <stdbool.h>
#include <string.h>

static uint64_t align8(uint64_t n)
{
    return (n + 7) & ~7ull;
}

void handover_init(struct handover *handover)
{
    memset(handover, 0, sizeof *handover);
    struct handover_header *h = &handover->header;
    h->umask = 022;
    h->terminal = -1;
    for (int i = 0; i < HANDOVER_LIMITS; i++)
        h->limits[i].soft = h->limits[i].hard = HANDOVER_UNLIMITED;
    h->limits[3].soft = 8u << 20;                            /* RLIMIT_STACK */
    h->limits[4].soft = 0;                                   /* RLIMIT_CORE */
    h->limits[6].soft = h->limits[6].hard = 31000;           /* RLIMIT_NPROC */
    h->limits[7].soft = 1024, h->limits[7].hard = 1048576;   /* RLIMIT_NOFILE */
    h->limits[8].soft = h->limits[8].hard = 8u << 20;        /* RLIMIT_MEMLOCK */
    h->limits[11].soft = h->limits[11].hard = 31000;         /* RLIMIT_SIGPENDING */
    h->limits[12].soft = h->limits[12].hard = 819200;        /* RLIMIT_MSGQUEUE */
    h->limits[13].soft = h->limits[13].hard = 0;             /* RLIMIT_NICE */
    h->limits[14].soft = h->limits[14].hard = 0;             /* RLIMIT_RTPRIO */
    handover->arguments = handover->environment = handover->path = handover->name = "";
}

size_t handover_size(const struct handover *handover)
{
    const struct handover_header *h = &handover->header;
    return sizeof *h + align8((uint64_t)h->descriptor_count * sizeof(struct handover_descriptor)) +
           align8(h->arguments_length) + align8(h->environment_length) +
           align8(strlen(handover->path) + 1) + align8(strlen(handover->name) + 1) +
           align8(h->own_length);
}

/* Appends one part and pads it with zeroes, so that a record never carries stale memory. */
static uint64_t put(char *buffer, uint64_t *position, const void *part, uint64_t length)
{
    uint64_t at = *position, end = at + align8(length);
    if (length)
        memcpy(buffer + at, part, length);
    memset(buffer + at + length, 0, end - at - length);
    *position = end;
    return at;
}

int32_t handover_encode(const struct handover *handover, void *buffer, size_t capacity,
                        size_t *length)
{
    struct handover_header h = handover->header;
    size_t size = handover_size(handover);
    if (size > HANDOVER_MAX)
        return JN_TOO_BIG;
    if (size > capacity)
        return JN_RANGE;
    uint64_t position = sizeof h;
    h.magic = HANDOVER_MAGIC;
    h.version = HANDOVER_VERSION;
    h.length = size;
    h.path_length = strlen(handover->path) + 1;
    h.descriptors = put(buffer, &position, handover->descriptors,
                        (uint64_t)h.descriptor_count * sizeof(struct handover_descriptor));
    h.arguments = put(buffer, &position, handover->arguments, h.arguments_length);
    h.environment = put(buffer, &position, handover->environment, h.environment_length);
    h.path = put(buffer, &position, handover->path, h.path_length);
    h.name_length = strlen(handover->name) + 1;
    h.name = put(buffer, &position, handover->name, h.name_length);
    h.own = put(buffer, &position, handover->own, h.own_length);
    memcpy(buffer, &h, sizeof h);
    *length = size;
    return JN_OK;
}

/* Is [offset, offset + length) a part of the record behind the header? */
static int part_valid(const struct handover_header *h, uint64_t offset, uint64_t length)
{
    return offset % 8 == 0 && offset >= sizeof *h && offset <= h->length &&
           length <= h->length - offset;
}

static int strings_valid(const char *bytes, uint64_t length, uint32_t count)
{
    uint64_t found = 0;
    for (uint64_t i = 0; i < length; i++)
        found += bytes[i] == 0;
    return found == count && (length == 0 || bytes[length - 1] == 0);
}

#define FLAGS                                                                          \
    (HANDOVER_CLOSE_ON_EXEC | HANDOVER_SECOND | HANDOVER_NAMES_ONLY | HANDOVER_KIND)

static int descriptors_valid(const struct handover_descriptor *d, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        if (d[i].server < HANDOVER_FS || d[i].server > HANDOVER_OBJECT || d[i].number == 0 ||
            (d[i].flags & ~FLAGS) || d[i].fd >= HANDOVER_DESCRIPTORS_MAX)
            return 0;
        bool second = d[i].flags & HANDOVER_SECOND;
        if (second && (!i || d[i].fd != d[i - 1].fd || d[i - 1].flags & HANDOVER_SECOND))
            return 0;
        if (i && !second && d[i].fd <= d[i - 1].fd)
            return 0;
    }
    return 1;
}

int32_t handover_decode(const void *buffer, size_t length, struct handover *handover)
{
    const struct handover_header *h = buffer;
    if (length < sizeof *h || length > HANDOVER_MAX || (uintptr_t)buffer % 8 ||
        h->magic != HANDOVER_MAGIC)
        return JN_BAD_MESSAGE;
    if (h->version != HANDOVER_VERSION)
        return JN_NOT_SUPPORTED;
    if (h->length != length || (h->flags & ~HANDOVER_FLAGS) ||
        h->placement > HANDOVER_PLACE_LIBRARY || (h->umask & ~0777u) || h->nice < -20 ||
        h->nice > 19 || h->descriptor_count > HANDOVER_DESCRIPTORS_MAX)
        return JN_BAD_MESSAGE;
    for (int i = 0; i < HANDOVER_LIMITS; i++)
        if (h->limits[i].soft > h->limits[i].hard)
            return JN_BAD_MESSAGE;
    const char *base = buffer;
    if (!part_valid(h, h->descriptors, (uint64_t)h->descriptor_count * sizeof *handover->descriptors)
        || !part_valid(h, h->arguments, h->arguments_length) ||
        !part_valid(h, h->environment, h->environment_length) ||
        !part_valid(h, h->path, h->path_length) || h->path_length == 0 ||
        !part_valid(h, h->own, h->own_length) || !part_valid(h, h->name, h->name_length) || h->name_length == 0)
        return JN_BAD_MESSAGE;
    if (!strings_valid(base + h->arguments, h->arguments_length, h->argument_count) ||
        !strings_valid(base + h->environment, h->environment_length, h->environment_count) ||
        !strings_valid(base + h->path, h->path_length, 1) ||
        !strings_valid(base + h->name, h->name_length, 1))
        return JN_BAD_MESSAGE;
    const struct handover_descriptor *descriptors = (const void *)(base + h->descriptors);
    if (!descriptors_valid(descriptors, h->descriptor_count))
        return JN_BAD_MESSAGE;
    handover->header = *h;
    handover->descriptors = descriptors;
    handover->arguments = base + h->arguments;
    handover->environment = base + h->environment;
    handover->path = base + h->path;
    handover->name = base + h->name;
    handover->own = base + h->own;
    return JN_OK;
}

int32_t handover_place(const char *environment, uint32_t count, uint32_t fallback,
                       uint32_t *placement, const char **wrong)
{
    static const char key[] = "JANUS_PLACE=";
    *placement = fallback;
    for (uint32_t i = 0; i < count; i++, environment = handover_next(environment)) {
        if (strncmp(environment, key, sizeof key - 1))
            continue;
        *wrong = environment + sizeof key - 1;
        if (!strcmp(*wrong, "central"))
            *placement = HANDOVER_PLACE_CENTRAL;
        else if (!strcmp(*wrong, "library"))
            *placement = HANDOVER_PLACE_LIBRARY;
        else
            return JN_BAD_ARG;
        return JN_OK;
    }
    return JN_OK;
}

const char *handover_taker(const char *server, uint32_t placement,
                           char buffer[static HANDOVER_TAKER_MAX])
{
    static const char suffix[] = "-library";
    size_t length = strlen(server);
    if (placement != HANDOVER_PLACE_LIBRARY || length + sizeof suffix > HANDOVER_TAKER_MAX)
        return server;
    memcpy(buffer, server, length);
    memcpy(buffer + length, suffix, sizeof suffix);
    return buffer;
}
