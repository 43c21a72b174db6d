/* Budgets and periods of scheduling contexts (KERNEL 15, promises A22, A24). */
#include "harness.h"

#define MS 1000000ull

static volatile uint64_t work[4], answered;

static void spinner(uint64_t index)
{
    for (;;)
        work[index]++;
}

static cap_t context(unsigned priority, uint64_t budget, uint64_t period)
{
    cap_t sched = slot();

    CHECK_OK(OP4(pool, JN_OP_CREATE_SCHED, sched, priority, budget, period));
    return sched;
}

static cap_t spin(unsigned index, unsigned priority, cap_t sched)
{
    cap_t thread = make_thread(&root, spinner, index, priority);

    work[index] = 0;
    if (sched)
        CHECK_OK(OP1(thread, JN_OP_THREAD_SET_SCHED, sched));
    CHECK_OK(OP0(thread, JN_OP_THREAD_RESUME));
    return thread;
}

static uint64_t time_of(cap_t thread)
{
    uint64_t out[10];

    CHECK_OK(op(thread, JN_OP_THREAD_INFO, 0, 0, 0, 0, 0, out));
    return out[1];
}

static void wait_until(uint64_t time)
{
    regs_t regs = {0};

    jn_utcb()->recv_deadline = time;
    CHECK_IS(sys(JN_WAIT | JN_RECV_UNTIL, 30 * JN_CAP_STEP, &regs), JN_TIMEOUT);
}

/* The host may take the machine's time away at any moment: what must happen may take its time. */
#define EVENTUALLY(condition)                                                                      \
    do {                                                                                           \
        for (unsigned i_ = 0; i_ < 500 && !(condition); i_++)                                      \
            wait_until(now() + 2 * MS);                                                            \
        CHECK(condition);                                                                          \
    } while (0)

static void budget_arguments(void)
{
    cap_t half = context(100, 5 * MS, 10 * MS), sched = slot();

    CHECK_IS(OP4(pool, JN_OP_CREATE_SCHED, sched, 100, 2 * MS, MS), JN_BAD_ARG);
    CHECK_IS(OP4(pool, JN_OP_CREATE_SCHED, sched, 100, 0, MS), JN_BAD_ARG);
    CHECK_IS(OP4(pool, JN_OP_CREATE_SCHED, sched, 100, 9999, MS), JN_BAD_ARG);
    CHECK_IS(OP4(pool, JN_OP_CREATE_SCHED, sched, 100, MS, -1), JN_BAD_ARG);
    CHECK_IS(OP4(pool, JN_OP_CREATE_SCHED, sched, 100, -1, -1), JN_BAD_ARG);
    CHECK_IS(OP3(half, JN_OP_SCHED_SET, 100, 2, 1), JN_BAD_ARG);
}

/* Together the contexts of a CPU get no more than it has. */
static void budget_admission(void)
{
    cap_t half = context(100, 5 * MS, 10 * MS), third = context(100, 10 * MS, 30 * MS);
    cap_t sched = slot();

    CHECK_IS(OP4(pool, JN_OP_CREATE_SCHED, sched, 100, 2 * MS, 10 * MS), JN_BUSY);
    CHECK_IS(OP3(third, JN_OP_SCHED_SET, 100, 6 * MS, 10 * MS), JN_BUSY);
    CHECK_OK(OP3(third, JN_OP_SCHED_SET, 100, 5 * MS, 10 * MS));
    CHECK_IS(OP4(pool, JN_OP_CREATE_SCHED, sched, 100, 10000, 1000 * MS), JN_BUSY);
    CHECK_OK(OP3(third, JN_OP_SCHED_SET, 100, 0, 0));
    CHECK_OK(OP4(pool, JN_OP_CREATE_SCHED, sched, 100, 5 * MS, 10 * MS));
    CHECK_OK(OP1(JN_CAP_TASK, JN_OP_CAP_DESTROY, half));
    CHECK_OK(OP3(third, JN_OP_SCHED_SET, 100, MS, 2 * MS));
}

/* The more urgent runs for its budget, the others for the rest of the period, again and again. */
static void budget_is_kept(void)
{
    cap_t sched = context(120, 2 * MS, 20 * MS);
    cap_t urgent = spin(1, 120, sched);

    spin(0, 100, 0);
    for (unsigned i = 0; i < 4; i++) {
        uint64_t before = work[0], own = work[1];
        EVENTUALLY(work[0] > before);
        EVENTUALLY(work[1] > own);
    }
    /* Best effort again, it does not let go. */
    CHECK_OK(OP3(sched, JN_OP_SCHED_SET, 120, 0, 0));
    wait_until(now() + MS);
    uint64_t before = work[0], time = time_of(urgent);
    EVENTUALLY(time_of(urgent) > time + 30 * MS);
    CHECK_IS(work[0], before);
    /* And bound once more; a change is no new budget. */
    CHECK_OK(OP3(sched, JN_OP_SCHED_SET, 120, 2 * MS, 1000 * MS));
    EVENTUALLY(work[0] > before);
    CHECK_OK(OP3(sched, JN_OP_SCHED_SET, 120, MS, 1000 * MS));
    wait_until(now() + MS);
    uint64_t own = work[1];
    wait_until(now() + 5 * MS);
    CHECK_IS(work[1], own);
}

/* How much a context gets for its budget, and when it gets the next. The host may take the machine's
 * time away while it is counted, but gives none: none of several contexts gets less than its budget,
 * and one of them hardly more; and no period is shorter than it should be. */
static void budget_is_exact(void)
{
    uint64_t least = UINT64_MAX;

    spin(0, 100, 0);
    for (unsigned i = 0; i < 100 && least >= 3 * MS; i++) {
        cap_t sched = context(120, 2 * MS, 100000 * MS), thread = spin(1, 120, sched);
        uint64_t before = work[0];
        EVENTUALLY(work[0] > before);
        uint64_t time = time_of(thread);
        least = time < least ? time : least;
        CHECK_OK(OP1(JN_CAP_TASK, JN_OP_CAP_DESTROY, thread));
        CHECK_OK(OP1(JN_CAP_TASK, JN_OP_CAP_DESTROY, sched));
    }
    CHECK(least >= 2 * MS - 1000); /* ticks are rounded */
    CHECK(least < 3 * MS);
    for (unsigned i = 0; i < 5; i++) {
        cap_t sched = context(120, MS, 50 * MS);
        uint64_t start = now();
        cap_t thread = spin(1, 120, sched);
        uint64_t before = work[0];
        EVENTUALLY(work[0] > before);
        before = work[1];
        EVENTUALLY(work[1] > before);
        CHECK(now() >= start + 50 * MS);
        CHECK_OK(OP1(JN_CAP_TASK, JN_OP_CAP_DESTROY, thread));
        CHECK_OK(OP1(JN_CAP_TASK, JN_OP_CAP_DESTROY, sched));
    }
}

static void busy_server(uint64_t gate)
{
    regs_t regs = {0};

    sys(JN_WAIT, gate, &regs);
    for (;;) {
        for (uint64_t end = work[2] + 20000; work[2] < end;)
            work[2]++;
        while (work[3])
            work[2]++;
        regs.tag = 1;
        sys(JN_REPLY_WAIT, gate, &regs);
    }
}

static void caller(uint64_t gate)
{
    CHECK_OK(call1(gate, 1, NULL));
    answered++;
}

/* A server whose caller has nothing left goes on with its own context, and serves others; the
 * caller waits for its next period. */
static void budget_that_was_lent(void)
{
    cap_t gate = make_gate(), sched = context(150, 2 * MS, 100 * MS);
    struct task *task = make_task();
    cap_t server = make_thread(task, busy_server, give(task, gate, JN_RIGHT_ALL), 80), thread;

    answered = work[2] = 0;
    work[3] = 1;
    CHECK_OK(OP0(server, JN_OP_THREAD_RESUME));
    wait_until(now() + MS);
    thread = make_thread(&root, caller, gate, 150);
    CHECK_OK(OP1(thread, JN_OP_THREAD_SET_SCHED, sched));
    CHECK_OK(OP0(thread, JN_OP_THREAD_RESUME));
    /* Its own priority is not enough against 100, its caller's would be. */
    cap_t other = spin(0, 100, 0);
    EVENTUALLY(work[0] > 0);
    wait_until(now() + 10 * MS);
    uint64_t before = work[2];
    wait_until(now() + 5 * MS);
    CHECK_IS(work[2], before);
    CHECK(time_of(server) < 100 * MS);
    CHECK_OK(OP0(other, JN_OP_THREAD_SUSPEND));
    EVENTUALLY(work[2] > before);
    CHECK(time_of(server) > 0);
    CHECK_IS(answered, 0);
    work[3] = 0;
    EVENTUALLY(answered == 1);
}

/* A spent context may end, or be left by its threads. */
static void budget_ends(void)
{
    cap_t sched = context(120, MS, 100000 * MS), thread = spin(1, 90, sched);

    spin(0, 50, 0);
    EVENTUALLY(work[0] > 0);
    uint64_t own = work[1];
    CHECK_OK(OP1(JN_CAP_TASK, JN_OP_CAP_DESTROY, sched));
    EVENTUALLY(work[1] > own); /* with its own priority */
    sched = context(120, MS, 100000 * MS);
    CHECK_OK(OP1(thread, JN_OP_THREAD_SET_SCHED, sched));
    uint64_t before = work[0];
    EVENTUALLY(work[0] > before);
    CHECK_OK(OP1(JN_CAP_TASK, JN_OP_CAP_DESTROY, thread));
    CHECK_OK(OP3(sched, JN_OP_SCHED_SET, 120, MS, 100 * MS));
}

/* A Signal wakes a thread with a budget, from one with a budget: past the fast path. */
static void waiter(uint64_t signal)
{
    regs_t regs = {0};

    for (;;) {
        sys(JN_WAIT, signal, &regs);
        work[1]++;
        while (work[3])
            work[2]++;
    }
}

static void raiser(uint64_t signal)
{
    for (;;) {
        regs_t regs = {.words = {1}};
        sys(JN_SIGNAL, signal, &regs);
        work[0]++;
    }
}

static void budget_and_signals(void)
{
    cap_t signal = make_signal(), sched = context(150, MS, 20 * MS);
    cap_t thread = make_thread(&root, waiter, signal, 150);

    work[0] = work[1] = work[2] = 0;
    work[3] = 1;
    CHECK_OK(OP1(thread, JN_OP_THREAD_SET_SCHED, sched));
    CHECK_OK(OP0(thread, JN_OP_THREAD_RESUME));
    wait_until(now() + MS);
    thread = make_thread(&root, raiser, signal, 100);
    CHECK_OK(OP1(thread, JN_OP_THREAD_SET_SCHED, context(100, 5 * MS, 10 * MS)));
    CHECK_OK(OP0(thread, JN_OP_THREAD_RESUME));
    /* The waiter does not let go, and is spent; the raiser goes on. */
    EVENTUALLY(work[2] > 0);
    EVENTUALLY(work[0] > 0);
    work[3] = 0;
    EVENTUALLY(work[1] > 3);
}

/* Nobody is interrupted for a clock's sake (KERNEL 22, promise E10). */
static void no_timer_alone(void)
{
    uint64_t before[10], after[10];

    for (unsigned round = 0; round < 2; round++) {
        memcpy(before, after, sizeof before);
        for (uint64_t end = now() + 30 * MS; now() < end;)
            ;
        op(JN_CAP_LOG, JN_OP_COUNTERS, 0, 0, 0, 0, 0, after);
    }
    CHECK_IS(after[4], before[4]);
}

const struct test budget_tests[] = {TEST(budget_arguments), TEST(budget_admission),
                                    TEST(budget_is_kept),   TEST(budget_is_exact),
                                    TEST(budget_that_was_lent), TEST(budget_ends),
                                    TEST(budget_and_signals), TEST(no_timer_alone), {0}};
