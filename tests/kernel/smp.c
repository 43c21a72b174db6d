/* Several CPUs: calls, Signals, ends, memory and moves from one to another. On one CPU the same cases
 * run with everything on it. */
#include "harness.h"

#pragma GCC visibility push(hidden)
extern void foreign_spin(void);
#pragma GCC visibility pop

static volatile uint64_t count[8], stop, wrong;
static cap_t nothing, gates[2], signals[2];

static unsigned cpus(void)
{
    return ((const struct jn_info *)JN_ROOT_INFO)->cpus;
}

/* Spreads, beginning beside the root thread's CPU. */
static cap_t start_on(struct task *task, unsigned cpu, void (*function)(uint64_t), uint64_t argument)
{
    cap_t thread = make_thread(task, function, argument, PRIORITY_TEST);

    CHECK_OK(OP1(thread, JN_OP_THREAD_SET_CPU, cpu % cpus()));
    CHECK_OK(OP0(thread, JN_OP_THREAD_RESUME));
    return thread;
}

#define EVENTUALLY(condition)                                                                      \
    do {                                                                                           \
        for (unsigned i_ = 0; i_ < 2000 && !(condition); i_++)                                     \
            wait_ms(2);                                                                            \
        CHECK(condition);                                                                          \
    } while (0)

static void begin(void)
{
    stop = wrong = 0;
    for (unsigned i = 0; i < 8; i++)
        count[i] = 0;
    nothing = make_signal(); /* where threads stay */
}

/* ---- calls ---- */

static void serve(uint64_t gate)
{
    regs_t regs = {0};

    for (int64_t status = sys(JN_WAIT, gate, &regs); !status;) {
        regs.tag = 2;
        regs.words[0]++;
        status = sys(JN_REPLY_WAIT, gate, &regs);
    }
}

static void call_often(uint64_t index)
{
    for (uint64_t i = 0; !stop; i++) {
        regs_t regs = {.tag = 2, .words = {i, index}};
        int64_t status = sys(JN_CALL, gates[index % 2], &regs);
        if (status || regs.words[0] != i + 1 || regs.words[1] != index)
            wrong++;
        count[index]++;
    }
    sys(JN_WAIT, nothing, &(regs_t){0});
}

/* Two servers on two CPUs, callers on all: each answer is that of its call. */
static void calls_between_processors(void)
{
    begin();
    for (unsigned i = 0; i < 2; i++) {
        gates[i] = make_gate();
        start_on(&root, i + 1, serve, gates[i]);
    }
    for (unsigned i = 0; i < 8; i++)
        start_on(&root, i / 2, call_often, i);
    for (unsigned i = 0; i < 8; i++)
        EVENTUALLY(count[i] > 200);
    stop = 1;
    CHECK_IS(wrong, 0);
}

/* ---- Signals ---- */

static void wait_often(uint64_t index)
{
    regs_t regs = {0};

    for (;;) {
        if (sys(JN_WAIT, signals[0], &regs) != JN_SIGNALLED || !regs.label)
            wrong++;
        count[index]++;
        regs = (regs_t){.words = {1}};
        sys(JN_SIGNAL, signals[1], &regs);
    }
}

/* None of the raised bits is lost: a wait that followed would not end. */
static void signals_between_processors(void)
{
    regs_t regs;

    begin();
    signals[0] = make_signal();
    signals[1] = make_signal();
    start_on(&root, 1, wait_often, 0);
    for (unsigned i = 0; i < 300; i++) {
        regs = (regs_t){.words = {4}};
        CHECK_OK(sys(JN_SIGNAL, signals[0], &regs));
        regs = (regs_t){0};
        CHECK_IS(sys(JN_WAIT, signals[1], &regs), JN_SIGNALLED);
    }
    CHECK_IS(count[0], 300);
    CHECK_IS(wrong, 0);
}

/* ---- ends ---- */

static void spin(uint64_t index)
{
    for (;;)
        count[index]++;
}

/* Threads that run, call and wait elsewhere end while they do. */
static void ends_between_processors(void)
{
    begin();
    for (unsigned i = 0; i < 2; i++) {
        gates[i] = make_gate();
        start_on(&root, i, serve, gates[i]);
    }
    for (unsigned round = 0; round < 20; round++) {
        struct world before = world;
        cap_t threads[6];
        for (unsigned i = 0; i < 6; i++)
            threads[i] = start_on(&root, 1 + i % 3, i < 3 ? call_often : spin, i);
        EVENTUALLY(count[4] != 0);
        for (unsigned i = 0; i < 6; i++)
            CHECK_OK(OP1(JN_CAP_TASK, JN_OP_CAP_DESTROY, threads[i]));
        uint64_t last = count[4];
        wait_ms(1);
        CHECK_IS(count[4], last);
        count[4] = 0;
        world = before;
    }
    CHECK_IS(wrong, 0);
}

/* ---- thread control ---- */

static void control_between_processors(void)
{
    begin();
    cap_t thread = start_on(&root, 1, spin, 0);
    EVENTUALLY(count[0] > 0);
    for (unsigned i = 0; i < 20; i++) {
        CHECK_OK(OP0(thread, JN_OP_THREAD_SUSPEND));
        uint64_t last = count[0];
        CHECK_IS(thread_was(thread), JN_WAS_SUSPENDED);
        CHECK_OK(OP1(thread, JN_OP_THREAD_READ, JN_STATE_REGS | JN_STATE_BASES));
        CHECK_IS(own_state()->gs_base, last_utcb);
        CHECK_IS(count[0], last);
        CHECK_OK(OP1(thread, JN_OP_THREAD_SET_CPU, i % cpus()));
        CHECK_OK(OP0(thread, JN_OP_THREAD_RESUME));
        EVENTUALLY(count[0] > last);
    }
    /* And while it runs. */
    for (unsigned i = 0; i < 20; i++) {
        CHECK_OK(OP1(thread, JN_OP_THREAD_SET_CPU, i % cpus()));
        uint64_t last = count[0];
        EVENTUALLY(count[0] > last);
    }
    CHECK_IS(OP1(thread, JN_OP_THREAD_SET_CPU, cpus()), JN_BAD_ARG);
}

/* ---- memory ---- */

static void touch(uint64_t address)
{
    for (;;) {
        (*(volatile uint64_t *)address)++;
        count[0]++;
    }
}

/* What is unmapped here cannot be written there any more, when the operation has returned. */
static void shoot_down(void)
{
    volatile uint64_t *page = scratch(1);
    const uint64_t alias = 0x7c0000000000ull;

    begin();
    CHECK_OK(OP4(JN_CAP_TASK, JN_OP_TASK_MAP, (uint64_t)page, alias, 1, JN_R | JN_W));
    start_on(&root, 1, touch, alias);
    EVENTUALLY(count[0] > 0);
    CHECK_OK(OP4(JN_CAP_TASK, JN_OP_TASK_UNMAP, alias, 1, JN_R, 0));
    uint64_t value = *page, last = count[0];
    wait_ms(5);
    CHECK_IS(*page, value);
    CHECK(count[0] - last <= 1);
}

const struct test smp_tests[] = {TEST(calls_between_processors), TEST(signals_between_processors),
                                 TEST(ends_between_processors),  TEST(control_between_processors),
                                 TEST(shoot_down),               {0}};
