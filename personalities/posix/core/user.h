/* The calling program's memory. All of these resolve faults through the region map and give -EFAULT
 * where a program could not have touched the memory itself. */
#ifndef POSIX_USER_H
#define POSIX_USER_H

#include "core.h"
#include "linux/memory.h"

/* Could the program have memory there? */
static inline bool user_range_valid(uint64_t address, size_t length)
{
    return length <= LX_TASK_SIZE && address <= LX_TASK_SIZE - length;
}

long user_read(struct thread *thread, void *buffer, uint64_t address, size_t length);
long user_write(struct thread *thread, uint64_t address, const void *buffer, size_t length);
/* Copies a string with its zero; the length without it, or -EFAULT, or -ENAMETOOLONG if no zero is
 * within capacity. */
long user_string(struct thread *thread, char *buffer, uint64_t address, size_t capacity);
/* As much as is accessible; bytes copied. */
size_t user_read_partial(struct thread *thread, void *buffer, uint64_t address, size_t length);
size_t user_write_partial(struct thread *thread, uint64_t address, const void *buffer,
                          size_t length);

/* Makes [address, 1) accessible as the program could: 0 or -EFAULT, -ENOMEM. */
long user_resolve(struct thread *thread, uint64_t address, uint32_t access);

/* A window on [address, +length) for a server; -EFAULT beyond user space. */
long user_lend(struct thread *thread, uint64_t address, uint64_t length, struct jn_window *window);

static inline long user_write32(struct thread *thread, uint64_t address, uint32_t value)
{
    return user_write(thread, address, &value, sizeof value);
}
static inline long user_write64(struct thread *thread, uint64_t address, uint64_t value)
{
    return user_write(thread, address, &value, sizeof value);
}

#endif
