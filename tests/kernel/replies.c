/* Replies: each is the right to answer one call once. It ends with the answer, with the abort of
 * the call, and with its caller's death (KERNEL 8), and is never good for another call of the same
 * thread; and both phases of a call wait for ever, not at all, or until a time (KERNEL 14). */
#include "harness.h"

static volatile int64_t result;
static volatile uint64_t calls, phases, deadline;

/* Calls for ever, as `phases` says. */
static void caller(uint64_t gate)
{
    for (;;) {
        regs_t regs = {.tag = 1, .words = {calls}};
        jn_utcb()->recv_deadline = deadline;
        result = sys(JN_CALL | phases, gate, &regs);
        calls++;
    }
}

/* The next call, parked under a new handle. */
static cap_t park_next(cap_t gate, uint64_t number)
{
    cap_t reply = slot();
    regs_t regs = {0};

    CHECK_OK(sys(JN_WAIT, gate, &regs));
    while (kind_of(regs.tag))
        CHECK_OK(sys(JN_WAIT, gate, &regs)); /* notices of calls that ended before */
    CHECK_IS(regs.words[0], number);
    regs = (regs_t){.words = {reply}};
    CHECK_OK(sys(JN_PARK, 0, &regs));
    return reply;
}

static int64_t answer(cap_t reply)
{
    return sys(JN_REPLY, reply, &(regs_t){.tag = 1});
}

static void reply_generations(void)
{
    cap_t gate = make_gate(), thread, old, reply;
    int64_t status;

    calls = 0;
    phases = 0;
    thread = start_thread(&root, caller, mint(gate, 1));
    /* Answered: the same thread calls again, and the old Reply is not good for that. */
    old = park_next(gate, 0);
    CHECK_OK(answer(old));
    reply = park_next(gate, 1);
    CHECK_IS(answer(old), JN_BAD_CAP);
    CHECK_IS(sys(JN_COPY, old, &(regs_t){.tag = tag_of(3, 0, 0, JN_COPY_IN)}), JN_BAD_CAP);
    CHECK_IS(calls, 1);
    /* Moved, it is good in one place, once. */
    cap_t moved = slot();
    CHECK_OK(OP3(JN_CAP_TASK, JN_OP_CAP_MOVE, reply, moved, JN_RIGHT_ALL));
    CHECK_IS(OP3(JN_CAP_TASK, JN_OP_CAP_COPY, moved, reply, JN_RIGHT_ALL), JN_NO_RIGHT);
    CHECK_IS(answer(reply), JN_BAD_CAP);
    CHECK_OK(answer(moved));
    CHECK_IS(answer(moved), JN_BAD_CAP);
    /* Aborted: the caller gives up after its time and calls again. */
    old = park_next(gate, 2);
    CHECK_OK(answer(old));
    phases = JN_RECV_UNTIL;
    deadline = now() + 200000000;
    old = park_next(gate, 3);
    phases = 0;
    for (unsigned i = 0; i < 5000 && calls == 3; i++) {
        jn_utcb()->recv_deadline = now() + 1000000;
        sys(JN_WAIT | JN_RECV_UNTIL, 30 * JN_CAP_STEP, &(regs_t){0});
    }
    CHECK_IS(result, JN_TIMEOUT);
    reply = park_next(gate, 4);
    status = answer(old);
    CHECK(status == JN_BAD_CAP || status == JN_NO_REPLY);
    CHECK_IS(calls, 4);
    CHECK_OK(answer(reply));
    /* Dead: and another call may be under way. */
    old = park_next(gate, 5);
    CHECK_OK(OP1(JN_CAP_TASK, JN_OP_CAP_DESTROY, thread));
    calls = 0;
    start_thread(&root, caller, mint(gate, 2));
    reply = park_next(gate, 0);
    status = answer(old);
    CHECK(status == JN_BAD_CAP || status == JN_NO_REPLY);
    CHECK_IS(calls, 0);
    CHECK_OK(answer(reply));
    /* Dropped: the caller hears AGAIN. */
    reply = park_next(gate, 1);
    CHECK_OK(OP1(JN_CAP_TASK, JN_OP_CAP_DELETE, reply));
    park_next(gate, 2);
    CHECK_IS(result, JN_AGAIN);
}

static volatile uint64_t sent;

static void slow_receiver(uint64_t gate)
{
    regs_t regs = {0};

    sys(JN_WAIT, gate, &regs);
    sent = regs.words[0];
    sys(JN_WAIT, 30 * JN_CAP_STEP, &regs);
}

/* Every pair of phases that ends without an answer, and those that end with one. */
static void phases_of_a_call(void)
{
    static const uint64_t send[] = {0, JN_SEND_NOW, JN_SEND_UNTIL};
    static const uint64_t receive[] = {0, JN_RECV_NOW, JN_RECV_UNTIL};
    struct jn_utcb *utcb = jn_utcb();

    for (unsigned i = 0; i < 9; i++) {
        cap_t gate = make_gate();
        uint64_t both = send[i / 3] | receive[i % 3], begin = now();
        regs_t regs = {.tag = 1, .words = {i + 1}};

        utcb->send_deadline = begin + 2000000;
        utcb->recv_deadline = begin + 4000000;
        if (i / 3) { /* nobody receives */
            CHECK_IS(sys(JN_CALL | both, gate, &regs), JN_TIMEOUT);
            CHECK(i / 3 == 1 || now() >= begin + 2000000);
            CHECK_IS(regs.words[0], 0);
        }
        if (i % 3) { /* received and not answered */
            sent = 0;
            start_thread(&root, slow_receiver, gate);
            settle();
            begin = now();
            utcb->send_deadline = begin + 500000000;
            utcb->recv_deadline = begin + 2000000;
            regs = (regs_t){.tag = 1, .words = {i + 1}};
            CHECK_IS(sys(JN_CALL | both, gate, &regs), JN_TIMEOUT);
            CHECK(i % 3 == 1 || now() >= begin + 2000000);
            CHECK_IS(regs.words[0], 0);
            settle();
            CHECK_IS(sent, i + 1);
        }
        /* Three is no phase, and unknown bits are refused. */
        CHECK_IS(sys(JN_CALL | 3 << 8, gate, &regs), JN_BAD_CALL);
        CHECK_IS(sys(JN_CALL | 3 << 10, gate, &regs), JN_BAD_CALL);
        CHECK_IS(sys(JN_CALL | 1 << 12, gate, &regs), JN_BAD_CALL);
        CHECK_OK(OP1(JN_CAP_TASK, JN_OP_CAP_DESTROY, gate));
    }
}

const struct test reply_tests[] = {TEST(reply_generations), TEST(phases_of_a_call), {0}};
