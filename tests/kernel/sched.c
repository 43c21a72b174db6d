/* Priorities, turns, and contexts that travel with calls. */
#include "harness.h"

#pragma GCC visibility push(hidden)
extern void foreign_spin(void);
extern volatile uint64_t foreign_result;
#pragma GCC visibility pop

static volatile uint64_t seen[16], work[16];
static volatile unsigned count;

static void spinner(uint64_t index)
{
    for (;;)
        work[index]++;
}

static cap_t spin(unsigned index, unsigned priority)
{
    cap_t thread = make_thread(&root, spinner, index, priority);

    work[index] = 0;
    CHECK_OK(OP0(thread, JN_OP_THREAD_RESUME));
    return thread;
}

static uint64_t time_of(cap_t thread)
{
    uint64_t out[10];

    CHECK_OK(op(thread, JN_OP_THREAD_INFO, 0, 0, 0, 0, 0, out));
    return out[1];
}

/* The host may take the machine's time away at any moment: what must happen may take its time. */
#define EVENTUALLY(condition)                                                                      \
    do {                                                                                           \
        for (unsigned i_ = 0; i_ < 500 && !(condition); i_++)                                      \
            wait_ms(2);                                                                            \
        CHECK(condition);                                                                          \
    } while (0)

static void higher_priority_runs(void)
{
    spin(0, 100);
    spin(1, 110);
    wait_ms(5);
    EVENTUALLY(work[1] > 0);
    CHECK_IS(work[0], 0);
}

/* Equals share the CPU by turns, whatever preempts them. Time that the host takes away is on the
 * account of whom it stops, until the others have made up for it. */
static void equals_take_turns(void)
{
    cap_t threads[4];

    for (unsigned i = 0; i < 4; i++)
        threads[i] = spin(i, 100);
    uint64_t least = 0, most = 0;
    for (unsigned round = 0; round < 1000 && (least < 40000000 || most >= 4 * least); round++) {
        wait_ms(2);
        least = -1ull;
        most = 0;
        for (unsigned i = 0; i < 4; i++) {
            uint64_t time = time_of(threads[i]);
            least = time < least ? time : least;
            most = time > most ? time : most;
        }
    }
    CHECK(least >= 40000000);
    CHECK(most < 4 * least);
}

static void priority_limits(void)
{
    cap_t thread = make_thread(&root, spinner, 0, 100);

    CHECK_IS(OP1(thread, JN_OP_THREAD_SET_PRIORITY, 201), JN_BAD_ARG);
    CHECK_IS(OP1(thread, JN_OP_THREAD_SET_PRIORITY, -1), JN_BAD_ARG);
    CHECK_OK(OP1(thread, JN_OP_THREAD_SET_PRIORITY, 200));
    CHECK_IS(OP4(pool, JN_OP_CREATE_SCHED, slot(), 201, 0, 0), JN_BAD_ARG);
    CHECK_IS(OP4(pool, JN_OP_CREATE_SCHED, slot(), 100, 2000000, 1000000), JN_BAD_ARG);
    CHECK_IS(OP1(thread, JN_OP_THREAD_SET_CPU, 32), JN_BAD_ARG);
}

/* A ready thread whose priority changes; a context that two threads share. */
static void contexts(void)
{
    cap_t sched = slot(), a, b;

    CHECK_OK(OP4(pool, JN_OP_CREATE_SCHED, sched, 50, 0, 0));
    a = spin(0, 100);
    b = spin(1, 60);
    CHECK_OK(OP1(b, JN_OP_THREAD_SET_SCHED, sched));
    wait_ms(2);
    CHECK_IS(work[1], 0);
    CHECK_OK(OP3(sched, JN_OP_SCHED_SET, 120, 0, 0));
    EVENTUALLY(work[1] > 0);
    uint64_t before = work[0];
    wait_ms(2);
    CHECK_IS(work[0], before);
    CHECK_OK(OP1(a, JN_OP_THREAD_SET_SCHED, sched));
    for (unsigned i = 0; i < 20; i++)
        EVENTUALLY(work[0] > before);
    /* The context goes: both fall back to their own priorities. */
    CHECK_OK(OP1(JN_CAP_TASK, JN_OP_CAP_DESTROY, sched));
    wait_ms(2);
    before = work[1];
    wait_ms(4);
    CHECK_IS(work[1], before);
    CHECK_OK(OP1(a, JN_OP_THREAD_SET_PRIORITY, 10));
    EVENTUALLY(work[1] > before);
}

static volatile bool released; /* the busy server may answer */

static void busy_server(uint64_t gate)
{
    regs_t regs = {0};

    sys(JN_WAIT, gate, &regs);
    for (;;) {
        while (!released)
            count++;
        regs.tag = 1;
        sys(JN_REPLY_WAIT, gate, &regs);
    }
}

static void caller(uint64_t gate)
{
    seen[0] = (uint64_t)call1(gate, 1, NULL);
    seen[1] = 1;
}

/* A server of low priority works with its caller's: a spinner in between does not hold it up, and
 * its work is on its caller's account. */
static void lent_context(void)
{
    cap_t gate = make_gate(), server, thread;
    struct task *task = make_task();

    released = false;
    count = seen[1] = 0;
    server = make_thread(task, busy_server, give(task, gate, JN_RIGHT_ALL), 10);
    CHECK_OK(OP0(server, JN_OP_THREAD_RESUME));
    EVENTUALLY(thread_was(server) == JN_WAS_NATIVE_CALL);
    spin(0, 50);
    thread = make_thread(&root, caller, gate, 120);
    CHECK_OK(OP0(thread, JN_OP_THREAD_RESUME));
    EVENTUALLY(count > 0);
    uint64_t before = work[0], own = time_of(server), lent = time_of(thread), done = count;
    EVENTUALLY(count > done + 1000);
    CHECK_IS(work[0], before);
    CHECK_IS(time_of(server), own);
    CHECK(time_of(thread) > lent);
    CHECK_IS(seen[1], 0);
    released = true;
    EVENTUALLY(seen[1] == 1);
    EVENTUALLY(work[0] > before);
}

/* A worker busy for a caller of low priority is helped by one of high priority that waits for it,
 * through a second server, and goes back to its own. */
static void middle_server(uint64_t gates)
{
    regs_t regs = {0};

    sys(JN_WAIT, gates & 0xffffffff, &regs);
    for (;;) {
        call1(gates >> 32, 1, NULL);
        regs.tag = 1;
        sys(JN_REPLY_WAIT, gates & 0xffffffff, &regs);
    }
}

static void queued_caller_helps(void)
{
    cap_t front = make_gate(), back = make_gate(), thread;
    struct task *task = make_task();

    released = false;
    count = seen[1] = work[0] = 0;
    thread = make_thread(task, busy_server, give(task, back, JN_RIGHT_ALL), 10);
    CHECK_OK(OP0(thread, JN_OP_THREAD_RESUME));
    thread =
        make_thread(task, middle_server,
                    give(task, front, JN_RIGHT_ALL) | give(task, back, JN_RIGHT_ALL) << 32, 10);
    CHECK_OK(OP0(thread, JN_OP_THREAD_RESUME));
    thread = make_thread(&root, caller, front, 20);
    CHECK_OK(OP0(thread, JN_OP_THREAD_RESUME));
    EVENTUALLY(count > 0);
    spin(0, 50);
    EVENTUALLY(work[0] > 0);
    uint64_t done = count; /* the server of 20 does not get on */
    wait_ms(4);
    CHECK_IS(count, done);
    thread = make_thread(&root, caller, front, 120);
    CHECK_OK(OP0(thread, JN_OP_THREAD_RESUME));
    EVENTUALLY(count > done);
    released = true;
    EVENTUALLY(seen[1] == 1); /* both calls are through, the urgent one last */
    uint64_t before = work[0];
    EVENTUALLY(work[0] > before);
    seen[1] = 0;
    thread = make_thread(&root, caller, front, 20);
    CHECK_OK(OP0(thread, JN_OP_THREAD_RESUME));
    wait_ms(20);
    CHECK_IS(seen[1], 0);
}

static void yield_pair(uint64_t index)
{
    for (unsigned i = 0; i < 50; i++) {
        regs_t regs = {0};
        seen[index]++;
        if (seen[index] > seen[5 - index] + 1)
            seen[8]++;
        sys(JN_YIELD, 0, &regs);
    }
}

static void yield(void)
{
    seen[2] = seen[3] = seen[8] = 0;
    for (unsigned i = 2; i < 4; i++) {
        cap_t thread = make_thread(&root, yield_pair, i, 100);
        CHECK_OK(OP0(thread, JN_OP_THREAD_RESUME));
    }
    EVENTUALLY(seen[2] == 50);
    CHECK_IS(seen[3], 50);
    CHECK(seen[8] <= 10); /* not 1: a slice may end, on a host that stalls */
}

const struct test sched_tests[] = {
    TEST(higher_priority_runs), TEST(equals_take_turns),   TEST(priority_limits), TEST(contexts),
    TEST(lent_context),         TEST(queued_caller_helps), TEST(yield),           {0}};
