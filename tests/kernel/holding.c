/* What a server that holds Replies may rely on: a cancelled call keeps what was done of it (KERNEL
 * 8), a Reply may be lent or given onward (9), and what a dead server held comes to its successor
 * (10). */
#include "harness.h"

#pragma GCC visibility push(hidden)
extern void foreign_copy(void), foreign_fault(void), foreign_vector(void);
extern volatile uint64_t foreign_result;
#pragma GCC visibility pop

#define LABEL 0x21

static volatile uint64_t seen[8];

static int64_t copy(cap_t reply, unsigned what, uint64_t offset, const void *own, uint64_t bytes)
{
    regs_t regs = {.tag = tag_of(3, 0, 0, what), .words = {offset, (uint64_t)own, bytes}};
    int64_t status = sys(JN_COPY, reply, &regs);

    return status ? status : (int64_t)regs.words[0];
}

static cap_t park(void)
{
    cap_t reply = slot();
    regs_t regs = {.tag = 1, .words = {reply}};

    CHECK_OK(sys(JN_PARK, 0, &regs));
    return reply;
}

static unsigned receive(cap_t gate, regs_t *regs)
{
    *regs = (regs_t){0};
    CHECK_OK(sys(JN_WAIT, gate, regs));
    return kind_of(regs->tag);
}

static void answer(cap_t reply, uint64_t word)
{
    regs_t regs = {.tag = 1, .words = {word}};

    CHECK_OK(sys(JN_REPLY, reply, &regs));
}

/* ---- cancelled in the middle ---- */

static void reads_100_bytes(uint64_t argument)
{
    struct jn_utcb *utcb = jn_utcb();
    regs_t regs = {.tag = tag_of(0, 0, 1, 0)};

    utcb->windows[0] = (struct jn_window){seen[7], 100, JN_W, 0};
    seen[0] = (uint64_t)sys(JN_CALL, argument, &regs);
    seen[1] = regs.words[0];
}

static void cancel_keeps_what_was_done(void)
{
    cap_t gate = make_gate();
    char *memory = scratch(1);
    regs_t regs;

    memset(memory, 0, 100);
    seen[0] = 99;
    seen[7] = (uint64_t)memory;
    cap_t thread = start_thread(&root, reads_100_bytes, mint(gate, LABEL));
    CHECK_IS(receive(gate, &regs), 0);
    cap_t reply = park();
    CHECK_IS(copy(reply, JN_COPY_OUT | 0, 0, "first twenty-four bytes", 24), 24);
    CHECK_OK(OP0(thread, JN_OP_THREAD_CANCEL));
    settle();
    CHECK_IS(seen[0], 99); /* it still waits: its holder decides */
    CHECK_IS(receive(gate, &regs), JN_KM_CANCEL);
    CHECK_IS(regs.words[0], reply);
    CHECK_IS(regs.label, LABEL);
    /* The Reply is as good as before: four bytes more, and the sum as result. */
    CHECK_IS(copy(reply, JN_COPY_OUT | 0, 24, "more", 4), 4);
    answer(reply, 28);
    settle();
    CHECK_IS(seen[0], JN_OK);
    CHECK_IS(seen[1], 28);
    CHECK_IS(memory[22], 's');
    CHECK_IS(memory[27], 'e');

    /* A foreign call: the server's word is the program's result, once. */
    foreign_result = 0;
    thread = make_foreign(&root, foreign_copy, 3);
    CHECK_OK(OP4(thread, JN_OP_THREAD_SET_GATES, gate, LABEL + 1, 0, 0));
    CHECK_OK(OP0(thread, JN_OP_THREAD_RESUME));
    CHECK_IS(receive(gate, &regs), JN_KM_SYSCALL);
    reply = park();
    CHECK_OK(OP0(thread, JN_OP_THREAD_CANCEL));
    CHECK_IS(receive(gate, &regs), JN_KM_CANCEL);
    CHECK_IS(regs.label, LABEL + 1);
    answer(reply, 17);
    CHECK_IS(receive(gate, &regs), JN_KM_SYSCALL);
    CHECK_IS((int64_t)foreign_result, 17);
    CHECK(!(regs.tag & JN_TAG_AGAIN));
    CHECK_OK(OP1(JN_CAP_TASK, JN_OP_CAP_DESTROY, thread));
}

/* ---- lent and given ---- */

static void calls_once(uint64_t gate)
{
    uint64_t word = 0;

    seen[0] = (uint64_t)call1(gate, 5, &word);
    seen[1] = word;
}

/* A server that takes one call, parks it and passes the Reply on to the gate in the high half. */
static void passes_on(uint64_t gates)
{
    struct jn_utcb *utcb = jn_utcb();
    cap_t reply = 300 * JN_CAP_STEP;
    regs_t regs = {0};

    sys(JN_WAIT, gates & 0xffffffff, &regs);
    regs = (regs_t){.tag = 1, .words = {reply}};
    sys(JN_PARK, 0, &regs);
    utcb->items[0].what = JN_ITEM_CAP_MOVE | (uint64_t)JN_RIGHT_ALL << JN_ITEM_CAP_RIGHTS_SHIFT;
    utcb->items[0].where = reply;
    regs = (regs_t){.tag = tag_of(0, 1, 0, 0)};
    seen[2] = (uint64_t)sys(JN_SEND, gates >> 32, &regs);
    regs = (regs_t){.tag = 1, .words = {1}};
    seen[3] = (uint64_t)sys(JN_REPLY, reply, &regs);
}

/* The receiver of a Reply answers the first caller itself; who gave it away cannot any more. */
static void reply_given_onward(void)
{
    cap_t front = make_gate(), back = make_gate(), window = slot();
    struct task *client = make_task(), *middle = make_task();
    regs_t regs = {0};

    seen[0] = 99;
    seen[2] = seen[3] = 99;
    start_thread(middle, passes_on,
                 give(middle, front, JN_RIGHT_ALL) | give(middle, back, JN_RIGHT_ALL) << 32);
    cap_t thread = start_thread(client, calls_once, give(client, front, JN_RIGHT_ALL));
    settle();
    jn_utcb()->recv_cap_base = window;
    jn_utcb()->recv_cap_count = 1;
    CHECK_IS(receive(back, &regs), 0);
    CHECK_IS(jn_utcb()->got_caps, 1);
    cap_t reply = jn_utcb()->items[0].where;
    CHECK_IS(reply, window);
    jn_utcb()->recv_cap_count = 0;
    settle();
    CHECK_IS(seen[2], JN_OK);
    CHECK_IS(seen[3], JN_BAD_CAP);
    CHECK_IS(seen[0], 99);
    /* The giver may go: the caller is the receiver's now. */
    CHECK_OK(OP1(JN_CAP_TASK, JN_OP_CAP_DESTROY, middle->task));
    settle();
    CHECK_IS(thread_was(thread), JN_WAS_NATIVE_CALL);
    answer(reply, 66);
    settle();
    CHECK_IS(seen[0], JN_OK);
    CHECK_IS(seen[1], 66);
}

/* ---- the successor ---- */

static void takes_and_keeps(uint64_t gate)
{
    regs_t regs = {0};

    sys(JN_WAIT, gate, &regs);
    regs = (regs_t){.tag = 1, .words = {300 * JN_CAP_STEP}};
    if (seen[6])
        sys(JN_PARK, 0, &regs);
    seen[5]++;
}

/* A page fault and an exception that a server held when it died: its successor gets the same
 * message, marked, and can do all that the first one could. */
static void held_messages_come_again(void)
{
    for (unsigned parked = 0; parked < 2; parked++)
        for (unsigned fault = 0; fault < 2; fault++) {
            cap_t gate = make_gate();
            struct task *server = make_task();
            cap_t thread = fault ? make_foreign(make_task(), foreign_fault, 0x20000000)
                                 : make_foreign(make_task(), foreign_vector, 0);
            regs_t regs;

            seen[5] = 0;
            seen[6] = parked;
            foreign_result = 0;
            start_thread(server, takes_and_keeps, give(server, gate, JN_RIGHT_ALL));
            CHECK_OK(OP4(thread, JN_OP_THREAD_SET_GATES, fault ? 0 : gate, LABEL, fault ? gate : 0,
                         LABEL + 1));
            CHECK_OK(OP0(thread, JN_OP_THREAD_RESUME));
            settle();
            CHECK_IS(seen[5], 1);
            CHECK_IS(thread_was(thread), JN_WAS_FAULT);
            CHECK_OK(OP1(JN_CAP_TASK, JN_OP_CAP_DESTROY, server->task));
            CHECK_IS(receive(gate, &regs), fault ? JN_KM_PAGE_FAULT : JN_KM_EXCEPTION);
            CHECK(regs.tag & JN_TAG_AGAIN);
            CHECK_IS(regs.label, LABEL + fault);
            CHECK_IS(regs.words[0], fault ? 0x20000000 : 6);
            if (!fault) {
                own_state()->rip += 2;
                own_state()->valid = JN_STATE_REGS;
                regs = (regs_t){.tag = JN_TAG_STATE};
                CHECK_OK(sys(JN_REPLY, 0, &regs));
                settle();
                CHECK_IS((int64_t)foreign_result, 77);
            }
            CHECK_OK(OP1(JN_CAP_TASK, JN_OP_CAP_DESTROY, thread));
        }
}

/* Calls that no server had received stay in the queue of a gate that outlives it. */
static void queued_calls_stay(void)
{
    cap_t gate = make_gate();
    struct task *server = make_task();
    regs_t regs;

    seen[5] = 0;
    seen[6] = 1;
    seen[0] = 99;
    start_thread(server, takes_and_keeps, give(server, gate, JN_RIGHT_ALL));
    cap_t first = start_thread(&root, calls_once, mint(gate, LABEL));
    settle();
    CHECK_IS(seen[5], 1);
    start_thread(&root, calls_once, mint(gate, LABEL + 1));
    settle();
    CHECK_OK(OP1(JN_CAP_TASK, JN_OP_CAP_DESTROY, server->task));
    settle();
    CHECK_IS(seen[0], JN_AGAIN); /* the first one's, which was received */
    CHECK(thread_was(first) == JN_WAS_NATIVE_CALL);
    seen[0] = 99;
    CHECK_IS(receive(gate, &regs), 0);
    CHECK_IS(regs.label, LABEL + 1);
    CHECK(!(regs.tag & JN_TAG_AGAIN));
    answer(0, 12);
    settle();
    CHECK_IS(seen[0], JN_OK);
    CHECK_IS(seen[1], 12);
}

const struct test holding_tests[] = {TEST(cancel_keeps_what_was_done),
                                     TEST(reply_given_onward),
                                     TEST(held_messages_come_again),
                                     TEST(queued_calls_stay),
                                     {0}};
