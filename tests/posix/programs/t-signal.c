/* Signals: handlers, masks, alternate stack, restart and EINTR, queued information, faults. */
#include "t.h"
#include <setjmp.h>
#include <sys/time.h>
#include <ucontext.h>

static volatile sig_atomic_t count, last_code;
static volatile uintptr_t last_address;
static sigjmp_buf back;
static char alternate[65536];

static void counted(int number)
{
    (void)number;
    count++;
}

static void informed(int number, siginfo_t *info, void *context)
{
    (void)number;
    (void)context;
    last_code = info->si_code;
    last_address = (uintptr_t)info->si_addr;
    count++;
}

static void jumping(int number, siginfo_t *info, void *context)
{
    (void)context;
    last_code = info->si_code;
    last_address = (uintptr_t)info->si_addr;
    siglongjmp(back, number);
}

static void on_stack(int number)
{
    char here;
    (void)number;
    count = &here >= alternate && &here < alternate + sizeof alternate;
}

static void set(int number, void (*handler)(int), int flags)
{
    struct sigaction action = {.sa_handler = handler, .sa_flags = flags};
    sigaction(number, &action, NULL);
}

static void set_info(int number, void (*handler)(int, siginfo_t *, void *), int flags)
{
    struct sigaction action = {.sa_sigaction = handler, .sa_flags = flags | SA_SIGINFO};
    sigaction(number, &action, NULL);
}

static void arm(int milliseconds)
{
    struct itimerval timer = {.it_value.tv_usec = milliseconds * 1000};
    setitimer(ITIMER_REAL, &timer, NULL);
}

/* Loops with known values in the registers that `syscall` destroys, and others: how many were wrong. */
static long watch_registers(long rounds)
{
    long wrong = 0;
    __asm__ volatile("mov $0x3333, %%ecx\n"
                     "mov $0xaaaa, %%r11d\n"
                     "mov $0x4444, %%edx\n"
                     "1: xor %%eax, %%eax\n"
                     "cmp $0x3333, %%rcx\n"
                     "setne %%al\n"
                     "add %%rax, %0\n"
                     "cmp $0xaaaa, %%r11\n"
                     "setne %%al\n"
                     "add %%rax, %0\n"
                     "cmp $0x4444, %%rdx\n"
                     "setne %%al\n"
                     "add %%rax, %0\n"
                     "dec %1\n"
                     "jnz 1b\n"
                     : "+r"(wrong), "+r"(rounds)
                     :
                     : "rax", "rcx", "rdx", "r11", "cc");
    return wrong;
}

int main(void)
{
    sigset_t mask, pending;
    int fds[2];
    char byte;

    set(SIGUSR1, counted, 0);
    raise(SIGUSR1);
    kill(getpid(), SIGUSR1);
    printf("handled %d\n", count);

    sigemptyset(&mask);
    sigaddset(&mask, SIGUSR1);
    sigprocmask(SIG_BLOCK, &mask, NULL);
    raise(SIGUSR1);
    raise(SIGUSR1);
    sigpending(&pending);
    printf("blocked %d pending %d\n", count, sigismember(&pending, SIGUSR1));
    sigprocmask(SIG_UNBLOCK, &mask, NULL);
    printf("unblocked %d\n", count);

    set_info(SIGRTMIN, informed, 0);
    sigemptyset(&mask);
    sigaddset(&mask, SIGRTMIN);
    sigprocmask(SIG_BLOCK, &mask, NULL);
    count = 0;
    for (int i = 0; i < 3; i++)
        sigqueue(getpid(), SIGRTMIN, (union sigval){.sival_int = i});
    sigprocmask(SIG_UNBLOCK, &mask, NULL);
    printf("queued %d code %d\n", count, last_code);

    stack_t stack = {.ss_sp = alternate, .ss_size = sizeof alternate};
    sigaltstack(&stack, NULL);
    set(SIGUSR2, on_stack, SA_ONSTACK);
    count = 0;
    raise(SIGUSR2);
    printf("on the alternate stack %d\n", count);

    pipe(fds);
    set(SIGALRM, counted, 0);
    count = 0;
    arm(20);
    SAY(read(fds[0], &byte, 1));
    set(SIGALRM, counted, SA_RESTART);
    if (fork() == 0) {
        usleep(150000);
        write(fds[1], "x", 1);
        _exit(0);
    }
    arm(20);
    SAY(read(fds[0], &byte, 1));
    wait(NULL);
    printf("alarms %d\n", count);
    arm(20);
    struct timespec second = {1, 0}, left = {0};
    SAY(nanosleep(&second, &left));
    printf("left %d\n", left.tv_nsec > 0 && left.tv_sec == 0);
    arm(20);
    SAY(pause());
    sigemptyset(&mask);
    arm(20);
    SAY(sigsuspend(&mask));
    sigaddset(&mask, SIGALRM);
    sigprocmask(SIG_BLOCK, &mask, NULL);
    arm(20);
    SAY(sigwaitinfo(&mask, NULL));
    sigprocmask(SIG_UNBLOCK, &mask, NULL);

    set_info(SIGSEGV, jumping, 0);
    set_info(SIGFPE, jumping, 0);
    set_info(SIGILL, jumping, 0);
    set_info(SIGBUS, jumping, 0);
    set_info(SIGTRAP, jumping, 0);
    int number;
    if ((number = sigsetjmp(back, 1)) == 0)
        *(volatile int *)8 = 1;
    printf("signal %d code %d address %lx\n", number, last_code, (long)last_address);
    char *page = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if ((number = sigsetjmp(back, 1)) == 0)
        page[5] = 1;
    printf("signal %d code %d offset %ld\n", number, last_code, (long)(last_address - (uintptr_t)page));
    volatile int zero = 0, one = 1;
    if ((number = sigsetjmp(back, 1)) == 0)
        zero = one / zero;
    printf("signal %d code %d\n", number, last_code);
    if ((number = sigsetjmp(back, 1)) == 0)
        __asm__ volatile("ud2");
    printf("signal %d code %d\n", number, last_code);
    if ((number = sigsetjmp(back, 1)) == 0)
        __asm__ volatile("int3");
    printf("signal %d code %d\n", number, last_code);
    if ((number = sigsetjmp(back, 1)) == 0)
        __asm__ volatile("hlt");
    printf("signal %d code %d\n", number, last_code);

    /* Floating point and vector state survive a handler. */
    set(SIGUSR1, counted, 0);
    double before = 1.0 / 3.0;
    __asm__ volatile("movq %0, %%xmm9" : : "r"(0x1122334455667788) : "xmm9");
    raise(SIGUSR1);
    uint64_t after;
    __asm__ volatile("movq %%xmm9, %0" : "=r"(after));
    printf("%.6f %d\n", before, after == 0x1122334455667788);

    signal(SIGPIPE, SIG_IGN);
    close(fds[0]);
    SAY(write(fds[1], "x", 1));
    int status;
    if (fork() == 0) {
        signal(SIGPIPE, SIG_DFL);
        write(fds[1], "x", 1);
        _exit(0);
    }
    wait(&status);
    say_status("broken pipe", status);
    if (fork() == 0) {
        signal(SIGALRM, SIG_DFL);
        alarm(1);
        for (;;)
            ;
    }
    wait(&status);
    say_status("alarm in a loop", status);
    if (fork() == 0) {
        abort();
    }
    wait(&status);
    say_status("abort", status);
    /* Signals that come while others are being handled, at any instruction. */
    set(SIGUSR1, counted, 0);
    pid_t me = getpid(), sender = fork();
    if (sender == 0)
        for (int i = 0;; i++) {
            kill(me, SIGUSR1);
            for (volatile int pause = 0; pause < 500; pause++)
                ;
        }
    long wrong = 0;
    for (int i = 0; i < 100; i++)
        wrong += watch_registers(100000);
    kill(sender, SIGKILL);
    wait(&status);
    printf("wrong registers under signals: %ld\n", wrong);
    fflush(stdout);
    SAY(sigaction(SIGKILL, &(struct sigaction){.sa_handler = counted}, NULL));
    return 0;
}
