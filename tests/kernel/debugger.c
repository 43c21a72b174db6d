/* A small native debugger, out of nothing but thread control (KERNEL 17): what gdb does to a
 * process, a task can do to a thread whose capability and exception gate it holds.
 *
 * Memory of the target is reached through its attention message: who holds that Reply may copy to
 * and from the whole space. */
#include "harness.h"

#pragma GCC visibility push(hidden)
extern void target_loop(void), target_step(void), target_steps_end(void), target_call(void),
    foreign_fault(void), foreign_vector(void);
#pragma GCC visibility pop

#define SPACE_BASE 0x50000000ull /* where the target sees its memory, and this task does not */
#define FLAG_RF    0x10000ull
#define LABEL      0x77

struct debugger {
    cap_t thread, gate;
    regs_t event; /* the message that holds the target; it is this thread's current caller */
};

/* ---- the debugger ---- */

static struct debugger attach(cap_t thread)
{
    struct debugger d = {.thread = thread, .gate = make_gate()};

    CHECK_OK(OP4(thread, JN_OP_THREAD_SET_GATES, d.gate, LABEL, 0, 0));
    return d;
}

static unsigned wait_event(struct debugger *d)
{
    d->event = (regs_t){0};
    CHECK_OK(sys(JN_WAIT, d->gate, &d->event));
    CHECK_IS(d->event.label, LABEL);
    return kind_of(d->event.tag);
}

/* Stops it where it is; its memory can be looked at from then on. */
static uint64_t interrupt(struct debugger *d)
{
    CHECK_OK(OP1(d->thread, JN_OP_THREAD_ATTENTION, 0));
    CHECK_IS(wait_event(d), JN_KM_ATTENTION);
    return d->event.words[0];
}

static void go_on(struct debugger *d)
{
    d->event = (regs_t){0};
    CHECK_OK(sys(JN_REPLY, 0, &d->event));
}

/* Goes on with own_state(), changed by the debugger. */
static void go_on_with(struct debugger *d, unsigned groups)
{
    own_state()->valid = groups;
    d->event = (regs_t){.tag = JN_TAG_STATE};
    CHECK_OK(sys(JN_REPLY, 0, &d->event));
}

static int64_t memory_copy(unsigned how, uint64_t address, void *own, uint64_t bytes)
{
    regs_t regs = {.tag = tag_of(3, 0, 0, how | JN_COPY_SPACE),
                   .words = {address, (uint64_t)own, bytes}};
    int64_t status = sys(JN_COPY, 0, &regs);

    return status ? status : (int64_t)regs.words[0];
}

static uint64_t peek(uint64_t address)
{
    uint64_t value = 0;

    CHECK_IS(memory_copy(JN_COPY_IN, address, &value, 8), 8);
    return value;
}

static void poke(uint64_t address, uint64_t value)
{
    CHECK_IS(memory_copy(JN_COPY_OUT, address, &value, 8), 8);
}

static struct jn_state *read_state(struct debugger *d, unsigned groups)
{
    memset(own_state(), 0, sizeof *own_state());
    CHECK_OK(OP1(d->thread, JN_OP_THREAD_READ, groups));
    CHECK_IS(own_state()->valid, groups);
    return own_state();
}

/* Hardware breakpoint 0: on execution of `address`, or none. */
static void set_breakpoint(struct debugger *d, void (*address)(void))
{
    struct jn_state *state = read_state(d, JN_STATE_DEBUG);

    state->dr[0] = (uint64_t)address;
    state->dr[5] = address ? 1 : 0;
    CHECK_OK(OP1(d->thread, JN_OP_THREAD_WRITE, JN_STATE_DEBUG));
}

static bool within(uint64_t rip, void (*begin)(void), void (*end)(void))
{
    return rip >= (uint64_t)begin && rip <= (uint64_t)end;
}

/* ---- sessions ---- */

static cap_t make_target(void (*entry)(void), uint64_t **memory)
{
    struct task *task = make_task();

    *memory = scratch(1);
    memset(*memory, 0, 4096);
    (*memory)[1] = 1;
    CHECK_OK(OP4(task->task, JN_OP_TASK_MAP, (uint64_t)*memory, SPACE_BASE, 1, JN_R | JN_W));
    return make_foreign(task, entry, SPACE_BASE);
}

/* Attach to what runs, look, change a variable, break, step, change a register, let it go. */
static void debugger_session(void)
{
    uint64_t *memory;
    struct debugger d = attach(make_target(target_loop, &memory));

    CHECK_OK(OP0(d.thread, JN_OP_THREAD_RESUME));
    settle();
    CHECK_IS(interrupt(&d), JN_WAS_RUNNING);
    CHECK(within(own_state()->rip, target_loop, target_steps_end));
    uint64_t at = peek(SPACE_BASE);
    CHECK(at > 0);
    CHECK_IS(memory[0], at);
    CHECK_IS(memory_copy(JN_COPY_IN, 0x1000, &at, 8), JN_FAULT);
    poke(SPACE_BASE, 1000000000);
    poke(SPACE_BASE + 8, 7);
    /* A breakpoint: it stops before the instruction, as often as it comes there. */
    set_breakpoint(&d, target_step);
    go_on(&d);
    for (unsigned i = 0; i < 3; i++) {
        CHECK_IS(wait_event(&d), JN_KM_EXCEPTION);
        CHECK_IS(d.event.words[0], 1);
        CHECK_IS(d.event.words[2], (uint64_t)target_step);
        CHECK_IS(d.event.words[5] & 0xf, 1);
        CHECK_IS(own_state()->rip, (uint64_t)target_step);
        if (i == 2)
            break;
        own_state()->rflags |= FLAG_RF; /* over it */
        go_on_with(&d, JN_STATE_REGS);
    }
    uint64_t value = own_state()->r[JN_REG_RAX], before = peek(SPACE_BASE);
    CHECK(before > 1000000000 - 8);
    CHECK_IS(value, before + 7);
    set_breakpoint(&d, NULL);
    /* Three steps, instruction by instruction, with a changed register. */
    read_state(&d, JN_STATE_REGS)->r[JN_REG_RAX] = 5000;
    CHECK_OK(OP1(d.thread, JN_OP_THREAD_WRITE, JN_STATE_REGS));
    CHECK_OK(OP1(d.thread, JN_OP_THREAD_STEP, 1));
    static uint64_t rips[3];
    for (unsigned i = 0; i < 3; i++) {
        go_on(&d);
        CHECK_IS(wait_event(&d), JN_KM_EXCEPTION);
        CHECK_IS(d.event.words[0], 1);
        CHECK(d.event.words[5] & 0x4000);
        rips[i] = d.event.words[2];
    }
    CHECK(rips[0] > (uint64_t)target_step && rips[1] > rips[0]);
    CHECK_IS(rips[2], (uint64_t)target_steps_end);
    CHECK_IS(peek(SPACE_BASE), 5000);
    CHECK_IS(peek(SPACE_BASE + 16), 10000);
    CHECK_IS(own_state()->r[JN_REG_RBX], 10000);
    CHECK_OK(OP1(d.thread, JN_OP_THREAD_STEP, 0));
    go_on(&d);
    settle();
    CHECK(memory[0] > 5000);
    CHECK_IS(thread_was(d.thread), JN_WAS_RUNNING);
}

/* ---- every state of the target ---- */

static volatile uint64_t result;

static void waits_to_send(uint64_t gate)
{
    uint64_t answer;

    result = (uint64_t)call1(gate, 5, &answer);
}

static void waits_to_receive(uint64_t gate)
{
    regs_t regs = {0};

    result = (uint64_t)sys(JN_WAIT, gate, &regs);
}

/* Suspended, read in every group, changed where that is allowed, found where it was, resumed. */
static void look_at(cap_t thread, unsigned was, unsigned after)
{
    struct debugger d = {.thread = thread};
    uint64_t out[10];

    CHECK_IS(thread_was(thread), was);
    CHECK_OK(op(thread, JN_OP_THREAD_SUSPEND, 0, 0, 0, 0, 0, out));
    CHECK_IS(out[0], was);
    struct jn_state *state = read_state(&d, 15);
    uint64_t rip = state->rip, r15 = state->r[JN_REG_R15];
    CHECK(rip && state->rflags & 0x200);
    CHECK_IS(state->xsave_size >= 576, 1);
    bool native = was == JN_WAS_NATIVE_CALL;
    state->r[JN_REG_R15] = 0x1515;
    CHECK_IS(OP1(thread, JN_OP_THREAD_WRITE, JN_STATE_REGS), native ? JN_BUSY : JN_OK);
    state->fs_base = 0x7000;
    state->dr[1] = 0x1234;
    CHECK_OK(OP1(thread, JN_OP_THREAD_WRITE, JN_STATE_BASES | JN_STATE_DEBUG | JN_STATE_XSAVE));
    state = read_state(&d, 15);
    CHECK_IS(state->rip, rip);
    CHECK_IS(state->r[JN_REG_R15], native ? r15 : 0x1515);
    CHECK_IS(state->fs_base, 0x7000);
    CHECK_IS(state->dr[1], 0x1234);
    CHECK_OK(OP1(thread, JN_OP_THREAD_STEP, 1));
    CHECK_OK(OP1(thread, JN_OP_THREAD_STEP, 0));
    settle();
    CHECK_OK(OP0(thread, JN_OP_THREAD_RESUME));
    settle();
    CHECK_IS(thread_was(thread), after);
}

static void debugger_native_states(void)
{
    cap_t gate = make_gate(), signal = make_signal();

    cap_t sender = start_thread(&root, waits_to_send, gate);
    settle();
    look_at(sender, JN_WAS_NATIVE_CALL, JN_WAS_NATIVE_CALL);
    regs_t regs = {0};
    CHECK_OK(sys(JN_WAIT, gate, &regs)); /* in its second phase */
    look_at(sender, JN_WAS_NATIVE_CALL, JN_WAS_NATIVE_CALL);
    regs = (regs_t){.tag = 0};
    CHECK_OK(sys(JN_REPLY, 0, &regs));
    settle();
    CHECK_IS(result, JN_OK);

    cap_t receiver = start_thread(&root, waits_to_receive, gate);
    settle();
    look_at(receiver, JN_WAS_NATIVE_CALL, JN_WAS_NATIVE_CALL);
    result = 99;
    CHECK_OK(OP0(receiver, JN_OP_THREAD_CANCEL));
    settle();
    CHECK_IS(result, JN_CANCELLED);

    cap_t waiter = start_thread(&root, waits_to_receive, signal);
    settle();
    look_at(waiter, JN_WAS_NATIVE_CALL, JN_WAS_NATIVE_CALL);
    result = 99;
    regs = (regs_t){.tag = 1, .words = {4}};
    CHECK_OK(sys(JN_SIGNAL, signal, &regs));
    settle();
    CHECK_IS(result, JN_SIGNALLED);
}

static void debugger_foreign_states(void)
{
    uint64_t *memory;
    struct debugger d = attach(make_target(target_loop, &memory));

    CHECK_OK(OP0(d.thread, JN_OP_THREAD_RESUME));
    settle();
    look_at(d.thread, JN_WAS_RUNNING, JN_WAS_RUNNING);

    /* In a call that nobody has taken yet, and in one that is held. */
    d = attach(make_target(target_call, &memory));
    CHECK_OK(OP0(d.thread, JN_OP_THREAD_RESUME));
    settle();
    look_at(d.thread, JN_WAS_FOREIGN_CALL, JN_WAS_FOREIGN_CALL);
    CHECK_IS(wait_event(&d), JN_KM_SYSCALL);
    CHECK_IS(d.event.words[4], 500);
    look_at(d.thread, JN_WAS_FOREIGN_CALL, JN_WAS_FOREIGN_CALL);
    d.event = (regs_t){.tag = JN_TAG_RESUME};
    CHECK_OK(sys(JN_REPLY, 0, &d.event));
    CHECK_IS(wait_event(&d), JN_KM_SYSCALL);
    CHECK_IS(memory[0], 1);
    CHECK_IS(read_state(&d, JN_STATE_REGS)->r[JN_REG_R15], 0x1515);
    /* Attention while it is held: after the answer. */
    CHECK_OK(OP1(d.thread, JN_OP_THREAD_ATTENTION, 0));
    d.event = (regs_t){.tag = 1, .words = {1}};
    CHECK_OK(sys(JN_REPLY, 0, &d.event));
    CHECK_IS(wait_event(&d), JN_KM_ATTENTION);
    CHECK_IS(d.event.words[0], JN_WAS_FOREIGN_CALL);
    CHECK_IS(memory[0], 1);
    go_on(&d);
    CHECK_IS(wait_event(&d), JN_KM_SYSCALL);
    CHECK_IS(memory[0], 2);
    go_on(&d);
    CHECK_OK(OP0(d.thread, JN_OP_THREAD_SUSPEND));

    /* In a page fault and in an exception, held. */
    cap_t pager = make_gate();
    d.thread = make_foreign(make_task(), foreign_fault, 0x60000000);
    CHECK_OK(OP4(d.thread, JN_OP_THREAD_SET_GATES, 0, 0, pager, LABEL));
    CHECK_OK(OP0(d.thread, JN_OP_THREAD_RESUME));
    d.gate = pager;
    CHECK_IS(wait_event(&d), JN_KM_PAGE_FAULT);
    look_at(d.thread, JN_WAS_FAULT, JN_WAS_FAULT);
    CHECK_OK(OP1(JN_CAP_TASK, JN_OP_CAP_DESTROY, d.thread));
    d = attach(make_foreign(make_task(), foreign_vector, 0));
    CHECK_OK(OP0(d.thread, JN_OP_THREAD_RESUME));
    CHECK_IS(wait_event(&d), JN_KM_EXCEPTION);
    look_at(d.thread, JN_WAS_FAULT, JN_WAS_FAULT);
    CHECK_OK(OP1(JN_CAP_TASK, JN_OP_CAP_DESTROY, d.thread));
}

const struct test debugger_tests[] = {
    TEST(debugger_session), TEST(debugger_native_states), TEST(debugger_foreign_states), {0}};
