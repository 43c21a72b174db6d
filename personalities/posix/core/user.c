#include "user.h"

#include "linux/memory.h"
#include "mm.h"

long user_resolve(struct thread *t, uint64_t address, uint32_t access)
{
    jn_status_t status = mm_resolve(t->process->mm, address, access, &t->backend);
    if (status == JN_OK)
        return 0;
    return status == JN_NO_MEMORY || status == JN_QUOTA ? -LX_ENOMEM : -LX_EFAULT;
}

/* One step of a copy ended with `status`: true if the copy can go on. The same address may fault
 * twice when another pager took the page away in between, but not for ever. */
static bool go_on(struct thread *t, jn_status_t status, const uint64_t fault[2], uint32_t access,
                  int *patience)
{
    if (status != JN_FAULT || !--*patience)
        return false;
    return user_resolve(t, fault[0], access) == 0;
}

size_t user_read_partial(struct thread *t, void *buffer, uint64_t address, size_t length)
{
    size_t total = 0;
    int patience = 8;
    if (!user_range_valid(address, length))
        return 0;
    while (total < length) {
        size_t done = 0;
        uint64_t fault[2] = {address + total, 0};
        jn_status_t status = backend_copy_in(&t->backend, address + total, (char *)buffer + total,
                                             length - total, &done, fault);
        total += done;
        if (done)
            patience = 8;
        if (total < length && !go_on(t, status, fault, JN_R, &patience) && status != JN_OK)
            break;
        if (status == JN_OK && !done)
            break;
    }
    return total;
}

size_t user_write_partial(struct thread *t, uint64_t address, const void *buffer, size_t length)
{
    size_t total = 0;
    int patience = 8;
    if (!user_range_valid(address, length))
        return 0;
    while (total < length) {
        size_t done = 0;
        uint64_t fault[2] = {address + total, 0};
        jn_status_t status =
            backend_copy_out(&t->backend, address + total, (const char *)buffer + total,
                             length - total, &done, fault);
        total += done;
        if (done)
            patience = 8;
        if (total < length && !go_on(t, status, fault, JN_W, &patience) && status != JN_OK)
            break;
        if (status == JN_OK && !done)
            break;
    }
    return total;
}

long user_read(struct thread *t, void *buffer, uint64_t address, size_t length)
{
    return user_read_partial(t, buffer, address, length) == length ? 0 : -LX_EFAULT;
}

long user_write(struct thread *t, uint64_t address, const void *buffer, size_t length)
{
    return user_write_partial(t, address, buffer, length) == length ? 0 : -LX_EFAULT;
}

long user_string(struct thread *t, char *buffer, uint64_t address, size_t capacity)
{
    size_t total = 0;
    int patience = 8;
    while (total < capacity) {
        size_t want = capacity - total, done = 0;
        if (address + total >= LX_TASK_SIZE)
            return -LX_EFAULT;
        if (want > LX_TASK_SIZE - (address + total))
            want = LX_TASK_SIZE - (address + total);
        uint64_t fault[2] = {address + total, 0};
        jn_status_t status = backend_copy_string(&t->backend, address + total, buffer + total,
                                                 want, &done, fault);
        if (done) {
            total += done;
            patience = 8;
            if (!buffer[total - 1])
                return (long)total - 1;
        }
        if (status != JN_OK && !go_on(t, status, fault, JN_R, &patience))
            return -LX_EFAULT;
        if (status == JN_OK && !done)
            return -LX_EFAULT;
    }
    return -LX_ENAMETOOLONG;
}

long user_lend(struct thread *t, uint64_t address, uint64_t length, struct jn_window *window)
{
    if (!user_range_valid(address, length))
        return -LX_EFAULT;
    return backend_thread_lend(&t->backend, address, length, window) == JN_OK ? 0 : -LX_ENOMEM;
}
