#include "user_clock.h"

#include <stddef.h>

#include "janus/abi/info.h"
#include "janus/idl/task.h"

/* user_clock.inc */
extern const char user_clock_begin[], user_clock_time[], user_clock_end[];
_Static_assert(TASK_INFORMATION_PAGE == 0x7fffffffd000 && NT_KUSER_CLOCK_NUMBERS == 0xff0 &&
                   offsetof(struct jn_info, sequence) == 16 &&
                   offsetof(struct jn_info, tsc_base) == 24 &&
                   offsetof(struct jn_info, mono_ns) == 32 &&
                   offsetof(struct jn_info, tsc_mult) == 40 &&
                   offsetof(struct jn_info, tsc_shift) == 48 &&
                   offsetof(struct jn_info, real_offset_ns) == 56,
               "user_clock.inc");

static volatile uint32_t *numbers(void)
{
    return (volatile uint32_t *)((uint8_t *)guest_shared_page + NT_KUSER_CLOCK_NUMBERS);
}

void user_clock_numbers(void)
{
    numbers()[0] = nt_service_number("NtQueryPerformanceCounter");
    numbers()[1] = nt_service_number("NtQuerySystemTime");
}

bool user_clock_abort(struct world_thread *t, uint64_t moved, const char *slow)
{
    uint64_t begin = (uint64_t)(uintptr_t)user_clock_begin + moved;
    uint64_t time = (uint64_t)(uintptr_t)user_clock_time + moved;
    uint64_t end = (uint64_t)(uintptr_t)user_clock_end + moved;
    struct jn_state state;

    if (world_thread_state(t, &state) != JN_OK || state.rip < begin || state.rip >= end)
        return false;
    state.r[JN_REG_RAX] = numbers()[state.rip >= time];
    state.r[JN_REG_RDX] = 0; /* the counter's frequency; the time has no second argument */
    state.rip = (uint64_t)(uintptr_t)slow + moved;
    state.valid = JN_STATE_REGS;
    world_thread_resume_with(t, &state);
    return true;
}
