/* Address spaces: the operations behind a region map (janus/region.h) and shared memory. */
#ifndef JANUS_BACKEND_MEMORY_H
#define JANUS_BACKEND_MEMORY_H

#include "janus/backend/clients.h"
#include "janus/region.h"

/* What a region map of one kernel Task works through; backend_space_open fills it. */
struct backend_space {
    const struct region_ops *ops;
    void *context;
};

/* pager and fs are lent for the life of the space, as is kernel_task. Tells both servers that they
 * map into kernel_task from now on. */
JN_CHECKED jn_status_t backend_space_open(cap_t pager, cap_t fs, cap_t kernel_task,
                                          struct backend_space *space);
/* The same for a fork's child, whose clients are clones of those of `parent`. */
JN_CHECKED jn_status_t backend_space_clone(const struct backend_space *parent, cap_t pager,
                                           cap_t fs, cap_t kernel_task,
                                           struct backend_space *space);
/* The same for the next image in the same Task: the servers map into it already. */
JN_CHECKED jn_status_t backend_space_again(const struct backend_space *before,
                                           struct backend_space *space);
/* The process goes on with another file client (its first one belonged to a process that ended). */
void backend_space_set_file_client(struct backend_space *space, cap_t fs);
/* Tells the servers again that they map into this space's Task. */
void backend_space_attach(const struct backend_space *space);
void backend_space_close(struct backend_space *space);

/* Shared anonymous memory; identity is the same for all who share it. */
JN_CHECKED jn_status_t backend_memory_shared(cap_t pager, uint64_t size, uint64_t *ds,
                                             uint64_t *identity);
/* Pages of the machine's RAM that nobody uses. */
JN_CHECKED jn_status_t backend_memory_machine(cap_t pager, uint64_t *free_pages);
/* The process's account: 4 KiB pages. */
JN_CHECKED jn_status_t backend_memory_quota(cap_t pager, uint64_t *limit, uint64_t *used,
                                            uint64_t *peak);

/* The page with the vDSO's text that backend_set_vdso gave, NULL: none; a REGION_SPECIAL whose source's
 * number is its address shows it. *information: where every Task has the kernel's information page. */
const void *backend_vdso(uint64_t *information);
void backend_set_vdso(const void *text);

#endif
