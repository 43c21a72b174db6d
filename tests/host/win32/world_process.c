/* Traced processes and threads: entries into the core, registers, memory. */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "world_linux.h"

struct world_process *world_processes;
int world_trace;
static uint8_t *shared_page;
static int shared_fd;

static struct world_thread *thread_of(pid_t tid)
{
    for (struct world_process *p = world_processes; p; p = p->next)
        for (struct world_thread *t = p->threads; t; t = t->next)
            if (t->tid == tid)
                return t;
    return NULL;
}

struct nt_process *world_core_process(struct world_process *p)
{
    for (struct nt_process *n = nt_process_next(NULL); n; n = nt_process_next(n))
        if (n->world == p)
            return n;
    return NULL;
}

/* Waits for this thread's next stop. */
static int wait_thread(struct world_thread *t)
{
    int status;

    if (t->pending) {
        t->pending = false;
        return t->pending_status;
    }
    while (waitpid(t->tid, &status, __WALL) < 0 && errno == EINTR)
        ;
    return status;
}

static long inject(struct world_thread *t, long number, long a, long b, long c, long d, long e,
                   long f, pid_t *created)
{
    struct user_regs_struct saved, regs;
    long result;

    ptrace(PTRACE_GETREGS, t->tid, 0, &saved);
    regs = saved;
    regs.rip = GADGET;
    regs.rax = number;
    regs.orig_rax = -1;
    regs.rdi = a;
    regs.rsi = b;
    regs.rdx = c;
    regs.r10 = d;
    regs.r8 = e;
    regs.r9 = f;
    ptrace(PTRACE_SETREGS, t->tid, 0, &regs);
    for (;;) {
        int status;
        ptrace(PTRACE_SINGLESTEP, t->tid, 0, 0);
        status = wait_thread(t);
        if (!WIFSTOPPED(status))
            return -ESRCH;
        if (status >> 8 == (SIGTRAP | PTRACE_EVENT_CLONE << 8)) {
            unsigned long message;
            ptrace(PTRACE_GETEVENTMSG, t->tid, 0, &message);
            if (created)
                *created = (pid_t)message;
            continue;
        }
        ptrace(PTRACE_GETREGS, t->tid, 0, &regs);
        if (regs.rip != GADGET)
            break;
        regs.rax = number;
        regs.orig_rax = -1;
        ptrace(PTRACE_SETREGS, t->tid, 0, &regs);
    }
    result = (long)regs.rax;
    saved.orig_rax = -1;
    ptrace(PTRACE_SETREGS, t->tid, 0, &saved);
    return result;
}

/* Some thread of the process that stands still. */
static struct world_thread *stopped_thread(struct world_process *p)
{
    for (struct world_thread *t = p->threads; t; t = t->next)
        if (t->stopped)
            return t;
    return NULL;
}

long world_inject(struct world_process *p, long number, long a, long b, long c, long d, long e,
                  long f)
{
    struct world_thread *t = stopped_thread(p);

    if (!t) {
        fprintf(stderr, "harness: no stopped thread in %d for call %ld\n", p->pid, number);
        return -ESRCH;
    }
    return inject(t, number, a, b, c, d, e, f, NULL);
}

struct world_process *world_spawn(uint64_t parent)
{
    struct world_process *p = calloc(1, sizeof *p);
    struct world_thread *t = calloc(1, sizeof *t);
    char name[64], line[512];
    int status;
    pid_t pid = fork();

    if (!pid) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        for (int i = 3; i < 1024; i++)
            close(i);
        uint8_t *code = mmap((void *)GADGET, 8192, PROT_READ | PROT_WRITE | PROT_EXEC,
                             MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
        if (code != (void *)GADGET)
            _exit(99);
        memcpy(code, "\x0f\x05\xcc", 3);
        ptrace(PTRACE_TRACEME, 0, 0, 0);
        raise(SIGSTOP);
        _exit(98);
    }
    waitpid(pid, &status, 0);
    ptrace(PTRACE_SETOPTIONS, pid, 0,
           PTRACE_O_TRACECLONE | PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL);
    p->pid = pid;
    p->parent = parent;
    p->next = world_processes;
    world_processes = p;
    t->tid = pid;
    t->process = p;
    t->stopped = true;
    p->threads = t;
    snprintf(name, sizeof name, "/proc/%d/maps", pid);
    FILE *maps = fopen(name, "r");
    unsigned long ranges[256][2], count = 0;
    while (maps && fgets(line, sizeof line, maps) && count < 256)
        if (sscanf(line, "%lx-%lx", &ranges[count][0], &ranges[count][1]) == 2 &&
            ranges[count][0] != GADGET && ranges[count][0] < GADGET)
            count++;
    if (maps)
        fclose(maps);
    for (unsigned long i = 0; i < count; i++)
        inject(t, SYS_munmap, (long)ranges[i][0], (long)(ranges[i][1] - ranges[i][0]), 0, 0, 0, 0,
               NULL);
    return p;
}

/* ---- threads ---- */
static void set_state(struct world_thread *t, const struct jn_state *s)
{
    struct user_regs_struct r;

    ptrace(PTRACE_GETREGS, t->tid, 0, &r);
    if (s->valid & JN_STATE_REGS) {
        r.rax = s->r[JN_REG_RAX];
        r.rbx = s->r[JN_REG_RBX];
        r.rcx = s->r[JN_REG_RCX];
        r.rdx = s->r[JN_REG_RDX];
        r.rsi = s->r[JN_REG_RSI];
        r.rdi = s->r[JN_REG_RDI];
        r.rbp = s->r[JN_REG_RBP];
        r.rsp = s->r[JN_REG_RSP];
        r.r8 = s->r[JN_REG_R8];
        r.r9 = s->r[JN_REG_R9];
        r.r10 = s->r[JN_REG_R10];
        r.r11 = s->r[JN_REG_R11];
        r.r12 = s->r[JN_REG_R12];
        r.r13 = s->r[JN_REG_R13];
        r.r14 = s->r[JN_REG_R14];
        r.r15 = s->r[JN_REG_R15];
        r.rip = s->rip;
        r.eflags = s->rflags;
    }
    if (s->valid & JN_STATE_BASES)
        r.gs_base = s->gs_base;
    r.orig_rax = -1;
    ptrace(PTRACE_SETREGS, t->tid, 0, &r);
    if (s->valid & JN_STATE_XSAVE) {
        struct user_fpregs_struct fp;
        memcpy(&fp, s->xsave, sizeof fp);
        ptrace(PTRACE_SETFPREGS, t->tid, 0, &fp);
    }
}

static void get_state(struct world_thread *t, struct jn_state *s)
{
    struct user_regs_struct r;
    struct user_fpregs_struct fp;

    memset(s, 0, sizeof *s);
    ptrace(PTRACE_GETREGS, t->tid, 0, &r);
    ptrace(PTRACE_GETFPREGS, t->tid, 0, &fp);
    s->r[JN_REG_RAX] = r.rax;
    s->r[JN_REG_RBX] = r.rbx;
    s->r[JN_REG_RCX] = r.rcx;
    s->r[JN_REG_RDX] = r.rdx;
    s->r[JN_REG_RSI] = r.rsi;
    s->r[JN_REG_RDI] = r.rdi;
    s->r[JN_REG_RBP] = r.rbp;
    s->r[JN_REG_RSP] = r.rsp;
    s->r[JN_REG_R8] = r.r8;
    s->r[JN_REG_R9] = r.r9;
    s->r[JN_REG_R10] = r.r10;
    s->r[JN_REG_R11] = r.r11;
    s->r[JN_REG_R12] = r.r12;
    s->r[JN_REG_R13] = r.r13;
    s->r[JN_REG_R14] = r.r14;
    s->r[JN_REG_R15] = r.r15;
    s->rip = r.rip;
    s->rflags = r.eflags;
    s->gs_base = r.gs_base;
    s->fs_base = r.fs_base;
    memcpy(s->xsave, &fp, sizeof fp);
    uint64_t present = 3;
    memcpy(s->xsave + 512, &present, 8);
    s->valid = JN_STATE_REGS | JN_STATE_BASES | JN_STATE_XSAVE;
}

world_status world_thread_create(struct world_process *p, uint64_t cookie, uint64_t tid,
                                 const struct jn_state *state, struct world_thread **thread)
{
    (void)tid;
    struct world_thread *t;

    if (!p->first_used) {
        t = p->threads;
        p->first_used = true;
    } else {
        pid_t created = 0;
        int status;
        struct world_thread *lender = stopped_thread(p);
        if (!lender)
            return JN_BUSY;
        /* CLONE_VM | FS | FILES | SIGHAND | THREAD | SYSVSEM */
        inject(lender, SYS_clone, 0x50f00 - 0x10000 + 0x10000, 0, 0, 0, 0, 0, &created);
        if (!created)
            return JN_NO_MEMORY;
        t = calloc(1, sizeof *t);
        t->tid = created;
        t->process = p;
        t->next = p->threads;
        p->threads = t;
        while (waitpid(created, &status, __WALL) < 0 && errno == EINTR)
            ;
        t->stopped = true;
    }
    t->cookie = cookie;
    set_state(t, state);
    *thread = t;
    return JN_OK;
}

static void go(struct world_thread *t)
{
    if (t->frozen)
        return;
    t->stopped = false;
    t->in_call = false;
    ptrace(PTRACE_SYSEMU, t->tid, 0, 0);
}

world_status world_thread_start(struct world_thread *t)
{
    t->started = true;
    go(t);
    return JN_OK;
}

void world_thread_answer(struct world_thread *t, uint64_t rax)
{
    struct user_regs_struct r;

    ptrace(PTRACE_GETREGS, t->tid, 0, &r);
    if (world_trace)
        fprintf(stderr, "  [%d] = %llx\n", t->tid, (unsigned long long)rax);
    r.rax = rax;
    r.orig_rax = -1;
    ptrace(PTRACE_SETREGS, t->tid, 0, &r);
    go(t);
}

void world_thread_resume(struct world_thread *t)
{
    go(t);
}

void world_thread_resume_with(struct world_thread *t, const struct jn_state *state)
{
    set_state(t, state);
    if (world_trace)
        fprintf(stderr, "  [%d] -> rip %llx rsp %llx\n", t->tid, (unsigned long long)state->rip,
                (unsigned long long)state->r[JN_REG_RSP]);
    go(t);
}

world_status world_thread_state(struct world_thread *t, struct jn_state *state)
{
    get_state(t, state);
    return JN_OK;
}

world_status world_thread_set_state(struct world_thread *t, const struct jn_state *state)
{
    set_state(t, state);
    return JN_OK;
}

void world_thread_freeze(struct world_thread *t)
{
    if (t->frozen)
        return;
    t->frozen = true;
    if (t->stopped || !t->started)
        return;
    syscall(SYS_tgkill, t->process->pid, t->tid, SIGSTOP);
    int status = wait_thread(t);
    t->stopped = true;
    if (WIFSTOPPED(status) && WSTOPSIG(status) != SIGSTOP) {
        /* It was on its way into the core: kept for the loop; the SIGSTOP comes later. */
        t->pending = true;
        t->pending_status = status;
    }
}

void world_thread_thaw(struct world_thread *t)
{
    t->frozen = false;
    t->started = true;
    if (!t->in_call && !t->pending)
        go(t);
}

static void forget(struct world_thread *t)
{
    struct world_thread **at = &t->process->threads;

    while (*at != t)
        at = &(*at)->next;
    *at = t->next;
    free(t);
}

void world_thread_number(struct world_thread *t, uint64_t tid)
{
    (void)t;
    (void)tid;
}

void world_thread_destroy(struct world_thread *t)
{
    struct world_process *p = t->process;

    if (!t->stopped) {
        t->frozen = true;
        syscall(SYS_tgkill, p->pid, t->tid, SIGSTOP);
        wait_thread(t);
        t->stopped = true;
    }
    /* Let it run into exit(2) by itself. */
    struct user_regs_struct r;
    int status;
    ptrace(PTRACE_GETREGS, t->tid, 0, &r);
    r.rip = GADGET;
    r.rax = SYS_exit;
    r.orig_rax = -1;
    r.rdi = 0;
    ptrace(PTRACE_SETREGS, t->tid, 0, &r);
    ptrace(PTRACE_CONT, t->tid, 0, 0);
    /* The leader stays a zombie until all are gone; its end is seen with the process's. */
    if (t->tid != p->pid)
        while (waitpid(t->tid, &status, __WALL) > 0 && WIFSTOPPED(status))
            ptrace(PTRACE_CONT, t->tid, 0, 0);
    forget(t);
}

world_status world_thread_times(struct world_thread *t, uint64_t *ns)
{
    (void)t;
    *ns = 0;
    return JN_OK;
}

world_status world_thread_set_cpus(struct world_thread *t, uint64_t cpus)
{
    (void)t;
    return cpus ? JN_OK : JN_BAD_ARG;
}

uint32_t world_thread_cpu(struct world_thread *t)
{
    (void)t;
    return 0;
}

/* ---- processes ---- */
world_status world_process_create(struct world_process *p, uint64_t cookie, uint64_t *pid,
                                  struct world_process **child)
{
    (void)cookie;
    *child = world_spawn((uint64_t)p->pid);
    *pid = (uint64_t)(*child)->pid;
    return JN_OK;
}

world_status world_process_commit(struct world_process *p)
{
    (void)p;
    return JN_OK;
}

void world_process_release(struct world_process *p)
{
    extern void world_files_drop(struct world_process *);

    world_files_drop(p);
    p->released = true;
}

void world_process_exit(struct world_process *p, uint32_t kind, uint32_t code)
{
    int status;

    if (p->ended)
        return;
    p->ended = true;
    p->kind = kind;
    p->code = code;
    kill(p->pid, SIGKILL);
    while (p->threads) {
        struct world_thread *t = p->threads;
        if (t->tid != p->pid)
            waitpid(t->tid, &status, __WALL);
        forget(t);
    }
    waitpid(p->pid, &status, __WALL);
    world_watchers_wake(p);
}

static struct world_process *process_of(uint64_t pid)
{
    for (struct world_process *p = world_processes; p; p = p->next)
        if ((uint64_t)p->pid == pid)
            return p;
    return NULL;
}

static struct watcher {
    uint64_t pid, cookie;
    struct watcher *next;
} *watchers;

void world_watchers_wake(struct world_process *p)
{
    for (struct watcher **at = &watchers; *at;) {
        struct watcher *w = *at;
        if (w->pid != (uint64_t)p->pid) {
            at = &w->next;
            continue;
        }
        *at = w->next;
        nt_core_woken_later(w->cookie);
        free(w);
    }
}

world_status world_process_watch(struct world_process *p, uint64_t pid, uint64_t cookie,
                                 uint32_t *kind, uint32_t *code)
{
    struct world_process *target = process_of(pid);

    (void)p;
    if (!target)
        return JN_NO_PROCESS;
    if (target->ended) {
        *kind = target->kind;
        *code = target->code;
        return JN_OK;
    }
    if (cookie) {
        struct watcher *w = malloc(sizeof *w);
        *w = (struct watcher){pid, cookie, watchers};
        watchers = w;
    }
    return JN_WOULD_BLOCK;
}

world_status world_process_kill(struct world_process *p, uint64_t pid)
{
    (void)p;
    (void)pid;
    return JN_NOT_PERMITTED;
}

void world_process_stopped(struct world_process *p, uint32_t number)
{
    (void)p;
    (void)number;
}

void world_process_continued(struct world_process *p)
{
    (void)p;
}

void world_process_background(struct world_process *p, uint32_t number)
{
    (void)p;
    (void)number;
}

world_status world_process_next(struct world_process *p, uint64_t from,
                                struct world_process_info *info)
{
    struct world_process *best = NULL;

    (void)p;
    for (struct world_process *q = world_processes; q; q = q->next)
        if (!q->ended && (uint64_t)q->pid >= from && (!best || q->pid < best->pid))
            best = q;
    if (!best)
        return JN_NOT_FOUND;
    memset(info, 0, sizeof *info);
    info->pid = (uint64_t)best->pid;
    info->parent = best->parent;
    strcpy(info->name, "program.exe");
    return JN_OK;
}

world_status world_process_info(struct world_process *p, uint64_t pid,
                                struct world_process_info *info)
{
    world_status status = world_process_next(p, pid, info);

    return status == JN_OK && info->pid == pid ? JN_OK : JN_NO_PROCESS;
}

world_status world_thread_id(struct world_process *p, uint64_t *tid)
{
    static uint64_t next = 0x100;

    (void)p;
    *tid = next += 4;
    return JN_OK;
}

void world_thread_id_free(struct world_process *p, uint64_t tid)
{
    (void)p;
    (void)tid;
}

void world_process_describe(struct world_process *p, const char *path, const char *arguments,
                            size_t length)
{
    (void)p;
    (void)path;
    (void)arguments;
    (void)length;
}

world_status world_process_start_foreign(struct world_process *p,
                                         const struct world_foreign_start *start, uint64_t *pid)
{
    (void)p;
    (void)start;
    (void)pid;
    return JN_NOT_SUPPORTED;
}

world_status world_process_resume(struct world_process *p, uint64_t pid)
{
    (void)p;
    (void)pid;
    return JN_OK;
}

/* ---- memory ---- */
static int linux_protection(uint32_t rights)
{
    return (rights & JN_R ? PROT_READ : 0) | (rights & JN_W ? PROT_WRITE : 0) |
           (rights & JN_X ? PROT_EXEC : 0);
}

static int open_in(struct world_process *p, int fd, int flags)
{
    char name[64];
    struct iovec local = {name, 0}, remote = {(void *)GADGET_DATA, 0};

    local.iov_len = remote.iov_len =
        (size_t)snprintf(name, sizeof name, "/proc/%d/fd/%d", getpid(), fd) + 1;
    process_vm_writev(p->pid, &local, 1, &remote, 1, 0);
    return (int)world_inject(p, SYS_open, (long)GADGET_DATA, flags, 0, 0, 0, 0);
}

static world_status map_fd(struct world_process *p, uint64_t address, uint64_t length, int flags,
                           int fd, uint64_t offset, uint32_t rights)
{
    int number = open_in(p, fd, flags & MAP_SHARED ? O_RDWR : O_RDONLY);
    long result;

    if (number < 0 && (flags & MAP_SHARED))
        number = open_in(p, fd, O_RDONLY);
    if (number < 0)
        return JN_ACCESS;
    result = world_inject(p, SYS_mmap, (long)address, (long)length, linux_protection(rights),
                          flags | MAP_FIXED, number, (long)offset);
    world_inject(p, SYS_close, number, 0, 0, 0, 0, 0);
    return (uint64_t)result == address ? JN_OK : JN_NO_MEMORY;
}

world_status world_memory_patch(struct world_process *p, uint64_t address, const void *buffer,
                                size_t length)
{
    char name[64];
    snprintf(name, sizeof name, "/proc/%d/mem", p->pid);
    int fd = open(name, O_RDWR);
    ssize_t done = pwrite(fd, buffer, length, (off_t)address);

    close(fd);
    return done == (ssize_t)length ? JN_OK : JN_FAULT;
}

world_status world_memory_fill(struct world_process *p, uint64_t address, const void *buffer,
                               size_t length)
{
    return world_memory_patch(p, address, buffer, length);
}

void world_memory_populate(struct world_process *p, uint64_t address, uint64_t length)
{
    (void)p;
    (void)address;
    (void)length;
}

world_status world_memory_map(struct world_process *p, uint64_t address, uint64_t length,
                              uint32_t rights, const struct world_backing *b)
{
    uint64_t direct = 0;

    if (b->kind == WORLD_BACK_SECTION)
        return map_fd(p, address, length, MAP_SHARED, (int)b->section, b->offset, rights);
    if (b->kind == WORLD_BACK_SHARED)
        return map_fd(p, address, length, MAP_SHARED, (int)b->file.number, b->offset, rights);
    if (b->kind == WORLD_BACK_PRIVATE && !(b->offset & 4095)) {
        direct = b->file_length & ~4095ull;
        if (direct > length)
            direct = length;
        if (direct) {
            world_status status = map_fd(p, address, direct, MAP_PRIVATE, (int)b->file.number,
                                         b->offset, rights);
            if (status != JN_OK)
                return status;
        }
    }
    if (direct < length &&
        (uint64_t)world_inject(p, SYS_mmap, (long)(address + direct), (long)(length - direct),
                               linux_protection(rights),
                               MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_NORESERVE, -1,
                               0) != address + direct)
        return JN_NO_MEMORY;
    if (b->kind == WORLD_BACK_PRIVATE)
        for (uint64_t at = direct; at < b->file_length && at < length; at += 4096) {
            uint8_t page[4096];
            uint64_t n = b->file_length - at < 4096 ? b->file_length - at : 4096;
            ssize_t got = pread((int)b->file.number, page, n, (off_t)(b->offset + at));
            if (got > 0)
                world_memory_patch(p, address + at, page, (size_t)got);
        }
    return JN_OK;
}

world_status world_memory_unmap(struct world_process *p, uint64_t address, uint64_t length)
{
    world_inject(p, SYS_munmap, (long)address, (long)length, 0, 0, 0, 0);
    return JN_OK;
}

world_status world_memory_protect(struct world_process *p, uint64_t address, uint64_t length,
                                  uint32_t rights)
{
    world_inject(p, SYS_mprotect, (long)address, (long)length, linux_protection(rights), 0, 0, 0);
    return JN_OK;
}

void world_memory_committed(struct world_process *p, uint64_t address, uint64_t length)
{
    (void)p, (void)address, (void)length;
}

world_status world_memory_discard(struct world_process *p, uint64_t address, uint64_t length)
{
    world_inject(p, SYS_madvise, (long)address, (long)length, MADV_DONTNEED, 0, 0, 0);
    return JN_OK;
}

world_status world_memory_commit(struct world_process *p, int64_t pages)
{
    (void)p;
    (void)pages;
    return JN_OK;
}

world_status world_memory_resolve(struct world_process *p, uint64_t address, uint32_t access)
{
    (void)p;
    (void)address;
    (void)access;
    return JN_OK;
}

static world_status copy(struct world_process *p, uint64_t address, char *buffer, size_t length,
                         size_t *done, bool write)
{
    struct nt_process *core = world_core_process(p);
    unsigned tries = 0;

    *done = 0;
    while (*done < length) {
        uint64_t at = address + *done;
        size_t part = 4096 - (at & 4095);
        if (part > length - *done)
            part = length - *done;
        struct iovec local = {buffer + *done, part}, remote = {(void *)at, part};
        ssize_t n = write ? process_vm_writev(p->pid, &local, 1, &remote, 1, 0)
                          : process_vm_readv(p->pid, &local, 1, &remote, 1, 0);
        if (n > 0) {
            *done += (size_t)n;
            tries = 0;
            continue;
        }
        struct nt_thread *t = NULL;
        if (core)
            for (struct nt_list *l = core->threads.next; l != &core->threads; l = l->next) {
                struct nt_thread *each = nt_container(l, struct nt_thread, link);
                if (at >= each->stack_allocation && at < each->stack_base)
                    t = each;
            }
        if (tries++ > 3 || !core ||
            !nt_core_resolve(core, t, at, write ? JN_ACCESS_WRITE : JN_ACCESS_READ)) {
            /* A process under construction: nothing is protected yet from its maker. */
            if (core && core->started)
                return JN_FAULT;
            if (write && world_memory_patch(p, at, buffer + *done, part) == JN_OK) {
                *done += part;
                continue;
            }
            return JN_FAULT;
        }
    }
    return JN_OK;
}

world_status world_memory_read(struct world_process *p, uint64_t address, void *buffer,
                               size_t length, size_t *done)
{
    return copy(p, address, buffer, length, done, false);
}

world_status world_memory_write(struct world_process *p, uint64_t address, const void *buffer,
                                size_t length, size_t *done)
{
    return copy(p, address, (char *)(uintptr_t)buffer, length, done, true);
}

world_status world_section_create(struct world_process *p, uint64_t size, uint64_t *section)
{
    int fd = memfd_create("section", MFD_CLOEXEC);

    (void)p;
    if (fd < 0 || ftruncate(fd, (off_t)size))
        return JN_NO_MEMORY;
    *section = (uint64_t)fd;
    return JN_OK;
}

world_status world_section_share(struct world_process *p, uint64_t section,
                                 struct world_process *target, uint64_t *copy_number)
{
    (void)p;
    (void)target;
    *copy_number = (uint64_t)dup((int)section);
    return JN_OK;
}

void world_section_close(struct world_process *p, uint64_t section)
{
    (void)p;
    close((int)section);
}

world_status world_map_shared_data(struct world_process *p, uint64_t address)
{
    if (!shared_page) {
        shared_fd = memfd_create("kuser", MFD_CLOEXEC);
        if (ftruncate(shared_fd, 4096))
            return JN_NO_MEMORY;
        shared_page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, shared_fd, 0);
        nt_kuser_fill(shared_page);
    }
    return map_fd(p, address, 4096, MAP_SHARED, shared_fd, 0, JN_R);
}

/* The name in OBJECT_ATTRIBUTES at address, for the trace. */
static void trace_name(struct world_process *p, uint64_t address)
{
    uint64_t words[6], string[2];
    uint16_t text[512];
    size_t done;

    if (world_memory_read(p, address, words, sizeof words, &done) || (uint32_t)words[0] != 48 ||
        !words[2] || world_memory_read(p, words[2], string, sizeof string, &done))
        return;
    size_t n = (uint16_t)string[0] / 2 < 512 ? (uint16_t)string[0] / 2 : 511;
    if (world_memory_read(p, string[1], text, n * 2, &done))
        return;
    fprintf(stderr, "    root %llx name \"", (unsigned long long)words[1]);
    for (size_t i = 0; i < n; i++)
        fputc(text[i] < 127 ? text[i] : '?', stderr);
    fprintf(stderr, "\"\n");
}

/* ---- the loop ---- */
static void stopped(struct world_thread *t, int status)
{
    struct nt_thread *core = nt_thread_by_cookie(t->cookie);
    struct user_regs_struct r;
    siginfo_t info;
    int number;

    t->stopped = true;
    if (!core) {
        go(t);
        return;
    }
    number = WSTOPSIG(status);
    ptrace(PTRACE_GETREGS, t->tid, 0, &r);
    if (number == (SIGTRAP | 0x80)) {
        struct nt_syscall call = {r.orig_rax, r.r10, r.rdx, r.r8, r.r9, r.rip, r.rsp};
        const char *name = "?";
        t->in_call = true;
        nt_service_find((uint32_t)call.rax, &name);
        if (world_trace)
            fprintf(stderr, "[%d] %s(%llx, %llx, %llx, %llx)\n", t->tid, name ? name : "?",
                    r.r10, r.rdx, r.r8, r.r9);
        if (world_trace && name && (strstr(name, "File") || strstr(name, "Key"))) {
            trace_name(t->process, r.r8);
            if (strstr(name, "Attributes"))
                trace_name(t->process, r.r10);
        }
        nt_core_syscall(core, &call);
        return;
    }
    if (number == SIGSTOP) {
        if (!t->frozen)
            go(t);
        return;
    }
    ptrace(PTRACE_GETSIGINFO, t->tid, 0, &info);
    if (world_trace)
        fprintf(stderr, "[%d] signal %d code %d rip %llx addr %p\n", t->tid, number, info.si_code,
                r.rip, info.si_addr);
    t->in_call = true;
    switch (number) {
    case SIGSEGV:
    case SIGBUS: {
        if (info.si_code == SI_KERNEL) {
            nt_core_exception(core, 13, 0, 0);
            break;
        }
        /* siginfo does not say read or write: ask the instruction's effect by the error code. */
        unsigned long error = (unsigned long)ptrace(PTRACE_PEEKUSER, t->tid, 0, 0);
        (void)error;
        uint64_t address = (uint64_t)info.si_addr;
        struct nt_view *view = nt_view_find(core->process, address);
        uint8_t page = view ? nt_view_page(view, address) : 0;
        uint32_t access = JN_ACCESS_READ;
        if (address == r.rip)
            access = JN_ACCESS_EXEC;
        else if (nt_page_rights(page) & JN_R)
            access = JN_ACCESS_WRITE;
        else {
            /* Unmapped: decode crudely whether the instruction stores. */
            uint8_t code[16] = {0};
            size_t done;
            world_memory_read(t->process, r.rip, code, sizeof code, &done);
            size_t i = 0;
            while (code[i] == 0x66 || code[i] == 0xf2 || code[i] == 0xf3 ||
                   (code[i] & 0xf0) == 0x40)
                i++;
            if (code[i] == 0x88 || code[i] == 0x89 || code[i] == 0xc6 || code[i] == 0xc7 ||
                code[i] == 0xaa || code[i] == 0xab || code[i] == 0x01 || code[i] == 0x81 ||
                (code[i] == 0x0f && (code[i + 1] == 0x11 || code[i + 1] == 0x29 ||
                                     code[i + 1] == 0x7f)))
                access = JN_ACCESS_WRITE;
        }
        nt_core_fault(core, address, access);
        break;
    }
    case SIGILL: nt_core_exception(core, 6, 0, 0); break;
    case SIGFPE: nt_core_exception(core, info.si_code == FPE_INTDIV ? 0 : 16, 0, 0); break;
    case SIGTRAP:
        nt_core_exception(core, info.si_code == SI_KERNEL ? 3 : 1, 0, 0);
        break;
    default: go(t);
    }
}

static uint64_t woken[4096];
static size_t woken_count;

void nt_core_woken_later(uint64_t cookie)
{
    if (woken_count < 4096)
        woken[woken_count++] = cookie;
}

int world_run(pid_t pid)
{
    sigset_t set;
    int signals;

    sigemptyset(&set);
    sigaddset(&set, SIGCHLD);
    signals = signalfd(-1, &set, SFD_NONBLOCK);
    for (;;) {
        int status;
        pid_t tid;
        struct world_process *first = process_of((uint64_t)pid);
        if (first->ended)
            return (int)first->code;
        if (shared_page)
            nt_kuser_tick(shared_page);
        while ((tid = waitpid(-1, &status, __WALL | WNOHANG)) > 0) {
            struct world_thread *t = thread_of(tid);
            if (!t)
                continue;
            if (WIFEXITED(status) || WIFSIGNALED(status)) {
                fprintf(stderr, "harness: %d died by itself (%x)\n", tid, status);
                return 255;
            }
            stopped(t, status);
            if (process_of((uint64_t)pid)->ended)
                break;
        }
        for (struct world_process *p = world_processes; p; p = p->next)
            for (struct world_thread *t = p->threads; t; t = t->next)
                if (t->pending && !t->frozen) {
                    t->pending = false;
                    stopped(t, t->pending_status);
                    break;
                }
        while (woken_count)
            nt_core_woken(woken[--woken_count]);
        uint64_t deadline = nt_core_deadline(), now = world_time_monotonic();
        int timeout = 15;
        if (deadline <= now) {
            nt_core_timeout();
            timeout = 0;
        } else if (deadline - now < 15000000) {
            timeout = (int)((deadline - now) / 1000000);
        }
        struct signalfd_siginfo drained;
        while (read(signals, &drained, sizeof drained) > 0)
            timeout = 0;
        world_poll_armed(timeout, signals);
    }
}

bool world_thread_abort_fast(struct world_thread *thread)
{
    (void)thread;
    return false;
}
