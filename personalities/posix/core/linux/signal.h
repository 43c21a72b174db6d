/* Signals: numbers, actions, siginfo and the frame on the stack (sigaction(2), and what the x86-64
 * kernel writes for sigreturn). */
#ifndef POSIX_LINUX_SIGNAL_H
#define POSIX_LINUX_SIGNAL_H

#include <stddef.h>
#include <stdint.h>

#define LX_NSIG 64
enum {
    LX_SIGHUP = 1, LX_SIGINT, LX_SIGQUIT, LX_SIGILL, LX_SIGTRAP, LX_SIGABRT, LX_SIGBUS, LX_SIGFPE,
    LX_SIGKILL, LX_SIGUSR1, LX_SIGSEGV, LX_SIGUSR2, LX_SIGPIPE, LX_SIGALRM, LX_SIGTERM,
    LX_SIGSTKFLT, LX_SIGCHLD, LX_SIGCONT, LX_SIGSTOP, LX_SIGTSTP, LX_SIGTTIN, LX_SIGTTOU,
    LX_SIGURG, LX_SIGXCPU, LX_SIGXFSZ, LX_SIGVTALRM, LX_SIGPROF, LX_SIGWINCH, LX_SIGIO, LX_SIGPWR,
    LX_SIGSYS, LX_SIGRTMIN,
};
#define LX_SIGBIT(n) (1ull << ((n)-1))

#define LX_SIG_DFL 0ull
#define LX_SIG_IGN 1ull
enum {
    LX_SA_NOCLDSTOP = 1, LX_SA_NOCLDWAIT = 2, LX_SA_SIGINFO = 4, LX_SA_RESTORER = 0x04000000,
    LX_SA_ONSTACK = 0x08000000, LX_SA_RESTART = 0x10000000, LX_SA_NODEFER = 0x40000000,
};
#define LX_SA_RESETHAND 0x80000000u
enum { LX_SIG_BLOCK, LX_SIG_UNBLOCK, LX_SIG_SETMASK };

struct lx_sigaction {
    uint64_t handler, flags, restorer, mask;
};

enum { LX_SS_ONSTACK = 1, LX_SS_DISABLE = 2 };
#define LX_SS_AUTODISARM 0x80000000u
#define LX_MINSIGSTKSZ 2048
struct lx_stack {
    uint64_t ss_sp;
    uint32_t ss_flags, pad;
    uint64_t ss_size;
};

enum {
    LX_SI_USER = 0, LX_SI_KERNEL = 0x80, LX_SI_QUEUE = -1, LX_SI_TIMER = -2, LX_SI_TKILL = -6,
    LX_ILL_ILLOPN = 2, LX_FPE_INTDIV = 1, LX_FPE_INTOVF = 2, LX_FPE_FLTDIV = 3, LX_FPE_FLTOVF = 4,
    LX_FPE_FLTUND = 5, LX_FPE_FLTRES = 6, LX_FPE_FLTINV = 7, LX_SEGV_MAPERR = 1,
    LX_SEGV_ACCERR = 2, LX_SEGV_BNDERR = 3, LX_BUS_ADRALN = 1, LX_BUS_ADRERR = 2,
    LX_TRAP_BRKPT = 1, LX_TRAP_TRACE = 2, LX_CLD_EXITED = 1, LX_CLD_KILLED, LX_CLD_DUMPED,
    LX_CLD_TRAPPED, LX_CLD_STOPPED, LX_CLD_CONTINUED,
};

struct lx_siginfo {
    int32_t si_signo, si_errno, si_code, pad;
    union {
        struct {
            int32_t pid;
            uint32_t uid;
            union {
                uint64_t value;
                struct {
                    int32_t status;
                    int32_t pad;
                    int64_t utime, stime; /* in clock ticks, 100 a second */
                } child;
            };
        } user;
        struct {
            int32_t id, overrun;
            uint64_t value;
            int32_t sys_private;
        } timer;
        struct {
            uint64_t address;
            int16_t address_lsb;
        } fault;
        uint8_t fill[112];
    };
};
_Static_assert(sizeof(struct lx_siginfo) == 128, "sigaction(2)");
_Static_assert(offsetof(struct lx_siginfo, user.value) == 24, "siginfo_t");

/* struct sigcontext of x86-64 */
struct lx_sigcontext {
    uint64_t r8, r9, r10, r11, r12, r13, r14, r15, rdi, rsi, rbp, rbx, rdx, rax, rcx, rsp, rip;
    uint64_t eflags;
    uint16_t cs, gs, fs, ss;
    uint64_t err, trapno, oldmask, cr2, fpstate, reserved[8];
};
_Static_assert(sizeof(struct lx_sigcontext) == 256, "sigcontext");

struct lx_ucontext {
    uint64_t flags, link;
    struct lx_stack stack;
    struct lx_sigcontext context;
    uint64_t sigmask;
};
_Static_assert(sizeof(struct lx_ucontext) == 304, "ucontext");
#define LX_UC_FP_XSTATE 1
#define LX_UC_SIGCONTEXT_SS 2
#define LX_UC_STRICT_RESTORE_SS 4

struct lx_sigframe {
    uint64_t return_address; /* the restorer */
    struct lx_ucontext context;
    struct lx_siginfo info;
};
_Static_assert(sizeof(struct lx_sigframe) == 440, "rt_sigframe");

/* In bytes 464-511 of the FXSAVE image: says that an XSAVE image follows. */
struct lx_fpx_sw_bytes {
    uint32_t magic1, extended_size;
    uint64_t xfeatures;
    uint32_t xstate_size, padding[7];
};
_Static_assert(sizeof(struct lx_fpx_sw_bytes) == 48, "_fpx_sw_bytes");
#define LX_FP_SW_OFFSET 464
#define LX_FP_XSTATE_MAGIC1 0x46505853u
#define LX_FP_XSTATE_MAGIC2 0x46505845u

struct lx_signalfd_siginfo {
    uint32_t ssi_signo;
    int32_t ssi_errno, ssi_code;
    uint32_t ssi_pid, ssi_uid;
    int32_t ssi_fd;
    uint32_t ssi_tid, ssi_band, ssi_overrun, ssi_trapno;
    int32_t ssi_status, ssi_int;
    uint64_t ssi_ptr, ssi_utime, ssi_stime, ssi_addr;
    uint16_t ssi_addr_lsb, pad2;
    int32_t ssi_syscall;
    uint64_t ssi_call_addr;
    uint32_t ssi_arch;
    uint8_t pad[28];
};
_Static_assert(sizeof(struct lx_signalfd_siginfo) == 128, "signalfd(2)");

struct lx_sigevent {
    uint64_t value;
    int32_t signo, notify;
    int32_t tid;
    uint8_t pad[44];
};
_Static_assert(sizeof(struct lx_sigevent) == 64, "sigevent(7)");
enum { LX_SIGEV_SIGNAL = 0, LX_SIGEV_NONE = 1, LX_SIGEV_THREAD = 2, LX_SIGEV_THREAD_ID = 4 };

#endif
