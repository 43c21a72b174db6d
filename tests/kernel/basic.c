/* The first steps: invocations, and calls between two tasks. */
#include "harness.h"

static void null_call(void)
{
    regs_t regs = {.words = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10}};

    CHECK_OK(sys(JN_NULL, 0, &regs));
    for (unsigned i = 0; i < 10; i++)
        CHECK_IS(regs.words[i], 0);
    CHECK_IS(sys(JN_SYSCALL_COUNT, 0, &regs), JN_BAD_CALL);
    CHECK_IS(sys(0xffffffff, 0, &regs), JN_BAD_CALL);
    /* The upper half is not looked at; the kernel itself marks foreign threads and others there. */
    for (unsigned bit = 32; bit < 64; bit++) {
        CHECK_OK(sys(1ull << bit | JN_NULL, 0, &regs));
        CHECK_IS(sys(1ull << bit | JN_CALL, 0, &regs), JN_BAD_CAP);
    }
}

static volatile uint64_t seen[16];

static void echo_server(uint64_t gate)
{
    regs_t regs = {0};
    int64_t status = sys(JN_WAIT, gate, &regs);

    for (;;) {
        seen[0] = (uint64_t)status;
        seen[1] = regs.label;
        seen[2] = regs.tag;
        for (unsigned i = 0; i < 10; i++) {
            seen[3 + i] = regs.words[i];
            regs.words[i] += 100;
        }
        status = sys(JN_REPLY_WAIT, gate, &regs);
    }
}

static void call_between_tasks(void)
{
    cap_t gate = make_gate(), client = mint(gate, 77);
    struct task *task = make_task();
    cap_t server_gate = give(task, gate, JN_RIGHT_ALL);

    start_thread(task, echo_server, server_gate);
    for (unsigned round = 0; round < 3; round++) {
        regs_t regs = {.tag = tag_of(10, 0, 0, 9), .words = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10}};
        CHECK_OK(sys(JN_CALL, client, &regs));
        for (unsigned i = 0; i < 10; i++)
            CHECK_IS(regs.words[i], 101 + i);
        CHECK_IS(regs.label, 0);
        CHECK_IS(seen[0], JN_RECEIVED);
        CHECK_IS(seen[1], 77);
        CHECK_IS(seen[2], tag_of(10, 0, 0, 9));
    }
}

const struct test basic_tests[] = {TEST(null_call), TEST(call_between_tasks), {0}};
