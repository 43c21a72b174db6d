#include "janus/backend/object.h"

#include "janus/backend/clients.h"

#include "janus/runtime.h"

jn_status_t backend_futex_wait(cap_t object, uint64_t identity, uint64_t offset, uint32_t bitset,
                               uint64_t cookie)
{
    return BACKEND_ARMED(BACKEND_OBJECT, object, cookie,
                         object_futex_wait(object, identity, offset, bitset, cookie));
}

jn_status_t backend_futex_wake(cap_t object, uint64_t identity, uint64_t offset, uint32_t bitset,
                               uint32_t count, uint32_t *woken)
{
    return object_futex_wake(object, identity, offset, bitset, count, woken);
}

jn_status_t backend_futex_requeue(cap_t object, uint64_t identity, uint64_t offset,
                                  uint64_t identity2, uint64_t offset2, uint32_t wake,
                                  uint32_t requeue, uint32_t *woken, uint32_t *requeued)
{
    return object_futex_requeue(object, identity, offset, identity2, offset2, wake, requeue,
                                woken, requeued);
}

void backend_object_disarm(cap_t object, uint64_t cookie)
{
    jn_status_t status = object_disarm(object, cookie);
    if (status != JN_OK)
        jn_log(JN_LOG_WARNING, "backend: disarm at the object server: %s", jn_status_text(status));
}

jn_status_t backend_make_descriptor(cap_t object, uint32_t kind, uint64_t initial, uint32_t flags,
                                    struct backend_open *open)
{
    open->server = BACKEND_OBJECT;
    return object_make_descriptor(object, kind, initial, flags, &open->number);
}

jn_status_t backend_set_timer(cap_t object, uint64_t number, uint64_t deadline, uint64_t interval,
                              uint64_t *old_deadline, uint64_t *old_interval)
{
    return object_set_timer(object, number, deadline, interval, old_deadline, old_interval);
}
