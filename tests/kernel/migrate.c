/* Which CPU a thread runs on, and what CPUs cost each other, in interrupts. With one CPU everything runs
 * there, and what is counted is nothing. Oracle: docs/kernel-processors.md. */
#include "harness.h"

static volatile uint64_t count[16], stop;
static cap_t nothing, gate;

static unsigned cpus(void)
{
    return ((const struct jn_info *)JN_ROOT_INFO)->cpus;
}

static uint64_t all(void)
{
    return (1ull << cpus()) - 1;
}

#define EVENTUALLY(condition)                                                                      \
    do {                                                                                           \
        for (unsigned i_ = 0; i_ < 4000 && !(condition); i_++)                                     \
            wait_ms(2);                                                                            \
        CHECK(condition);                                                                          \
    } while (0)

static void begin(void)
{
    stop = 0;
    for (unsigned i = 0; i < 16; i++)
        count[i] = 0;
    nothing = make_signal(); /* where threads stay */
}

static unsigned cpu_of(cap_t thread)
{
    uint64_t words[10];

    CHECK_OK(op(thread, JN_OP_THREAD_INFO, 0, 0, 0, 0, 0, words));
    return (unsigned)words[6];
}

/* Which of the counters: 6 interrupts from CPU to CPU, 7 of them to stop one, 8 CPUs asked to flush. */
static uint64_t counter(unsigned which)
{
    uint64_t words[10];

    CHECK_OK(op(JN_CAP_LOG, JN_OP_COUNTERS, 0, 0, 0, 0, 0, words));
    return words[which];
}

static void spin(uint64_t index)
{
    while (!stop)
        count[index]++;
    sys(JN_WAIT, nothing, &(regs_t){0});
}

/* ---- placement ---- */

static unsigned used(const cap_t *threads, unsigned number)
{
    unsigned seen = 0, cpus_seen = 0;

    for (unsigned i = 0; i < number; i++)
        seen |= 1u << cpu_of(threads[i]);
    for (; seen; seen &= seen - 1)
        cpus_seen++;
    return cpus_seen;
}

/* Twice as many as there are CPUs, all made on this one: each CPU gets some, and all of them run. */
static void movable_threads_spread(void)
{
    cap_t threads[16];
    unsigned number = 2 * cpus();

    begin();
    for (unsigned i = 0; i < number; i++) {
        threads[i] = make_thread(&root, spin, i, PRIORITY_TEST);
        CHECK_OK(OP2(threads[i], JN_OP_THREAD_SET_CPU, JN_CPU_ANY, all()));
        CHECK_OK(OP0(threads[i], JN_OP_THREAD_RESUME));
    }
    EVENTUALLY(used(threads, number) == cpus());
    for (unsigned i = 0; i < number; i++)
        EVENTUALLY(count[i] > 0);
    stop = 1;
}

/* A thread that is alone on a CPU goes on there; one that waits behind it is taken by an idle one. */
static void idle_processor_takes(void)
{
    cap_t threads[2];

    begin();
    for (unsigned i = 0; i < 2; i++) {
        threads[i] = make_thread(&root, spin, i, PRIORITY_TEST);
        CHECK_OK(OP1(threads[i], JN_OP_THREAD_SET_CPU, cpus() - 1));
        CHECK_OK(OP0(threads[i], JN_OP_THREAD_RESUME));
    }
    EVENTUALLY(count[0] && count[1]);
    CHECK_IS(used(threads, 2), 1); /* they were put there */
    for (unsigned i = 0; i < 2; i++)
        CHECK_OK(OP2(threads[i], JN_OP_THREAD_SET_CPU, JN_CPU_ANY, all()));
    EVENTUALLY(used(threads, 2) == (cpus() > 1 ? 2 : 1));
    stop = 1;
}

/* A mask binds, also a thread that runs, and one that others compete with. */
static void masks_bind(void)
{
    cap_t threads[3];

    begin();
    for (unsigned i = 0; i < 3; i++) {
        threads[i] = make_thread(&root, spin, i, PRIORITY_TEST);
        CHECK_OK(OP2(threads[i], JN_OP_THREAD_SET_CPU, JN_CPU_ANY, all()));
        CHECK_OK(OP0(threads[i], JN_OP_THREAD_RESUME));
    }
    for (unsigned cpu = 0; cpu < cpus(); cpu++) {
        for (unsigned i = 0; i < 3; i++)
            CHECK_OK(OP2(threads[i], JN_OP_THREAD_SET_CPU, JN_CPU_ANY, 1 << cpu));
        for (unsigned i = 0; i < 3; i++) {
            EVENTUALLY(cpu_of(threads[i]) == cpu);
            uint64_t before = count[i];
            EVENTUALLY(count[i] > before);
            CHECK_IS(cpu_of(threads[i]), cpu);
        }
    }
    CHECK_IS(OP2(threads[0], JN_OP_THREAD_SET_CPU, JN_CPU_ANY, 0), JN_BAD_ARG);
    CHECK_IS(OP2(threads[0], JN_OP_THREAD_SET_CPU, JN_CPU_ANY, all() + 1), JN_BAD_ARG);
    if (cpus() > 1)
        CHECK_IS(OP2(threads[0], JN_OP_THREAD_SET_CPU, 0, all() - 1), JN_BAD_ARG);
    stop = 1;
}

static void serve(uint64_t unused)
{
    regs_t regs = {0};

    (void)unused;
    for (int64_t status = sys(JN_WAIT, gate, &regs); !status;) {
        regs.tag = 1;
        regs.words[0]++;
        status = sys(JN_REPLY_WAIT, gate, &regs);
    }
}

static void call_often(uint64_t index)
{
    while (!stop) {
        uint64_t answer;
        if (call1(gate, index, &answer) || answer != index + 1)
            count[15]++;
        count[index]++;
    }
    sys(JN_WAIT, nothing, &(regs_t){0});
}

/* One that calls all the time comes to the server that it calls, if it is alone. */
static void caller_comes_near(void)
{
    begin();
    gate = make_gate();
    start_thread(&root, serve, 0);
    cap_t caller = make_thread(&root, call_often, 0, PRIORITY_TEST - 1);
    CHECK_OK(OP2(caller, JN_OP_THREAD_SET_CPU, cpus() - 1, all()));
    CHECK_OK(OP0(caller, JN_OP_THREAD_RESUME));
    EVENTUALLY(count[0] > 10 && cpu_of(caller) == 0);
    stop = 1;
    CHECK_IS(count[15], 0);
}

/* Calls go on while their callers are sent around. */
static void calls_while_moving(void)
{
    cap_t threads[3];

    begin();
    gate = make_gate();
    start_thread(&root, serve, 0);
    for (unsigned i = 0; i < 3; i++) {
        threads[i] = make_thread(&root, call_often, i, PRIORITY_TEST - 1);
        CHECK_OK(OP0(threads[i], JN_OP_THREAD_RESUME));
    }
    for (unsigned round = 0; round < 40; round++)
        for (unsigned i = 0; i < 3; i++) {
            uint64_t before = count[i];
            CHECK_OK(OP1(threads[i], JN_OP_THREAD_SET_CPU, (round + i) % cpus()));
            EVENTUALLY(count[i] > before);
        }
    stop = 1;
    CHECK_IS(count[15], 0);
}

/* ---- timers ---- */

static void wake_often(uint64_t index)
{
    for (unsigned i = 0; i < 10; i++) {
        regs_t regs = {0};
        uint64_t until = now() + 1000000;
        jn_utcb()->recv_deadline = until;
        if (sys(JN_WAIT | JN_RECV_UNTIL, nothing, &regs) != JN_TIMEOUT || now() < until)
            count[15]++;
        count[index]++;
    }
    sys(JN_WAIT, nothing, &(regs_t){0});
}

/* Each CPU ends the waits of its threads, none before its time. */
static void timers_of_each_processor(void)
{
    begin();
    for (unsigned i = 0; i < cpus(); i++) {
        cap_t thread = make_thread(&root, wake_often, i, PRIORITY_TEST);
        CHECK_OK(OP1(thread, JN_OP_THREAD_SET_CPU, i));
        CHECK_OK(OP0(thread, JN_OP_THREAD_RESUME));
    }
    for (unsigned i = 0; i < cpus(); i++)
        EVENTUALLY(count[i] == 10);
    CHECK_IS(count[15], 0);
}

/* ---- what CPUs ask of each other ---- */

/* A call to another CPU: one interrupt there and one back at most, if nobody else runs. */
static void cost_of_a_call(void)
{
    const unsigned calls = 64;

    begin();
    gate = make_gate();
    cap_t server = make_thread(&root, serve, 0, PRIORITY_TEST);
    CHECK_OK(OP1(server, JN_OP_THREAD_SET_CPU, cpus() - 1));
    CHECK_OK(OP0(server, JN_OP_THREAD_RESUME));
    wait_ms(2);
    uint64_t before = counter(6), answer;
    for (unsigned i = 0; i < calls; i++) {
        CHECK_OK(call1(gate, i, &answer));
        CHECK_IS(answer, i + 1);
    }
    uint64_t interrupts = counter(6) - before;
    CHECK(cpus() > 1 ? interrupts <= 2 * calls : !interrupts);
}

#define PAGES 16
static volatile uint8_t *touched;

static void touch_all(uint64_t unused)
{
    (void)unused;
    while (!stop) {
        for (unsigned i = 0; i < PAGES; i++)
            (void)touched[i * 4096];
        count[0]++;
    }
    count[1] = 1;
    sys(JN_WAIT, nothing, &(regs_t){0});
}

/* A range of pages that another CPU has in use costs each that has the space loaded one flush, not one
 * for each page. */
static void shoot_downs_are_batched(void)
{
    const uint64_t alias = 0x7c0000000000ull;

    begin();
    CHECK_OK(OP4(JN_CAP_TASK, JN_OP_TASK_MAP, (uint64_t)scratch(PAGES), alias, PAGES, JN_R | JN_W));
    touched = (volatile uint8_t *)alias;
    cap_t thread = make_thread(&root, touch_all, 0, PRIORITY_TEST);
    CHECK_OK(OP1(thread, JN_OP_THREAD_SET_CPU, cpus() - 1));
    CHECK_OK(OP0(thread, JN_OP_THREAD_RESUME));
    EVENTUALLY(count[0] > 10);
    uint64_t flushes = counter(8), holds = counter(7);
    CHECK_OK(OP4(JN_CAP_TASK, JN_OP_TASK_UNMAP, alias, PAGES, JN_W, 0));
    /* Idle CPUs may have the space loaded still. */
    uint64_t asked = counter(8) - flushes;
    CHECK(asked >= (cpus() > 1) && asked <= cpus() - 1);
    CHECK(counter(7) - holds <= 2);
    uint64_t before = count[0];
    EVENTUALLY(count[0] > before); /* it may read still */
    stop = 1;
    EVENTUALLY(count[1]);
    CHECK_OK(OP4(JN_CAP_TASK, JN_OP_TASK_UNMAP, alias, PAGES, JN_R, 0));
}

/* What ends together waits for the others once: a Pool with many objects, beside a busy CPU. */
static void quiescence_is_batched(void)
{
    begin();
    cap_t thread = make_thread(&root, spin, 0, PRIORITY_TEST), mine = slot();
    CHECK_OK(OP1(thread, JN_OP_THREAD_SET_CPU, cpus() - 1));
    CHECK_OK(OP0(thread, JN_OP_THREAD_RESUME));
    EVENTUALLY(count[0] > 0);
    CHECK_OK(OP2(pool, JN_OP_POOL_CREATE, mine, 64));
    for (unsigned i = 0; i < 100; i++)
        CHECK_OK(OP1(mine, JN_OP_CREATE_SIGNAL, slot()));
    uint64_t holds = counter(7);
    CHECK_OK(OP1(JN_CAP_TASK, JN_OP_CAP_DESTROY, mine));
    CHECK(counter(7) - holds <= 10);
    stop = 1;
    wait_ms(2);
}

const struct test migrate_tests[] = {
    TEST(movable_threads_spread),   TEST(idle_processor_takes), TEST(masks_bind),
    TEST(caller_comes_near),        TEST(calls_while_moving),   TEST(timers_of_each_processor),
    TEST(cost_of_a_call),           TEST(shoot_downs_are_batched), TEST(quiescence_is_batched),
    {0}};
