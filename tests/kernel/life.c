/* What is told when objects end, and what becomes of those who waited for them. */
#include "harness.h"

#pragma GCC visibility push(hidden)
extern void foreign_check(void), foreign_copy(void);
extern volatile uint64_t foreign_result;
#pragma GCC visibility pop

static volatile uint64_t seen[16];
static volatile unsigned count;

static uint64_t poll(cap_t signal)
{
    uint64_t out[10];

    CHECK_OK(op(signal, JN_OP_SIGNAL_POLL, 0, 0, 0, 0, 0, out));
    return out[0];
}

static void idle_thread(uint64_t unused)
{
    (void)unused;
}

static void ends_are_signalled(void)
{
    cap_t signal = make_signal(), gate = make_gate(), small = slot();
    struct task *task = make_task();
    cap_t thread = start_thread(task, idle_thread, 0);

    CHECK_OK(OP2(task->task, JN_OP_TASK_BIND_END, signal, 1));
    CHECK_OK(OP2(thread, JN_OP_THREAD_BIND_END, signal, 2));
    CHECK_OK(OP2(gate, JN_OP_GATE_BIND_END, signal, 4));
    CHECK_OK(OP1(JN_CAP_TASK, JN_OP_CAP_DESTROY, gate));
    CHECK_IS(poll(signal), 4);
    CHECK_OK(OP1(JN_CAP_TASK, JN_OP_CAP_DESTROY, thread));
    CHECK_IS(poll(signal), 2);
    thread = start_thread(task, idle_thread, 0);
    CHECK_OK(OP2(thread, JN_OP_THREAD_BIND_END, signal, 2));
    CHECK_OK(OP1(JN_CAP_TASK, JN_OP_CAP_DESTROY, task->task));
    CHECK_IS(poll(signal), 3);
    /* A Pool has ended when all that was made from it has. */
    CHECK_OK(OP2(pool, JN_OP_POOL_CREATE, small, 4));
    CHECK_OK(OP2(small, JN_OP_POOL_BIND_END, signal, 8));
    CHECK_OK(OP1(small, JN_OP_CREATE_GATE, gate = slot()));
    CHECK_OK(OP2(gate, JN_OP_GATE_BIND_END, signal, 4));
    CHECK_OK(OP1(JN_CAP_TASK, JN_OP_CAP_DESTROY, small));
    CHECK_IS(poll(signal), 12);
    CHECK_OK(OP2(pool, JN_OP_POOL_CREATE, small = slot(), 4));
    CHECK_OK(OP2(small, JN_OP_POOL_BIND_END, signal, 8));
    CHECK_OK(OP2(small, JN_OP_POOL_BIND_END, 0, 0));
    CHECK_OK(OP1(JN_CAP_TASK, JN_OP_CAP_DESTROY, small));
    CHECK_IS(poll(signal), 0);
}

/* Labels of one value at several gates, and many at one. */
static void labels_many(void)
{
    cap_t a = make_gate(), b = make_gate(), labels[200];

    for (unsigned i = 0; i < 200; i++)
        labels[i] = mint(a, i + 1);
    mint(b, 1);
    for (unsigned i = 0; i < 200; i++)
        CHECK_IS(OP3(a, JN_OP_GATE_MINT, slot(), i + 1, JN_RIGHT_SEND), JN_EXISTS);
    CHECK_IS(OP3(b, JN_OP_GATE_MINT, slot(), 1, JN_RIGHT_SEND), JN_EXISTS);
    CHECK_OK(OP1(JN_CAP_TASK, JN_OP_CAP_DELETE, labels[7]));
    CHECK_IS(OP3(a, JN_OP_GATE_MINT, slot(), 8, JN_RIGHT_SEND), JN_EXISTS);
    regs_t regs = {0};
    CHECK_OK(sys(JN_WAIT, a, &regs));
    CHECK_IS(regs.label, 8);
    CHECK_IS(kind_of(regs.tag), JN_KM_LABEL_GONE);
    mint(a, 8);
    CHECK_OK(OP1(JN_CAP_TASK, JN_OP_CAP_DESTROY, a));
    mint(b, 2);
}

/* The last capability with a label. */
static void label_gone(void)
{
    cap_t gate = make_gate(), client = mint(gate, 70), copy = slot();
    struct task *task = make_task();
    regs_t regs = {0};

    CHECK_IS(OP3(gate, JN_OP_GATE_MINT, slot(), 70, JN_RIGHT_SEND), JN_EXISTS);
    CHECK_IS(OP3(gate, JN_OP_GATE_MINT, slot(), 0, JN_RIGHT_SEND), JN_BAD_ARG);
    CHECK_IS(OP3(gate, JN_OP_GATE_MINT, slot(), 1ull << 62, JN_RIGHT_SEND), JN_BAD_ARG);
    CHECK_IS(OP3(client, JN_OP_GATE_MINT, slot(), 71, JN_RIGHT_SEND), JN_NO_RIGHT);
    CHECK_OK(OP3(JN_CAP_TASK, JN_OP_CAP_COPY, client, copy, JN_RIGHT_ALL));
    give(task, copy, JN_RIGHT_ALL);
    CHECK_OK(OP1(JN_CAP_TASK, JN_OP_CAP_DELETE, client));
    CHECK_OK(OP1(JN_CAP_TASK, JN_OP_CAP_DELETE, copy));
    CHECK_IS(sys(JN_WAIT | JN_RECV_NOW, gate, &regs), JN_TIMEOUT);
    CHECK_OK(OP1(JN_CAP_TASK, JN_OP_CAP_DESTROY, task->task));
    CHECK_IS(OP3(gate, JN_OP_GATE_MINT, slot(), 70, JN_RIGHT_SEND), JN_EXISTS);
    CHECK_OK(sys(JN_WAIT, gate, &regs));
    CHECK_IS(kind_of(regs.tag), JN_KM_LABEL_GONE);
    CHECK_IS(regs.label, 70);
    CHECK_IS(sys(JN_WAIT | JN_RECV_NOW, gate, &regs), JN_TIMEOUT);
    CHECK_OK(OP3(gate, JN_OP_GATE_MINT, slot(), 70, JN_RIGHT_SEND));
}

static void caller(uint64_t gate)
{
    uint64_t answer = 0;

    seen[0] = (uint64_t)call1(gate, 5, &answer);
    seen[1] = answer;
    count++;
}

/* A caller that dies while a server holds its Reply. */
static void caller_gone(void)
{
    cap_t gate = make_gate(), client = mint(gate, 33), reply = slot();
    cap_t thread = start_thread(&root, caller, client);
    regs_t regs = {0};

    CHECK_OK(sys(JN_WAIT, gate, &regs));
    regs = (regs_t){.words = {reply}};
    CHECK_OK(sys(JN_PARK, 0, &regs));
    CHECK_OK(OP1(JN_CAP_TASK, JN_OP_CAP_DESTROY, thread));
    CHECK_OK(sys(JN_WAIT, gate, &regs));
    CHECK_IS(kind_of(regs.tag), JN_KM_CALLER_GONE);
    CHECK_IS(regs.label, 33);
    CHECK_IS(regs.words[0], reply);
    CHECK_IS(sys(JN_REPLY, reply, &regs), JN_BAD_CAP);
    /* Not parked: the answer finds nobody. */
    thread = start_thread(&root, caller, client);
    CHECK_OK(sys(JN_WAIT, gate, &regs));
    CHECK_OK(OP1(JN_CAP_TASK, JN_OP_CAP_DESTROY, thread));
    regs = (regs_t){.tag = 0};
    CHECK_IS(sys(JN_REPLY, 0, &regs), JN_NO_REPLY);
    /* Gone before the holder looks: the slot says so itself. */
    thread = start_thread(&root, caller, client);
    CHECK_OK(sys(JN_WAIT, gate, &regs));
    regs = (regs_t){.words = {reply}};
    CHECK_OK(sys(JN_PARK, 0, &regs));
    CHECK_OK(OP1(JN_CAP_TASK, JN_OP_CAP_DESTROY, thread));
    regs = (regs_t){.tag = 0};
    CHECK_IS(sys(JN_REPLY, reply, &regs), JN_NO_REPLY);
    CHECK_IS(sys(JN_REPLY, reply, &regs), JN_BAD_CAP);
    CHECK_IS(sys(JN_WAIT | JN_RECV_NOW, gate, &regs), JN_TIMEOUT);
}

static void never_answers(uint64_t gate)
{
    regs_t regs = {0};

    sys(JN_WAIT, gate, &regs);
    seen[5]++;
}

static void parks(uint64_t gate)
{
    regs_t regs = {0};

    sys(JN_WAIT, gate, &regs);
    regs = (regs_t){.words = {200 * 64}};
    seen[6] = (uint64_t)sys(JN_PARK, 0, &regs);
}

/* A server that dies: native calls return AGAIN, foreign ones come to its successor. */
static void server_gone(void)
{
    for (unsigned parked = 0; parked < 2; parked++) {
        cap_t gate = make_gate(), client = mint(gate, 33);
        struct task *server = make_task();
        cap_t their_gate = give(server, gate, JN_RIGHT_ALL);

        seen[0] = 0;
        start_thread(server, parked ? parks : never_answers, their_gate);
        start_thread(&root, caller, client);
        settle();
        CHECK_OK(OP1(JN_CAP_TASK, JN_OP_CAP_DESTROY, server->task));
        settle();
        CHECK_IS(seen[0], JN_AGAIN);

        server = make_task();
        their_gate = give(server, gate, JN_RIGHT_ALL);
        start_thread(server, parked ? parks : never_answers, their_gate);
        cap_t thread = make_foreign(&root, foreign_copy, 17);
        CHECK_OK(OP4(thread, JN_OP_THREAD_SET_GATES, gate, 44, 0, 0));
        CHECK_OK(OP0(thread, JN_OP_THREAD_RESUME));
        foreign_result = 0;
        settle();
        CHECK_IS(thread_was(thread), JN_WAS_FOREIGN_CALL);
        CHECK_OK(OP1(JN_CAP_TASK, JN_OP_CAP_DESTROY, server->task));
        regs_t regs = {0};
        CHECK_OK(sys(JN_WAIT, gate, &regs));
        CHECK_IS(kind_of(regs.tag), JN_KM_SYSCALL);
        CHECK(regs.tag & JN_TAG_AGAIN);
        CHECK_IS(regs.label, 44);
        CHECK_IS(regs.words[4], 5);
        CHECK_IS(regs.words[5], 17);
        regs = (regs_t){.tag = 1, .words = {8}};
        CHECK_OK(sys(JN_REPLY_WAIT, gate, &regs));
        CHECK_IS((int64_t)foreign_result, 8);
        CHECK(!(regs.tag & JN_TAG_AGAIN));
        regs = (regs_t){.tag = 1, .words = {8}};
        CHECK_OK(sys(JN_REPLY, 0, &regs));
    }
}

/* A gate that ends under its callers and receivers. */
static void gate_gone(void)
{
    cap_t gate = make_gate(), thread;

    count = 0;
    for (unsigned i = 0; i < 40; i++)
        thread = start_thread(&root, caller, gate);
    settle();
    CHECK_IS(count, 0);
    CHECK_OK(OP1(JN_CAP_TASK, JN_OP_CAP_DESTROY, gate));
    settle();
    CHECK_IS(count, 40);
    CHECK_IS(seen[0], JN_DEAD);
    CHECK_IS(thread_was(thread), JN_WAS_NATIVE_CALL);
}

/* Each thread holds the page fault of the next; their gates are gone. The first one's death leads
 * to the second's, and so on: the kernel's stack does not grow with it. */
#define CHAIN 56

static cap_t chain_gate[CHAIN];

static void chain_link(uint64_t number)
{
    regs_t regs = {0};

    if (number < CHAIN - 1)
        sys(JN_WAIT, chain_gate[number], &regs);
    count++;
    uint64_t *volatile nowhere = (uint64_t *)8;
    if (number)
        *nowhere = 1;
}

static void chain_of_deaths(void)
{
    cap_t threads[CHAIN], signal = make_signal();

    count = 0;
    for (unsigned i = 0; i < CHAIN; i++) {
        chain_gate[i] = make_gate();
        threads[i] = make_thread(&root, chain_link, i, 100);
        if (i)
            CHECK_OK(OP4(threads[i], JN_OP_THREAD_SET_GATES, 0, 0, chain_gate[i - 1], 1));
    }
    for (unsigned i = 0; i < CHAIN; i++)
        CHECK_OK(OP0(threads[i], JN_OP_THREAD_RESUME));
    settle();
    CHECK_IS(count, CHAIN);
    CHECK_OK(OP2(threads[CHAIN - 1], JN_OP_THREAD_BIND_END, signal, 1));
    for (unsigned i = 0; i < CHAIN; i++)
        CHECK_OK(OP1(JN_CAP_TASK, JN_OP_CAP_DESTROY, chain_gate[i]));
    CHECK_IS(thread_was(threads[CHAIN - 1]), JN_WAS_FAULT);
    CHECK_OK(OP1(JN_CAP_TASK, JN_OP_CAP_DESTROY, threads[0]));
    CHECK_IS(poll(signal), 1);
}

/* Tasks, threads, gates and signals made and destroyed: nothing is left behind. */
uint64_t life_rounds = 1000;

static void thousand_rounds(void)
{
    cap_t task = slot(), thread = slot(), gate = slot(), small = slot(), sched = slot();
    uint64_t before[10], after[10];

    for (unsigned i = 0; i < life_rounds; i++) {
        if (i == 10)
            CHECK_OK(op(pool, JN_OP_POOL_INFO, 0, 0, 0, 0, 0, before));
        CHECK_OK(OP2(pool, JN_OP_POOL_CREATE, small, 64));
        CHECK_OK(OP1(small, JN_OP_CREATE_GATE, gate));
        CHECK_OK(OP4(small, JN_OP_CREATE_SCHED, sched, 90, 0, 0));
        CHECK_OK(OP2(small, JN_OP_CREATE_TASK, task, 0x7e0000010000ull));
        CHECK_OK(op(small, JN_OP_CREATE_THREAD, thread, task, 0x7e0000020000ull, sched, 0, NULL));
        CHECK_OK(OP3(task, JN_OP_CAP_COPY, gate, 64, JN_RIGHT_ALL));
        CHECK_OK(OP3(task, JN_OP_CAP_COPY, task, 128, JN_RIGHT_ALL));
        CHECK_OK(OP4(thread, JN_OP_THREAD_SET_GATES, gate, 1, gate, 1));
        CHECK_OK(OP4(task, JN_OP_TASK_MAP, (uint64_t)scratch(0) & ~0xfffull, 0x1000, 4, JN_R));
        CHECK_OK(OP0(thread, JN_OP_THREAD_RESUME));
        if (i & 1) {
            regs_t regs = {0};
            CHECK_OK(sys(JN_WAIT, gate, &regs)); /* its page fault at 0 */
            CHECK_IS(kind_of(regs.tag), JN_KM_PAGE_FAULT);
        }
        CHECK_OK(OP1(JN_CAP_TASK, JN_OP_CAP_DESTROY, small));
        if (i & 1) {
            regs_t regs = {0};
            CHECK_IS(sys(JN_REPLY, 0, &regs), JN_NO_REPLY);
        }
    }
    CHECK_OK(op(pool, JN_OP_POOL_INFO, 0, 0, 0, 0, 0, after));
    CHECK_IS(after[1], before[1]);
    CHECK_IS(after[2], before[2]);
}

const struct test life_tests[] = {TEST(ends_are_signalled), TEST(labels_many),     TEST(label_gone),
                                  TEST(caller_gone),        TEST(server_gone),     TEST(gate_gone),
                                  TEST(chain_of_deaths),    TEST(thousand_rounds), {0}};
