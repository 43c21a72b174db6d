/* A task with ordinary rights makes random and nearly right system calls, with several threads,
 * while a victim is watched: its memory, its messages and its capability must not change. */
#include "harness.h"

#define THREADS 4

static volatile uint64_t calls, victim_calls, victim_bad;
uint64_t fuzz_seed = 88172645463325252ull;

static uint64_t dice(void)
{
    fuzz_seed ^= fuzz_seed << 13;
    fuzz_seed ^= fuzz_seed >> 7;
    fuzz_seed ^= fuzz_seed << 17;
    return fuzz_seed;
}

/* Values at which something begins, ends or overflows, and small numbers. */
static uint64_t value(void)
{
    static const uint64_t edges[] = {0,
                                     1,
                                     -1ull,
                                     0x1000,
                                     0x7e0000200000ull,
                                     0x7f0000000000ull,
                                     0x7ffffffff000ull,
                                     0x800000000000ull,
                                     0xffff800000000000ull,
                                     1ull << 63,
                                     JN_CAP_HANDLES * 64ull - 64,
                                     JN_CAP_HANDLES * 64ull};
    uint64_t r = dice();

    switch (r >> 60) {
    case 0:
    case 1:
        return edges[r % 12];
    case 2:
        return edges[r % 12] + (r >> 8) % 16 - 8;
    case 3:
        return r;
    case 4:
        return r % 64;
    case 5:
        return (r % 4096) << 12;
    default:
        return (r % 40) * 64; /* a handle */
    }
}

/* How seldom a fuzzer does what would soon end it. */
static unsigned rare = 256;

static void fuzz_utcb(struct jn_utcb *utcb)
{
    for (unsigned i = 0; i < 4; i++) {
        uint64_t r = dice();
        utcb->items[i].what =
            r % 6 | (r >> 8) % 8 << 4 | (12 + (r >> 16) % 4) << 8 | (uint64_t)JN_RIGHT_ALL << 16;
        utcb->items[i].where = value();
        utcb->item_offset[i] = (r >> 24) % 16 << 12;
        utcb->windows[i % 2] =
            (struct jn_window){value(), value(), (uint32_t)(r >> 40) % 4, (uint32_t)value()};
    }
    utcb->send_deadline = utcb->recv_deadline = now() + dice() % 100000;
    utcb->recv_base = 0x50000000;
    utcb->recv_order = dice() % 20;
    utcb->recv_cap_base = (60 + dice() % 200) * 64;
    utcb->recv_cap_count = dice() % 4;
    if (dice() % 16 == 0) {
        utcb->state.rip = dice() % 2 ? value() : utcb->state.rip;
        utcb->state.rflags = dice();
        utcb->state.valid = (uint32_t)dice();
        utcb->state.dr[5] = dice();
    }
}

static void fuzzer(uint64_t unused)
{
    (void)unused;
    for (;;) {
        regs_t regs;
        uint64_t r = dice(), operation = r % 11;

        if (r >> 16 & 1)
            fuzz_utcb(jn_utcb());
        for (unsigned i = 0; i < 10; i++)
            regs.words[i] = value();
        regs.tag = (r >> 20) % 16 ? (r >> 24) % 12 : dice();
        if (operation == JN_INVOKE || operation >= 9) {
            operation = JN_INVOKE;
            unsigned method = (r >> 24) % (JN_OP_COUNT + 1);
            /* What would soon end the fuzzer itself is rare. */
            if ((method == JN_OP_THREAD_SET_FOREIGN || method == JN_OP_CAP_DESTROY ||
                 method == JN_OP_CAP_DELETE || method == JN_OP_CAP_MOVE ||
                 method == JN_OP_THREAD_WRITE || method == JN_OP_CAP_REVOKE) &&
                (r >> 32) % rare)
                continue;
            regs.tag = tag_of(5, 0, 0, method);
        } else if (operation == JN_COPY) {
            regs.tag = tag_of(3, 0, 0, (r >> 24) % 256);
        } else if ((r >> 20) % 4 == 0) {
            regs.tag = tag_of((r >> 24) % 66, (r >> 32) % 3, (r >> 36) % 3, 0);
        }
        /* Mostly without waiting; now and then with, until the root thread cancels it. */
        uint64_t phases =
            (r >> 40) % 8 ? JN_SEND_NOW | JN_RECV_NOW : (r >> 44) % 3 << 8 | (r >> 48) % 3 << 10;
        sys(operation | phases | ((r >> 52) % 64 == 0 ? dice() : 0), value(), &regs);
        calls++;
    }
}

static void victim(uint64_t gate)
{
    regs_t regs = {0};

    for (;;) {
        if (sys(JN_WAIT, gate, &regs) != JN_RECEIVED || regs.label != 4711 || regs.words[0] != 5 ||
            regs.tag != 1)
            victim_bad++;
        victim_calls++;
        regs = (regs_t){.tag = 1, .words = {6}};
        sys(JN_REPLY, 0, &regs);
    }
}

static void one_round(uint64_t until)
{
    cap_t small = slot(), threads[THREADS], case_pool = pool;
    struct task *task;
    uint64_t last = 0;

    CHECK_OK(OP2(pool, JN_OP_POOL_CREATE, small, 600));
    pool = small;
    task = make_task();
    cap_t gates[] = {make_gate(), make_gate(), make_signal(), make_signal()};
    for (unsigned i = 0; i < 4; i++)
        OP3(task->task, JN_OP_CAP_COPY, gates[i], (8 + i) * 64, JN_RIGHT_ALL);
    OP3(task->task, JN_OP_CAP_COPY, task->task, JN_CAP_TASK, JN_RIGHT_ALL & ~JN_RIGHT_DESTROY);
    OP3(task->task, JN_OP_CAP_COPY, small, JN_CAP_POOL, JN_RIGHT_ALL & ~JN_RIGHT_DESTROY);
    for (unsigned i = 0; i < THREADS; i++) {
        threads[i] = start_thread(task, fuzzer, 0);
        OP3(task->task, JN_OP_CAP_COPY, threads[i], (14 + i) * 64, JN_RIGHT_ALL);
        OP2(gates[i % 2], JN_OP_GATE_MINT, 0, 0);
    }
    cap_t minted = mint(gates[0], 9);
    OP3(task->task, JN_OP_CAP_COPY, minted, 18 * 64, JN_RIGHT_ALL);
    for (unsigned turn = 0; calls < until && turn < 300; turn++) {
        settle();
        for (unsigned i = 0; i < THREADS; i++) {
            OP0(threads[i], JN_OP_THREAD_CANCEL);
            OP0(threads[i], JN_OP_THREAD_RESUME);
        }
        if (turn > 3 && calls == last)
            break; /* none is left alive */
        last = calls;
    }
    pool = case_pool;
    CHECK_OK(OP1(JN_CAP_TASK, JN_OP_CAP_DESTROY, small));
}

/* The image is shared by the tasks of the self-test; what fuzzers must not touch is unmapped there.
 */
static void fuzz(void)
{
    cap_t gate = make_gate(), client = mint(gate, 4711), thread;
    uint8_t *memory = scratch(4);
    struct task *own = make_task();
    uint64_t answer, round = 0;

    for (unsigned i = 0; i < 4 * 4096; i++)
        memory[i] = (uint8_t)(i * 31);
    thread = start_thread(own, victim, give(own, gate, JN_RIGHT_ALL));
    calls = victim_calls = victim_bad = 0;
    while (calls < fuzz_calls && round < 1000 + fuzz_calls / 100) {
        struct world mark = world;
        rare = round % 2 ? 256 : 1;
        one_round(calls + 20000 < fuzz_calls ? calls + 20000 : fuzz_calls);
        CHECK_OK(call1(client, 5, &answer));
        CHECK_IS(answer, 6);
        round++;
        world = mark;
    }
    CHECK(calls >= fuzz_calls);
    CHECK_IS(victim_bad, 0);
    CHECK_IS(victim_calls, round);
    for (unsigned i = 0; i < 4 * 4096; i++)
        if (memory[i] != (uint8_t)(i * 31)) {
            CHECK_IS(memory[i], (uint8_t)(i * 31));
            break;
        }
    settle();
    CHECK_IS(thread_was(thread), JN_WAS_NATIVE_CALL);
}

const struct test fuzz_tests[] = {TEST(fuzz), {0}};
