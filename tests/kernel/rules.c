/* Rules of docs/kernel-abi.md that belong to no one path: what becomes of objects and slots, what
 * an error leaves in registers, what does not cross from thread to thread. */
#include "harness.h"

static volatile uint64_t seen[8];

/* ---- objects and slots ---- */

static void call_and_tell(uint64_t gate)
{
    seen[0] = (uint64_t)call1(gate, 1, NULL);
    seen[1]++;
}

/* Without capabilities an object ends: who waits at a gate returns DEAD. Those that a thread has
 * for its faults count. */
static void last_capability(void)
{
    struct task *task = make_task();
    cap_t gate = make_gate(), signal = make_signal(), thread;
    uint64_t out[10];

    seen[0] = seen[1] = 0;
    CHECK_OK(OP2(gate, JN_OP_GATE_BIND_END, signal, 1));
    start_thread(task, call_and_tell, give(task, gate, JN_RIGHT_ALL));
    thread = make_thread(&root, call_and_tell, 0, PRIORITY_TEST);
    CHECK_OK(OP4(thread, JN_OP_THREAD_SET_GATES, 0, 0, gate, 1));
    settle();
    CHECK_OK(OP1(JN_CAP_TASK, JN_OP_CAP_DELETE, gate));
    CHECK_OK(OP1(task->task, JN_OP_CAP_DELETE, task->next_slot - JN_CAP_STEP));
    settle();
    CHECK_IS(seen[1], 0); /* the thread has one */
    CHECK_OK(op(signal, JN_OP_SIGNAL_POLL, 0, 0, 0, 0, 0, out));
    CHECK_IS(out[0], 0);
    CHECK_OK(OP1(JN_CAP_TASK, JN_OP_CAP_DESTROY, thread));
    settle();
    CHECK_IS(seen[0], JN_DEAD);
    CHECK_IS(seen[1], 1);
    CHECK_OK(op(signal, JN_OP_SIGNAL_POLL, 0, 0, 0, 0, 0, out));
    CHECK_IS(out[0], 1);
}

/* After CAP_DESTROY there is no capability to the object anywhere, however many there were, and its
 * memory is in its Pool again. */
static void destroyed_everywhere(void)
{
    struct task *task = make_task();
    cap_t small = slot(), gate = slot();
    uint64_t out[10], before[10];
    const unsigned many = 1000;

    CHECK_OK(OP2(pool, JN_OP_POOL_CREATE, small, 10));
    CHECK_OK(op(small, JN_OP_POOL_INFO, 0, 0, 0, 0, 0, before));
    CHECK_OK(OP1(small, JN_OP_CREATE_GATE, gate));
    for (unsigned i = 0; i < many; i++)
        CHECK_OK(OP3(task->task, JN_OP_CAP_COPY, gate, (100 + i) * 64, JN_RIGHT_ALL));
    CHECK_OK(OP1(JN_CAP_TASK, JN_OP_CAP_DESTROY, gate));
    for (unsigned i = 0; i < many; i++) {
        CHECK_OK(op(task->task, JN_OP_CAP_INFO, (100 + i) * 64, 0, 0, 0, 0, out));
        CHECK_IS(out[0], JN_TYPE_NONE);
    }
    CHECK_OK(op(small, JN_OP_POOL_INFO, 0, 0, 0, 0, 0, out));
    CHECK_IS(out[2], before[2]);
    CHECK_IS(call1(gate, 0, NULL), JN_BAD_CAP);
}

/* No operation overwrites a slot. */
static void slots_are_not_overwritten(void)
{
    cap_t gate = make_gate(), taken = make_signal(), reply = slot();
    uint64_t out[10];
    static const enum jn_object_op creating[] = {JN_OP_POOL_CREATE, JN_OP_CREATE_TASK,
                                                 JN_OP_CREATE_GATE, JN_OP_CREATE_SIGNAL,
                                                 JN_OP_CREATE_SCHED};

    for (unsigned i = 0; i < sizeof creating / sizeof *creating; i++)
        CHECK_IS(OP2(pool, creating[i], taken, 1), JN_EXISTS);
    CHECK_IS(op(pool, JN_OP_CREATE_THREAD, taken, JN_CAP_TASK, 0x7e0000300000ull, 0, 0, NULL),
             JN_EXISTS);
    CHECK_IS(OP3(gate, JN_OP_GATE_MINT, taken, 1, JN_RIGHT_SEND), JN_EXISTS);
    CHECK_IS(OP3(JN_CAP_TASK, JN_OP_CAP_MOVE, gate, taken, JN_RIGHT_ALL), JN_EXISTS);
    CHECK_IS(OP3(JN_CAP_IOPORTS, JN_OP_PORTS_SPLIT, taken, 0x3f8, 8), JN_EXISTS);
    start_thread(&root, call_and_tell, gate);
    CHECK_OK(sys(JN_WAIT, gate, &(regs_t){0}));
    CHECK_IS(sys(JN_PARK, 0, &(regs_t){.words = {taken}}), JN_EXISTS);
    CHECK_OK(sys(JN_PARK, 0, &(regs_t){.words = {reply}}));
    CHECK_OK(op(JN_CAP_TASK, JN_OP_CAP_INFO, taken, 0, 0, 0, 0, out));
    CHECK_IS(out[0], JN_TYPE_SIGNAL);
    CHECK_OK(sys(JN_REPLY, reply, &(regs_t){0}));
}

/* ---- what an error leaves ---- */

static void check_empty(int64_t status, int64_t should, const regs_t *regs)
{
    CHECK_IS(status, should);
    CHECK_IS(regs->tag, 0);
    CHECK_IS(regs->label, 0);
    for (unsigned i = 0; i < 10; i++)
        CHECK_IS(regs->words[i], 0);
}

#define FULL                                                                                       \
    {                                                                                              \
        .tag = 10, .label = 1, .words = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10 }                          \
    }

/* A return that no partner made has zeroes in all words, in rdi and in rsi (KERNEL 13). */
static void errors_leave_zeroes(void)
{
    cap_t gate = make_gate(), signal = make_signal();
    static const struct {
        uint64_t operation, cap;
        int64_t status;
    } without[] = {{JN_CALL, 0, JN_BAD_CAP},
                   {JN_SEND, 0, JN_BAD_CAP},
                   {JN_WAIT, 0, JN_BAD_CAP},
                   {JN_REPLY_WAIT, 0, JN_BAD_CAP},
                   {JN_REPLY, 64 * 900, JN_BAD_CAP},
                   {JN_PARK, 0, JN_BAD_ARG},
                   {JN_SIGNAL, 0, JN_BAD_CAP},
                   {JN_INVOKE, 0, JN_BAD_CALL},
                   {JN_COPY, 0, JN_BAD_ARG},
                   {JN_YIELD, 0, JN_OK},
                   {JN_NULL, 0, JN_OK},
                   {JN_SYSCALL_COUNT, 0, JN_BAD_CALL}};

    for (unsigned i = 0; i < sizeof without / sizeof *without; i++) {
        regs_t regs = FULL;
        if (without[i].operation == JN_INVOKE)
            regs.tag |= (uint64_t)JN_OP_COUNT << JN_TAG_METHOD_SHIFT;
        check_empty(sys(without[i].operation, without[i].cap, &regs), without[i].status, &regs);
    }
    regs_t regs = FULL;
    check_empty(sys(JN_CALL | JN_SEND_NOW, gate, &regs), JN_TIMEOUT, &regs);
    regs = (regs_t)FULL;
    check_empty(sys(JN_WAIT | JN_RECV_NOW, gate, &regs), JN_TIMEOUT, &regs);
    regs = (regs_t)FULL;
    check_empty(sys(JN_WAIT | JN_RECV_NOW, signal, &regs), JN_TIMEOUT, &regs);
    regs = (regs_t)FULL;
    check_empty(sys(JN_REPLY, 0, &regs), JN_NO_REPLY, &regs);
    regs = (regs_t)FULL;
    check_empty(sys(JN_SIGNAL, signal, &regs), JN_OK, &regs);
    regs = (regs_t)FULL;
    regs.tag = 0x200000;
    check_empty(sys(JN_CALL, gate, &regs), JN_BAD_ARG, &regs);
    /* An operation's results are words; what is left of them is zero, and so are the others. */
    regs =
        (regs_t){.tag = tag_of(5, 0, 0, JN_OP_POOL_INFO), .words = {9, 9, 9, 9, 9, 9, 9, 9, 9, 9}};
    CHECK_OK(sys(JN_INVOKE, pool, &regs));
    for (unsigned i = 3; i < 10; i++)
        CHECK_IS(regs.words[i], 0);
}

/* ---- a transfer that the receiver cannot pay for ---- */

static volatile int64_t sent_status;
static volatile uint64_t sent_items, sent_done;
static uint64_t sent_from;

static void send_item(uint64_t gate)
{
    struct jn_utcb *utcb = jn_utcb();
    regs_t regs = {.tag = 1ull << JN_TAG_ITEMS_SHIFT};

    utcb->items[0].what = JN_ITEM_MAP | JN_R << JN_ITEM_RIGHTS_SHIFT | 12ull << JN_ITEM_ORDER_SHIFT;
    utcb->items[0].where = sent_from;
    utcb->item_offset[0] = 0;
    utcb->sent_items = 99;
    sent_status = sys(JN_SEND | JN_SEND_NOW, gate, &regs);
    sent_items = utcb->sent_items;
    sent_done++;
}

static void receive_page(uint64_t gate)
{
    regs_t regs = {0};

    jn_utcb()->recv_base = 0x200000000000;
    jn_utcb()->recv_order = 12;
    seen[3] = (uint64_t)sys(JN_WAIT, gate, &regs);
    seen[2]++;
}

/* NO_MEMORY goes to the sender, who is told which item it was, and the receiver waits on. */
static void receiver_without_memory(void)
{
    cap_t poor = slot(), gate = make_gate(), case_pool = pool;
    struct task *sender = make_task();
    uint64_t out[10];

    CHECK_OK(OP2(pool, JN_OP_POOL_CREATE, poor, 40));
    pool = poor;
    struct task *receiver = make_task();
    seen[2] = sent_done = 0;
    start_thread(receiver, receive_page, give(receiver, gate, JN_RIGHT_ALL));
    pool = case_pool;
    settle();
    CHECK_OK(op(poor, JN_OP_POOL_INFO, 0, 0, 0, 0, 0, out));
    CHECK_OK(OP2(pool, JN_OP_POOL_FUND, poor, -(int64_t)out[1]));
    sent_from = (uint64_t)send_item & ~0xfffull;
    start_thread(sender, send_item, give(sender, gate, JN_RIGHT_ALL));
    for (unsigned i = 0; i < 100 && !sent_done; i++)
        settle();
    CHECK_IS(sent_status, JN_NO_MEMORY);
    CHECK_IS(sent_items, 0);
    CHECK_IS(seen[2], 0);
    CHECK_OK(OP2(pool, JN_OP_POOL_FUND, poor, 20));
    start_thread(sender, send_item, sender->next_slot - JN_CAP_STEP);
    for (unsigned i = 0; i < 100 && !seen[2]; i++)
        settle();
    CHECK_IS(sent_status, JN_OK);
    CHECK_IS(seen[3], JN_OK);
    CHECK_IS(sent_items, 1);
}

/* ---- what belongs to a thread ---- */

/* FS base, flags and what is in the vector registers are each thread's own, though they call and
 * preempt each other all the time (KERNEL 11, 12). */
static void keeps_its_own(uint64_t number)
{
    uint64_t fs = 0x1000000 * (number + 1), got, flags;
    uint64_t value = number * 0x0101010101010101ull + 7, vector;

    __asm__ volatile("wrfsbase %0\n\tmovq %1, %%xmm3" : : "r"(fs), "r"(value));
    for (unsigned i = 0; i < 300; i++) {
        regs_t regs = {.tag = 1, .words = {i}};
        /* Carry and direction as they were only in the program, not over the call. */
        sys(i % 3 ? JN_YIELD : JN_NULL, 0, &regs);
        __asm__ volatile("rdfsbase %0\n\tmovq %%xmm3, %1\n\tpushfq\n\tpopq %2"
                         : "=r"(got), "=r"(vector), "=r"(flags));
        if (got != fs || vector != value || (flags & 0x47700) != 0x200)
            seen[5]++;
    }
    seen[4]++;
    sys(JN_WAIT, 30 * JN_CAP_STEP, &(regs_t){0});
}

static void bases_do_not_cross(void)
{
    struct task *tasks[] = {make_task(), make_task()};

    seen[4] = seen[5] = 0;
    for (unsigned i = 0; i < 6; i++)
        start_thread(tasks[i % 2], keeps_its_own, i);
    for (unsigned i = 0; i < 400 && seen[4] < 6; i++)
        settle();
    CHECK_IS(seen[4], 6);
    CHECK_IS(seen[5], 0);
}

/* ---- what the kernel writes into memory ---- */

/* Words that look like an address in the kernel's half. */
static uint64_t addresses_in(const volatile void *page)
{
    const volatile uint64_t *word = page;
    uint64_t found = 0;

    for (unsigned i = 0; i < 512; i++)
        if (word[i] >= 0xffff800000000000 && word[i] < UINT64_MAX - 0x2000000)
            found = word[i];
    return found;
}

/* The pages that the kernel gives to tasks, and what it writes of a thread's state and of a
 * message, hold no address of its own. tests/kernel/fuzz.c looks at registers. */
static void no_address_in_memory(void)
{
    struct task *task = make_task();
    cap_t gate = make_gate(), thread = make_thread(task, keeps_its_own, 1, PRIORITY_TEST);
    struct jn_utcb *utcb = jn_utcb();
    uint64_t out[10];

    CHECK_IS(addresses_in((const void *)JN_ROOT_INFO), 0);
    CHECK_IS(addresses_in((const void *)JN_BOOT_ADDRESS), 0);
    memset(utcb, 0, offsetof(struct jn_utcb, self));
    CHECK_OK(OP4(thread, JN_OP_THREAD_SET_GATES, gate, 1, gate, 1));
    CHECK_OK(OP1(thread, JN_OP_THREAD_READ,
                 JN_STATE_REGS | JN_STATE_BASES | JN_STATE_DEBUG | JN_STATE_XSAVE));
    CHECK_IS(addresses_in(utcb), 0);
    CHECK_OK(OP0(thread, JN_OP_THREAD_RESUME));
    settle();
    CHECK_OK(OP1(thread, JN_OP_THREAD_READ,
                 JN_STATE_REGS | JN_STATE_BASES | JN_STATE_DEBUG | JN_STATE_XSAVE));
    CHECK_IS(addresses_in(utcb), 0);
    CHECK_OK(OP1(thread, JN_OP_THREAD_ATTENTION, 0));
    CHECK_OK(sys(JN_WAIT, gate, &(regs_t){0}));
    CHECK_IS(addresses_in(utcb), 0);
    CHECK_OK(sys(JN_REPLY, 0, &(regs_t){0}));
    /* Frames that were the kernel's come out empty. */
    CHECK_OK(op(JN_CAP_POOL, JN_OP_POOL_TAKE, 0, 0, 0, 0, 0, out));
    for (unsigned i = 0; i < 512; i++)
        CHECK_IS(((const uint64_t *)out[0])[i], 0);
    CHECK_OK(OP2(JN_CAP_POOL, JN_OP_POOL_ADD, out[0], 0));
}

const struct test rule_tests[] = {TEST(last_capability),           TEST(destroyed_everywhere),
                                  TEST(slots_are_not_overwritten), TEST(errors_leave_zeroes),
                                  TEST(receiver_without_memory),   TEST(bases_do_not_cross),
                                  TEST(no_address_in_memory),      {0}};
