/* The region map's operations over the default pager, the file server and the kernel. */
#ifndef JANUS_REGION_GUEST_H
#define JANUS_REGION_GUEST_H

#include "janus/region.h"

/* The context of a map that uses region_guest_ops. The capabilities stay the personality's. */
struct region_guest {
    cap_t task;  /* the process's Task: CONTROL; the pagers have it through client.set_space */
    cap_t pager; /* the process's client at the default pager */
    cap_t file;  /* the process's client at the file server: dataspace and io */
    /* Optional: pages of the personality's own memory behind a REGION_SPECIAL: the address in this
     * task of the page that belongs at `address` of the region, or NULL. */
    const void *(*special_page)(struct region_guest *guest, const struct region *region,
                                uint64_t address);
    void *user;
};

/* Without commit charges, and with them (dataspace.commit). */
extern const struct region_ops region_guest_ops;
extern const struct region_ops region_guest_charging_ops;

#endif
