/* System calls as they are. Servers and clients use the generated stubs (janus/idl/) instead. */
#ifndef JANUS_IPC_H
#define JANUS_IPC_H

#include "janus/types.h"

/* Registers of a message; words 10 to 63 stand in the UTCB. The layout is known to ipc.asm. */
struct jn_registers {
    uint64_t tag;
    uint64_t label; /* out */
    uint64_t words[JN_WORDS_REG];
};

_Static_assert(offsetof(struct jn_registers, words) == 16, "ipc.asm");

/* Enters the kernel with rax = operation, rdi = capability and the registers; all come back.
 * Returns rax: 0, JN_SIGNALLED or a negative status. May block as the operation says. */
int64_t jn_syscall(uint64_t operation, cap_t capability, struct jn_registers *registers);

/* JN_COPY alone: the three words of the request, and of the answer. */
int64_t jn_syscall_copy(cap_t reply, uint64_t tag, const uint64_t arguments[3],
                        uint64_t results[3]);

/* The calling thread's UTCB: the GS base points at it. */
static inline struct jn_utcb *jn_utcb(void)
{
    struct jn_utcb *utcb;
    __asm__("movq %%gs:%c1, %0" : "=r"(utcb) : "i"(offsetof(struct jn_utcb, self)));
    return utcb;
}

/* Runs JN_INVOKE on an object. words: arguments in, results out; never NULL. */
JN_CHECKED jn_status_t jn_invoke(cap_t object, enum jn_object_op op,
                                 uint64_t words[static JN_WORDS_REG]);

#endif
