/* The door (KERNEL 18, promise A28's foreign calls in the same address space): an adapter that
 * serves its own getpid, its kernel calls, and how stops wait for its exit. */
#include "harness.h"

#pragma GCC visibility push(hidden)
extern void door_begin(void), door_entry(void), door_end(void), door_program(void),
    door_program_syscall(void), foreign_check(void);
extern volatile uint64_t foreign_result, door_go, door_seen[4], door_inside, door_thread_handle;
#pragma GCC visibility pop

_Static_assert(JN_OP_THREAD_WRITE == 25, "door.asm");
_Static_assert(offsetof(struct jn_utcb, in_adapter) == 1032, "door.asm");
_Static_assert(offsetof(struct jn_utcb, user) == 1056, "door.asm");
_Static_assert(offsetof(struct jn_utcb, door_rax) == 1168, "door.asm");
_Static_assert(offsetof(struct jn_utcb, door_rflags) == 1176, "door.asm");
_Static_assert(offsetof(struct jn_utcb, state) == 1216, "door.asm");
_Static_assert(JN_FOREIGN == 11, "door.asm");

#define NOWHERE 0x1234567890f7ull /* a stack that is not there */
#define UTCB    0x7d0000000000ull
#define FOREVER UINT64_MAX

static struct task *door_task(void)
{
    struct task *task = make_task();

    CHECK_OK(OP3(task->task, JN_OP_TASK_DOOR, door_begin, door_end, door_entry));
    return task;
}

/* Foreign, with a UTCB, suspended. */
static cap_t door_thread(struct task *task, void (*entry)(void), uint64_t rdi, uint64_t rsi)
{
    cap_t thread = slot();

    CHECK_OK(op(pool, JN_OP_CREATE_THREAD, thread, task->task, UTCB, 0, JN_THREAD_FOREIGN, NULL));
    CHECK_OK(OP1(thread, JN_OP_THREAD_SET_PRIORITY, PRIORITY_TEST));
    struct jn_state *state = own_state();
    memset(state->r, 0, sizeof state->r);
    state->r[JN_REG_RDI] = rdi;
    state->r[JN_REG_RSI] = rsi;
    state->r[JN_REG_RSP] = NOWHERE;
    state->rip = (uint64_t)entry;
    state->rflags = 0x202;
    CHECK_OK(OP1(thread, JN_OP_THREAD_WRITE, JN_STATE_REGS));
    door_thread_handle = give(task, thread, JN_RIGHT_ALL);
    foreign_result = door_go = door_inside = 0;
    return thread;
}

static cap_t door_start(void (*entry)(void), uint64_t rdi, uint64_t rsi)
{
    cap_t thread = door_thread(door_task(), entry, rdi, rsi);

    CHECK_OK(OP0(thread, JN_OP_THREAD_RESUME));
    return thread;
}

static bool is_inside(uint64_t rip)
{
    return rip >= (uint64_t)door_begin && rip < (uint64_t)door_end;
}

static uint64_t rip_of(cap_t thread)
{
    CHECK_OK(OP1(thread, JN_OP_THREAD_READ, JN_STATE_REGS));
    return own_state()->rip;
}

/* A program's getpid is served in its own address space, by nobody else: no gate is set. */
static void door_getpid(void)
{
    uint64_t before[10], after[10];
    cap_t thread = door_start(door_program, 0, 39);

    settle();
    CHECK_IS((int64_t)foreign_result, 4242);
    CHECK_IS(door_seen[0], UTCB);
    CHECK_IS(door_seen[1], 0x202);
    CHECK_IS(door_seen[2], NOWHERE);
    CHECK_OK(OP1(JN_CAP_TASK, JN_OP_CAP_DESTROY, thread));
    /* All registers and the flags, many times, and no address-space switch on the way. */
    thread = door_start(foreign_check, 0, 0);
    op(JN_CAP_LOG, JN_OP_COUNTERS, 0, 0, 0, 0, 0, before);
    settle();
    op(JN_CAP_LOG, JN_OP_COUNTERS, 0, 0, 0, 0, 0, after);
    CHECK((int64_t)foreign_result > 20);
    CHECK(after[0] - before[0] > foreign_result);
    CHECK(after[1] - before[1] < 20);
    CHECK_IS(door_seen[1] & 1, 1); /* the carry that foreign_check sets */
    CHECK_IS(door_seen[2], NOWHERE);
}

/* In the range `syscall` is a kernel call; and only what a native call offers is open (KERNEL 6).
 */
static void door_native_call(void)
{
    cap_t gate = make_gate(), thread;
    struct task *task = door_task();
    regs_t regs = {0};
    char byte;

    thread = door_thread(task, door_program, give(task, gate, JN_RIGHT_SEND), 40);
    CHECK_OK(OP0(thread, JN_OP_THREAD_RESUME));
    CHECK_OK(sys(JN_WAIT, gate, &regs));
    CHECK_IS(regs.tag, 1);
    CHECK_IS(regs.words[0], 5);
    CHECK_IS(thread_was(thread), JN_WAS_NATIVE_CALL);
    regs = (regs_t){.tag = tag_of(3, 0, 0, JN_COPY_IN | JN_COPY_SPACE),
                    .words = {(uint64_t)door_begin, (uint64_t)&byte, 1}};
    CHECK_IS(sys(JN_COPY, 0, &regs), JN_WINDOW);
    regs = (regs_t){.tag = 1, .words = {99}};
    CHECK_OK(sys(JN_REPLY, 0, &regs));
    settle();
    CHECK_IS((int64_t)foreign_result, 99);
}

static void nothing(uint64_t unused)
{
    (void)unused;
}

static void door_arguments(void)
{
    struct task *task = make_task();
    uint64_t begin = (uint64_t)door_begin, end = (uint64_t)door_end;

    CHECK_IS(OP3(task->task, JN_OP_TASK_DOOR, end, begin, begin), JN_BAD_ARG);
    CHECK_IS(OP3(task->task, JN_OP_TASK_DOOR, begin, begin + 1, begin), JN_BAD_ARG);
    CHECK_IS(OP3(task->task, JN_OP_TASK_DOOR, begin, end, end), JN_BAD_ARG);
    CHECK_IS(OP3(task->task, JN_OP_TASK_DOOR, begin, end, begin - 1), JN_BAD_ARG);
    CHECK_IS(OP3(task->task, JN_OP_TASK_DOOR, begin, 1ull << 47, begin), JN_BAD_ARG);
    CHECK_IS(OP3(task->task, JN_OP_TASK_DOOR, begin, -1, begin), JN_BAD_ARG);
    CHECK_OK(OP3(task->task, JN_OP_TASK_DOOR, begin, end, begin));
    CHECK_OK(OP3(task->task, JN_OP_TASK_DOOR, 0, 0, 0));
    make_thread(task, nothing, 0, PRIORITY_TEST);
    CHECK_IS(OP3(task->task, JN_OP_TASK_DOOR, begin, end, begin), JN_BUSY);
    cap_t weak = slot();
    CHECK_OK(OP3(JN_CAP_TASK, JN_OP_CAP_COPY, task->task, weak, JN_RIGHT_INFO));
    CHECK_IS(OP3(weak, JN_OP_TASK_DOOR, begin, end, begin), JN_NO_RIGHT);
}

/* Beside a door, a foreign thread without UTCB is served by its gate as ever. */
static void door_not_without_utcb(void)
{
    cap_t gate = make_gate(), thread = make_foreign(door_task(), door_program, 0);
    regs_t regs = {0};

    foreign_result = 0;
    CHECK_OK(OP4(thread, JN_OP_THREAD_SET_GATES, gate, 3, 0, 0));
    CHECK_OK(OP0(thread, JN_OP_THREAD_RESUME));
    CHECK_OK(sys(JN_WAIT, gate, &regs));
    CHECK_IS(kind_of(regs.tag), JN_KM_SYSCALL);
    CHECK_IS(regs.words[7], (uint64_t)door_program_syscall + 2);
}

/* Stepped or with debug registers, the program's calls go the same way. */
static void door_marked(void)
{
    cap_t gate = make_gate(), thread = door_thread(door_task(), door_program, 0, 39);
    regs_t regs = {0};
    unsigned steps = 0;

    CHECK_OK(OP4(thread, JN_OP_THREAD_SET_GATES, gate, 3, 0, 0));
    CHECK_OK(OP1(thread, JN_OP_THREAD_STEP, 1));
    CHECK_OK(OP0(thread, JN_OP_THREAD_RESUME));
    CHECK_OK(sys(JN_WAIT, gate, &regs));
    while (kind_of(regs.tag) == JN_KM_EXCEPTION && !foreign_result && steps++ < 200) {
        regs = (regs_t){0};
        CHECK_OK(sys(JN_REPLY_WAIT, gate, &regs));
    }
    CHECK_IS((int64_t)foreign_result, 4242);
    CHECK(steps < 50);
}

/* ---- stops ---- */

static void expect_nothing(cap_t gate)
{
    regs_t regs = {0};

    CHECK_IS(sys(JN_WAIT | JN_RECV_NOW, gate, &regs), JN_TIMEOUT);
}

static void expect_attention(cap_t gate)
{
    regs_t regs = {0};

    CHECK_OK(sys(JN_WAIT, gate, &regs));
    CHECK_IS(kind_of(regs.tag), JN_KM_ATTENTION);
}

static void door_attention(void)
{
    cap_t gate = make_gate(), thread = door_start(door_program, 0, 41);
    regs_t regs = {0};

    CHECK_OK(OP4(thread, JN_OP_THREAD_SET_GATES, gate, 9, 0, 0));
    settle();
    uint64_t turns = door_inside;
    CHECK(turns > 0);
    /* It waits for the exit, and finds the program as if the call had been the kernel's. */
    CHECK_OK(OP1(thread, JN_OP_THREAD_ATTENTION, FOREVER));
    settle();
    expect_nothing(gate);
    CHECK(door_inside > turns);
    door_go = 1;
    expect_attention(gate);
    CHECK_IS(own_state()->rip, (uint64_t)door_program_syscall + 2);
    CHECK_IS(own_state()->r[JN_REG_RSP], NOWHERE);
    CHECK_IS(own_state()->r[JN_REG_RAX], 41);
    CHECK_IS(own_state()->r[JN_REG_RBX], 0x101);
    CHECK_IS((int64_t)foreign_result, 0);
    CHECK_OK(sys(JN_REPLY, 0, &regs));
    settle();
    CHECK_IS((int64_t)foreign_result, 41);
}

/* Up to the time that was given; or not at all. */
static void door_attention_in_time(void)
{
    cap_t gate = make_gate(), thread = door_start(door_program, 0, 41);
    regs_t regs = {0};

    CHECK_OK(OP4(thread, JN_OP_THREAD_SET_GATES, gate, 9, 0, 0));
    settle();
    uint64_t until = now() + 3000000;
    CHECK_OK(OP1(thread, JN_OP_THREAD_ATTENTION, until));
    expect_attention(gate);
    CHECK(now() >= until);
    CHECK(is_inside(own_state()->rip));
    CHECK_OK(sys(JN_REPLY, 0, &regs));
    settle();
    CHECK_OK(OP1(thread, JN_OP_THREAD_ATTENTION, 0));
    expect_attention(gate);
    CHECK(is_inside(own_state()->rip));
    regs = (regs_t){0};
    CHECK_OK(sys(JN_REPLY, 0, &regs));
    /* Nothing of the first is left: the exit is a jump. */
    door_go = 1;
    settle();
    CHECK_IS((int64_t)foreign_result, 41);
    expect_nothing(gate);
}

/* It ends the adapter's own wait at once (KERNEL 17: "out of any wait"), then waits for the exit.
 */
static void door_attention_cancels(void)
{
    cap_t gate = make_gate(), thread;
    struct task *task = door_task();

    thread = door_thread(task, door_program, 30 * JN_CAP_STEP, 42);
    CHECK_OK(OP4(thread, JN_OP_THREAD_SET_GATES, gate, 9, 0, 0));
    CHECK_OK(OP0(thread, JN_OP_THREAD_RESUME));
    settle();
    CHECK_IS(thread_was(thread), JN_WAS_NATIVE_CALL);
    CHECK_OK(OP1(thread, JN_OP_THREAD_ATTENTION, FOREVER));
    expect_attention(gate);
    CHECK_IS(own_state()->rip, (uint64_t)door_program_syscall + 2);
    CHECK_IS((int64_t)own_state()->r[JN_REG_RAX], JN_CANCELLED);
}

static volatile int64_t stop_status;

static void stopper(uint64_t thread)
{
    stop_status = OP1(thread, JN_OP_THREAD_SUSPEND, FOREVER);
}

static void go_soon(uint64_t unused)
{
    regs_t regs = {0};

    (void)unused;
    jn_utcb()->recv_deadline = now() + 2000000;
    sys(JN_WAIT | JN_RECV_UNTIL, 30 * JN_CAP_STEP, &regs);
    door_go = 1;
}

static void door_suspend(void)
{
    cap_t thread = door_start(door_program, 0, 41);
    uint64_t out[10];

    settle();
    /* The caller waits for the exit. */
    cap_t helper = make_thread(&root, go_soon, 0, 150);
    CHECK_OK(OP0(helper, JN_OP_THREAD_RESUME));
    CHECK_OK(op(thread, JN_OP_THREAD_SUSPEND, FOREVER, 0, 0, 0, 0, out));
    CHECK_IS(out[0], JN_WAS_RUNNING);
    CHECK_IS(thread_was(thread), JN_WAS_SUSPENDED);
    CHECK_IS(rip_of(thread), (uint64_t)door_program_syscall + 2);
    CHECK_OK(OP0(thread, JN_OP_THREAD_RESUME));
    settle();
    CHECK_IS((int64_t)foreign_result, 41);
}

static void door_suspend_in_time(void)
{
    cap_t thread = door_start(door_program, 0, 41);

    settle();
    uint64_t until = now() + 3000000;
    CHECK_OK(OP1(thread, JN_OP_THREAD_SUSPEND, until));
    CHECK(now() >= until);
    CHECK(is_inside(rip_of(thread)));
    CHECK_OK(OP0(thread, JN_OP_THREAD_RESUME));
    settle();
    /* Not wanted any more before it took hold; and the end does not wait. */
    cap_t caller = make_thread(&root, stopper, thread, 120);
    stop_status = 1;
    CHECK_OK(OP0(caller, JN_OP_THREAD_RESUME));
    settle();
    CHECK_IS(thread_was(caller), JN_WAS_NATIVE_CALL);
    CHECK_OK(OP0(thread, JN_OP_THREAD_RESUME));
    settle();
    CHECK_IS(stop_status, JN_CANCELLED);
    caller = make_thread(&root, stopper, thread, 120);
    stop_status = 1;
    CHECK_OK(OP0(caller, JN_OP_THREAD_RESUME));
    settle();
    uint64_t turns = door_inside;
    CHECK_OK(OP1(JN_CAP_TASK, JN_OP_CAP_DESTROY, thread));
    settle();
    CHECK_IS(stop_status, JN_DEAD);
    CHECK_IS(door_inside, turns);
}

/* ---- what the adapter does not serve ---- */

static void receive_call(cap_t gate, regs_t *regs)
{
    *regs = (regs_t){0};
    CHECK_OK(sys(JN_WAIT, gate, regs));
    CHECK_IS(kind_of(regs->tag), JN_KM_SYSCALL);
}

/* The gate hears of the program's call what it hears without a door, and answers it as well. */
static void door_foreign_call(void)
{
    cap_t gate = make_gate(), thread = door_thread(door_task(), door_program, 17, 43);
    regs_t regs;

    CHECK_OK(OP4(thread, JN_OP_THREAD_SET_GATES, gate, 3, 0, 0));
    CHECK_OK(OP0(thread, JN_OP_THREAD_RESUME));
    receive_call(gate, &regs);
    CHECK_IS(regs.label, 3);
    CHECK_IS(regs.words[0], 5);  /* rdx */
    CHECK_IS(regs.words[4], 43); /* rax */
    CHECK_IS(regs.words[5], 17); /* rdi */
    CHECK_IS(regs.words[6], 43); /* rsi */
    CHECK_IS(regs.words[7], (uint64_t)door_program_syscall + 2);
    CHECK_IS(regs.words[8], NOWHERE);
    CHECK_IS(thread_was(thread), JN_WAS_FOREIGN_CALL);
    CHECK_IS(rip_of(thread), (uint64_t)door_program_syscall + 2);
    CHECK_IS(own_state()->r[JN_REG_RBX], 0x101);
    CHECK_IS(own_state()->rflags, 0x202);
    /* Again: through the door, and in again. */
    regs = (regs_t){.tag = JN_TAG_RESTART};
    CHECK_OK(sys(JN_REPLY_WAIT, gate, &regs));
    CHECK_IS(kind_of(regs.tag), JN_KM_SYSCALL);
    CHECK_IS(regs.words[4], 43);
    regs = (regs_t){.tag = 1, .words = {99}};
    CHECK_OK(sys(JN_REPLY, 0, &regs));
    settle();
    CHECK_IS((int64_t)foreign_result, 99);
    /* It is not for the threads of a task without adapter. */
    regs = (regs_t){0};
    CHECK_IS(sys(JN_FOREIGN, 0, &regs), JN_BAD_CALL);
}

/* Where the program goes on is not believed. */
static void door_foreign_nowhere(void)
{
    cap_t gate = make_gate(), thread = door_thread(door_task(), door_begin, 0, 43);
    regs_t regs;

    own_state()->rip = (uint64_t)door_entry;
    own_state()->r[JN_REG_RCX] = UTCB;
    own_state()->r[JN_REG_RAX] = 43;
    own_state()->r[JN_REG_R11] = ~0ull;
    CHECK_OK(OP1(thread, JN_OP_THREAD_WRITE, JN_STATE_REGS));
    CHECK_OK(OP4(thread, JN_OP_THREAD_SET_GATES, gate, 3, 0, 0));
    CHECK_OK(OP0(thread, JN_OP_THREAD_RESUME));
    receive_call(gate, &regs);
    CHECK_IS(regs.words[7], 0);
    CHECK_IS(rip_of(thread), 0);
    CHECK_IS(own_state()->rflags, 0x250fd7);
}

/* A stop that waits for the exit finds the thread in its foreign call. */
static void door_foreign_attention(void)
{
    cap_t gate = make_gate(), thread = door_start(door_program, 0, 44);
    regs_t regs;

    CHECK_OK(OP4(thread, JN_OP_THREAD_SET_GATES, gate, 9, 0, 0));
    settle();
    CHECK_OK(OP1(thread, JN_OP_THREAD_ATTENTION, FOREVER));
    settle();
    expect_nothing(gate);
    door_go = 1;
    receive_call(gate, &regs);
    CHECK_IS(regs.words[4], 44);
    regs = (regs_t){.tag = 1, .words = {12}};
    CHECK_OK(sys(JN_REPLY_WAIT, gate, &regs));
    CHECK_IS(kind_of(regs.tag), JN_KM_ATTENTION);
    CHECK_IS(own_state()->rip, (uint64_t)door_program_syscall + 2);
    CHECK_IS(own_state()->r[JN_REG_RAX], 12);
    regs = (regs_t){0};
    CHECK_OK(sys(JN_REPLY, 0, &regs));
    settle();
    CHECK_IS((int64_t)foreign_result, 12);
}

static void door_foreign_suspend(void)
{
    cap_t gate = make_gate(), thread = door_start(door_program, 0, 44);
    regs_t regs;
    uint64_t out[10];

    CHECK_OK(OP4(thread, JN_OP_THREAD_SET_GATES, gate, 9, 0, 0));
    settle();
    cap_t helper = make_thread(&root, go_soon, 0, 150);
    CHECK_OK(OP0(helper, JN_OP_THREAD_RESUME));
    CHECK_OK(op(thread, JN_OP_THREAD_SUSPEND, FOREVER, 0, 0, 0, 0, out));
    CHECK_IS(out[0], JN_WAS_FOREIGN_CALL);
    receive_call(gate, &regs);
    regs = (regs_t){.tag = 1, .words = {13}};
    CHECK_OK(sys(JN_REPLY, 0, &regs));
    settle();
    CHECK_IS((int64_t)foreign_result, 0);
    CHECK_OK(OP0(thread, JN_OP_THREAD_RESUME));
    settle();
    CHECK_IS((int64_t)foreign_result, 13);
}

/* Who cannot receive at the gate cannot choose under which label a thread is heard there. */
static void door_minted_gate(void)
{
    cap_t gate = make_gate(), thread = door_thread(door_task(), door_program, 0, 43);
    regs_t regs;

    CHECK_OK(OP4(thread, JN_OP_THREAD_SET_GATES, mint(gate, 21), 3, 0, 0));
    CHECK_OK(OP0(thread, JN_OP_THREAD_RESUME));
    receive_call(gate, &regs);
    CHECK_IS(regs.label, 21);
}

const struct test door_tests[] = {TEST(door_getpid),
                                  TEST(door_foreign_call),
                                  TEST(door_foreign_nowhere),
                                  TEST(door_foreign_attention),
                                  TEST(door_foreign_suspend),
                                  TEST(door_minted_gate),
                                  TEST(door_native_call),
                                  TEST(door_arguments),
                                  TEST(door_marked),
                                  TEST(door_not_without_utcb),
                                  TEST(door_attention),
                                  TEST(door_attention_in_time),
                                  TEST(door_attention_cancels),
                                  TEST(door_suspend),
                                  TEST(door_suspend_in_time),
                                  {0}};
