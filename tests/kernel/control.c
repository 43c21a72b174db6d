/* Thread control: suspend, state, attention, cancel, single step. */
#include "harness.h"

#pragma GCC visibility push(hidden)
extern void foreign_check(void), foreign_fault(void), foreign_copy(void), foreign_spin(void),
    foreign_vector(void), foreign_step(void), foreign_step_end(void), native_step(void),
    native_step_end(void);
extern volatile uint64_t foreign_result;
#pragma GCC visibility pop

static volatile uint64_t seen[16];
static volatile unsigned count;

static void step_natively(uint64_t unused)
{
    (void)unused;
}

static uint64_t suspend(cap_t thread)
{
    uint64_t out[10];

    CHECK_OK(op(thread, JN_OP_THREAD_SUSPEND, 0, 0, 0, 0, 0, out));
    return out[0];
}

static void suspend_running(void)
{
    cap_t thread = make_foreign(&root, foreign_spin, 0);

    foreign_result = 0;
    CHECK_IS(thread_was(thread), JN_WAS_SUSPENDED);
    CHECK_OK(OP0(thread, JN_OP_THREAD_RESUME));
    settle();
    CHECK_IS(suspend(thread), JN_WAS_RUNNING);
    uint64_t at = foreign_result;
    CHECK(at > 0);
    CHECK_OK(OP1(thread, JN_OP_THREAD_READ, JN_STATE_REGS));
    uint64_t rip = own_state()->rip;
    CHECK(rip >= (uint64_t)foreign_spin && rip < (uint64_t)foreign_spin + 16);
    settle();
    CHECK_IS(foreign_result, at);
    CHECK_IS(suspend(thread), JN_WAS_SUSPENDED);
    CHECK_OK(OP0(thread, JN_OP_THREAD_RESUME));
    CHECK_OK(OP0(thread, JN_OP_THREAD_RESUME));
    settle();
    CHECK(foreign_result > at);
    /* Its bases, and a move to other code. */
    CHECK_OK(OP1(thread, JN_OP_THREAD_READ, 15));
    own_state()->rip = (uint64_t)foreign_fault;
    own_state()->r[JN_REG_RDI] = (uint64_t)&seen[0];
    own_state()->fs_base = 0x123456789000;
    seen[0] = 4242;
    foreign_result = 0;
    CHECK_OK(OP1(thread, JN_OP_THREAD_WRITE, JN_STATE_REGS | JN_STATE_BASES));
    settle();
    CHECK_IS((int64_t)foreign_result, 2);
    CHECK_OK(OP1(thread, JN_OP_THREAD_READ, JN_STATE_BASES));
    CHECK_IS(own_state()->fs_base, 0x123456789000);
    CHECK_OK(OP1(JN_CAP_TASK, JN_OP_CAP_DESTROY, thread));
    CHECK_IS(OP0(thread, JN_OP_THREAD_SUSPEND), JN_BAD_CAP);
}

static void caller(uint64_t gate)
{
    uint64_t answer = 0;

    seen[0] = (uint64_t)call1(gate, 5, &answer);
    seen[1] = answer;
    count++;
}

/* A thread may be suspended in its wait; what it waits for comes all the same. */
static void suspend_waiting(void)
{
    cap_t gate = make_gate();
    regs_t regs = {0};

    count = 0;
    cap_t thread = start_thread(make_task(), caller, 0);
    settle();
    CHECK_IS(seen[0], JN_BAD_CAP);
    thread = start_thread(&root, caller, gate);
    settle();
    CHECK_IS(suspend(thread), JN_WAS_NATIVE_CALL);
    CHECK_OK(sys(JN_WAIT, gate, &regs));
    CHECK_IS(regs.words[0], 5);
    CHECK_IS(thread_was(thread), JN_WAS_NATIVE_CALL);
    CHECK_OK(OP1(thread, JN_OP_THREAD_READ, JN_STATE_REGS));
    CHECK_IS(OP1(thread, JN_OP_THREAD_WRITE, JN_STATE_REGS), JN_BUSY);
    regs = (regs_t){.tag = 1, .words = {6}};
    CHECK_OK(sys(JN_REPLY, 0, &regs));
    settle();
    CHECK_IS(count, 1);
    CHECK_IS(thread_was(thread), JN_WAS_SUSPENDED);
    CHECK_OK(OP0(thread, JN_OP_THREAD_RESUME));
    settle();
    CHECK_IS(count, 2);
    CHECK_IS(seen[0], JN_OK);
    CHECK_IS(seen[1], 6);
}

/* A foreign call whose registers thread control rewrites, answered with RESUME. */
static void resume_after_write(void)
{
    cap_t gate = make_gate(), thread = make_foreign(&root, foreign_copy, 3);
    regs_t regs = {0};

    foreign_result = 0;
    CHECK_OK(OP4(thread, JN_OP_THREAD_SET_GATES, gate, 1, 0, 0));
    CHECK_OK(OP0(thread, JN_OP_THREAD_RESUME));
    CHECK_OK(sys(JN_WAIT, gate, &regs));
    CHECK_OK(OP1(thread, JN_OP_THREAD_READ, JN_STATE_REGS));
    CHECK_IS(own_state()->r[JN_REG_RDI], 3);
    CHECK_IS(own_state()->r[JN_REG_RAX], 5);
    CHECK_IS(own_state()->r[JN_REG_RCX], own_state()->rip);
    own_state()->r[JN_REG_RAX] = 600;
    own_state()->r[JN_REG_RDI] = 4;
    CHECK_OK(OP1(thread, JN_OP_THREAD_WRITE, JN_STATE_REGS));
    regs = (regs_t){.tag = JN_TAG_RESUME};
    CHECK_OK(sys(JN_REPLY_WAIT, gate, &regs));
    CHECK_IS((int64_t)foreign_result, 600);
    CHECK_IS(regs.words[5], 4);
}

/* Attention: out of user mode, and out of a wait. */
static void attention(void)
{
    cap_t gate = make_gate(), thread = make_foreign(&root, foreign_spin, 0);
    regs_t regs = {0};

    CHECK_IS(OP0(thread, JN_OP_THREAD_ATTENTION), JN_BAD_ARG); /* no gate */
    CHECK_OK(OP4(thread, JN_OP_THREAD_SET_GATES, gate, 9, 0, 0));
    CHECK_OK(OP0(thread, JN_OP_THREAD_RESUME));
    settle();
    CHECK_OK(OP0(thread, JN_OP_THREAD_ATTENTION));
    CHECK_OK(sys(JN_WAIT, gate, &regs));
    CHECK_IS(regs.label, 9);
    CHECK_IS(kind_of(regs.tag), JN_KM_ATTENTION);
    CHECK_IS(regs.words[0], JN_WAS_RUNNING);
    CHECK(own_state()->rip >= (uint64_t)foreign_spin &&
          own_state()->rip < (uint64_t)foreign_spin + 16);
    CHECK_OK(OP0(thread, JN_OP_THREAD_ATTENTION)); /* once more, afterwards */
    uint64_t at = foreign_result;
    regs = (regs_t){0};
    CHECK_OK(sys(JN_REPLY_WAIT, gate, &regs));
    CHECK_IS(kind_of(regs.tag), JN_KM_ATTENTION);
    CHECK_IS(foreign_result, at);
    regs = (regs_t){0};
    CHECK_OK(sys(JN_REPLY, 0, &regs));
    settle();
    CHECK(foreign_result > at);
}

static void attention_in_foreign_call(void)
{
    cap_t gate = make_gate(), thread = make_foreign(&root, foreign_copy, 3), reply = slot();
    regs_t regs = {0};

    foreign_result = 0;
    CHECK_OK(OP4(thread, JN_OP_THREAD_SET_GATES, gate, 9, 0, 0));
    CHECK_OK(OP0(thread, JN_OP_THREAD_RESUME));
    CHECK_OK(sys(JN_WAIT, gate, &regs));
    regs = (regs_t){.words = {reply}};
    CHECK_OK(sys(JN_PARK, 0, &regs));
    CHECK_OK(OP0(thread, JN_OP_THREAD_ATTENTION));
    CHECK_OK(sys(JN_WAIT, gate, &regs));
    CHECK_IS(kind_of(regs.tag), JN_KM_CANCEL);
    CHECK_IS(regs.label, 9);
    CHECK_IS(regs.words[0], reply);
    /* Answered, the attention is what it finds on its way out. */
    regs = (regs_t){.tag = 1, .words = {123}};
    CHECK_OK(sys(JN_REPLY, reply, &regs));
    CHECK_OK(sys(JN_WAIT, gate, &regs));
    CHECK_IS(kind_of(regs.tag), JN_KM_ATTENTION);
    CHECK_IS(own_state()->r[JN_REG_RAX], 123);
    CHECK_IS((int64_t)foreign_result, 0);
    regs = (regs_t){0};
    CHECK_OK(sys(JN_REPLY_WAIT, gate, &regs));
    CHECK_IS((int64_t)foreign_result, 123);
}

static void cancel(void)
{
    cap_t gate = make_gate(), client = mint(gate, 12), reply = slot(), thread;
    regs_t regs = {0};

    /* Not yet received: returns at once. */
    count = 0;
    thread = start_thread(&root, caller, client);
    settle();
    CHECK_OK(OP0(thread, JN_OP_THREAD_CANCEL));
    settle();
    CHECK_IS(count, 1);
    CHECK_IS(seen[0], JN_CANCELLED);
    /* Received: the holder is told, and answers as it likes. */
    thread = start_thread(&root, caller, client);
    CHECK_OK(sys(JN_WAIT, gate, &regs));
    regs = (regs_t){.words = {reply}};
    CHECK_OK(sys(JN_PARK, 0, &regs));
    CHECK_OK(OP0(thread, JN_OP_THREAD_CANCEL));
    CHECK_OK(OP0(thread, JN_OP_THREAD_CANCEL));
    CHECK_OK(sys(JN_WAIT, gate, &regs));
    CHECK_IS(kind_of(regs.tag), JN_KM_CANCEL);
    CHECK_IS(regs.label, 12);
    CHECK_IS(regs.words[0], reply);
    CHECK_IS(sys(JN_WAIT | JN_RECV_NOW, gate, &regs), JN_TIMEOUT);
    regs = (regs_t){.tag = 1, .words = {31}};
    CHECK_OK(sys(JN_REPLY, reply, &regs));
    settle();
    CHECK_IS(count, 2);
    CHECK_IS(seen[0], JN_OK);
    CHECK_IS(seen[1], 31);
    /* Asked for before the Reply is parked: told when it is. */
    thread = start_thread(&root, caller, client);
    CHECK_OK(sys(JN_WAIT, gate, &regs));
    CHECK_OK(OP0(thread, JN_OP_THREAD_CANCEL));
    regs = (regs_t){.words = {reply}};
    CHECK_OK(sys(JN_PARK, 0, &regs));
    CHECK_OK(sys(JN_WAIT, gate, &regs));
    CHECK_IS(kind_of(regs.tag), JN_KM_CANCEL);
    regs = (regs_t){.tag = 0};
    CHECK_OK(sys(JN_REPLY, reply, &regs));
    /* A wait. */
    settle();
    CHECK_OK(OP0(JN_CAP_THREAD, JN_OP_THREAD_CANCEL)); /* runs: nothing to cancel */
}

static void single_step(void)
{
    cap_t gate = make_gate(), thread = make_foreign(&root, foreign_step, 0);
    regs_t regs = {0};
    unsigned steps = 0;

    foreign_result = 0;
    CHECK_OK(OP4(thread, JN_OP_THREAD_SET_GATES, gate, 1, 0, 0));
    CHECK_OK(OP1(thread, JN_OP_THREAD_STEP, 1));
    CHECK_OK(OP0(thread, JN_OP_THREAD_RESUME));
    CHECK_OK(sys(JN_WAIT, gate, &regs));
    while (regs.words[2] < (uint64_t)foreign_step_end && steps < 20) {
        CHECK_IS(kind_of(regs.tag), JN_KM_EXCEPTION);
        CHECK_IS(regs.words[0], 1);
        CHECK(regs.words[5] & 0x4000); /* BS of dr6 */
        steps++;
        regs = (regs_t){0};
        CHECK_OK(sys(JN_REPLY_WAIT, gate, &regs));
    }
    CHECK_IS(steps, 3);
    CHECK_IS((int64_t)foreign_result, 1);
    CHECK_OK(OP1(thread, JN_OP_THREAD_STEP, 0));
    regs = (regs_t){0};
    CHECK_OK(sys(JN_REPLY, 0, &regs));
    settle();
    CHECK_IS(thread_was(thread), JN_WAS_RUNNING);
}

/* A native thread, over its system calls. */
static void single_step_native(void)
{
    cap_t gate = make_gate(), thread = make_thread(&root, step_natively, 0, 100);
    regs_t regs = {0};
    unsigned steps = 0;

    CHECK_OK(OP4(thread, JN_OP_THREAD_SET_GATES, gate, 1, 0, 0));
    CHECK_OK(OP1(thread, JN_OP_THREAD_READ, JN_STATE_REGS));
    own_state()->rip = (uint64_t)native_step;
    CHECK_OK(OP1(thread, JN_OP_THREAD_WRITE, JN_STATE_REGS));
    CHECK_OK(OP1(thread, JN_OP_THREAD_STEP, 1));
    CHECK_OK(OP0(thread, JN_OP_THREAD_RESUME));
    CHECK_OK(sys(JN_WAIT, gate, &regs));
    while (regs.words[2] < (uint64_t)native_step_end && steps < 20) {
        CHECK_IS(regs.words[0], 1);
        steps++;
        regs = (regs_t){0};
        CHECK_OK(sys(JN_REPLY_WAIT, gate, &regs));
    }
    CHECK_IS(steps, 3); /* each system call with the instruction behind it */
    CHECK_OK(OP0(thread, JN_OP_THREAD_SUSPEND));
}

/* A hardware breakpoint on data. */
static void debug_registers(void)
{
    cap_t gate = make_gate(), thread = make_foreign(&root, foreign_spin, 0);
    regs_t regs = {0};

    CHECK_OK(OP4(thread, JN_OP_THREAD_SET_GATES, gate, 1, 0, 0));
    memset(own_state(), 0, sizeof *own_state());
    own_state()->dr[0] = (uint64_t)&foreign_result;
    own_state()->dr[5] = 1 | 1 << 16 | 2 << 18; /* L0, write, 8 bytes */
    CHECK_OK(OP1(thread, JN_OP_THREAD_WRITE, JN_STATE_DEBUG));
    CHECK_OK(OP0(thread, JN_OP_THREAD_RESUME));
    CHECK_OK(sys(JN_WAIT, gate, &regs));
    CHECK_IS(kind_of(regs.tag), JN_KM_EXCEPTION);
    CHECK_IS(regs.words[0], 1);
    CHECK_IS(regs.words[5] & 15, 1);
    foreign_result = 1; /* ours are not loaded */
    own_state()->dr[5] = 0;
    CHECK_OK(OP1(thread, JN_OP_THREAD_WRITE, JN_STATE_DEBUG));
    regs = (regs_t){0};
    CHECK_OK(sys(JN_REPLY, 0, &regs));
    settle();
    CHECK_IS(thread_was(thread), JN_WAS_RUNNING);
}

const struct test control_tests[] = {TEST(suspend_running),
                                     TEST(suspend_waiting),
                                     TEST(resume_after_write),
                                     TEST(attention),
                                     TEST(attention_in_foreign_call),
                                     TEST(cancel),
                                     TEST(single_step),
                                     TEST(single_step_native),
                                     TEST(debug_registers),
                                     {0}};
