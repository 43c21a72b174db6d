/* Calls that an adapter answers on the program's own thread (docs/library.md), after their sites are
 * redirected: signals to oneself, masks while others send, and what such a call does with bad memory. */
#include "t.h"
#include <pthread.h>
#include <sched.h>
#include <sys/syscall.h>
#include <ucontext.h>

#define ROUNDS 700 /* more than it takes to redirect a site */

static volatile sig_atomic_t count, code, inner;
static volatile pid_t sender;
static volatile uint64_t flags, seen_mask;
static volatile uint32_t magic1, magic2, left_over;
static char alternate[65536];

static void set(int number, void (*handler)(int, siginfo_t *, void *), int how)
{
    struct sigaction action = {.sa_sigaction = handler, .sa_flags = SA_SIGINFO | how};
    sigaction(number, &action, NULL);
}

static void counted(int number, siginfo_t *info, void *context)
{
    (void)number, (void)info, (void)context;
    count++;
}

/* ---- the frame ---- */

static void looks(int number, siginfo_t *info, void *context)
{
    ucontext_t *u = context;
    uint32_t *fp = (uint32_t *)u->uc_mcontext.fpregs;
    sigset_t now;
    (void)number;
    code = info->si_code;
    sender = info->si_pid;
    flags = u->uc_flags;
    seen_mask = *(uint64_t *)&u->uc_sigmask;
    magic1 = fp[464 / 4];
    magic2 = *(uint32_t *)((char *)fp + fp[480 / 4]);
    sigprocmask(SIG_BLOCK, NULL, &now);
    left_over = sigismember(&now, SIGUSR1) * 2 + sigismember(&now, SIGUSR2);
    __asm__ volatile("pxor %%xmm3, %%xmm3; pxor %%xmm9, %%xmm9" ::: "xmm3", "xmm9");
    count++;
}

/* kill(2) by one instruction, with known values everywhere: 0, or bits of what was changed. rdx: what goes
 * into xmm3 and xmm9; rcx: where they go to. */
long send_watched(long pid, long number, const void *known, void *after);
__asm__("send_watched:\n"
        "push %rbx; push %rbp; push %r12; push %r13; push %r14; push %r15; push %rcx\n"
        "movdqu (%rdx), %xmm3; movdqu (%rdx), %xmm9\n"
        "mov $3, %ebx; mov $5, %ebp; mov $12, %r12d; mov $13, %r13d; mov $14, %r14d\n"
        "mov $15, %r15d; mov $8, %r8d; mov $9, %r9d; mov $10, %r10d\n"
        "mov $62, %eax\n"
        "syscall\n"
        "xor $3, %rbx; xor $5, %rbp; xor $12, %r12; xor $13, %r13; xor $14, %r14\n"
        "xor $15, %r15; xor $8, %r8; xor $9, %r9; xor $10, %r10\n"
        "or %rbx, %rax; or %rbp, %rax; or %r12, %rax; or %r13, %rax; or %r14, %rax\n"
        "or %r15, %rax; or %r8, %rax; or %r9, %rax; or %r10, %rax\n"
        "pop %rcx; movdqu %xmm3, (%rcx); movdqu %xmm9, 16(%rcx)\n"
        "pop %r15; pop %r14; pop %r13; pop %r12; pop %rbp; pop %rbx\n"
        "ret\n");

static long send_and_watch(long pid, long number)
{
    static const uint64_t known[4] = {0x1122334455667788, 0x99aabbccddeeff00, 0x1122334455667788,
                                      0x99aabbccddeeff00};
    uint64_t after[4];
    return (send_watched(pid, number, known, after) != 0) + !!memcmp(after, known, sizeof after);
}

static void frames(void)
{
    long wrong = 0;
    set(SIGUSR1, looks, 0);
    for (int i = 0; i < ROUNDS; i++)
        wrong += send_and_watch(getpid(), SIGUSR1);
    printf("frames: %d handled, %ld wrong, code %d, own %d, flags %lx, mask %lx, magic %x %x, in it %u\n",
           count, wrong, code, sender == getpid(), (long)flags, (long)seen_mask, magic1, magic2,
           left_over);
    set(SIGUSR1, looks, SA_NODEFER);
    raise(SIGUSR1);
    printf("without its own mask: %u, code %d\n", left_over, code);
}

/* A handler changes what is restored. */
static void changes(int number, siginfo_t *info, void *context)
{
    ucontext_t *u = context;
    (void)number, (void)info;
    u->uc_mcontext.gregs[REG_RAX] = 4711;
    sigaddset(&u->uc_sigmask, SIGUSR2);
    *(uint32_t *)((char *)u->uc_mcontext.fpregs + 160 + 3 * 16) = 77;
}

static void changed(void)
{
    long result = 0;
    uint32_t low = 0;
    sigset_t mask;
    set(SIGUSR1, changes, 0);
    for (int i = 0; i < ROUNDS; i++) {
        sigset_t none;
        sigemptyset(&none);
        sigprocmask(SIG_SETMASK, &none, NULL);
        __asm__ volatile("pxor %%xmm3, %%xmm3\n"
                         "syscall\n"
                         "movd %%xmm3, %1\n"
                         : "=a"(result), "=r"(low)
                         : "0"(62L), "D"((long)getpid()), "S"((long)SIGUSR1)
                         : "rcx", "r11", "xmm3", "memory");
    }
    sigprocmask(SIG_BLOCK, NULL, &mask);
    printf("changed: result %ld, xmm3 %u, SIGUSR2 blocked %d\n", result, low,
           sigismember(&mask, SIGUSR2));
    sigemptyset(&mask);
    sigprocmask(SIG_SETMASK, &mask, NULL);
}

static void nests(int number, siginfo_t *info, void *context)
{
    (void)info, (void)context;
    int depth = ++inner;
    char here;
    count += &here >= alternate && &here < alternate + sizeof alternate;
    if (depth < 5)
        raise(number == SIGUSR1 ? SIGUSR2 : SIGUSR1);
    inner--;
}

static void nested(void)
{
    stack_t stack = {.ss_sp = alternate, .ss_size = sizeof alternate}, none = {.ss_flags = SS_DISABLE};
    sigaltstack(&stack, NULL);
    set(SIGUSR1, nests, SA_ONSTACK | SA_NODEFER);
    set(SIGUSR2, nests, SA_ONSTACK | SA_NODEFER);
    count = 0;
    for (int i = 0; i < ROUNDS; i++)
        raise(SIGUSR1);
    printf("nested: %d\n", count);
    SAY(sigaltstack(&none, &stack));
    printf("stack: %d %zu\n", stack.ss_flags, stack.ss_size);
    SAY(sigaltstack(NULL, &stack));
    printf("stack: %d\n", stack.ss_flags);
    set(SIGUSR2, counted, SA_RESETHAND);
    count = 0;
    raise(SIGUSR2);
    struct sigaction now;
    sigaction(SIGUSR2, NULL, &now);
    printf("reset: %d %d\n", count, now.sa_handler == SIG_DFL);
}

/* ---- bad memory ---- */

static void bad(void)
{
    char *page = mmap(NULL, 8192, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    sigset_t block, now;
    munmap(page + 4096, 4096);
    sigemptyset(&block);
    sigaddset(&block, SIGUSR2);
    sigprocmask(SIG_UNBLOCK, &block, NULL);
    SAY(syscall(SYS_rt_sigprocmask, SIG_BLOCK, &block, page, 8));
    SAY(syscall(SYS_rt_sigprocmask, SIG_BLOCK, page + 4092, NULL, 8));
    SAY(syscall(SYS_rt_sigprocmask, SIG_BLOCK, 1, NULL, 8));
    SAY(syscall(SYS_rt_sigprocmask, SIG_BLOCK, 0x7fff40300000, NULL, 8));
    SAY(syscall(SYS_rt_sigprocmask, 9, &block, NULL, 8));
    SAY(syscall(SYS_rt_sigprocmask, SIG_BLOCK, &block, NULL, 4));
    SAY(syscall(SYS_rt_sigaction, SIGUSR2, page + 4088, NULL, 8));
    SAY(syscall(SYS_rt_sigaction, SIGUSR2, NULL, page, 8));
    SAY(syscall(SYS_rt_sigaction, 65, NULL, NULL, 8));
    SAY(syscall(SYS_rt_sigpending, page, 8));
    SAY(sigaltstack(NULL, (void *)page));
    sigprocmask(SIG_BLOCK, NULL, &now);
    printf("blocked %d\n", sigismember(&now, SIGUSR2));
    SAY(syscall(SYS_kill, getpid(), 65));
    pid_t child = fork();
    int status;
    if (!child) { /* no room for the frame */
        set(SIGUSR1, counted, 0);
        __asm__ volatile("mov %0, %%rsp; syscall; ud2"
                         :
                         : "r"(page + 256), "a"(62L), "D"((long)getpid()), "S"((long)SIGUSR1)
                         : "memory");
    }
    waitpid(child, &status, 0);
    say_status("no stack", status);
}

/* ---- others send while this one changes its mask ---- */

static volatile int *shared;
#define SENT 60

static void noted(int number, siginfo_t *info, void *context)
{
    (void)number, (void)info, (void)context;
    __atomic_fetch_add(&shared[0], 1, __ATOMIC_SEQ_CST);
}

static void child_sends(void)
{
    pid_t parent = getppid();
    for (int i = 0; i < SENT; i++) {
        kill(parent, SIGUSR1);
        while (__atomic_load_n(&shared[0], __ATOMIC_SEQ_CST) == i) /* each comes before the next */
            sched_yield();
    }
    __atomic_store_n(&shared[1], 1, __ATOMIC_SEQ_CST);
    _exit(0);
}

static void *masks(void *unused)
{
    sigset_t set;
    (void)unused;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    while (!__atomic_load_n(&shared[1], __ATOMIC_SEQ_CST)) {
        pthread_sigmask(SIG_BLOCK, &set, NULL);
        pthread_sigmask(SIG_UNBLOCK, &set, NULL);
    }
    return NULL;
}

/* Every signal reaches its handler, or the child waits for ever. */
static void races(int threads)
{
    pthread_t thread[4];
    int status;
    shared[0] = shared[1] = 0;
    set(SIGUSR1, noted, SA_RESTART);
    pid_t child = fork();
    if (!child)
        child_sends();
    for (int i = 0; i < threads; i++)
        pthread_create(&thread[i], NULL, masks, NULL);
    masks(NULL);
    for (int i = 0; i < threads; i++)
        pthread_join(thread[i], NULL);
    waitpid(child, &status, 0);
    printf("races with %d more threads: %d\n", threads, shared[0]);
}

/* ---- words that threads wait at ---- */

enum { FUTEX_WAIT, FUTEX_WAKE, FUTEX_PRIVATE_FLAG = 128 };
#include <semaphore.h>

static int word, gate, arrived, results[8];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed_now = PTHREAD_COND_INITIALIZER;
static int generation, in_generation, sleepers;
static sem_t ping, pong;

static long futex(int *at, int op, int value, struct timespec *limit)
{
    long result = syscall(SYS_futex, at, op | FUTEX_PRIVATE_FLAG, value, limit, 0, 0);
    return result < 0 ? -errno : result;
}

static void *pongs(void *rounds)
{
    for (long i = 0; i < (long)rounds; i++) {
        sem_wait(&ping);
        sem_post(&pong);
    }
    return NULL;
}

/* Waits for the next generation again and again; one of them with a limit that is never reached. */
static void *follows(void *limited)
{
    struct timespec far = {time(NULL) + 1000, 0};
    pthread_mutex_lock(&lock);
    for (int seen = 0; seen < 200;) {
        in_generation++;
        pthread_cond_broadcast(&changed_now);
        while (generation == seen)
            limited ? pthread_cond_timedwait(&changed_now, &lock, &far)
                    : pthread_cond_wait(&changed_now, &lock);
        seen = generation;
    }
    pthread_mutex_unlock(&lock);
    return NULL;
}

static void *sleeps(void *place)
{
    for (int i = 0; i < 6; i++) { /* the last ones without the handler */
        __atomic_fetch_add(&arrived, 1, __ATOMIC_SEQ_CST);
        long result = futex(&word, FUTEX_WAIT, 0, NULL);
        results[(long)place] = (int)result;
        __atomic_fetch_add(&sleepers, 1, __ATOMIC_SEQ_CST);
        while (__atomic_load_n(&gate, __ATOMIC_SEQ_CST) <= i)
            usleep(500);
    }
    return NULL;
}

/* Wakes at the word until `count` have woken, however long they take to lie down. */
static int wake_all(int count, int op)
{
    int woken = 0;
    while (woken < count) {
        long result = futex(&word, op, 1, NULL);
        woken += (int)result;
        if (!result)
            usleep(500);
    }
    return woken + (int)futex(&word, op, 5, NULL);
}

static void words(void)
{
    pthread_t thread[4];
    sem_init(&ping, 0, 0);
    sem_init(&pong, 0, 0);
    pthread_create(&thread[0], NULL, pongs, (void *)1000L);
    for (int i = 0; i < 1000; i++) {
        sem_post(&ping);
        sem_wait(&pong);
    }
    pthread_join(thread[0], NULL);
    puts("1000 times there and back");

    for (long i = 0; i < 4; i++)
        pthread_create(&thread[i], NULL, follows, i == 2 ? "" : NULL);
    pthread_mutex_lock(&lock);
    while (generation < 200) {
        while (in_generation < 4)
            pthread_cond_wait(&changed_now, &lock);
        in_generation = 0;
        generation++;
        pthread_cond_broadcast(&changed_now);
    }
    pthread_mutex_unlock(&lock);
    for (int i = 0; i < 4; i++)
        pthread_join(thread[i], NULL);
    printf("generations %d\n", generation);

    printf("another value: %ld, nobody: %ld, odd: %ld\n", futex(&word, FUTEX_WAIT, 1, NULL),
           futex(&word, FUTEX_WAKE, 1, NULL), futex((int *)((char *)&word + 1), FUTEX_WAKE, 1, NULL));
    for (long i = 0; i < 3; i++)
        pthread_create(&thread[i], NULL, sleeps, (void *)i);
    for (int i = 0; i < 6; i++) {
        int woken = wake_all(3, FUTEX_WAKE);
        while (__atomic_load_n(&sleepers, __ATOMIC_SEQ_CST) < 3 * (i + 1))
            usleep(500);
        if (woken != 3 || results[0] || results[1] || results[2])
            printf("round %d: %d woken, %d %d %d\n", i, woken, results[0], results[1], results[2]);
        __atomic_fetch_add(&gate, 1, __ATOMIC_SEQ_CST);
    }
    for (int i = 0; i < 3; i++)
        pthread_join(thread[i], NULL);
    puts("three sleepers, six times");

    /* Signals find a thread that waits; without SA_RESTART the wait is over. */
    for (int restart = 0; restart < 2; restart++) {
        gate = sleepers = count = 0;
        set(SIGUSR1, counted, restart ? SA_RESTART : 0);
        pthread_create(&thread[0], NULL, sleeps, (void *)0L);
        for (int i = 0; i < 6; i++) {
            int before = count;
            if (restart) {
                pthread_kill(thread[0], SIGUSR1);
                while (count == before)
                    usleep(500);
                wake_all(1, FUTEX_WAKE);
            } else {
                while (__atomic_load_n(&sleepers, __ATOMIC_SEQ_CST) == i) {
                    pthread_kill(thread[0], SIGUSR1);
                    usleep(500);
                }
            }
            while (__atomic_load_n(&sleepers, __ATOMIC_SEQ_CST) == i)
                usleep(500);
            if (results[0] != (restart ? 0 : -EINTR))
                printf("round %d: result %d\n", i, results[0]);
            __atomic_fetch_add(&gate, 1, __ATOMIC_SEQ_CST);
        }
        pthread_join(thread[0], NULL);
        printf("interrupted, restart %d\n", restart);
    }

    /* A child has none of its parent's waits. */
    int status;
    pid_t child = fork();
    if (!child) {
        struct timespec soon = {0, 20000000};
        long woken = futex(&word, FUTEX_WAKE, 9, NULL);
        _exit(woken == 0 && futex(&word, FUTEX_WAIT, 0, &soon) == -ETIMEDOUT ? 5 : 6);
    }
    waitpid(child, &status, 0);
    say_status("child", status);
}

int main(void)
{
    setvbuf(stdout, NULL, _IOLBF, 0);
    shared = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    frames();
    changed();
    nested();
    bad();
    races(0);
    races(3);
    words();
    return 0;
}
