/* The kernel as a program reaches it that knows the adapter in its process (docs/library.md): through the
 * adapter's own system calls, with the process's own capabilities. For programs of both personalities.
 * Under the central placement there is nothing of it: inside_find fails. */
#ifndef INSIDE_H
#define INSIDE_H

#include <stdint.h>
#include <string.h>

#include "janus/abi.h"
#include "janus/adapter.h"

struct inside_registers {
    uint64_t tag;
    uint64_t label;
    uint64_t words[JN_WORDS_REG];
};

typedef __attribute__((sysv_abi)) int64_t inside_syscall(uint64_t operation, uint64_t capability,
                                                         struct inside_registers *registers);

/* The adapter's jn_syscall, told by its first instructions; the range must be readable. */
static inline inside_syscall *inside_find(void)
{
    static const uint8_t begin[] = {0x53, 0x55, 0x41, 0x54, 0x41, 0x55, 0x41, 0x56, 0x41, 0x57,
                                    0x52, 0x48, 0x89, 0xf8, 0x48, 0x89, 0xf7, 0x48, 0x8b, 0x32};
    const struct adapter_header *header = (const void *)ADAPTER_BASE;
    const uint8_t *text = (const void *)ADAPTER_BASE;
    for (uint64_t at = 0; at + 128 < header->text_bytes; at += 16)
        if (!memcmp(text + at, begin, sizeof begin))
            return (inside_syscall *)(uintptr_t)(text + at);
    return 0;
}

static inline int32_t inside_invoke(inside_syscall *call, uint64_t object, uint64_t operation,
                                    struct inside_registers *r)
{
    r->tag = operation << JN_TAG_METHOD_SHIFT | JN_WORDS_REG;
    return (int32_t)call(JN_INVOKE, object, r);
}

#endif
