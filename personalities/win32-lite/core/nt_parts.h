/* Several small results in a caller's memory, in as few copies as their places allow. */
#ifndef NT_PARTS_H
#define NT_PARTS_H

#include "core.h"

/* A small result of a service. */
struct nt_part {
    uint64_t address;
    const void *bytes;
    uint32_t length; /* at most 8 */
};
#define NT_PARTS_MAX 4u
/* Writes the parts in this order, those that follow each other in memory together. */
nt_status nt_write_parts(struct nt_thread *t, const struct nt_part *parts, size_t count);

#endif
