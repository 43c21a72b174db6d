/* The fast calls that are written in C, by number; fast.asm's table leads each of these to fast_enter. */
#include "fast_thread.h"
#include "syscalls.h"

__attribute__((visibility("hidden"))) fast_function *const fast_functions[SYSCALL_NUMBERS] = {
    [7] = fast_poll,
    [13] = fast_rt_sigaction,
    [14] = fast_rt_sigprocmask,
    [15] = fast_rt_sigreturn,
    [23] = fast_select,
    [62] = fast_kill,
    [127] = fast_rt_sigpending,
    [131] = fast_sigaltstack,
    [200] = fast_tkill,
    [202] = fast_futex,
    [234] = fast_tgkill,
    [270] = fast_pselect6,
    [271] = fast_ppoll,
};
