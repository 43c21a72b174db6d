/* All cases, in the order of what they build on. */
#include "harness.h"

extern const struct test basic_tests[], cap_tests[], ipc_tests[], signal_tests[], foreign_tests[],
    item_tests[], control_tests[], debugger_tests[], holding_tests[], life_tests[], sched_tests[],
    memory_tests[], platform_tests[], door_tests[], budget_tests[], smp_tests[], trace_tests[],
    fuzz_tests[], chain_tests[];

const struct test *const suites[] = {basic_tests,   cap_tests,      ipc_tests,     signal_tests,
                                     foreign_tests, item_tests,     control_tests, debugger_tests,
                                     life_tests,    holding_tests,  sched_tests,   memory_tests,
                                     chain_tests,   platform_tests, door_tests,    budget_tests,
                                     smp_tests,     trace_tests,    fuzz_tests,    NULL};
