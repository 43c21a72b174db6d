/* A task with ordinary rights makes random and nearly right system calls, with several threads, on
 * all CPUs, natively and through the door, while a victim is watched: its memory, its messages and
 * its capability must not change. No answer may contain an address of the kernel. */
#include "harness.h"

#define THREADS 4

#pragma GCC visibility push(hidden)
extern void fuzz_begin(void), fuzz_door(void), fuzz_end(void);
extern int64_t fuzz_syscall(uint64_t operation, uint64_t handle, uint64_t *registers);
extern int64_t fuzz_outside(uint64_t operation, uint64_t handle, uint64_t *registers);
extern volatile uint64_t fuzz_entered;
#pragma GCC visibility pop

_Static_assert(offsetof(struct jn_utcb, in_adapter) == 1032, "fuzz.asm");

/* What fuzz_syscall() takes and gives. */
struct registers {
    regs_t sent;
    uint64_t rcx, r11;
};

static uint64_t calls;
static volatile uint64_t victim_calls, victim_bad;
uint64_t fuzz_seed = 88172645463325252ull;

/* Never the address of anything in the kernel: what looks like one in an answer is one. */
static uint64_t dice(void)
{
    uint64_t value = fuzz_seed;

    value ^= value << 13;
    value ^= value >> 7;
    value ^= value << 17;
    fuzz_seed = value;
    return value & ~(1ull << 62);
}

static volatile uint64_t leaked, leaked_at;

/* Canonical, in the kernel's half, and none of the edges. */
static void look_for_address(uint64_t value, uint64_t where)
{
    if (value >= 0xffff800000001000 && value < UINT64_MAX - 0x2000000) {
        leaked = value;
        leaked_at = where;
    }
}

/* Registers after a call, but for the bits of a Signal, which are the union of what was raised; now
 * and then what the kernel wrote to the UTCB. */
static void look_for_addresses(const struct registers *registers, uint64_t operation, bool bits)
{
    const uint64_t *value = (const uint64_t *)registers;

    for (unsigned i = 0; i < sizeof *registers / sizeof *value; i++)
        if (!bits || (i != 1 && i != 2)) /* the label, word 0 */
            look_for_address(value[i], operation << 16 | i);
    if (fuzz_seed % 64)
        return;
    value = (const uint64_t *)jn_utcb();
    for (unsigned i = 0; i < sizeof(struct jn_utcb) / sizeof *value; i++)
        if (i < offsetof(struct jn_utcb, windows) / sizeof *value ||
            i >= offsetof(struct jn_utcb, send_deadline) / sizeof *value) /* pairs of 32 bits */
            look_for_address(value[i], 1ull << 32 | i);
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

static void fuzzer(uint64_t doors)
{
    for (;;) {
        struct registers all = {0};
        regs_t regs;
        uint64_t r = dice(), operation = r % 12;

        if (r >> 16 & 1)
            fuzz_utcb(jn_utcb());
        for (unsigned i = 0; i < 10; i++)
            regs.words[i] = value();
        regs.tag = (r >> 20) % 16 ? (r >> 24) % 12 : dice();
        if (operation == JN_INVOKE || operation == 9 || operation == 10) {
            operation = JN_INVOKE;
            unsigned method = (r >> 24) % (JN_OP_COUNT + 1);
            /* What would soon end the fuzzer itself is rare. */
            if ((method == JN_OP_THREAD_SET_FOREIGN || method == JN_OP_CAP_DESTROY ||
                 method == JN_OP_CAP_DELETE || method == JN_OP_CAP_MOVE ||
                 method == JN_OP_THREAD_WRITE || method == JN_OP_CAP_REVOKE) &&
                (r >> 32) % rare)
                continue;
            regs.tag = tag_of(5, 0, 0, method);
        } else if (operation == JN_FOREIGN && (r >> 32) % rare) {
            continue;
        } else if (operation == JN_COPY) {
            regs.tag = tag_of(3, 0, 0, (r >> 24) % 256);
        } else if ((r >> 20) % 4 == 0) {
            regs.tag = tag_of((r >> 24) % 66, (r >> 32) % 3, (r >> 36) % 3, 0);
        }
        /* Mostly without waiting; now and then with, until the root thread cancels it. */
        uint64_t phases =
            (r >> 40) % 8 ? JN_SEND_NOW | JN_RECV_NOW : (r >> 44) % 3 << 8 | (r >> 48) % 3 << 10;
        operation |= phases | ((r >> 52) % 64 == 0 ? dice() : 0);
        all.sent = regs;
        bool bits = regs.tag >> JN_TAG_METHOD_SHIFT == JN_OP_SIGNAL_POLL;
        int64_t status = doors && (r >> 58) % 4 == 0
                             ? fuzz_outside(operation, value(), (uint64_t *)&all)
                             : fuzz_syscall(operation, value(), (uint64_t *)&all);
        bits |= status == JN_SIGNALLED;
        look_for_addresses(&all, operation, bits);
        __atomic_fetch_add(&calls, 1, __ATOMIC_RELAXED);
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

/* A native thread, or one whose system calls outside the range enter the door; it does not run yet. */
static cap_t make_fuzzer(struct task *task, bool doors, unsigned number)
{
    cap_t thread = make_thread(task, fuzzer, doors, PRIORITY_TEST);
    unsigned cpus = ((const struct jn_info *)JN_ROOT_INFO)->cpus;

    if (doors)
        CHECK_OK(OP1(thread, JN_OP_THREAD_SET_FOREIGN, 1));
    CHECK_OK(OP1(thread, JN_OP_THREAD_SET_CPU, number % cpus));
    return thread;
}

static void one_round(uint64_t until, bool doors)
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
    if (doors)
        CHECK_OK(OP3(task->task, JN_OP_TASK_DOOR, fuzz_begin, fuzz_end, fuzz_door));
    cap_t minted = mint(gates[0], 9);
    OP3(task->task, JN_OP_CAP_COPY, minted, 18 * 64, JN_RIGHT_ALL);
    for (unsigned i = 0; i < THREADS; i++) {
        threads[i] = make_fuzzer(task, doors, i);
        OP3(task->task, JN_OP_CAP_COPY, threads[i], (14 + i) * 64, JN_RIGHT_ALL);
        OP2(gates[i % 2], JN_OP_GATE_MINT, 0, 0);
    }
    for (unsigned i = 0; i < THREADS; i++) /* now: who runs may destroy what the others are made of */
        OP0(threads[i], JN_OP_THREAD_RESUME);
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
    /* A round ends with the end of all that it made, which four CPUs have to agree on each time: where there
     * are many calls, a round has more of them, as long as its fuzzers live. */
    uint64_t most = fuzz_calls / 200 > 20000 ? fuzz_calls / 200 : 20000;
    calls = victim_calls = victim_bad = leaked = leaked_at = fuzz_entered = 0;
    while (calls < fuzz_calls && round < 1000 + fuzz_calls / 100) {
        struct world mark = world;
        rare = round % 2 ? 256 : 1;
        one_round(calls + most < fuzz_calls ? calls + most : fuzz_calls, round / 2 % 2);
        CHECK_OK(call1(client, 5, &answer));
        CHECK_IS(answer, 6);
        round++;
        world = mark;
    }
    CHECK(calls >= fuzz_calls);
    CHECK(round < 3 || fuzz_entered);
    CHECK_IS(leaked_at, 0); /* operation << 16 | register, or a word of the UTCB */
    CHECK_IS(leaked, 0);
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
