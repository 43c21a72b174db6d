/* Address spaces seen from user mode: what the processor does with what the kernel mapped. The
 * mapping database itself is compared with a model on the host. */
#include "harness.h"

#define SUPER (2ull << 20)
#define THERE 0x40000000ull /* where the other task has its memory */

struct page {
    uint64_t rights, order, bits;
};

static struct page page_at(cap_t task, uint64_t address)
{
    uint64_t out[10];

    CHECK_OK(op(task, JN_OP_TASK_PAGE, address, 0, 0, 0, 0, out));
    return (struct page){out[0], out[1], out[2]};
}

/* TASK_UNMAP; the accessed and dirty bits it returned. */
static uint64_t unmap(cap_t task, uint64_t address, uint64_t pages, unsigned rights, unsigned flags,
                      uint64_t seen)
{
    uint64_t out[10];

    CHECK_OK(op(task, JN_OP_TASK_UNMAP, address, pages, rights, flags, 0, out));
    CHECK_IS(out[0], seen);
    return out[1];
}

static int64_t map(cap_t task, const void *from, uint64_t to, uint64_t pages, unsigned rights)
{
    return OP4(task, JN_OP_TASK_MAP, from, to, pages, rights);
}

/* ---- a thread there touches memory ---- */

static volatile uint64_t touched;
static volatile unsigned touches;

static void touch_read(uint64_t address)
{
    touched = *(volatile uint64_t *)address;
    touches++;
    regs_t regs = {0};
    sys(JN_WAIT, 30 * JN_CAP_STEP, &regs);
}

static void touch_write(uint64_t address)
{
    *(volatile uint64_t *)address = 0x1234567890;
    touches++;
    regs_t regs = {0};
    sys(JN_WAIT, 30 * JN_CAP_STEP, &regs);
}

/* Did it get through? Without a pager a fault ends the thread. */
static bool touch(struct task *task, void (*how)(uint64_t), uint64_t address)
{
    unsigned before = touches;

    start_thread(task, how, address);
    settle();
    return touches != before;
}

static void rights_and_bits(void)
{
    struct task *task = make_task();
    uint64_t *memory = scratch(2);

    memory[0] = 99;
    CHECK_OK(map(task->task, memory, THERE, 1, JN_R));
    CHECK_IS(page_at(task->task, THERE).rights, JN_R);
    CHECK_IS(page_at(task->task, THERE).bits, 0);
    CHECK(touch(task, touch_read, THERE));
    CHECK_IS(touched, 99);
    CHECK_IS(page_at(task->task, THERE).bits, JN_PAGE_ACCESSED);
    CHECK(!touch(task, touch_write, THERE));
    CHECK(!touch(task, touch_read, THERE + 4096));

    CHECK_OK(map(task->task, memory, THERE, 1, JN_R | JN_W));
    CHECK_IS(page_at(task->task, THERE).rights, JN_R | JN_W);
    CHECK(touch(task, touch_write, THERE));
    CHECK_IS(memory[0], 0x1234567890);
    CHECK_IS(page_at(task->task, THERE).bits, JN_PAGE_ACCESSED | JN_PAGE_DIRTY);
    /* Read and cleared; a new access sets them again. */
    CHECK_IS(unmap(task->task, THERE, 1, 0, 0, 1), JN_PAGE_ACCESSED | JN_PAGE_DIRTY);
    CHECK_IS(page_at(task->task, THERE).bits, 0);
    CHECK(touch(task, touch_read, THERE));
    CHECK_IS(unmap(task->task, THERE, 1, JN_W, 0, 1), JN_PAGE_ACCESSED);
    CHECK(!touch(task, touch_write, THERE));
    CHECK(touch(task, touch_read, THERE));
    CHECK_IS(unmap(task->task, THERE, 1, JN_R, 0, 1), JN_PAGE_ACCESSED);
    CHECK(!touch(task, touch_read, THERE));
    CHECK_IS(page_at(task->task, THERE).rights, 0);
}

/* A chain of three tasks: what the first takes back the last loses, and its bits come up. */
static void revocation(void)
{
    struct task *task = make_task();
    uint64_t *memory = scratch(1);

    CHECK_OK(map(JN_CAP_TASK, memory, THERE, 1, JN_R | JN_W));
    CHECK_OK(map(task->task, (void *)THERE, THERE, 1, JN_R | JN_W));
    CHECK(touch(task, touch_write, THERE));
    CHECK_IS(unmap(JN_CAP_TASK, (uint64_t)memory, 1, JN_W, JN_UNMAP_DERIVED_ONLY, 1) &
                 JN_PAGE_DIRTY,
             JN_PAGE_DIRTY);
    CHECK_IS(page_at(task->task, THERE).rights, JN_R);
    CHECK_IS(page_at(JN_CAP_TASK, THERE).rights, JN_R);
    memory[0] = 1;
    unmap(JN_CAP_TASK, (uint64_t)memory, 1, JN_R, JN_UNMAP_DERIVED_ONLY, 1);
    CHECK_IS(page_at(task->task, THERE).rights, 0);
    CHECK_IS(page_at(JN_CAP_TASK, THERE).rights, 0);
    memory[0] = 2;
}

/* Bits of a mapping that goes are its parent's: here by the death of the task. */
static void bits_of_the_dead(void)
{
    struct task *task = make_task();
    uint64_t *memory = scratch(1);

    CHECK_OK(map(JN_CAP_TASK, memory, THERE, 1, JN_R | JN_W));
    CHECK_OK(map(task->task, (void *)THERE, THERE, 1, JN_R | JN_W));
    CHECK(touch(task, touch_write, THERE));
    CHECK_IS(page_at(JN_CAP_TASK, THERE).bits, 0);
    CHECK_OK(OP1(JN_CAP_TASK, JN_OP_CAP_DESTROY, task->task));
    settle();
    CHECK_IS(page_at(JN_CAP_TASK, THERE).bits, JN_PAGE_ACCESSED | JN_PAGE_DIRTY);
    unmap(JN_CAP_TASK, THERE, 1, JN_R, 0, 1);
}

static void granting(void)
{
    struct task *task = make_task();
    uint64_t ram = free_ram(4096), out[10];

    *(volatile uint64_t *)ram = 7;
    CHECK_OK(op(task->task, JN_OP_TASK_MAP, ram, THERE, 1, JN_R | JN_W, 1, out));
    CHECK_IS(out[0], 1);
    CHECK_IS(page_at(JN_CAP_TASK, ram).rights, 0);
    CHECK(touch(task, touch_read, THERE));
    CHECK_IS(touched, 7);
    /* The frame comes back by a grant from the other side only; here its task dies with it. */
}

/* Splitting leaves tables in the root task's own space, so each run takes a block of its own. */
static uint64_t own_superpages(unsigned number)
{
    return free_ram(64 * SUPER) + number * SUPER;
}

static void superpages(void)
{
    static unsigned run;
    struct task *task = make_task();
    uint64_t ram = own_superpages(run++ * 2);

    case_keeps = 2 * 2; /* a table and its nodes for each */

    *(volatile uint64_t *)(ram + SUPER + 8192) = 55;
    CHECK_OK(map(task->task, (void *)ram, THERE, 2 * SUPER >> 12, JN_R | JN_W));
    CHECK_IS(page_at(task->task, THERE).order, 21);
    CHECK_IS(page_at(task->task, THERE + SUPER).order, 21);
    CHECK(touch(task, touch_read, THERE + SUPER + 8192));
    CHECK_IS(touched, 55);
    CHECK_IS(page_at(task->task, THERE).bits, 0);

    /* Its own mapping is split by taking one page of it away ... */
    unmap(task->task, THERE + 4096, 1, JN_R, 0, 1);
    CHECK_IS(page_at(task->task, THERE).order, 12);
    CHECK_IS(page_at(task->task, THERE + 4096).rights, 0);
    CHECK_IS(page_at(task->task, THERE + SUPER).order, 21);
    CHECK(touch(task, touch_write, THERE));
    CHECK(!touch(task, touch_write, THERE + 4096));
    /* ... and a received one by what the giver does. */
    unmap(JN_CAP_TASK, ram + SUPER + 4096, 2, JN_R, JN_UNMAP_DERIVED_ONLY, 2);
    CHECK_IS(page_at(task->task, THERE + SUPER).order, 12);
    CHECK_IS(page_at(task->task, THERE + SUPER + 4096).rights, 0);
    CHECK_IS(page_at(task->task, THERE + SUPER + 8192).rights, 0);
    CHECK_IS(page_at(task->task, THERE + SUPER + 3 * 4096).rights, JN_R | JN_W);
    CHECK(!touch(task, touch_read, THERE + SUPER + 8192));
    CHECK_IS(*(volatile uint64_t *)(ram + SUPER + 8192), 55);
    unmap(JN_CAP_TASK, ram, 2 * SUPER >> 12, JN_R, JN_UNMAP_DERIVED_ONLY, 2 * SUPER >> 12);
    CHECK_IS(page_at(task->task, THERE).rights, 0);
    CHECK_IS(page_at(task->task, THERE + 2 * SUPER - 4096).rights, 0);
}

static void hostile_ranges(void)
{
    struct task *task = make_task();
    char *memory = scratch(2);
    static const uint64_t bad[] = {1,
                                   0xfff,
                                   0x800000000000,
                                   0xffff800000000000,
                                   0xffffffff80000000,
                                   0x7ffffffff000,
                                   UINT64_MAX,
                                   UINT64_MAX - 4095};

    for (unsigned i = 0; i < sizeof bad / sizeof *bad; i++) {
        CHECK_IS(map(task->task, memory, bad[i], 1, JN_R), JN_BAD_ARG);
        CHECK_IS(map(task->task, (void *)bad[i], THERE, 1, JN_R), JN_BAD_ARG);
        CHECK_IS(OP4(task->task, JN_OP_TASK_UNMAP, bad[i], 1, JN_R, 0), JN_BAD_ARG);
        CHECK_IS(page_at(task->task, bad[i] | 0x800000000000).rights, 0);
    }
    CHECK_IS(map(task->task, memory, THERE, UINT64_MAX, JN_R), JN_BAD_ARG);
    CHECK_IS(map(task->task, memory, THERE, 1ull << 52, JN_R), JN_BAD_ARG);
    CHECK_IS(map(task->task, memory, THERE, 1, 0), JN_BAD_ARG);
    CHECK_IS(map(task->task, memory, THERE, 1, JN_W), JN_BAD_ARG);
    CHECK_IS(map(task->task, memory, THERE, 1, 8 | JN_R), JN_BAD_ARG);
    CHECK_IS(op(task->task, JN_OP_TASK_MAP, (uint64_t)memory, THERE, 1, JN_R, 2, NULL), JN_BAD_ARG);
    CHECK_IS(OP4(task->task, JN_OP_TASK_UNMAP, THERE, 1, 8, 0), JN_BAD_ARG);
    CHECK_IS(OP4(task->task, JN_OP_TASK_UNMAP, THERE, 1, JN_R, 2), JN_BAD_ARG);
    CHECK_OK(map(task->task, memory, THERE, 0, JN_R));
    /* The whole address space: long, but mostly gaps. */
    CHECK_OK(OP4(task->task, JN_OP_TASK_UNMAP, 0, 0x7fffffffe, JN_R, 0));
    CHECK_IS(page_at(task->task, (uint64_t)touch_read).rights, 0);
}

/* The kernel's own pages in a space: nobody maps them on, over, or away. */
static void kernel_pages(void)
{
    struct task *task = make_task();
    char *memory = scratch(4);

    make_thread(task, touch_read, 0, PRIORITY_TEST);
    CHECK_IS(page_at(task->task, last_utcb).rights, JN_R | JN_W);
    CHECK_IS(map(task->task, memory, last_utcb, 1, JN_R), JN_BUSY);
    unmap(task->task, last_utcb, 1, JN_R, 0, 0);
    CHECK_IS(page_at(task->task, last_utcb).rights, JN_R | JN_W);
    CHECK_OK(map(task->task, (void *)JN_ROOT_INFO, THERE, 1, JN_R));
    CHECK_OK(map(task->task, (void *)JN_BOOT_ADDRESS, THERE, 1, JN_R));
    CHECK_OK(map(task->task, jn_utcb(), THERE, 1, JN_R | JN_W));
    CHECK_IS(page_at(task->task, THERE).rights, 0);
    CHECK_IS(page_at(task->task, 0x7e0000010000).rights, JN_R);
}

/* Frames between the root task and the root Pool. */
static void frames_of_the_pool(void)
{
    struct task *task = make_task();
    uint64_t ram = free_ram(16 * 4096), before[10], out[10];
    volatile uint64_t *word = (volatile uint64_t *)(ram + 4096);

    CHECK_OK(op(JN_CAP_POOL, JN_OP_POOL_INFO, 0, 0, 0, 0, 0, before));
    *word = 0x5555;
    CHECK_OK(map(task->task, (void *)(ram + 3 * 4096), THERE, 1, JN_R));
    CHECK_IS(OP2(JN_CAP_POOL, JN_OP_POOL_ADD, ram, 2), JN_BUSY);
    CHECK_IS(*word, 0x5555);
    unmap(JN_CAP_TASK, ram + 3 * 4096, 1, JN_R, JN_UNMAP_DERIVED_ONLY, 1);
    CHECK_OK(OP2(JN_CAP_POOL, JN_OP_POOL_ADD, ram, 2));
    CHECK_IS(page_at(JN_CAP_TASK, ram + 4096).rights, 0);
    CHECK_IS(page_at(JN_CAP_TASK, ram + 4 * 4096).rights & JN_W, JN_W);
    CHECK_OK(op(JN_CAP_POOL, JN_OP_POOL_INFO, 0, 0, 0, 0, 0, out));
    CHECK_IS(out[0], before[0] + 4);
    CHECK_IS(OP2(JN_CAP_POOL, JN_OP_POOL_ADD, ram, 2), JN_BAD_ARG);

    CHECK_OK(op(JN_CAP_POOL, JN_OP_POOL_TAKE, 2, 0, 0, 0, 0, out));
    CHECK_IS(out[0] & 0x3fff, 0);
    for (unsigned i = 0; i < 4 * 512; i++)
        if (((volatile uint64_t *)out[0])[i])
            CHECK_IS(((volatile uint64_t *)out[0])[i], 0);
    *(volatile uint64_t *)out[0] = 1;
    CHECK_OK(op(JN_CAP_POOL, JN_OP_POOL_INFO, 0, 0, 0, 0, 0, out));
    CHECK_IS(out[0], before[0]);

    /* Not RAM of its own: devices, the firmware's, its image, what is no multiple of the size. */
    CHECK_IS(OP2(JN_CAP_POOL, JN_OP_POOL_ADD, 0xa0000, 0), JN_BAD_ARG);
    CHECK_IS(OP2(JN_CAP_POOL, JN_OP_POOL_ADD, 0xf0000, 0), JN_BAD_ARG);
    CHECK_IS(OP2(JN_CAP_POOL, JN_OP_POOL_ADD, JN_ROOT_BASE, 0), JN_BAD_ARG);
    CHECK_IS(OP2(JN_CAP_POOL, JN_OP_POOL_ADD, ram + 8 * 4096 + 4096, 1), JN_BAD_ARG);
    CHECK_IS(OP2(JN_CAP_POOL, JN_OP_POOL_ADD, ram, 64), JN_BAD_ARG);
    CHECK_IS(OP2(pool, JN_OP_POOL_ADD, ram + 8 * 4096, 0), JN_BAD_ARG);
    CHECK_IS(OP1(JN_CAP_POOL, JN_OP_POOL_TAKE, 30), JN_NO_MEMORY);
    CHECK_IS(OP1(pool, JN_OP_POOL_TAKE, 0), JN_BAD_ARG);
}

/* The receiver pays: with an empty Pool nothing is left half done. */
static void receiver_pays(void)
{
    cap_t poor = slot(), task = slot();
    char *memory = scratch(1);
    uint64_t out[10], mapped = 0;
    int64_t status = JN_OK;

    CHECK_OK(OP2(pool, JN_OP_POOL_CREATE, poor, 20));
    CHECK_OK(OP2(poor, JN_OP_CREATE_TASK, task, 0));
    for (; mapped < 100 && status == JN_OK; mapped++)
        status = map(task, memory, THERE + (mapped << 30), 1, JN_R);
    CHECK_IS(status, JN_NO_MEMORY);
    CHECK(mapped > 3);
    for (uint64_t i = 0; i < mapped - 1; i++)
        CHECK_IS(page_at(task, THERE + (i << 30)).rights, JN_R);
    CHECK_OK(op(task, JN_OP_TASK_INFO, 0, 0, 0, 0, 0, out));
    CHECK_IS(out[1], mapped - 1);
    CHECK_OK(OP2(pool, JN_OP_POOL_FUND, poor, 10));
    CHECK_OK(map(task, memory, THERE + (mapped << 30), 1, JN_R));
    CHECK_IS(OP2(pool, JN_OP_POOL_FUND, poor, -30), JN_BUSY);
    unmap(JN_CAP_TASK, (uint64_t)memory, 1, JN_R, JN_UNMAP_DERIVED_ONLY, 1);
    CHECK_OK(op(task, JN_OP_TASK_INFO, 0, 0, 0, 0, 0, out));
    CHECK_IS(out[1], 0);
    CHECK_OK(op(poor, JN_OP_POOL_INFO, 0, 0, 0, 0, 0, out));
    CHECK(out[1] >= 15);
}

/* A chain of mappings as long as a hostile task can pay for, in one revocation. */
static void deep_tree(void)
{
    struct task *task = make_task();
    char *memory = scratch(1);
    const uint64_t depth = 20000;

    CHECK_OK(map(task->task, memory, THERE, 1, JN_R));
    CHECK_OK(map(JN_CAP_TASK, memory, THERE, 1, JN_R));
    for (uint64_t i = 0; i < depth; i++)
        CHECK_OK(map(JN_CAP_TASK, (void *)(THERE + (i << 12)), THERE + ((i + 1) << 12), 1, JN_R));
    CHECK_IS(page_at(JN_CAP_TASK, THERE + (depth << 12)).rights, JN_R);
    unmap(JN_CAP_TASK, (uint64_t)memory, 1, JN_R, JN_UNMAP_DERIVED_ONLY, 1);
    CHECK_IS(page_at(JN_CAP_TASK, THERE).rights, 0);
    CHECK_IS(page_at(JN_CAP_TASK, THERE + (depth << 12)).rights, 0);
    CHECK_IS(page_at(task->task, THERE).rights, 0);
}

/* ---- a long revocation is preempted, and nothing slips in meanwhile ---- */

#define WIDE 40000

static volatile bool revoked;
static volatile uint64_t revoke_seen;

static void revoker(uint64_t address)
{
    uint64_t out[10];

    op(JN_CAP_TASK, JN_OP_TASK_UNMAP, address, 1, JN_R, JN_UNMAP_DERIVED_ONLY, 0, out);
    revoke_seen = out[0];
    revoked = true;
    regs_t regs = {0};
    sys(JN_WAIT, 30 * JN_CAP_STEP, &regs);
}

static void wide_tree(void *memory)
{
    revoked = false;
    for (uint64_t i = 0; i < WIDE; i++)
        CHECK_OK(map(JN_CAP_TASK, memory, THERE + (i << 12), 1, JN_R));
}

static void pause(uint64_t nanoseconds)
{
    regs_t regs = {0};

    jn_utcb()->recv_deadline = now() + nanoseconds;
    CHECK_IS(sys(JN_WAIT | JN_RECV_UNTIL, 30 * JN_CAP_STEP, &regs), JN_TIMEOUT);
}

static void preempted_revocation(void)
{
    char *memory = scratch(1);
    unsigned woken = 0, refused = 0;

    wide_tree(memory);
    start_thread(&root, revoker, (uint64_t)memory);
    while (!revoked) {
        pause(50000);
        woken += !revoked;
        int64_t status = map(JN_CAP_TASK, memory, THERE + ((uint64_t)WIDE << 12), 1, JN_R);
        CHECK(status == JN_OK || (status == JN_RETRY && !revoked));
        refused += status == JN_RETRY;
    }
    CHECK(woken > 1);
    CHECK(refused > 0);
    CHECK_IS(revoke_seen, 1);
    unmap(JN_CAP_TASK, (uint64_t)memory, 1, JN_R, JN_UNMAP_DERIVED_ONLY, 1);
    for (uint64_t i = 0; i <= WIDE; i += 97)
        CHECK_IS(page_at(JN_CAP_TASK, THERE + (i << 12)).rights, 0);
    CHECK_OK(map(JN_CAP_TASK, memory, THERE, 1, JN_R));
    unmap(JN_CAP_TASK, THERE, 1, JN_R, 0, 1);

    /* The thread dies in the middle: its mark goes with it. */
    wide_tree(memory);
    cap_t thread = start_thread(&root, revoker, (uint64_t)memory);
    do
        pause(20000);
    while (!revoked && map(JN_CAP_TASK, memory, THERE + ((uint64_t)WIDE << 12), 1, JN_R) == JN_OK);
    CHECK(!revoked);
    CHECK_OK(OP1(JN_CAP_TASK, JN_OP_CAP_DESTROY, thread));
    settle();
    CHECK_OK(map(JN_CAP_TASK, memory, THERE + ((uint64_t)WIDE << 12), 1, JN_R));
    unmap(JN_CAP_TASK, (uint64_t)memory, 1, JN_R, JN_UNMAP_DERIVED_ONLY, 1);
    CHECK_IS(page_at(JN_CAP_TASK, THERE + (1000 << 12)).rights, 0);
}

const struct test memory_tests[] = {
    TEST(rights_and_bits), TEST(revocation),           TEST(bits_of_the_dead),
    TEST(granting),        TEST(superpages),           TEST(hostile_ranges),
    TEST(kernel_pages),    TEST(frames_of_the_pool),   TEST(receiver_pays),
    TEST(deep_tree),       TEST(preempted_revocation), {0}};
