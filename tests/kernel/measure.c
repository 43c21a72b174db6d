/* What the paths of IPC cost, in the unit of the TSC: instructions under -icount shift=0,sleep=off.
 * One way is counted from the entering instruction, inclusive, to the first user instruction of the
 * other side, exclusive. Each line: `measure: NAME VALUE`. */
#include "harness.h"

#pragma GCC visibility push(hidden)
extern void m_client(uint64_t), m_fpu_client(uint64_t), m_server(uint64_t), m_null(uint64_t),
    m_raiser(uint64_t), m_waiter(uint64_t), m_foreign(void), m_fault(void), m_int3(void),
    m_pager(uint64_t), m_door(void), m_door_begin(void), m_door_end(void);
extern volatile uint64_t m_t0, m_t1, m_t2, m_t3, m_tag, m_reply_tag, m_rounds, m_address;
#pragma GCC visibility pop

#define MARK 1 /* the rdtsc itself */

void measure_line(const char *name, uint64_t value, unsigned target, unsigned limit)
{
    print("measure: %s %lu wish %u limit %u\n", name, value, target, limit);
}

static void call_and_reply(const char *name, bool same_space, void (*client)(uint64_t),
                           unsigned words)
{
    cap_t gate = make_gate();
    struct task *server = same_space ? &root : make_task(),
                *task = same_space ? &root : make_task();
    char text[40];

    m_tag = m_reply_tag = words;
    m_rounds = 20;
    start_thread(server, m_server, same_space ? gate : give(server, gate, JN_RIGHT_ALL));
    settle();
    start_thread(task, client, same_space ? gate : give(task, gate, JN_RIGHT_ALL));
    settle();
    CHECK_IS(m_rounds, 0);
    for (unsigned which = 0; which < 3; which++) {
        static const char *const part[] = {"call", "reply", "round-trip"};
        uint64_t call = m_t1 - m_t0 - MARK - 4, reply = m_t3 - m_t2 - MARK - 4;
        unsigned at = 0;
        for (const char *s = part[which]; *s; s++)
            text[at++] = *s;
        for (const char *s = name; *s; s++)
            text[at++] = *s;
        text[at] = 0;
        measure_line(text,
                     which == 0   ? call
                     : which == 1 ? reply
                                  : call + reply,
                     words > 10   ? 350 / (which < 2 ? 2 : 1)
                     : which == 0 ? 55
                     : which == 1 ? 65
                                  : 120,
                     words > 10   ? 450 / (which < 2 ? 2 : 1)
                     : which == 0 ? 70
                     : which == 1 ? 80
                                  : 150);
    }
}

static void measure_calls(void)
{
    call_and_reply("", false, m_client, 10);
    call_and_reply("-same-space", true, m_client, 10);
    call_and_reply("-live-avx", false, m_fpu_client, 10);
    call_and_reply("-64-words", false, m_client, 64);
}

static void measure_null(void)
{
    m_rounds = 20;
    start_thread(make_task(), m_null, 0);
    settle();
    measure_line("null-call", m_t3 - m_t0 - MARK - 2, 30, 45);
}

static void measure_signal(void)
{
    cap_t signal = make_signal();
    struct task *high = make_task(), *low = make_task();
    cap_t thread = make_thread(high, m_waiter, give(high, signal, JN_RIGHT_ALL), 120);

    m_rounds = 20;
    CHECK_OK(OP0(thread, JN_OP_THREAD_RESUME));
    settle();
    start_thread(low, m_raiser, give(low, signal, JN_RIGHT_ALL));
    settle();
    measure_line("signal-to-higher", m_t1 - m_t0 - MARK - 4, 110, 150);
}

static void foreign_pair(void (*entry)(void), void (*server)(uint64_t), uint64_t argument,
                         bool exceptions, struct task **server_task)
{
    cap_t gate = make_gate();
    struct task *task = make_task(), *client = make_task();

    *server_task = task;
    start_thread(task, server, give(task, gate, JN_RIGHT_ALL));
    settle();
    m_rounds = 20;
    cap_t thread = make_foreign(client, entry, argument);
    CHECK_OK(
        OP4(thread, JN_OP_THREAD_SET_GATES, exceptions ? gate : 0, 1, exceptions ? 0 : gate, 1));
    CHECK_OK(OP0(thread, JN_OP_THREAD_RESUME));
}

static void measure_foreign(void)
{
    struct task *task;

    m_reply_tag = 1;
    foreign_pair(m_foreign, m_server, 0, true, &task);
    settle();
    uint64_t there = m_t1 - m_t0 - MARK - 1, back = m_t3 - m_t2 - MARK - 4;
    measure_line("foreign-null-there", there, 70, 90);
    measure_line("foreign-null-back", back, 70, 90);
    measure_line("foreign-null", there + back, 140, 180);
}

/* Into the adapter in the same address space: one kernel entry and exit. */
static void measure_door(void)
{
    struct task *task = make_task();
    cap_t thread = slot();

    m_rounds = 20;
    CHECK_OK(OP3(task->task, JN_OP_TASK_DOOR, m_door_begin, m_door_end, m_door_begin));
    CHECK_OK(op(pool, JN_OP_CREATE_THREAD, thread, task->task, 0x7d0000000000, 0, JN_THREAD_FOREIGN,
                NULL));
    CHECK_OK(OP1(thread, JN_OP_THREAD_SET_PRIORITY, PRIORITY_TEST));
    memset(own_state()->r, 0, sizeof own_state()->r);
    own_state()->rip = (uint64_t)m_door;
    own_state()->rflags = 0x202;
    CHECK_OK(OP1(thread, JN_OP_THREAD_WRITE, JN_STATE_REGS));
    CHECK_OK(OP0(thread, JN_OP_THREAD_RESUME));
    settle();
    CHECK_IS(m_rounds, 0);
    measure_line("door", m_t1 - m_t0 - MARK - 1, 40, 45);
}

static void measure_exception(void)
{
    struct task *task;

    m_reply_tag = 0;
    foreign_pair(m_int3, m_server, 0, true, &task);
    settle();
    uint64_t there = m_t1 - m_t0 - MARK - 1, back = m_t3 - m_t2 - MARK - 4;
    measure_line("exception-there", there, 130, 175);
    measure_line("exception-back", back, 130, 175);
    measure_line("exception", there + back, 260, 350);
}

static void fault_pager(uint64_t gate)
{
    struct jn_utcb *utcb = jn_utcb();

    utcb->items[0].what = JN_ITEM_MAP | JN_R << JN_ITEM_RIGHTS_SHIFT | 12 << JN_ITEM_ORDER_SHIFT;
    utcb->items[0].where = m_address;
    m_pager(gate);
}

static void measure_fault(void)
{
    struct task *task;

    m_address = (uint64_t)scratch(1);
    foreign_pair(m_fault, fault_pager, 0x60000000, false, &task);
    settle();
    uint64_t there = m_t1 - m_t0 - MARK - 2, back = m_t3 - m_t2 - MARK - 4;
    measure_line("page-fault-there", there, 200, 300);
    measure_line("page-fault-back", back, 300, 350);
    measure_line("page-fault", there + back, 500, 650);
}

static volatile uint64_t spins;

static void spinner(uint64_t unused)
{
    (void)unused;
    for (;;)
        spins++;
}

/* The share of time, in thousandths, of one that could use all and may use a fifth. */
static void measure_budget(void)
{
    cap_t sched = slot(), thread = make_thread(&root, spinner, 0, PRIORITY_TEST);
    uint64_t out[10], begin = now();
    regs_t regs = {0};

    CHECK_OK(OP4(pool, JN_OP_CREATE_SCHED, sched, PRIORITY_TEST, 2000000, 10000000));
    CHECK_OK(OP1(thread, JN_OP_THREAD_SET_SCHED, sched));
    CHECK_OK(OP0(thread, JN_OP_THREAD_RESUME));
    jn_utcb()->recv_deadline = begin + 100000000;
    CHECK_IS(sys(JN_WAIT | JN_RECV_UNTIL, 30 * JN_CAP_STEP, &regs), JN_TIMEOUT);
    CHECK_OK(op(thread, JN_OP_THREAD_INFO, 0, 0, 0, 0, 0, out));
    uint64_t share = out[1] * 1000 / (now() - begin);
    CHECK(share >= 190);
    measure_line("budget-share", share, 200, 210);
}

/* Operations on objects, with the stub that makes them (sys.h). */
static uint64_t cost_of(int64_t should, cap_t object, enum jn_object_op method, uint64_t a,
                        uint64_t b, uint64_t c, uint64_t d)
{
    regs_t regs = {.tag = tag_of(5, 0, 0, method), .words = {a, b, c, d}};
    uint64_t begin = rdtsc();
    int64_t status = sys(JN_INVOKE, object, &regs);
    uint64_t end = rdtsc();

    CHECK_IS(status, should);
    return end - begin;
}

static void keep_least(uint64_t *least, uint64_t value)
{
    if (!*least || value < *least)
        *least = value;
}

static void measure_operations(void)
{
    struct task *task = make_task();
    cap_t signal = make_signal(), gate = slot(), copy = slot(), page = (cap_t)scratch(1);
    uint64_t cost[7] = {0};

    for (unsigned i = 0; i < 10; i++) { /* the least counts: now and then a slab is full */
        keep_least(&cost[0], cost_of(0, task->task, JN_OP_TASK_MAP, page,
                                     0x40000000 + i * 4096, 1, JN_R));
        keep_least(&cost[1], cost_of(0, task->task, JN_OP_TASK_UNMAP,
                                     0x40000000 + i * 4096, 1, JN_R, 0));
        CHECK_OK(OP4(task->task, JN_OP_TASK_MAP, page, 0x40000000 + i * 4096, 1, JN_R));
        keep_least(&cost[2], cost_of(0, pool, JN_OP_CREATE_GATE, gate, 0, 0, 0));
        keep_least(&cost[3], cost_of(0, JN_CAP_TASK, JN_OP_CAP_COPY, gate, copy, JN_RIGHT_ALL, 0));
        keep_least(&cost[4], cost_of(0, JN_CAP_TASK, JN_OP_CAP_DELETE, copy, 0, 0, 0));
        keep_least(&cost[5], cost_of(0, JN_CAP_TASK, JN_OP_CAP_DESTROY, gate, 0, 0, 0));
        regs_t regs = {.words = {1}};
        uint64_t begin = rdtsc();
        sys(JN_SIGNAL, signal, &regs);
        keep_least(&cost[6], rdtsc() - begin);
    }
    measure_line("map-page", cost[0], 200, 800);
    measure_line("unmap-page", cost[1], 200, 900);
    measure_line("create-gate", cost[2], 250, 883);
    measure_line("copy-capability", cost[3], 150, 856);
    measure_line("delete-capability", cost[4], 150, 729);
    measure_line("destroy-gate", cost[5], 250, 900);
    measure_line("signal-nobody-waits", cost[6], 95, 375);
}

const struct test measure_tests[] = {TEST(measure_calls),      TEST(measure_null),
                                     TEST(measure_signal),     TEST(measure_foreign),
                                     TEST(measure_door),       TEST(measure_exception),
                                     TEST(measure_fault),      TEST(measure_budget),
                                     TEST(measure_operations), {0}};
