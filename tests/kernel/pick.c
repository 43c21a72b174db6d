/* Picking the next thread costs the same however many are ready (promise A23): instructions from
 * one thread's YIELD to the next one's first instruction, with 1 to 10,000 of them. */
#include "harness.h"

#pragma GCC visibility push(hidden)
extern void m_yielder(void);
extern volatile uint64_t m_least, m_more, m_turns;
#pragma GCC visibility pop

#define ORDER 10 /* of the blocks of RAM that pay for the threads */
#define MANY  10000

static cap_t made[MANY];

/* Threads of the root task without stack, all of which yield at once when they may. */
static void make_yielder(unsigned number, unsigned priority)
{
    made[number] = slot();
    CHECK_OK(op(pool, JN_OP_CREATE_THREAD, made[number], JN_CAP_TASK,
                0x7d1000000000ull + number * 4096ull, 0, 0, NULL));
    CHECK_OK(OP1(made[number], JN_OP_THREAD_SET_PRIORITY, priority));
    memset(own_state()->r, 0, sizeof own_state()->r);
    own_state()->rip = (uint64_t)m_yielder;
    own_state()->rflags = 0x202;
    CHECK_OK(OP1(made[number], JN_OP_THREAD_WRITE, JN_STATE_REGS));
    CHECK_OK(OP0(made[number], JN_OP_THREAD_RESUME));
}

/* At least three turns of all; what one yield costs. */
static uint64_t cost_of_a_turn(unsigned threads)
{
    for (unsigned part = 0; part < 2; part++) {
        m_turns = m_more = 0;
        m_least = UINT64_MAX;
        for (unsigned i = 0; i < 1000 && m_turns < (part ? 3 : 1) * threads + 100; i++) {
            regs_t regs = {0};
            jn_utcb()->recv_deadline = now() + 1000000;
            CHECK_IS(sys(JN_WAIT | JN_RECV_UNTIL, 30 * JN_CAP_STEP, &regs), JN_TIMEOUT);
        }
    }
    /* More only where an interrupt came in between: the root thread's, and turns that end. */
    CHECK(m_more * 50 < m_turns);
    return m_least;
}

static void measure_pick(void)
{
    static const unsigned counts[] = {2, 10, 100, 1000, MANY};
    static const char *const names[] = {"pick-of-2", "pick-of-10", "pick-of-100", "pick-of-1000",
                                        "pick-of-10000"};
    cap_t large = slot(), case_pool = pool;
    uint64_t blocks = 0, out[10], first = 0, block = 4096ull << ORDER;
    uint64_t ram = free_ram(64ull << 20) - 64 * block;
    unsigned threads = 0;

    case_keeps = 10000;
    for (; blocks < 48; blocks++)
        CHECK_OK(OP2(JN_CAP_POOL, JN_OP_POOL_ADD, ram + blocks * block, ORDER));
    CHECK_OK(OP2(JN_CAP_POOL, JN_OP_POOL_CREATE, large, (blocks - 1) << ORDER));
    pool = large;
    for (unsigned i = 0; i < sizeof counts / sizeof *counts; i++) {
        while (threads < counts[i])
            make_yielder(threads++, PRIORITY_TEST);
        uint64_t cost = cost_of_a_turn(threads);
        first = first ? first : cost;
        measure_line(names[i], cost, 264, 700);
        CHECK_IS(cost, first);
    }
    /* Two among themselves, above all the others, which stand at many priorities. */
    for (unsigned i = 2; i < MANY; i++)
        CHECK_OK(OP1(made[i], JN_OP_THREAD_SET_PRIORITY, 2 + i % 90));
    uint64_t cost = cost_of_a_turn(2);
    measure_line("pick-above-10000", cost, 264, 700);
    CHECK_IS(cost, first);
    CHECK_OK(OP1(JN_CAP_TASK, JN_OP_CAP_DESTROY, large));
    for (unsigned i = 0; i < blocks; i++)
        CHECK_OK(op(JN_CAP_POOL, JN_OP_POOL_TAKE, ORDER, 0, 0, 0, 0, out));
    pool = case_pool;
}

const struct test pick_tests[] = {TEST(measure_pick), {0}};
