/* Every allocation of the kernel's is on an account: a task that takes all it can gets an error,
 * and nobody else notices; when its account ends, everything is back (KERNEL 1, 2; promises A2,
 * A3). */
#include "harness.h"

enum {
    GATES,
    SIGNALS,
    THREADS,
    CONTEXTS,
    TASKS,
    POOLS,
    LABELS,
    CAPABILITIES,
    MAPPINGS,
    TABLES,
    KINDS,
};

#define FRAMES 200
#define FIRST  (100 * 64ull)

static volatile uint64_t made, kind;
static volatile int64_t ended;

/* One more of the kind, in the own task, from its own account. */
static int64_t take_one(uint64_t number)
{
    uint64_t handle = FIRST + number * 64;

    switch (kind) {
    case GATES:
        return OP1(JN_CAP_POOL, JN_OP_CREATE_GATE, handle);
    case SIGNALS:
        return OP1(JN_CAP_POOL, JN_OP_CREATE_SIGNAL, handle);
    case THREADS:
        return op(JN_CAP_POOL, JN_OP_CREATE_THREAD, handle, JN_CAP_TASK,
                  0x7e1000000000ull + number * 4096, 0, 0, NULL);
    case CONTEXTS:
        return OP4(JN_CAP_POOL, JN_OP_CREATE_SCHED, handle, 50, 0, 0);
    case TASKS:
        return OP2(JN_CAP_POOL, JN_OP_CREATE_TASK, handle, 0x7e0000010000ull);
    case POOLS:
        return OP2(JN_CAP_POOL, JN_OP_POOL_CREATE, handle, 1);
    case LABELS:
        return number ? OP3(FIRST, JN_OP_GATE_MINT, handle, number, JN_RIGHT_SEND)
                      : OP1(JN_CAP_POOL, JN_OP_CREATE_GATE, handle);
    case CAPABILITIES:
        return OP3(JN_CAP_TASK, JN_OP_CAP_COPY, JN_CAP_TASK, handle * 7, JN_RIGHT_ALL);
    case MAPPINGS:
        return OP4(JN_CAP_TASK, JN_OP_TASK_MAP, 0x7f0000000000ull,
                   0x100000000000ull + number * 4096, 1, JN_R);
    default:
        return OP4(JN_CAP_TASK, JN_OP_TASK_MAP, 0x7f0000000000ull, number << 30, 1, JN_R);
    }
}

static void taker(uint64_t unused)
{
    uint64_t number = 0;

    (void)unused;
    while (!(ended = take_one(number)))
        made = ++number;
    /* And again: still an error, nothing else. */
    for (unsigned i = 0; i < 20; i++)
        if (take_one(number + i) != ended)
            ended = -1000;
    kind = KINDS;
    sys(JN_WAIT, 30 * JN_CAP_STEP, &(regs_t){0});
}

static void echo(uint64_t gate)
{
    regs_t regs = {0};

    sys(JN_WAIT, gate, &regs);
    for (;;)
        sys(JN_REPLY_WAIT, gate, &regs);
}

static uint64_t free_frames(void)
{
    uint64_t out[10];

    CHECK_OK(op(JN_CAP_POOL, JN_OP_POOL_INFO, 0, 0, 0, 0, 0, out));
    return out[1];
}

static void take_until_refused(uint64_t what)
{
    struct world mark = world;
    cap_t small = slot(), case_pool = pool;
    uint64_t before = free_frames();

    CHECK_OK(OP2(JN_CAP_POOL, JN_OP_POOL_CREATE, small, FRAMES));
    CHECK_IS(free_frames(), before - FRAMES);
    pool = small;
    struct task *task = make_task();
    CHECK_OK(OP3(task->task, JN_OP_CAP_COPY, task->task, JN_CAP_TASK, JN_RIGHT_ALL));
    CHECK_OK(OP3(task->task, JN_OP_CAP_COPY, small, JN_CAP_POOL, JN_RIGHT_ALL & ~JN_RIGHT_DESTROY));
    made = 0;
    ended = 0;
    kind = what;
    start_thread(task, taker, 0);
    for (unsigned i = 0; i < 400 && kind != KINDS; i++)
        settle();
    pool = case_pool;
    if (ended != JN_NO_MEMORY || made < 5)
        print("kind %lu: %lu made\n", what, made);
    CHECK_IS(ended, JN_NO_MEMORY);
    CHECK(made >= 5);
    CHECK_IS(free_frames(), before - FRAMES);
    CHECK_OK(OP1(JN_CAP_TASK, JN_OP_CAP_DESTROY, small));
    CHECK_IS(free_frames(), before);
    world = mark;
}

static void accounts_end(void)
{
    struct task *server = make_task();
    cap_t gate = make_gate(), client = mint(gate, 1);
    uint64_t answer;

    start_thread(server, echo, give(server, gate, JN_RIGHT_ALL));
    for (uint64_t what = 0; what < KINDS; what++) {
        /* Others make what they like meanwhile, and are served. */
        take_until_refused(what);
        CHECK_OK(call1(client, what, &answer));
        CHECK_IS(answer, what);
        CHECK_OK(OP1(JN_CAP_TASK, JN_OP_CAP_DESTROY, make_gate()));
    }
}

const struct test account_tests[] = {TEST(accounts_end), {0}};
