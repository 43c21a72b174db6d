/* Calls, sends, waits, Replies and timeouts. */
#include "harness.h"

static volatile uint64_t seen[80];
static volatile unsigned count;

/* Echoes words 10 to 63 incremented, too. */
static void long_server(uint64_t gate)
{
    regs_t regs = {0};

    sys(JN_WAIT, gate, &regs);
    for (;;) {
        unsigned words = regs.tag & JN_TAG_WORDS;
        for (unsigned i = 10; i < words; i++)
            jn_utcb()->words[i]++;
        sys(JN_REPLY_WAIT, gate, &regs);
    }
}

static void ipc_64_words(void)
{
    cap_t gate = make_gate();
    struct task *task = make_task();

    start_thread(task, long_server, give(task, gate, JN_RIGHT_ALL));
    for (unsigned words = 11; words <= 64; words++) {
        regs_t regs = {.tag = tag_of(words, 0, 0, 3)};
        for (unsigned i = 10; i < 64; i++)
            jn_utcb()->words[i] = i;
        CHECK_OK(sys(JN_CALL, gate, &regs));
        CHECK_IS(regs.tag, tag_of(words, 0, 0, 3));
        for (unsigned i = 10; i < 64; i++)
            CHECK_IS(jn_utcb()->words[i], i < words ? i + 1 : i);
    }
}

static void ipc_bad_tags(void)
{
    cap_t gate = make_gate();
    static const uint64_t bad[] = {65,
                                   127,
                                   0x80,
                                   17u << 8,
                                   0x6000,
                                   JN_TAG_STATE,
                                   JN_TAG_RESUME,
                                   JN_TAG_RESTART,
                                   JN_TAG_FAULT_AT,
                                   JN_TAG_AGAIN,
                                   JN_TAG_KERNEL,
                                   JN_TAG_KERNEL | 1u << 24,
                                   1u << 24,
                                   1u << 19};

    start_thread(&root, long_server, gate);
    settle();
    for (unsigned i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        regs_t regs = {.tag = bad[i], .words = {1}};
        CHECK_IS(sys(JN_CALL, gate, &regs), JN_BAD_ARG);
        CHECK_IS(regs.words[0], 0);
        CHECK_IS(regs.tag, 0);
    }
    regs_t regs = {.tag = tag_of(1, 0, 1, 0)};
    CHECK_IS(sys(JN_SEND, gate, &regs), JN_BAD_ARG);
    regs = (regs_t){.tag = 1};
    CHECK_IS(sys(JN_CALL | 0x300, gate, &regs), JN_BAD_CALL);
    CHECK_IS(sys(JN_CALL | 0xc00, gate, &regs), JN_BAD_CALL);
    CHECK_IS(sys(JN_CALL | 0x1000, gate, &regs), JN_BAD_CALL);
    CHECK_OK(sys(JN_CALL, gate, &regs));
}

static void collector(uint64_t gate)
{
    for (;;) {
        regs_t regs = {0};
        if (sys(JN_WAIT, gate, &regs) != JN_RECEIVED)
            break;
        seen[count++] = regs.words[0];
    }
    seen[count++] = 999;
}

static void ipc_send(void)
{
    cap_t gate = make_gate();
    regs_t regs = {.tag = 1, .words = {41}};

    count = 0;
    CHECK_IS(sys(JN_SEND | JN_SEND_NOW, gate, &regs), JN_TIMEOUT);
    start_thread(&root, collector, gate);
    regs = (regs_t){.tag = 1, .words = {42}};
    CHECK_OK(sys(JN_SEND, gate, &regs)); /* queued, then received */
    regs = (regs_t){.tag = 1, .words = {43}};
    CHECK_OK(sys(JN_SEND, gate, &regs));
    settle();
    CHECK_IS(count, 2);
    CHECK_IS(seen[0], 42);
    CHECK_IS(seen[1], 43);
    CHECK_OK(OP1(JN_CAP_TASK, JN_OP_CAP_DESTROY, gate));
    settle();
    CHECK_IS(seen[2], 999); /* its wait ended with the gate */
}

static void caller(uint64_t argument)
{
    uint64_t answer = 0;
    int64_t status = call1(argument & 0xffffffff, argument >> 32, &answer);

    seen[argument >> 32] = status ? (uint64_t)status : answer;
    count++;
}

static void caller_thread(cap_t gate, unsigned number, unsigned priority)
{
    cap_t thread = make_thread(&root, caller, gate | (uint64_t)number << 32, priority);
    CHECK_OK(OP0(thread, JN_OP_THREAD_RESUME));
}

/* Callers wait by priority, and in order among equals. */
static void ipc_queue_by_priority(void)
{
    static const unsigned priority[] = {50, 60, 50, 70, 60};
    static const unsigned order[] = {3, 1, 4, 0, 2};
    cap_t gate = make_gate();

    count = 0;
    for (unsigned i = 0; i < 5; i++) {
        caller_thread(gate, i, priority[i]);
        settle();
    }
    for (unsigned i = 0; i < 5; i++) {
        regs_t regs = {0};
        CHECK_OK(sys(JN_WAIT, gate, &regs));
        CHECK_IS(regs.words[0], order[i]);
        regs = (regs_t){.tag = 1, .words = {order[i] + 10}};
        CHECK_OK(sys(JN_REPLY, 0, &regs));
        settle();
        CHECK_IS(count, i + 1);
        CHECK_IS(seen[order[i]], order[i] + 10);
    }
}

static void ipc_park_and_reply(void)
{
    cap_t gate = make_gate(), reply[3];

    count = 0;
    for (unsigned i = 0; i < 3; i++) {
        regs_t regs = {0};
        caller_thread(gate, i, 100);
        CHECK_OK(sys(JN_WAIT, gate, &regs));
        CHECK_IS(regs.words[0], i);
        CHECK_IS(sys(JN_WAIT, gate, &regs), JN_BUSY);
        regs = (regs_t){.words = {gate}};
        CHECK_IS(sys(JN_PARK, 0, &regs), JN_EXISTS);
        reply[i] = slot();
        regs = (regs_t){.words = {reply[i]}};
        CHECK_OK(sys(JN_PARK, 0, &regs));
        regs = (regs_t){.words = {slot()}};
        CHECK_IS(sys(JN_PARK, 0, &regs), JN_NO_REPLY);
    }
    /* Moved, but never copied. */
    cap_t moved = slot();
    CHECK_IS(OP3(JN_CAP_TASK, JN_OP_CAP_COPY, reply[1], slot(), JN_RIGHT_ALL), JN_NO_RIGHT);
    CHECK_OK(OP3(JN_CAP_TASK, JN_OP_CAP_MOVE, reply[1], moved, JN_RIGHT_ALL));
    cap_t order[] = {reply[2], moved, reply[0]};
    for (unsigned i = 0; i < 3; i++) {
        regs_t regs = {.tag = 1, .words = {70 + i}};
        CHECK_OK(sys(JN_REPLY, order[i], &regs));
        CHECK_IS(sys(JN_REPLY, order[i], &regs), JN_BAD_CAP);
        settle();
        CHECK_IS(count, i + 1);
        CHECK_IS(seen[2 - i], 70 + i);
    }
    regs_t regs = {.tag = 1};
    CHECK_IS(sys(JN_REPLY, 0, &regs), JN_NO_REPLY);
}

static void ipc_timeouts(void)
{
    cap_t gate = make_gate(), signal = make_signal();
    regs_t regs = {.tag = 1, .words = {5}};

    CHECK_IS(sys(JN_CALL | JN_SEND_NOW, gate, &regs), JN_TIMEOUT);
    CHECK_IS(regs.words[0], 0);
    regs.tag = 1;
    uint64_t begin = now();
    jn_utcb()->send_deadline = begin + 3000000;
    CHECK_IS(sys(JN_CALL | JN_SEND_UNTIL, gate, &regs), JN_TIMEOUT);
    CHECK(now() >= begin + 3000000);
    regs = (regs_t){0};
    CHECK_IS(sys(JN_WAIT | JN_RECV_NOW, gate, &regs), JN_TIMEOUT);
    CHECK_IS(sys(JN_WAIT | JN_RECV_NOW, signal, &regs), JN_TIMEOUT);
    begin = now();
    jn_utcb()->recv_deadline = begin + 3000000;
    CHECK_IS(sys(JN_WAIT | JN_RECV_UNTIL, gate, &regs), JN_TIMEOUT);
    CHECK(now() >= begin + 3000000);
    jn_utcb()->recv_deadline = 1;
    CHECK_IS(sys(JN_WAIT | JN_RECV_UNTIL, gate, &regs), JN_TIMEOUT);
}

static void receive_only(uint64_t gate)
{
    regs_t regs = {0};

    seen[0] = (uint64_t)sys(JN_WAIT, gate, &regs);
    seen[1] = regs.words[0];
}

/* The receive phase of a call: the server's answer comes too late and finds nobody. */
static void ipc_call_timeout(void)
{
    cap_t gate = make_gate();
    regs_t regs = {.tag = 1, .words = {5}};

    start_thread(&root, receive_only, gate);
    settle();
    jn_utcb()->recv_deadline = now() + 3000000;
    CHECK_IS(sys(JN_CALL | JN_RECV_UNTIL, gate, &regs), JN_TIMEOUT);
    CHECK_IS(seen[1], 5);
    /* In time, the timer is gone again. */
    start_thread(&root, long_server, gate);
    settle();
    for (unsigned i = 0; i < 100; i++) {
        regs = (regs_t){.tag = 1, .words = {5}};
        jn_utcb()->recv_deadline = now() + 1000000000;
        CHECK_OK(sys(JN_CALL | JN_RECV_UNTIL, gate, &regs));
    }
}

static void ipc_rights(void)
{
    cap_t gate = make_gate(), signal = make_signal(), none = slot();
    regs_t regs = {.tag = 0};

    CHECK_OK(OP3(JN_CAP_TASK, JN_OP_CAP_COPY, gate, none, 0));
    CHECK_IS(sys(JN_CALL, none, &regs), JN_NO_RIGHT);
    CHECK_IS(sys(JN_SEND, none, &regs), JN_NO_RIGHT);
    CHECK_IS(sys(JN_WAIT, none, &regs), JN_NO_RIGHT);
    CHECK_IS(sys(JN_REPLY_WAIT, none, &regs), JN_NO_RIGHT);
    CHECK_IS(sys(JN_CALL, signal, &regs), JN_BAD_CAP);
    CHECK_IS(sys(JN_CALL, pool, &regs), JN_BAD_CAP);
    CHECK_IS(sys(JN_CALL, 0, &regs), JN_BAD_CAP);
    CHECK_IS(sys(JN_WAIT, pool, &regs), JN_BAD_CAP);
    CHECK_IS(sys(JN_SIGNAL, gate, &regs), JN_BAD_CAP);
    CHECK_IS(sys(JN_REPLY, gate, &regs), JN_BAD_CAP);
}

/* A pool of workers on one gate. */
static void ipc_many_workers(void)
{
    cap_t gate = make_gate();

    count = 0;
    for (unsigned i = 0; i < 6; i++)
        start_thread(&root, long_server, gate);
    settle();
    for (unsigned i = 0; i < 12; i++)
        caller_thread(gate, i, 100);
    settle();
    CHECK_IS(count, 12);
}

const struct test ipc_tests[] = {TEST(ipc_64_words),       TEST(ipc_bad_tags),
                                 TEST(ipc_send),           TEST(ipc_queue_by_priority),
                                 TEST(ipc_park_and_reply), TEST(ipc_timeouts),
                                 TEST(ipc_call_timeout),   TEST(ipc_rights),
                                 TEST(ipc_many_workers),   {0}};
