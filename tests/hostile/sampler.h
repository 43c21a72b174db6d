/* A thread of the victim's own that is none of its personality's: it waits for a time, preempts whatever
 * the process is doing, notes at which instruction that was, and ends the process there. By the
 * instruction clock every instruction can be the one. Everything that it touches is in memory shared
 * with the parent, in place before it runs: nobody would resolve its faults. */
#ifndef SAMPLER_H
#define SAMPLER_H

#include "inside.h"
#include "shapes.h"

/* Where the process was found, most specific first. */
enum where {
    IN_FAST_PATH, /* a program's thread in the adapter */
    IN_HANDLER,   /* the handler at work, in its own code */
    IN_SERVER,    /* the handler waits for a server that works for it */
    IN_PROGRAM,
    WHERE_COUNT
};

#define SAMPLER_SLOT (30000ull * JN_CAP_STEP)
#define SAMPLER_UTCB (ADAPTER_UTCBS_FAR + 0x8000000)
#define SAMPLER_PRIORITY ADAPTER_PRIORITY

struct sampler {
    inside_syscall *call;
    uint64_t deadline;            /* ns, monotonic */
    uint64_t signal, thread, main; /* capabilities */
    uint64_t priority;            /* the sampler's */
    uint64_t found[WHERE_COUNT];  /* how often, over all victims */
    uint64_t instructions[16];    /* the last rips inside the adapter */
    uint64_t inside;
    uint64_t stack[512];
};

static inline int sampler_in_text(uint64_t rip)
{
    return rip - ADAPTER_BASE < ADAPTER_TEXT_BYTES;
}

static inline uint64_t sampler_look(struct sampler *s, uint64_t thread, uint64_t *rip)
{
    struct inside_registers r = {.words = {JN_STATE_REGS}};
    *rip = 0;
    if (inside_invoke(s->call, thread, JN_OP_THREAD_READ, &r))
        return JN_WAS_DEAD;
    *rip = ((struct jn_utcb *)SAMPLER_UTCB)->state.rip;
    return r.words[0];
}

static __attribute__((used, noinline, sysv_abi)) void sampler_run(struct sampler *s)
{
    struct jn_utcb *utcb = (struct jn_utcb *)SAMPLER_UTCB;
    struct inside_registers r = {.tag = 0};
    utcb->recv_deadline = s->deadline;
    s->call(JN_WAIT | JN_RECV_UNTIL, s->signal, &r);
    uint64_t rip, handler_rip;
    uint64_t was = sampler_look(s, s->main, &rip);
    uint64_t handler_was = sampler_look(s, JN_CAP_THREAD, &handler_rip);
    enum where where = IN_PROGRAM;
    if (was == JN_WAS_RUNNING && sampler_in_text(rip))
        where = IN_FAST_PATH;
    else if (handler_was == JN_WAS_RUNNING)
        where = IN_HANDLER;
    else if (was == JN_WAS_FOREIGN_CALL || was == JN_WAS_FAULT)
        where = IN_SERVER;
    s->found[where]++;
    if (where == IN_FAST_PATH || where == IN_HANDLER)
        s->instructions[s->inside++ % 16] = where == IN_HANDLER ? handler_rip : rip;
    r = (struct inside_registers){
        .tag = (uint64_t)TASK_METHOD_EXIT << JN_TAG_METHOD_SHIFT | 2,
        .words = {TASK_SIGNALLED, 9}};
    s->call(JN_CALL, ADAPTER_CAP_CLIENT_TASK, &r);
    for (;;)
        s->call(JN_WAIT, s->signal, &r);
}

/* After an exec that kept the table: the one that the old image had armed stands in the way. It may have ended,
 * when its time came while its code was not there; then the next one's has come already. What this thread makes
 * has its priority, which is a lower one now. */
static inline void sampler_disarm(struct sampler *s)
{
    s->priority--;
    static const uint64_t slots[] = {SAMPLER_SLOT + JN_CAP_STEP, SAMPLER_SLOT};
    static const uint64_t operations[] = {JN_OP_CAP_DESTROY, JN_OP_CAP_DELETE};
    for (unsigned i = 0; i < 4; i++) {
        struct inside_registers r = {.words = {slots[i / 2]}};
        (void)inside_invoke(s->call, JN_CAP_TASK, operations[i % 2], &r);
    }
}

/* In the victim: it ends at `deadline`. utcb: of the calling thread. 0, or a status. */
static inline int32_t sampler_arm(struct sampler *s, struct jn_utcb *utcb, uint64_t deadline)
{
    struct inside_registers r = {.words = {SAMPLER_SLOT}};
    volatile uint8_t *text = (uint8_t *)sampler_run;
    for (unsigned at = 0; at < 4096; at += 1024)
        (void)text[at];
    memset(s->stack, 0, sizeof s->stack);
    s->deadline = deadline;
    s->signal = SAMPLER_SLOT;
    s->thread = SAMPLER_SLOT + JN_CAP_STEP;
    s->main = utcb->thread;
    int32_t status = inside_invoke(s->call, JN_CAP_POOL, JN_OP_CREATE_SIGNAL, &r);
    if (status)
        return status;
    r = (struct inside_registers){.words = {s->thread, JN_CAP_TASK, SAMPLER_UTCB}};
    status = inside_invoke(s->call, JN_CAP_POOL, JN_OP_CREATE_THREAD, &r);
    if (status)
        return status;
    utcb->state.rip = (uint64_t)(uintptr_t)sampler_run;
    utcb->state.rflags = 0x202;
    memset(utcb->state.r, 0, sizeof utcb->state.r);
    utcb->state.r[JN_REG_RDI] = (uint64_t)(uintptr_t)s;
    utcb->state.r[JN_REG_RSP] = (uint64_t)(uintptr_t)(s->stack + 510) | 8;
    r = (struct inside_registers){.words = {JN_STATE_REGS}};
    status = inside_invoke(s->call, s->thread, JN_OP_THREAD_WRITE, &r);
    /* The others below it, so that it runs when its time has come. */
    uint64_t others[] = {JN_CAP_THREAD, s->main};
    for (unsigned i = 0; i < 2 && !status; i++) {
        r = (struct inside_registers){.words = {s->priority - 1}};
        status = inside_invoke(s->call, others[i], JN_OP_THREAD_SET_PRIORITY, &r);
    }
    r = (struct inside_registers){.tag = 0};
    return status ? status : inside_invoke(s->call, s->thread, JN_OP_THREAD_RESUME, &r);
}

#endif
