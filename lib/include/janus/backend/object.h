/* What is shared and is not a file (idl/object.idl): shared futexes, event and timer descriptors. */
#ifndef JANUS_BACKEND_OBJECT_H
#define JANUS_BACKEND_OBJECT_H

#include "janus/backend/clients.h"
#include "janus/idl/object.h"

JN_CHECKED jn_status_t backend_futex_wait(cap_t object, uint64_t identity, uint64_t offset,
                                          uint32_t bitset, uint64_t cookie);
JN_CHECKED jn_status_t backend_futex_wake(cap_t object, uint64_t identity, uint64_t offset,
                                          uint32_t bitset, uint32_t count, uint32_t *woken);
JN_CHECKED jn_status_t backend_futex_requeue(cap_t object, uint64_t identity, uint64_t offset,
                                             uint64_t identity2, uint64_t offset2, uint32_t wake,
                                             uint32_t requeue, uint32_t *woken,
                                             uint32_t *requeued);
void backend_object_disarm(cap_t object, uint64_t cookie);
JN_CHECKED jn_status_t backend_make_descriptor(cap_t object, uint32_t kind, uint64_t initial,
                                               uint32_t flags, struct backend_open *open);
/* Absolute monotonic deadline (0: stop) and interval; the old ones come back. */
JN_CHECKED jn_status_t backend_set_timer(cap_t object, uint64_t number, uint64_t deadline,
                                         uint64_t interval, uint64_t *old_deadline,
                                         uint64_t *old_interval);

#endif
