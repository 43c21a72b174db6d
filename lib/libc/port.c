/* What musl's library parts want from the rest of musl. */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "janus/runtime.h"

int *__errno_location(void);
int *___errno_location(void);
void *__libc_malloc(size_t size);

static int error_number;

int *__errno_location(void)
{
    return &error_number;
}

int *___errno_location(void)
{
    return &error_number;
}

int __malloc_replaced, __aligned_alloc_replaced;

void *calloc(size_t count, size_t size)
{
    size_t bytes;
    if (__builtin_mul_overflow(count, size, &bytes))
        return NULL;
    void *memory = malloc(bytes);
    return memory ? memset(memory, 0, bytes) : NULL;
}

_Noreturn void abort(void)
{
    jn_panic("abort");
}
