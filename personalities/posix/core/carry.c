/* What only cores of this personality know of a process, in the `own` part of a hand-over: an exec from one
 * of them to another keeps it, as execve(2) has it. The record may come from anybody, so all of it is checked. */
#include <stdlib.h>

#include "image.h"
#include "janus/idl/task.h"
#include "signals.h"

#define CARRY_MAGIC 0x314e574f584f50ull /* "POXOWN1" */
#define CARRY_NO_NEW_PRIVS 1

struct carry {
    uint64_t magic;
    uint32_t flags;
    uint32_t count; /* of pending: signals for the thread that goes on, oldest first */
    struct task_siginfo pending[];
};

long carry_pack(const struct thread *t, void **block, size_t *length)
{
    const struct process *p = t->process;
    const struct queued_signal *item;
    uint32_t count = 0;
    for (item = t->pending.queue; item; item = item->next)
        count++;
    *length = sizeof(struct carry) + count * sizeof(struct task_siginfo);
    struct carry *carry = *block = calloc(1, *length);
    if (!carry)
        return -LX_ENOMEM;
    carry->magic = CARRY_MAGIC;
    carry->flags = p->no_new_privs ? CARRY_NO_NEW_PRIVS : 0;
    for (item = t->pending.queue; item; item = item->next)
        carry->pending[carry->count++] = item->info;
    return 0;
}

void carry_unpack(struct thread *t, const void *block, size_t length)
{
    const struct carry *carry = block;
    struct process *p = t->process;
    if (length < sizeof *carry || carry->magic != CARRY_MAGIC ||
        (length - sizeof *carry) / sizeof *carry->pending < carry->count)
        return;
    p->no_new_privs = !!(carry->flags & CARRY_NO_NEW_PRIVS);
    for (uint32_t i = 0; i < carry->count; i++)
        if (carry->pending[i].number > 0 && carry->pending[i].number <= LX_NSIG)
            signal_send_thread(t, &carry->pending[i]);
}
