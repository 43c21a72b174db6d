/* Signals: alone, bound, and many waiters. */
#include "harness.h"

static volatile uint64_t seen[16];
static volatile unsigned count;

static int64_t raise(cap_t signal, uint64_t bits)
{
    regs_t regs = {.words = {bits}};

    return sys(JN_SIGNAL, signal, &regs);
}

static void waiter(uint64_t signal)
{
    for (;;) {
        regs_t regs = {0};
        if (sys(JN_WAIT, signal, &regs) != JN_SIGNALLED)
            break;
        seen[count++] = regs.label;
    }
    seen[count++] = 999;
}

static void signal_alone(void)
{
    cap_t signal = make_signal();
    regs_t regs = {0};
    uint64_t out[10];

    CHECK_OK(raise(signal, 5));
    CHECK_OK(raise(signal, 8));
    CHECK_IS(sys(JN_WAIT, signal, &regs), JN_SIGNALLED);
    CHECK_IS(regs.label, 13);
    CHECK_IS(sys(JN_WAIT | JN_RECV_NOW, signal, &regs), JN_TIMEOUT);
    CHECK_OK(raise(signal, 3));
    CHECK_OK(op(signal, JN_OP_SIGNAL_POLL, 0, 0, 0, 0, 0, out));
    CHECK_IS(out[0], 3);
    CHECK_OK(op(signal, JN_OP_SIGNAL_POLL, 0, 0, 0, 0, 0, out));
    CHECK_IS(out[0], 0);
    count = 0;
    start_thread(&root, waiter, signal);
    settle();
    CHECK_OK(raise(signal, 1ull << 63));
    settle();
    CHECK_IS(count, 1);
    CHECK_IS(seen[0], 1ull << 63);
    CHECK_OK(OP1(JN_CAP_TASK, JN_OP_CAP_DESTROY, signal));
    settle();
    CHECK_IS(seen[1], 999);
    CHECK_IS(raise(signal, 1), JN_BAD_CAP);
}

static void signal_rights(void)
{
    cap_t signal = make_signal(), send = slot(), receive = slot();
    regs_t regs = {0};

    CHECK_OK(OP3(JN_CAP_TASK, JN_OP_CAP_COPY, signal, send, JN_RIGHT_SEND));
    CHECK_OK(OP3(JN_CAP_TASK, JN_OP_CAP_COPY, signal, receive, JN_RIGHT_RECV));
    CHECK_OK(raise(send, 1));
    CHECK_IS(raise(receive, 1), JN_NO_RIGHT);
    CHECK_IS(sys(JN_WAIT, send, &regs), JN_NO_RIGHT);
    CHECK_IS(sys(JN_WAIT, receive, &regs), JN_SIGNALLED);
    CHECK_IS(OP0(send, JN_OP_SIGNAL_POLL), JN_NO_RIGHT);
    CHECK_IS(OP1(JN_CAP_THREAD, JN_OP_THREAD_BIND_SIGNAL, send), JN_NO_RIGHT);
    CHECK_IS(OP2(JN_CAP_TASK, JN_OP_TASK_BIND_END, receive, 1), JN_NO_RIGHT);
}

static void bound_server(uint64_t gate)
{
    regs_t regs = {0};
    int64_t status = sys(JN_WAIT, gate, &regs);

    for (;;) {
        if (status == JN_SIGNALLED) {
            seen[0] = regs.label;
            seen[1]++;
            status = sys(JN_WAIT, gate, &regs);
        } else {
            seen[2]++;
            regs.tag = 1;
            status = sys(JN_REPLY_WAIT, gate, &regs);
        }
    }
}

/* A bound Signal ends gate waits, and is found by the next wait. */
static void signal_bound(void)
{
    cap_t gate = make_gate(), signal = make_signal();
    cap_t thread = make_thread(&root, bound_server, gate, 100);

    seen[0] = seen[1] = seen[2] = 0;
    CHECK_OK(OP1(thread, JN_OP_THREAD_BIND_SIGNAL, signal));
    CHECK_IS(OP1(JN_CAP_THREAD, JN_OP_THREAD_BIND_SIGNAL, signal), JN_BUSY);
    CHECK_OK(OP0(thread, JN_OP_THREAD_RESUME));
    settle();
    CHECK_OK(raise(signal, 6));
    settle();
    CHECK_IS(seen[0], 6);
    CHECK_IS(seen[1], 1);
    CHECK_OK(call1(gate, 1, NULL));
    CHECK_IS(seen[2], 1);
    /* Raised while the server is busy: it is ready, and takes it at its next wait. */
    CHECK_OK(raise(signal, 9));
    CHECK_OK(raise(signal, 16));
    CHECK_OK(call1(gate, 1, NULL));
    settle();
    CHECK_IS(seen[1], 2 + (seen[0] == 16));
    CHECK_OK(OP1(thread, JN_OP_THREAD_BIND_SIGNAL, 0));
    CHECK_OK(raise(signal, 1));
    settle();
    CHECK_OK(call1(gate, 1, NULL));
    CHECK_OK(OP1(JN_CAP_THREAD, JN_OP_THREAD_BIND_SIGNAL, signal));
    regs_t regs = {0};
    cap_t own = make_gate();
    CHECK_IS(sys(JN_WAIT, own, &regs), JN_SIGNALLED);
    CHECK_IS(regs.label, 1);
    CHECK_OK(OP1(JN_CAP_THREAD, JN_OP_THREAD_BIND_SIGNAL, 0));
}

const struct test signal_tests[] = {
    TEST(signal_alone), TEST(signal_rights), TEST(signal_bound), {0}};
