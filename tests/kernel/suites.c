/* All cases, in the order of what they build on. */
#include "harness.h"

extern const struct test basic_tests[];
extern const struct test cap_tests[];
extern const struct test ipc_tests[];
extern const struct test signal_tests[];
extern const struct test foreign_tests[];
extern const struct test item_tests[];
extern const struct test control_tests[];
extern const struct test life_tests[];
extern const struct test sched_tests[];
extern const struct test memory_tests[];
extern const struct test flexpage_tests[];
extern const struct test hidden_tests[];
extern const struct test chain_tests[];
extern const struct test rule_tests[];
extern const struct test reply_tests[];
extern const struct test mapping_tests[];
extern const struct test platform_tests[];
extern const struct test door_tests[];
extern const struct test budget_tests[];
extern const struct test noise_tests[];
extern const struct test smp_tests[];
extern const struct test migrate_tests[];
extern const struct test trace_tests[];
extern const struct test debugger_tests[];
extern const struct test holding_tests[];
extern const struct test hostile_tests[];
extern const struct test account_tests[];
extern const struct test fuzz_tests[];

/* A line each, so that they can be added side by side. */
/* clang-format off */
const struct test *const suites[] = {
    basic_tests,
    cap_tests,
    ipc_tests,
    reply_tests,
    rule_tests,
    signal_tests,
    foreign_tests,
    item_tests,
    control_tests,
    life_tests,
    sched_tests,
    memory_tests,
    flexpage_tests,
    hidden_tests,
    chain_tests,
    mapping_tests,
    platform_tests,
    door_tests,
    budget_tests,
    noise_tests,
    smp_tests,
    migrate_tests,
    trace_tests,
    debugger_tests,
    holding_tests,
    hostile_tests,
    account_tests,
    fuzz_tests,
    NULL,
};
/* clang-format on */
