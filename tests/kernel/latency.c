/* How long the most urgent thread waits while the kernel does what takes long: under -icount, where
 * a nanosecond is an instruction, from a deadline to the return from the wait for it. Everything is
 * measured at the same priority, so the first line, with nothing under way, is what the wake-up
 * itself costs. */
#include "chain.h"

#define MANY 20000

static volatile uint64_t object, words[5], go_on_with;
static volatile bool done;

/* The operation `go_on_with` on `object`, at a low priority. */
static void doer(uint64_t unused)
{
    (void)unused;
    op(object, (enum jn_object_op)go_on_with, words[0], words[1], words[2], words[3], words[4],
       NULL);
    done = true;
    sys(JN_WAIT, 30 * JN_CAP_STEP, &(regs_t){0});
}

static void spinner(uint64_t unused)
{
    (void)unused;
    for (;;)
        ;
}

/* The longest of many waits at times that have nothing to do with what goes on. */
static uint64_t longest_wait(unsigned at_most)
{
    uint64_t longest = 0, dice = 12345;

    for (unsigned i = 0; i < at_most && !done; i++) {
        regs_t regs = {0};
        dice = dice * 6364136223846793005ull + 1442695040888963407ull;
        uint64_t deadline = now() + 4000 + (dice >> 40) % 9000;
        jn_utcb()->recv_deadline = deadline;
        CHECK_IS(sys(JN_WAIT | JN_RECV_UNTIL, 30 * JN_CAP_STEP, &regs), JN_TIMEOUT);
        uint64_t late = now() - deadline;
        longest = late > longest ? late : longest;
    }
    return longest;
}

static uint64_t idle_wait;

static void latency_of(const char *name, cap_t subject, enum jn_object_op method, uint64_t a,
                       uint64_t b, uint64_t c, uint64_t d)
{
    object = subject;
    words[0] = a;
    words[1] = b;
    words[2] = c;
    words[3] = d;
    words[4] = 0;
    go_on_with = method;
    done = false;
    start_thread(&root, doer, 0);
    uint64_t longest = longest_wait(1000000);
    CHECK(done);
    measure_line(name, longest, 10000, 25000);
}

/* ---- copies of what a caller offers ---- */

#define COPIED (8ull << 20)

static uint64_t copy_from, copy_to, copy_how;
static cap_t copy_gate;

static void offer(uint64_t unused)
{
    regs_t regs = {.tag = 1ull << JN_TAG_WINDOWS_SHIFT};

    (void)unused;
    jn_utcb()->windows[0] = (struct jn_window){copy_from, COPIED, JN_R, 0};
    sys(JN_CALL, copy_gate, &regs);
    sys(JN_WAIT, 30 * JN_CAP_STEP, &regs);
}

static volatile int64_t copied;

static void copier(uint64_t unused)
{
    regs_t regs = {0};

    (void)unused;
    sys(JN_WAIT, copy_gate, &regs);
    regs = (regs_t){.tag = tag_of(3, 0, 0, (uint32_t)copy_how), .words = {0, copy_to, COPIED}};
    copied = sys(JN_COPY, 0, &regs);
    done = true;
    sys(JN_WAIT, 30 * JN_CAP_STEP, &regs);
}

static void latency_of_copy(const char *name, uint64_t how)
{
    copy_from = free_ram(128ull << 20);
    copy_to = copy_from + COPIED;
    for (uint64_t i = 0; i < COPIED; i += 8)
        *(volatile uint64_t *)(copy_from + i) = 0x0101010101010101;
    copy_how = how;
    copy_gate = make_gate();
    copied = 1;
    done = false;
    start_thread(&root, copier, 0);
    start_thread(&root, offer, 0);
    uint64_t longest = longest_wait(1000000);
    CHECK(done);
    CHECK_OK(copied);
    CHECK_IS(*(volatile uint64_t *)(copy_to + COPIED - 8), 0x0101010101010101);
    *(volatile uint64_t *)(copy_to + COPIED - 8) = 0;
    measure_line(name, longest, 10000, 25000);
}

static void measure_latency(void)
{
    struct chain chain;
    cap_t large = slot(), case_pool = pool, gate, other;
    uint64_t memory = free_ram(64ull << 20), count = CHAIN_MAPPINGS / CHAIN_DEPTH;
    char *page = scratch(1);

    case_keeps = 1000;
    cap_t thread = start_thread(&root, spinner, 0);
    done = false;
    idle_wait = longest_wait(500);
    measure_line("latency-nothing", idle_wait, 2000, 5000);
    CHECK_OK(OP1(JN_CAP_TASK, JN_OP_CAP_DESTROY, thread));

    latency_of_copy("latency-copy", JN_COPY_IN);
    latency_of_copy("latency-copy-string", JN_COPY_IN | JN_COPY_STRING);

    CHECK_OK(OP2(JN_CAP_POOL, JN_OP_POOL_CREATE, large, 2 * CHAIN_FRAMES));
    pool = large;
    chain_make(&chain, memory, count);
    latency_of("latency-lower-chain", JN_CAP_TASK, JN_OP_TASK_UNMAP, memory, count, JN_W,
               JN_UNMAP_DERIVED_ONLY);
    latency_of("latency-revoke-chain", JN_CAP_TASK, JN_OP_TASK_UNMAP, memory, count, JN_R,
               JN_UNMAP_DERIVED_ONLY);
    struct task *task = make_task();
    latency_of("latency-map-range", task->task, JN_OP_TASK_MAP, memory, CHAIN_AT, count, JN_R);
    latency_of("latency-unmap-range", task->task, JN_OP_TASK_UNMAP, CHAIN_AT, count, JN_R, 0);
    CHECK_OK(OP4(task->task, JN_OP_TASK_MAP, memory, CHAIN_AT, count, JN_R));
    latency_of("latency-end-of-task", JN_CAP_TASK, JN_OP_CAP_DESTROY, task->task, 0, 0, 0);
    task = make_task();
    for (uint64_t i = 0; i < MANY; i++)
        CHECK_OK(OP4(task->task, JN_OP_TASK_MAP, page, CHAIN_AT + (i << 12), 1, JN_R));
    latency_of("latency-revoke-page", JN_CAP_TASK, JN_OP_TASK_UNMAP, (uint64_t)page, 1, JN_R,
               JN_UNMAP_DERIVED_ONLY);

    other = make_gate();
    for (uint64_t i = 0; i < MANY; i++)
        CHECK_OK(OP3(task->task, JN_OP_CAP_COPY, other, (100 + i) * 64, JN_RIGHT_ALL));
    latency_of("latency-revoke-capability", JN_CAP_TASK, JN_OP_CAP_REVOKE, other, 0, 0, 0);
    gate = make_gate();
    for (uint64_t i = 0; i < MANY; i++)
        CHECK_OK(OP3(task->task, JN_OP_CAP_COPY, gate, (100 + i) * 64, JN_RIGHT_ALL));
    latency_of("latency-end-of-object", JN_CAP_TASK, JN_OP_CAP_DESTROY, gate, 0, 0, 0);
    /* The same objects, by the end of their Pool. */
    cap_t inner = slot();
    CHECK_OK(OP2(pool, JN_OP_POOL_CREATE, inner, 1000));
    CHECK_OK(OP1(inner, JN_OP_CREATE_GATE, gate = slot()));
    for (uint64_t i = 0; i < MANY; i++)
        CHECK_OK(OP3(task->task, JN_OP_CAP_COPY, gate, (100 + i) * 64, JN_RIGHT_ALL));
    for (unsigned i = 0; i < 2000; i++)
        CHECK_OK(OP1(inner, JN_OP_CREATE_GATE, slot()));
    latency_of("latency-end-of-pool", JN_CAP_TASK, JN_OP_CAP_DESTROY, inner, 0, 0, 0);
    /* A table of capabilities, each the last of its object. */
    struct task *owner = make_task();
    for (uint64_t i = 0; i < 2000; i++) {
        CHECK_OK(OP1(pool, JN_OP_CREATE_SIGNAL, other = slot()));
        CHECK_OK(OP3(owner->task, JN_OP_CAP_MOVE, other, (100 + i) * 64, JN_RIGHT_ALL));
    }
    latency_of("latency-end-of-table", JN_CAP_TASK, JN_OP_CAP_DESTROY, owner->task, 0, 0, 0);
    CHECK_OK(OP1(JN_CAP_TASK, JN_OP_CAP_DESTROY, large));
    pool = case_pool;
}

/* ---- a copy whose end was found when something more urgent came ---- */

#define STRING_FROM (4096 - 8) /* "/dev/null" over a page's end */
#define STRING_BYTES 10

static volatile uint64_t strings, too_long;

static void string_copier(uint64_t unused)
{
    regs_t regs = {0};

    (void)unused;
    sys(JN_WAIT, copy_gate, &regs);
    while (!done) {
        regs = (regs_t){.tag = tag_of(3, 0, 0, JN_COPY_IN | JN_COPY_STRING),
                        .words = {STRING_FROM, copy_to, 3 * 4096}};
        CHECK_OK(sys(JN_COPY, 0, &regs));
        too_long += regs.words[0] != STRING_BYTES;
        strings++;
    }
    sys(JN_WAIT, 30 * JN_CAP_STEP, &regs);
}

static void string_has_one_end(void)
{
    copy_from = free_ram(128ull << 20);
    copy_to = copy_from + COPIED;
    for (uint64_t i = 0; i < 2 * 4096; i++)
        *(volatile char *)(copy_from + i) = i == STRING_FROM + STRING_BYTES - 1 ? 0 : 'x';
    copy_gate = make_gate();
    done = false;
    strings = too_long = 0;
    start_thread(&root, string_copier, 0);
    start_thread(&root, offer, 0);
    longest_wait(2000);
    done = true;
    CHECK(strings > 1000);
    CHECK_IS(too_long, 0);
}

const struct test latency_tests[] = {TEST(measure_latency), TEST(string_has_one_end), {0}};
