/* The descriptor table of a process. */
#ifndef POSIX_DESCRIPTORS_H
#define POSIX_DESCRIPTORS_H

#include "core.h"
#include "janus/backend/io.h"
#include "process.h"

/* The descriptor, or NULL (EBADF). Valid until the table changes. */
static inline struct descriptor *descriptor_get(struct process *p, uint64_t fd)
{
    uint32_t n = (uint32_t)fd;
    if (n >= p->descriptors.size || !p->descriptors.table[n].kind)
        return NULL;
    return &p->descriptors.table[n];
}

/* Puts a descriptor at the lowest free number >= least: the number, -EMFILE or -ENOMEM (nothing is
 * closed then). */
long descriptor_add(struct process *p, const struct descriptor *descriptor, uint32_t least);
/* The same at a given number, which must be free. */
long descriptor_add_at(struct process *p, const struct descriptor *descriptor, uint32_t fd);
long descriptor_close(struct process *p, uint64_t fd);
/* Another descriptor for the same description (not in the table yet). */
long descriptor_duplicate(struct process *p, const struct descriptor *from, struct descriptor *to);
/* Closes what stands behind a descriptor that is not, or no more, in the table. */
void descriptor_drop(struct process *p, struct descriptor *descriptor);
/* fork: the servers' tables are cloned already. -ENOMEM. */
long descriptors_clone(struct process *from, struct process *to);
void descriptors_close_on_exec(struct process *p);
/* The end of a process: core-held things only, the servers clean up by themselves. */
void descriptors_close_core(struct process *p);
/* The same as descriptor_get, but O_PATH descriptors are EBADF too. */
static inline struct descriptor *descriptor_io(struct process *p, uint64_t fd)
{
    struct descriptor *d = descriptor_get(p, fd);
    return d && d->kind != DESCRIPTOR_PATH ? d : NULL;
}
/* Is the description non-blocking? */
bool descriptor_nonblocking(struct process *p, const struct descriptor *d);
long descriptor_set_nonblocking(struct process *p, struct descriptor *d, bool on);
uint32_t descriptors_limit(const struct process *p);

#endif
