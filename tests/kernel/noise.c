/* A thread that is alone on its CPU is not interrupted, whatever others do on theirs, while nobody
 * destroys objects or unmaps what its task can reach (KERNEL 20, 22; promises E10, E11).
 *
 * Shown by the kernel's own count of the thread's entries, which also has every interrupt that came
 * while it ran: between two looks of the thread at it, there is the second look and nothing else.
 * That needs no clock, so it holds on emulated CPUs that run at once, too. `bench/fwq.c` is the
 * same with a clock. */
#include "harness.h"

#define QUANTUM 4250000ull /* instructions */
#define QUANTA  20

static cap_t self, done, gate;
static volatile uint64_t entries, stop, calls;

static unsigned cpus(void)
{
    return ((const struct jn_info *)JN_ROOT_INFO)->cpus;
}

static void work(void)
{
    uint64_t turns = QUANTUM / 2;

    __asm__ volatile("1: decq %0; jnz 1b" : "+r"(turns));
}

static uint64_t own_entries(void)
{
    uint64_t out[10];

    return op(self, JN_OP_THREAD_INFO, 0, 0, 0, 0, 0, out) ? 0 : out[2];
}

static void worker(uint64_t unused)
{
    (void)unused;
    for (unsigned i = 0; i < 5; i++)
        work(); /* a timer that was set for others may still come once */
    uint64_t before = own_entries();
    for (unsigned i = 0; i < QUANTA; i++)
        work();
    entries = own_entries() - before;
    regs_t regs = {.tag = 1, .words = {1}};
    sys(JN_SIGNAL, done, &regs);
}

static void serve(uint64_t unused)
{
    regs_t regs = {0};

    (void)unused;
    for (int64_t status = sys(JN_WAIT, gate, &regs); !status;) {
        regs = (regs_t){.tag = 1};
        status = sys(JN_REPLY_WAIT, gate, &regs);
    }
}

/* Calls, time slices between equals, timers. */
static void be_busy(uint64_t unused)
{
    (void)unused;
    while (!stop) {
        uint64_t answer;
        call1(gate, 1, &answer);
        calls++;
    }
}

static uint64_t entries_of_worker(void)
{
    regs_t regs = {0};

    done = make_signal();
    entries = ~0ull;
    self = make_thread(&root, worker, 0, PRIORITY_TEST);
    CHECK_OK(OP1(self, JN_OP_THREAD_SET_CPU, cpus() - 1));
    CHECK_OK(OP0(self, JN_OP_THREAD_RESUME));
    CHECK_IS(sys(JN_WAIT, done, &regs), JN_SIGNALLED);
    return entries;
}

static void alone_on_its_cpu(void)
{
    stop = calls = 0;
    gate = make_gate();
    if (cpus() > 1) {
        start_thread(&root, serve, 0);
        for (unsigned i = 0; i < 3; i++)
            start_thread(&root, be_busy, 0);
    }
    CHECK_IS(entries_of_worker(), 1);
    stop = 1;
    CHECK(calls > 0 || cpus() == 1);
}

/* The counter-check: beside an equal on its own CPU it is interrupted. */
static void shared_cpu(void)
{
    stop = calls = 0;
    gate = make_gate();
    cap_t server = make_thread(&root, serve, 0, PRIORITY_TEST);
    cap_t busy = make_thread(&root, be_busy, 0, PRIORITY_TEST);
    CHECK_OK(OP1(server, JN_OP_THREAD_SET_CPU, cpus() - 1));
    CHECK_OK(OP1(busy, JN_OP_THREAD_SET_CPU, cpus() - 1));
    CHECK_OK(OP0(server, JN_OP_THREAD_RESUME));
    CHECK_OK(OP0(busy, JN_OP_THREAD_RESUME));
    CHECK(entries_of_worker() > 1);
    stop = 1;
}

static uint64_t entries_of_cpu(unsigned cpu)
{
    uint64_t words[10];

    CHECK_OK(op(JN_CAP_LOG, JN_OP_COUNTERS, cpu + 1, 0, 0, 0, 0, words));
    return words[0] + words[4];
}

/* isolate=2,3 (0 has the servers, and 9 is not there): what may run anywhere else keeps away from both,
 * however much of it there is; who was put on one is alone, and the other is not entered at all. */
static void isolated_processors(void)
{
    const struct jn_info *info = (const struct jn_info *)JN_ROOT_INFO;
    cap_t busy[6];
    uint64_t words[10];

    if (!isolating)
        return;
    CHECK_IS(info->isolated, 0xc);
    CHECK_IS(op(JN_CAP_LOG, JN_OP_COUNTERS, cpus() + 1, 0, 0, 0, 0, words), JN_BAD_ARG);
    stop = calls = 0;
    gate = make_gate();
    start_thread(&root, serve, 0);
    for (unsigned i = 0; i < 6; i++) {
        busy[i] = make_thread(&root, be_busy, 0, PRIORITY_TEST);
        CHECK_OK(OP2(busy[i], JN_OP_THREAD_SET_CPU, JN_CPU_ANY, 0xf & ~info->isolated));
        CHECK_OK(OP0(busy[i], JN_OP_THREAD_RESUME));
    }
    uint64_t before = entries_of_cpu(2);
    CHECK_IS(entries_of_worker(), 1); /* on CPU 3 */
    CHECK_IS(entries_of_cpu(2), before);
    for (unsigned i = 0; i < 6; i++) {
        CHECK_OK(op(busy[i], JN_OP_THREAD_INFO, 0, 0, 0, 0, 0, words));
        CHECK(words[6] < 2);
    }
    CHECK(calls > 0);
    stop = 1;
}

const struct test noise_tests[] = {
    TEST(alone_on_its_cpu), TEST(shared_cpu), TEST(isolated_processors), {0}};
