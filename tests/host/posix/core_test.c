/* The POSIX core against fake servers. Oracle: Linux (signal(7), poll(2), futex(2), pipe(7) ...), as the
 * comments at the cases say. */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>

#include "descriptors.h"
#include "fake.h"
#include "linux/file.h"
#include "linux/memory.h"
#include "process.h"
#include "signals.h"
#include "status.h"

#define HANDLER 0x401000
#define RESTORER 0x402000
#define DATA 0x1000

static uint64_t at(uint64_t offset)
{
    return FAKE_BASE + offset;
}

static void handle_signal(struct thread *t, uint32_t number, uint64_t flags)
{
    struct lx_sigaction action = {HANDLER, flags | LX_SA_RESTORER, RESTORER, 0};
    uint64_t p = fake_put(0x100, &action, sizeof action);
    assert(fake_value(t, SYS_rt_sigaction, number, p, 0, 8) == 0);
}

/* The thread is in a handler: returns from it; what the interrupted code continues with is in the
 * fake's state. */
static void return_from_handler(struct thread *t)
{
    struct fake_thread *f = fake_thread_of(t);
    assert(f->answer == FAKE_STATE && f->state.rip == HANDLER);
    f->state.r[JN_REG_RSP] += 8; /* ret */
    assert(fake_call(t, SYS_rt_sigreturn, 0, 0, 0, 0, 0, 0));
    assert(f->answer == FAKE_RESUME || f->answer == FAKE_STATE);
}

static void make_pipe(struct thread *t, int32_t fds[2])
{
    assert(fake_value(t, SYS_pipe, at(0x200), 0, 0, 0) == 0);
    memcpy(fds, fake_user(at(0x200)), 8);
}

static void test_descriptors(void)
{
    struct thread *t;
    int32_t fds[2];
    fake_process(&t);
    make_pipe(t, fds);
    assert(fds[0] == 0 && fds[1] == 1);
    assert(fake_value(t, SYS_dup, 0, 0, 0, 0) == 2);
    assert(fake_value(t, SYS_fcntl, 0, LX_F_DUPFD, 10, 0) == 10);
    assert(fake_value(t, SYS_close, 0, 0, 0, 0) == 0);
    assert(fake_value(t, SYS_dup, 1, 0, 0, 0) == 0); /* the lowest free number */
    assert(fake_value(t, SYS_dup2, 1, 100, 0, 0) == 100);
    assert(fake_value(t, SYS_dup2, 55, 55, 0, 0) == -LX_EBADF);
    assert(fake_value(t, SYS_dup3, 1, 1, 0, 0) == -LX_EINVAL);
    assert(fake_value(t, SYS_fcntl, 100, LX_F_SETFD, 1, 0) == 0);
    assert(fake_value(t, SYS_fcntl, 100, LX_F_GETFD, 0, 0) == 1);
    assert(fake_value(t, SYS_dup2, 1, 1024, 0, 0) == -LX_EBADF); /* RLIMIT_NOFILE */
    for (long fd = 3; fd < 1024; fd++) {
        if (fd == 10 || fd == 100)
            continue;
        assert(fake_value(t, SYS_dup, 1, 0, 0, 0) == fd);
    }
    assert(fake_value(t, SYS_dup, 1, 0, 0, 0) == -LX_EMFILE);
    assert(fake_value(t, SYS_close_range, 3, ~0u, 0, 0) == 0);
    assert(fake_value(t, SYS_close, 3, 0, 0, 0) == -LX_EBADF);
    process_terminate(t->process, TASK_EXITED, 0);
}

static void test_pipes(void)
{
    struct thread *t;
    int32_t fds[2];
    struct process *p = fake_process(&t);
    make_pipe(t, fds);
    fake_string(DATA, "hello");
    assert(fake_value(t, SYS_write, (uint64_t)fds[1], at(DATA), 5, 0) == 5);
    assert(fake_value(t, SYS_read, (uint64_t)fds[0], at(DATA + 64), 100, 0) == 5);
    assert(!memcmp(fake_user(at(DATA + 64)), "hello", 5));
    /* A read waits, and a write of another process wakes it. */
    assert(!fake_call(t, SYS_read, (uint64_t)fds[0], at(DATA), 10, 0, 0, 0));
    struct descriptor *d = descriptor_get(p, (uint64_t)fds[1]);
    uint64_t done;
    assert(backend_io_write(&p->clients, d->open, -1, 3, 0, 0, backend_window("abc", 3), &done) ==
           JN_OK);
    uint64_t disarms = fake_disarms;
    fake_pump();
    assert(fake_thread_of(t)->answer == FAKE_VALUE && fake_thread_of(t)->value == 3);
    assert(fake_disarms == disarms && !fake_armed(d->open.number)); /* the entry took it along */
    /* One that a signal ends takes its arming back, also when it was woken for nothing before. */
    handle_signal(t, LX_SIGUSR2, 0);
    for (int woken = 0; woken < 2; woken++) {
        assert(!fake_call(t, SYS_read, (uint64_t)fds[0], at(DATA), 10, 0, 0, 0));
        assert(fake_armed(d->open.number) == 1);
        if (woken) {
            char taken[1];
            assert(backend_io_write(&p->clients, d->open, -1, 1, 0, 0, backend_window("x", 1),
                                    &done) == JN_OK);
            assert(backend_io_read(&p->clients, descriptor_get(p, (uint64_t)fds[0])->open, -1, 1, 0,
                                   0, backend_window(taken, 1), &done) == JN_OK);
            fake_pump();
            assert(fake_armed(d->open.number) == 1);
        }
        fake_signal(p, LX_SIGUSR2);
        fake_pump();
        assert(!fake_armed(d->open.number));
        return_from_handler(t);
        assert(fake_thread_of(t)->state.r[JN_REG_RAX] == (uint64_t)-LX_EINTR);
    }
    /* Non-blocking: EAGAIN. */
    assert(fake_value(t, SYS_fcntl, (uint64_t)fds[0], LX_F_SETFL, LX_O_NONBLOCK, 0) == 0);
    assert(fake_value(t, SYS_read, (uint64_t)fds[0], at(DATA), 10, 0) == -LX_EAGAIN);
    /* A large blocking write goes on over several rounds, and an interruption keeps what was done. */
    handle_signal(t, LX_SIGUSR1, 0);
    assert(!fake_call(t, SYS_write, (uint64_t)fds[1], at(0), 100000, 0, 0, 0));
    fake_signal(p, LX_SIGUSR1);
    fake_pump();
    assert(fake_thread_of(t)->answer == FAKE_STATE && fake_thread_of(t)->state.rip == HANDLER);
    return_from_handler(t);
    assert(fake_thread_of(t)->state.r[JN_REG_RAX] == 65536);
    /* No reader: EPIPE and SIGPIPE. */
    struct lx_sigaction ignore = {LX_SIG_IGN, 0, 0, 0};
    assert(fake_value(t, SYS_rt_sigaction, LX_SIGPIPE, fake_put(0x100, &ignore, sizeof ignore), 0,
                      8) == 0);
    assert(fake_value(t, SYS_close, (uint64_t)fds[0], 0, 0, 0) == 0);
    assert(fake_value(t, SYS_write, (uint64_t)fds[1], at(DATA), 1, 0) == -LX_EPIPE);
    assert(fake_value(t, SYS_read, (uint64_t)fds[1], at(DATA), 1, 0) == -LX_EBADF);
    /* Bad pointers. */
    make_pipe(t, fds);
    assert(fake_value(t, SYS_write, (uint64_t)fds[1], 8, 10, 0) == -LX_EFAULT);
    assert(fake_value(t, SYS_pipe, 8, 0, 0, 0) == -LX_EFAULT);
    process_terminate(p, TASK_EXITED, 0);
}

/* signal(7): which calls start again, by kind and SA_RESTART. */
static void test_restart(void)
{
    static const struct {
        uint64_t number;
        bool with_flag, without; /* does it start again after a handler? */
        bool null_handler_restarts;
    } cases[] = {
        {SYS_read, true, false, true},
        {SYS_pause, false, false, true},
        {SYS_nanosleep, false, false, true},
        {SYS_poll, false, false, true},
        {SYS_wait4, true, false, true},
        {SYS_futex, true, false, true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        for (int flag = 0; flag < 2; flag++) {
            struct thread *t;
            int32_t fds[2];
            struct process *p = fake_process(&t), *child = NULL;
            struct thread *child_thread;
            make_pipe(t, fds);
            uint64_t a[4] = {0};
            struct lx_timespec long_time = {100, 0};
            struct lx_pollfd poll = {fds[0], LX_POLLIN, 0};
            uint32_t zero = 0;
            switch (cases[i].number) {
            case SYS_read:
                a[0] = (uint64_t)fds[0], a[1] = at(DATA), a[2] = 1;
                break;
            case SYS_nanosleep:
                a[0] = fake_put(0x300, &long_time, sizeof long_time), a[1] = at(0x320);
                break;
            case SYS_poll:
                a[0] = fake_put(0x300, &poll, sizeof poll), a[1] = 1, a[2] = (uint64_t)-1;
                break;
            case SYS_wait4: {
                assert(fake_call(t, SYS_fork, 0, 0, 0, 0, 0, 0));
                uint64_t pid = fake_thread_of(t)->value;
                child = process_find(pid);
                child_thread = list_entry(child->threads.next, struct thread, link);
                assert(fake_thread_of(child_thread)->state.r[JN_REG_RAX] == 0);
                a[0] = (uint64_t)-1;
                break;
            }
            case SYS_futex:
                a[0] = fake_put(0x300, &zero, 4), a[1] = LX_FUTEX_WAIT | LX_FUTEX_PRIVATE;
                break;
            default:
                break;
            }
            handle_signal(t, LX_SIGUSR1, flag ? LX_SA_RESTART : 0);
            assert(!fake_call(t, cases[i].number, a[0], a[1], a[2], a[3], 0, 0));
            /* An ignored signal changes nothing. */
            fake_signal(p, LX_SIGWINCH);
            fake_pump();
            assert(fake_thread_of(t)->answer == FAKE_NONE);
            /* Stop and continue: the call goes on as if nothing had been. */
            fake_signal(p, LX_SIGSTOP);
            fake_pump();
            assert(p->stopped && fake_thread_of(t)->answer == FAKE_NONE);
            fake_signal(p, LX_SIGCONT);
            fake_pump();
            assert(!p->stopped && fake_thread_of(t)->answer != FAKE_NONE);
            assert(!fake_again(t)); /* waits again */
            /* A handler. */
            fake_signal(p, LX_SIGUSR1);
            fake_pump();
            struct fake_thread *f = fake_thread_of(t);
            assert(f->answer == FAKE_STATE && f->state.rip == HANDLER);
            assert(f->state.r[JN_REG_RDI] == LX_SIGUSR1);
            return_from_handler(t);
            bool again = flag ? cases[i].with_flag : cases[i].without;
            if (again) {
                assert(f->state.rip == 0x400000 && f->state.r[JN_REG_RAX] == cases[i].number);
                assert(!fake_call(t, cases[i].number, a[0], a[1], a[2], a[3], 0, 0));
            } else {
                assert(f->state.rip == 0x400002 &&
                       f->state.r[JN_REG_RAX] == (uint64_t)-LX_EINTR);
            }
            if (child)
                process_terminate(child, TASK_EXITED, 0);
            process_terminate(p, TASK_EXITED, 0);
        }
    }
}

static void test_sleep(void)
{
    struct thread *t;
    struct process *p = fake_process(&t);
    struct lx_timespec second = {1, 0}, left;
    uint64_t address = fake_put(0x300, &second, sizeof second);
    assert(!fake_call(t, SYS_nanosleep, address, at(0x400), 0, 0, 0, 0));
    fake_now += 999999999;
    fake_pump();
    assert(fake_thread_of(t)->answer == FAKE_NONE);
    fake_now += 1;
    fake_pump();
    assert(fake_thread_of(t)->answer == FAKE_VALUE && fake_thread_of(t)->value == 0);
    /* Stopped in the middle: restart_syscall ends at the same time. */
    assert(!fake_call(t, SYS_nanosleep, address, at(0x400), 0, 0, 0, 0));
    fake_now += 400000000;
    fake_signal(p, LX_SIGSTOP);
    fake_pump();
    fake_now += 300000000;
    fake_signal(p, LX_SIGCONT);
    fake_pump();
    assert(!fake_again(t));
    assert(fake_thread_of(t)->number == SYS_restart_syscall);
    fake_now += 300000000;
    fake_pump();
    assert(fake_thread_of(t)->answer == FAKE_VALUE && fake_thread_of(t)->value == 0);
    /* A handler: EINTR, and what is left of the time. */
    handle_signal(t, LX_SIGUSR1, LX_SA_RESTART);
    fake_put(0x300, &second, sizeof second);
    assert(!fake_call(t, SYS_nanosleep, address, at(0x400), 0, 0, 0, 0));
    fake_now += 250000000;
    fake_signal(p, LX_SIGUSR1);
    fake_pump();
    memcpy(&left, fake_user(at(0x400)), sizeof left);
    assert(left.tv_sec == 0 && left.tv_nsec == 750000000);
    return_from_handler(t);
    assert(fake_thread_of(t)->state.r[JN_REG_RAX] == (uint64_t)-LX_EINTR);
    second.tv_nsec = 1000000000;
    fake_put(0x300, &second, sizeof second);
    assert(fake_value(t, SYS_nanosleep, address, 0, 0, 0) == -LX_EINVAL);
    process_terminate(p, TASK_EXITED, 0);
}

static void test_signals(void)
{
    struct thread *t;
    struct process *p = fake_process(&t);
    struct fake_thread *f = fake_thread_of(t);
    uint64_t set = LX_SIGBIT(LX_SIGUSR1), none = 0;
    /* Blocked: pending; sigsuspend lets it in and gives the old mask back afterwards. */
    handle_signal(t, LX_SIGUSR1, 0);
    assert(fake_value(t, SYS_rt_sigprocmask, LX_SIG_BLOCK, fake_put(0x300, &set, 8), 0, 8) == 0);
    fake_signal(p, LX_SIGUSR1);
    fake_pump();
    assert(fake_value(t, SYS_rt_sigpending, at(0x308), 8, 0, 0) == 0);
    assert(*(uint64_t *)fake_user(at(0x308)) == set);
    assert(fake_call(t, SYS_rt_sigsuspend, fake_put(0x310, &none, 8), 8, 0, 0, 0, 0));
    assert(f->answer == FAKE_STATE && f->state.rip == HANDLER);
    return_from_handler(t);
    assert(f->state.r[JN_REG_RAX] == (uint64_t)-LX_EINTR && t->mask == set);
    /* kill of oneself is delivered before kill returns. */
    assert(fake_value(t, SYS_rt_sigprocmask, LX_SIG_SETMASK, at(0x310), 0, 8) == 0);
    assert(fake_call(t, SYS_kill, p->pid, LX_SIGUSR1, 0, 0, 0, 0));
    assert(f->answer == FAKE_STATE && f->state.rip == HANDLER);
    assert(t->mask == set); /* while the handler runs */
    return_from_handler(t);
    assert(f->state.r[JN_REG_RAX] == 0 && t->mask == 0);
    /* SA_RESETHAND, SA_NODEFER. */
    handle_signal(t, LX_SIGUSR1, LX_SA_RESETHAND | LX_SA_NODEFER);
    assert(fake_call(t, SYS_tgkill, p->pid, t->tid, LX_SIGUSR1, 0, 0, 0));
    assert(f->state.rip == HANDLER && t->mask == 0);
    assert(p->actions[LX_SIGUSR1 - 1].handler == LX_SIG_DFL);
    return_from_handler(t);
    /* sigtimedwait takes a blocked one, and times out. */
    struct lx_timespec second = {1, 0};
    fake_put(0x340, &second, sizeof second);
    assert(fake_value(t, SYS_rt_sigprocmask, LX_SIG_BLOCK, at(0x300), 0, 8) == 0);
    assert(!fake_call(t, SYS_rt_sigtimedwait, at(0x300), at(0x400), at(0x340), 8, 0, 0));
    fake_signal(p, LX_SIGUSR1);
    fake_pump();
    assert(f->answer == FAKE_VALUE && f->value == LX_SIGUSR1);
    assert(!fake_call(t, SYS_rt_sigtimedwait, at(0x300), at(0x400), at(0x340), 8, 0, 0));
    fake_now += 1000000000;
    fake_pump();
    assert(f->answer == FAKE_VALUE && (long)f->value == -LX_EAGAIN);
    /* An alternate stack is used once, and SS_ONSTACK forbids changing it. */
    struct lx_stack stack = {at(0x20000), 0, 0, 0x10000};
    assert(fake_value(t, SYS_sigaltstack, fake_put(0x380, &stack, sizeof stack), 0, 0, 0) == 0);
    handle_signal(t, LX_SIGUSR2, LX_SA_ONSTACK);
    assert(fake_call(t, SYS_tkill, t->tid, LX_SIGUSR2, 0, 0, 0, 0));
    assert(f->state.r[JN_REG_RSP] > at(0x20000) && f->state.r[JN_REG_RSP] < at(0x30000));
    assert(fake_value(t, SYS_sigaltstack, at(0x380), 0, 0, 0) == -LX_EPERM);
    /* Running code is interrupted by attention. */
    uint64_t label = f->label, words[10] = {0};
    f->attention = false;
    fake_signal(p, LX_SIGTERM);
    fake_pump();
    assert(f->attention);
    f->in_call = true;
    fake_exited = false;
    core_attention(label, words);
    assert(fake_exited && fake_exit_code == LX_SIGTERM);
    assert(!core_handle_find(label, CORE_THREAD));
}

/* sigreturn(2) takes the image from wherever the context says it is, or none. */
static void test_frames(void)
{
    struct thread *t;
    struct process *p = fake_process(&t);
    struct fake_thread *f = fake_thread_of(t);
    handle_signal(t, LX_SIGUSR1, 0);
    for (int kind = 0; kind < 4; kind++) {
        memset(f->state.xsave, 0x11, 512);
        f->state.r[JN_REG_RSP] = at(0x8000);
        assert(fake_call(t, SYS_kill, p->pid, LX_SIGUSR1, 0, 0, 0, 0));
        assert(f->answer == FAKE_STATE && f->state.rip == HANDLER);
        struct lx_sigframe *frame = fake_user(f->state.r[JN_REG_RSP]);
        struct lx_sigcontext *c = &frame->context.context;
        uint8_t *image = fake_user(c->fpstate);
        assert(image[100] == 0x11 && c->fpstate % 64 == 0);
        image[100] = (uint8_t)(0x20 + kind);
        if (kind == 1) { /* elsewhere */
            memcpy(fake_user(at(0x20000)), image, 836);
            memset(image, 0, 836);
            c->fpstate = at(0x20000);
        } else if (kind == 2) { /* a bare FXSAVE image, at the end of the memory */
            memcpy(fake_user(FAKE_BASE + FAKE_SIZE - 512), image, 512);
            memset(fake_user(FAKE_BASE + FAKE_SIZE - 512 + LX_FP_SW_OFFSET), 0, 48);
            c->fpstate = FAKE_BASE + FAKE_SIZE - 512;
        } else if (kind == 3) {
            c->fpstate = 0;
        }
        return_from_handler(t);
        assert(f->state.xsave[100] == (kind == 3 ? 0 : 0x20 + kind));
        assert(f->state.r[JN_REG_RSP] == at(0x8000));
    }
    process_terminate(p, TASK_EXITED, 0);
}

static void test_poll(void)
{
    struct thread *t;
    int32_t fds[2];
    struct process *p = fake_process(&t);
    make_pipe(t, fds);
    struct lx_pollfd polls[2] = {{fds[0], LX_POLLIN, 0}, {fds[1], LX_POLLIN, 0}};
    fake_put(0x500, polls, sizeof polls);
    assert(fake_value(t, SYS_poll, at(0x500), 2, 0, 0) == 0);
    assert(!fake_call(t, SYS_poll, at(0x500), 2, 10, 0, 0, 0));
    fake_now += 10000000;
    fake_pump();
    assert(fake_thread_of(t)->answer == FAKE_VALUE && fake_thread_of(t)->value == 0);
    assert(!fake_call(t, SYS_poll, at(0x500), 2, (uint64_t)-1, 0, 0, 0));
    struct descriptor *d = descriptor_get(p, (uint64_t)fds[1]);
    uint64_t done;
    assert(backend_io_write(&p->clients, d->open, -1, 1, 0, 0, backend_window("x", 1), &done) ==
           JN_OK);
    fake_pump();
    assert(fake_thread_of(t)->value == 1);
    assert(((struct lx_pollfd *)fake_user(at(0x500)))->revents == LX_POLLIN);
    /* What stood in revents does not stay, and nobody else's is touched. */
    struct lx_pollfd old[4] = {{fds[1], LX_POLLIN, 99}, {fds[0], LX_POLLIN, 99}, {-1, LX_POLLIN, 99},
                               {fds[1], LX_POLLIN, 0}};
    fake_put(0x500, old, sizeof old);
    assert(fake_value(t, SYS_poll, at(0x500), 3, 0, 0) == 1);
    struct lx_pollfd *now = fake_user(at(0x500));
    assert(!now[0].revents && now[1].revents == LX_POLLIN && !now[2].revents);
    polls[0].fd = 77;
    polls[1].events = LX_POLLOUT;
    fake_put(0x500, polls, sizeof polls);
    assert(fake_value(t, SYS_poll, at(0x500), 2, 0, 0) == 2);
    assert(((struct lx_pollfd *)fake_user(at(0x500)))->revents == LX_POLLNVAL);
    /* epoll, level and edge */
    long ep = fake_value(t, SYS_epoll_create1, 0, 0, 0, 0);
    struct lx_epoll_event event = {LX_POLLIN | LX_EPOLLET, 42};
    fake_put(0x600, &event, sizeof event);
    assert(fake_value(t, SYS_epoll_ctl, (uint64_t)ep, LX_EPOLL_CTL_ADD, (uint64_t)fds[0],
                      at(0x600)) == 0);
    assert(fake_value(t, SYS_epoll_ctl, (uint64_t)ep, LX_EPOLL_CTL_ADD, (uint64_t)fds[0],
                      at(0x600)) == -LX_EEXIST);
    assert(fake_value(t, SYS_epoll_wait, (uint64_t)ep, at(0x700), 4, 0) == 1);
    assert(((struct lx_epoll_event *)fake_user(at(0x700)))->data == 42);
    assert(fake_value(t, SYS_epoll_wait, (uint64_t)ep, at(0x700), 4, 0) == 0); /* edge */
    process_terminate(p, TASK_EXITED, 0);
}

static void test_futex(void)
{
    struct thread *t, *other;
    struct process *p = fake_process(&t);
    uint32_t zero = 0;
    uint64_t word = fake_put(0x800, &zero, 4);
    uint64_t wait = LX_FUTEX_WAIT | LX_FUTEX_PRIVATE, wake = LX_FUTEX_WAKE | LX_FUTEX_PRIVATE;
    assert(thread_create(p, 0, &other) == 0);
    fake_thread_of(other)->started = true;
    assert(fake_value(t, SYS_futex, word, wait, 1, 0) == -LX_EAGAIN);
    assert(fake_value(t, SYS_futex, word + 1, wait, 0, 0) == -LX_EINVAL);
    assert(!fake_call(other, SYS_futex, word, wait, 0, 0, 0, 0));
    assert(fake_value(t, SYS_futex, word + 4, wake, 1, 0) == 0);
    assert(fake_value(t, SYS_futex, word, wake, 10, 0) == 1);
    assert(fake_thread_of(other)->value == 0);
    struct lx_timespec tenth = {0, 100000000};
    assert(!fake_call(other, SYS_futex, word, wait, 0, fake_put(0x810, &tenth, 16), 0, 0));
    fake_now += 100000000;
    fake_pump();
    assert((long)fake_thread_of(other)->value == -LX_ETIMEDOUT);
    assert(fake_value(t, SYS_futex, word, wake, 10, 0) == 0);
    /* The end of a thread clears its word and wakes who joins. */
    uint32_t tid = (uint32_t)other->tid;
    fake_put(0x820, &tid, 4);
    assert(fake_value(other, SYS_set_tid_address, at(0x820), 0, 0, 0) == tid);
    assert(!fake_call(t, SYS_futex, at(0x820), wait, tid, 0, 0, 0));
    assert(!fake_call(other, SYS_exit, 0, 0, 0, 0, 0, 0));
    fake_pump();
    assert(fake_thread_of(t)->answer == FAKE_VALUE && fake_thread_of(t)->value == 0);
    assert(*(uint32_t *)fake_user(at(0x820)) == 0 && p->thread_count == 1);
    process_terminate(p, TASK_EXITED, 0);
}

static void test_processes(void)
{
    struct thread *t;
    struct process *p = fake_process(&t);
    assert(fake_value(t, SYS_wait4, (uint64_t)-1, 0, 0, 0) == -LX_ECHILD);
    long pid = fake_value(t, SYS_fork, 0, 0, 0, 0);
    struct process *child = process_find((uint64_t)pid);
    struct thread *ct = list_entry(child->threads.next, struct thread, link);
    assert(child && fake_thread_of(ct)->started && child->mm != p->mm);
    assert(fake_value(t, SYS_wait4, (uint64_t)-1, at(0x900), LX_WNOHANG, 0) == 0);
    assert(!fake_call(t, SYS_wait4, (uint64_t)-1, at(0x900), 0, 0, 0, 0));
    assert(!fake_call(ct, SYS_exit_group, 7, 0, 0, 0, 0, 0));
    assert(fake_thread_of(t)->answer == FAKE_VALUE && (long)fake_thread_of(t)->value == pid);
    assert(*(uint32_t *)fake_user(at(0x900)) == 7 << 8);
    /* vfork: one memory, the parent waits for the child's end. */
    assert(!fake_call(t, SYS_vfork, 0, 0, 0, 0, 0, 0));
    child = list_entry(core_processes.previous, struct process, link);
    assert(child != p && child->mm == p->mm);
    ct = list_entry(child->threads.next, struct thread, link);
    fake_signal(p, LX_SIGCONT); /* nothing but the child's exec or end lets it go on */
    fake_pump();
    assert(fake_thread_of(t)->answer == FAKE_NONE);
    assert(!fake_call(ct, SYS_exit_group, 0, 0, 0, 0, 0, 0));
    assert(fake_thread_of(t)->answer == FAKE_VALUE);
    /* Namespaces and the like are refused. */
    assert(fake_value(t, SYS_clone, LX_CLONE_NEWPID | LX_SIGCHLD, 0, 0, 0) == -LX_EPERM);
    assert(fake_value(t, SYS_clone, LX_CLONE_THREAD, 0, 0, 0) == -LX_EINVAL);
    process_terminate(p, TASK_EXITED, 0);
}

static void exec_setup(const char *path)
{
    uint64_t argv[2] = {fake_string(0x1100, "arg0"), 0}, envp[1] = {0};
    fake_string(0x1000, path);
    fake_put(0x1200, argv, sizeof argv);
    fake_put(0x1300, envp, sizeof envp);
}

static void test_exec(void)
{
    struct thread *t;
    struct process *p = fake_process(&t);
    static uint8_t elf[8192];
    struct lx_elf64_header *h = (void *)elf;
    struct lx_elf64_segment *s = (void *)(elf + 64);
    memcpy(h->e_ident, "\x7f"
                       "ELF\2\1\1",
           7);
    h->e_type = LX_ET_EXEC, h->e_machine = LX_EM_X86_64, h->e_phentsize = 56, h->e_phnum = 1;
    h->e_phoff = 64, h->e_entry = 0x400100;
    *s = (struct lx_elf64_segment){.p_type = LX_PT_LOAD, .p_flags = LX_PF_R | LX_PF_X,
                                   .p_vaddr = 0x400000, .p_filesz = 4096, .p_memsz = 8192};
    fake_file("/prog", elf, sizeof elf, 0755);
    fake_file("/plain", elf, sizeof elf, 0644);
    fake_file("/text", "not a program", 13, 0755);
    fake_file("/script", "#! /interp  one two \nrest", 25, 0755);
    fake_file("/loop", "#!/loop\n", 8, 0755);
    fake_file("/bare", "#!\n", 3, 0755);
    fake_file("/lost", "#!/nowhere\n", 11, 0755);
    static const struct {
        const char *path;
        long error;
    } failing[] = {{"/missing", -LX_ENOENT}, {"/plain", -LX_EACCES}, {"/text", -LX_ENOEXEC},
                   {"/loop", -LX_ELOOP},     {"/bare", -LX_ENOEXEC}, {"/lost", -LX_ENOENT},
                   {"/script", -LX_ENOENT}};
    for (size_t i = 0; i < sizeof failing / sizeof *failing; i++) {
        exec_setup(failing[i].path);
        long result = fake_value(t, SYS_execve, at(0x1000), at(0x1200), at(0x1300), 0);
        if (result != failing[i].error)
            printf("%s: %ld, wanted %ld\n", failing[i].path, result, failing[i].error);
        assert(result == failing[i].error);
    }
    exec_setup("/prog");
    assert(fake_value(t, SYS_execve, at(0x1000), 8, at(0x1300), 0) == -LX_EFAULT);
    handle_signal(t, LX_SIGUSR1, 0);
    int32_t fds[2];
    assert(fake_value(t, SYS_pipe2, at(0x200), LX_O_CLOEXEC, 0, 0) == 0);
    memcpy(fds, fake_user(at(0x200)), 8);
    exec_setup("/prog");
    assert(!fake_call(t, SYS_execve, at(0x1000), at(0x1200), at(0x1300), 0, 0, 0));
    struct fake_thread *f = fake_thread_of(t);
    assert(f->started && f->state.rip == 0x400100 && f->state.r[JN_REG_RSP] % 16 == 0);
    assert(p->actions[LX_SIGUSR1 - 1].handler == LX_SIG_DFL);
    assert(!descriptor_get(p, (uint64_t)fds[0]) && !strcmp(t->name, "prog"));
    fake_file("/interp", elf, sizeof elf, 0755);
    /* The new image's region map has no test memory: give it some for the next call. */
    struct region_request request = {.place = REGION_FIXED, .address = FAKE_BASE,
                                     .length = FAKE_SIZE, .kind = REGION_PRIVATE,
                                     .access = JN_R | JN_W};
    uint64_t where;
    assert(region_map_add(p->mm->map, &request, &where) == JN_OK);
    exec_setup("/script");
    assert(!fake_call(t, SYS_execve, at(0x1000), at(0x1200), at(0x1300), 0, 0, 0));
    assert(!strcmp(t->name, "script") && !strcmp(p->path, "/script"));
    process_terminate(p, TASK_EXITED, 0);
}

/* 1,000 sleepers: nothing but their own state waits. */
static void test_sleepers(void)
{
    struct thread *t, *threads[1000];
    struct process *p = fake_process(&t);
    struct lx_timespec second = {1, 0};
    fake_put(0x300, &second, sizeof second);
    for (int i = 0; i < 1000; i++) {
        assert(thread_create(p, 0, &threads[i]) == 0);
        fake_thread_of(threads[i])->started = true;
        assert(!fake_call(threads[i], SYS_nanosleep, at(0x300), 0, 0, 0, 0, 0));
        fake_now++;
    }
    assert(fake_value(t, SYS_getpid, 0, 0, 0, 0) == (long)p->pid);
    fake_now += 1000000000;
    fake_pump();
    for (int i = 0; i < 1000; i++)
        assert(fake_thread_of(threads[i])->answer == FAKE_VALUE);
    process_terminate(p, TASK_EXITED, 0);
}

static void test_status(void)
{
    assert(errno_of(JN_OK) == 0);
    for (int status = -1; status >= JN_STATUS_LAST; status--)
        assert(errno_of(status) < 0 && errno_of(status) > -134);
    assert(errno_of(-1000) == -LX_EIO);
}

int main(void)
{
    core_initialize();
    core_pager_template = 1;
    test_status();
    test_descriptors();
    test_pipes();
    test_restart();
    test_sleep();
    test_signals();
    test_frames();
    test_poll();
    test_futex();
    test_processes();
    test_exec();
    test_sleepers();
    puts("posix core: all passed");
    return 0;
}
