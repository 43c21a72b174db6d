/* The logic of servers/task on the host: families, groups, sessions, waits, signals, ids.
 * Oracle: POSIX.1-2017 (wait, setpgid, orphaned groups) and Linux's own tables, as stated at each
 * case; and a random run whose invariants are checked throughout and whose end leaves nothing.
 */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "janus/object.h"
#include "janus/runtime.h"
#include "process.h"

/* ---- the kernel and the library, faked ---- */
static uint64_t next_cap = 100 * JN_CAP_STEP;
static long live_objects;
static uint64_t now;

static jn_status_t make(cap_t *out)
{
    *out = next_cap += JN_CAP_STEP;
    live_objects++;
    return JN_OK;
}

jn_status_t jn_pool_create(cap_t pool, uint64_t frames, cap_t *out)
{
    (void)pool, (void)frames;
    return make(out);
}

bool kernel_memory_more(uint64_t frames)
{
    (void)frames;
    return false;
}

void jn_task_name(cap_t task, const char *name, size_t length)
{
    (void)task;
    (void)name;
    (void)length;
}

jn_status_t jn_task_create(cap_t pool, uint64_t info, cap_t *out)
{
    (void)pool, (void)info;
    *out = next_cap += JN_CAP_STEP;
    return JN_OK;
}

jn_status_t jn_cap_destroy(cap_t cap)
{
    (void)cap;
    live_objects--;
    return JN_OK;
}

void jn_cap_delete(cap_t cap)
{
    (void)cap;
}

jn_status_t jn_task_info(cap_t task, uint64_t *threads, uint64_t *pages, uint64_t *cpu_ns)
{
    (void)task;
    *threads = 1;
    *pages = 10;
    *cpu_ns = 5;
    return JN_OK;
}

jn_status_t jn_signal_raise(cap_t signal, uint64_t bits)
{
    (void)signal, (void)bits;
    return JN_OK;
}

jn_status_t jn_cap_info(cap_t cap, uint32_t *type, uint32_t *rights, uint64_t *identity,
                        uint64_t *label)
{
    *type = JN_TYPE_GATE;
    *rights = JN_RIGHT_ALL;
    *identity = 1;
    *label = cap;
    return JN_OK;
}

jn_status_t jn_gate_mint(cap_t gate, uint64_t label, uint32_t rights, cap_t *out)
{
    (void)gate, (void)rights;
    *out = label;
    return JN_OK;
}

uint64_t jn_time_monotonic(void)
{
    return ++now;
}

void jn_log(enum jn_log_level level, const char *format, ...)
{
    (void)level, (void)format;
}

void jn_panic(const char *format, ...)
{
    fprintf(stderr, "panic: %s\n", format);
    abort();
}

void *jn_map_pages_aligned(size_t pages, unsigned order)
{
    void *memory = aligned_alloc((size_t)1 << order, pages * 4096);
    return memory ? memset(memory, 0, pages * 4096) : NULL;
}

void jn_unmap_pages(void *address)
{
    free(address);
}

jn_status_t jn_copy_in(struct jn_call *call, unsigned index, uint64_t offset, void *buffer,
                       size_t length, size_t *done)
{
    (void)call, (void)index, (void)offset;
    memset(buffer, 'x', length);
    *done = length;
    return JN_OK;
}

jn_status_t jn_copy_out(struct jn_call *call, unsigned index, uint64_t offset, const void *buffer,
                        size_t length, size_t *done)
{
    (void)call, (void)index, (void)offset, (void)buffer;
    *done = length;
    return JN_OK;
}

/* ---- helpers ---- */
static struct ring ring;

static struct process *spawn(struct process *parent)
{
    struct process *child;
    cap_t cap;
    assert(process_create(parent, TASK_FORK, &child) == JN_OK);
    assert(client_mint(child, &cap) == JN_OK);
    if (!child->ring) {
        child->ring = &ring;
        ring.users++;
    }
    child->cookie = child->pid;
    assert(process_prepare(child) == JN_OK && process_commit(child) == JN_OK);
    return child;
}

static jn_status_t wait_any(struct process *process, int64_t which, uint32_t options, uint64_t *pid,
                            uint32_t *kind, uint32_t *code)
{
    struct task_usage usage;
    uint32_t uid;
    *pid = 0;
    return wait_child(process, which, options, process->pid, pid, kind, code, &uid, &usage);
}

static uint32_t entries(uint64_t cookie)
{
    uint32_t events = 0;
    for (uint64_t i = ring.ring.header->consumed; i < ring.ring.produced; i++) {
        struct jn_ring_entry *entry = &ring.ring.entries[i & (ring.ring.count - 1)];
        if (entry->cookie == cookie)
            events |= entry->events;
    }
    ring.ring.header->consumed = ring.ring.produced;
    rings_drain();
    return events;
}

static void drop(struct process *process)
{
    client_gone(process->label);
}

/* ---- cases ---- */
static void test_wait(void)
{
    uint64_t pid;
    uint32_t kind, code;
    struct process *shell = spawn(&init_process), *child = spawn(shell);
    uint64_t child_pid = child->pid;
    assert(child_pid % 4 == 0);
    assert(wait_any(shell, -1, TASK_WAIT_EXITED | TASK_WAIT_NOHANG, &pid, &kind, &code) == JN_OK);
    assert(pid == 0);
    assert(wait_any(shell, (int64_t)child_pid + 4000, TASK_WAIT_EXITED, &pid, &kind, &code) ==
           JN_NO_CHILD);
    assert(wait_any(shell, -1, TASK_WAIT_EXITED, &pid, &kind, &code) == JN_WOULD_BLOCK);
    entries(0);
    process_end(child, TASK_EXITED, 0x12345678);
    assert(entries(shell->pid) & TASK_EVENT_WAIT);
    assert(shell->pending_mask == 1ull << 16); /* SIGCHLD */
    assert(wait_any(shell, -1, TASK_WAIT_EXITED | TASK_WAIT_NOREAP, &pid, &kind, &code) == JN_OK);
    assert(pid == child_pid && kind == TASK_EXITED && code == 0x12345678);
    assert(wait_any(shell, -1, TASK_WAIT_EXITED, &pid, &kind, &code) == JN_OK && pid == child_pid);
    assert(!process_find(child_pid));
    assert(wait_any(shell, -1, TASK_WAIT_EXITED, &pid, &kind, &code) == JN_NO_CHILD);
    drop(child);
    process_end(shell, TASK_EXITED, 0);
    drop(shell);
}

static void test_stop(void)
{
    uint64_t pid;
    uint32_t kind, code;
    struct process *shell = spawn(&init_process), *child = spawn(shell);
    child->state = PROCESS_STOPPED;
    wait_report_change(child, TASK_STOPPED, 20);
    assert(wait_any(shell, -1, TASK_WAIT_EXITED | TASK_WAIT_NOHANG, &pid, &kind, &code) == JN_OK);
    assert(pid == 0);
    assert(wait_any(shell, -1, TASK_WAIT_STOPPED, &pid, &kind, &code) == JN_OK);
    assert(pid == child->pid && kind == TASK_STOPPED && code == 20);
    /* reported once */
    assert(wait_any(shell, -1, TASK_WAIT_STOPPED | TASK_WAIT_NOHANG, &pid, &kind, &code) == JN_OK);
    assert(pid == 0);
    process_end(child, TASK_SIGNALLED, 9);
    process_end(shell, TASK_EXITED, 0);
    drop(child);
    drop(shell);
}

static void test_orphaned_group(void)
{
    /* POSIX.1-2017 _exit: a stopped group that becomes orphaned gets SIGHUP, then SIGCONT. */
    uint64_t session;
    struct process *shell = spawn(&init_process);
    assert(session_set(shell, &session) == JN_OK && session == shell->pid);
    assert(session_set(shell, &session) == JN_NOT_PERMITTED);
    struct process *job = spawn(shell);
    assert(group_set(shell, job->pid, job->pid) == JN_OK);
    assert(!group_orphaned(job->group));
    job->state = PROCESS_STOPPED;
    process_end(shell, TASK_EXITED, 0);
    assert(job->parent == &init_process);
    assert(group_orphaned(job->group));
    assert(job->pending_mask & 1 && job->pending_mask & 1ull << 17);
    drop(shell);
    process_end(job, TASK_EXITED, 0);
    drop(job);
}

static void test_groups(void)
{
    uint64_t session;
    struct process *shell = spawn(&init_process);
    assert(session_set(shell, &session) == JN_OK);
    struct process *a = spawn(shell), *b = spawn(shell), *other = spawn(&init_process);
    assert(group_set(shell, a->pid, a->pid) == JN_OK);
    assert(group_set(shell, b->pid, a->pid) == JN_OK);
    assert(a->group == b->group);
    assert(group_set(shell, other->pid, 0) == JN_NO_PROCESS);           /* not a child */
    assert(group_set(shell, shell->pid, a->pid) == JN_NOT_PERMITTED);   /* session leader */
    assert(group_set(shell, b->pid, other->pid) == JN_NOT_PERMITTED);   /* no such group here */
    struct task_siginfo info = {0};
    assert(signal_send(shell, -(int64_t)a->pid, 2, false, &info) == JN_OK);
    assert(a->pending_mask == 2 && b->pending_mask == 2 && !other->pending_mask);
    assert(signal_send(shell, -(int64_t)a->pid, 9, false, &info) == JN_OK);
    assert(a->state == PROCESS_ZOMBIE && b->state == PROCESS_ZOMBIE);
    assert(signal_send(shell, 987654, 0, false, &info) == JN_NO_PROCESS);
    assert(signal_send(shell, (int64_t)other->pid, 65, false, &info) == JN_BAD_ARG);
    process_end(shell, TASK_EXITED, 0);
    process_end(other, TASK_EXITED, 0);
    drop(a), drop(b), drop(shell), drop(other);
}

/* A full ring goes on in larger memory: for its opener only, with what is armed and unread in its order. */
static void test_ring_grows(void)
{
    struct jn_ring small;
    struct jn_pages pages;
    uint32_t count;
    assert(jn_ring_create(&small, 16, 1, 1, &pages) == JN_OK);
    for (uint64_t i = 1; i <= 21; i++) { /* so that what is unread wraps */
        assert(jn_ring_arm(&small) == JN_OK);
        jn_ring_post(&small, i, 1);
        small.header->consumed = i <= 16 ? i : 16;
    }
    assert(jn_ring_grow(&small, 5, 64, &pages, &count) == JN_NO_RIGHT); /* nobody's */
    small.opener = 5;
    assert(jn_ring_grow(&small, 5, 64, &pages, &count) == JN_RANGE);
    while (jn_ring_arm(&small) == JN_OK)
        ;
    assert(small.armed == 11);
    assert(jn_ring_grow(&small, 6, 64, &pages, &count) == JN_NO_RIGHT);
    assert(jn_ring_grow(&small, 5, 16, &pages, &count) == JN_BAD_ARG);
    assert(jn_ring_grow(&small, 5, 1u << 20, &pages, &count) == JN_BAD_ARG);
    assert(jn_ring_grow(&small, 5, 64, &pages, &count) == JN_OK && count == 64);
    assert(pages.address == small.header && small.armed == 11 && small.opener == 5);
    jn_ring_post(&small, 22, 2);
    assert(small.header->consumed == 16 && small.header->produced == 22);
    for (uint64_t i = 16; i < 22; i++)
        assert(small.entries[i % 64].cookie == i + 1);
    for (int i = 0; i < 64 - 6 - 10; i++)
        assert(jn_ring_arm(&small) == JN_OK);
    assert(jn_ring_arm(&small) == JN_NO_MEMORY);
    small.header->consumed = 1ull << 60; /* what a reader claims is worth nothing */
    assert(jn_ring_grow(&small, 5, 256, &pages, &count) == JN_OK && small.count == 256);
    jn_ring_destroy(&small);
}

/* tgkill: to a thread of the process that has it, told once, in order; the rules are kill's. */
static void test_thread_signals(void)
{
    struct process *p = spawn(&init_process), *stranger = spawn(&init_process);
    struct task_siginfo info = {.value = 1}, taken;
    uint64_t tid, of;
    p->personality = TASK_PERSONALITY_POSIX;
    assert(thread_id_allocate(p, &tid) == JN_OK);
    assert(signal_send_thread(stranger, p->pid, tid, 10, false, &info) == JN_OK);
    assert(entries(p->pid) == TASK_EVENT_THREAD_SIGNAL);
    info.value = 2;
    assert(signal_send_thread(stranger, 0, tid, 10, false, &info) == JN_OK); /* does not queue */
    assert(signal_send_thread(stranger, 0, p->pid, 10, false, &info) == JN_OK); /* another thread */
    assert(signal_send_thread(stranger, 0, tid, 34, false, &info) == JN_OK);
    assert(!p->pending_mask && p->queued == 3);
    assert(signal_send_thread(stranger, stranger->pid, tid, 0, false, &info) == JN_NO_PROCESS);
    assert(signal_send_thread(stranger, 0, tid, 65, false, &info) == JN_BAD_ARG);
    stranger->credentials.uid = stranger->credentials.euid = 1000;
    assert(signal_send_thread(stranger, 0, tid, 10, false, &info) == JN_NOT_PERMITTED);
    assert(signal_send_thread(stranger, 0, tid, 18, false, &info) == JN_OK); /* SIGCONT, one session */
    const struct {
        uint64_t tid, value;
        int32_t number;
    } wanted[] = {{tid, 1, 10}, {p->pid, 2, 10}, {tid, 2, 34}, {tid, 2, 18}, {0, 0, 0}};
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
        signal_take_thread(p, &of, &taken);
        assert(of == wanted[i].tid && taken.value == wanted[i].value &&
               taken.number == wanted[i].number);
    }
    assert(thread_id_free(p, tid) == JN_OK);
    assert(signal_send_thread(p, 0, tid, 10, false, &info) == JN_NO_PROCESS);
    p->personality = TASK_PERSONALITY_WIN32; /* its threads take none */
    assert(signal_send_thread(p, p->pid, p->pid, 15, false, &info) == JN_OK);
    assert(p->pending_mask == 1ull << 14 && p->queued == 1);
    p->personality = TASK_PERSONALITY_POSIX;
    assert(signal_send_thread(p, p->pid, p->pid, 10, false, &info) == JN_OK);
    assert(signal_send_thread(p, p->pid, p->pid, 9, false, &info) == JN_OK);
    assert(p->state == PROCESS_REAPED && !p->queued); /* pid 1 waits for nothing */
    process_end(stranger, TASK_EXITED, 0);
    drop(p), drop(stranger);
}

static void test_signals(void)
{
    struct process *p = spawn(&init_process);
    struct task_siginfo info = {.value = 7}, taken;
    for (int i = 0; i < 3; i++)
        assert(signal_send(&init_process, (int64_t)p->pid, 10, false, &info) == JN_OK);
    for (int i = 0; i < 3; i++) {
        info.value = 100 + (uint64_t)i;
        assert(signal_send(&init_process, (int64_t)p->pid, 34, false, &info) == JN_OK);
    }
    assert(entries(p->pid) == TASK_EVENT_SIGNAL);
    assert(signal_send(&init_process, (int64_t)p->pid, 34, false, &info) == JN_OK);
    assert(!entries(p->pid)); /* told once until somebody looks */
    signal_take(p, ~0ull << 10, &taken);
    assert(taken.number == 34 && taken.value == 100); /* real-time ones queue in order */
    signal_take(p, ~0ull, &taken);
    assert(taken.number == 10 && taken.value == 7); /* standard ones do not queue */
    for (uint64_t value = 101; value < 103; value++) {
        signal_take(p, ~0ull, &taken);
        assert(taken.number == 34 && taken.value == value);
    }
    signal_take(p, ~0ull, &taken);
    assert(taken.number == 34);
    signal_take(p, ~0ull, &taken);
    assert(taken.number == 0 && !p->pending_mask);
    /* SIGCONT and stops cancel each other. */
    assert(signal_send(&init_process, (int64_t)p->pid, 20, false, &info) == JN_OK);
    assert(signal_send(&init_process, (int64_t)p->pid, 18, false, &info) == JN_OK);
    assert(p->pending_mask == 1ull << 17);
    assert(signal_send(&init_process, (int64_t)p->pid, 19, false, &info) == JN_OK);
    assert(p->pending_mask == 1ull << 18);
    process_end(p, TASK_EXITED, 0);
    drop(p);
}

static void test_lost_client(void)
{
    struct process *parent = spawn(&init_process), *child = spawn(parent);
    uint64_t pid = child->pid, found;
    uint32_t kind, code;
    drop(child); /* its personality died */
    assert(wait_any(parent, (int64_t)pid, TASK_WAIT_EXITED, &found, &kind, &code) == JN_OK);
    assert(found == pid && kind == TASK_SIGNALLED && code == 9);
    process_end(parent, TASK_EXITED, 0);
    drop(parent);
}

/* A chain of processes, each of which wants the next to die with it: as deep as there may be any. */
static void test_death_signal(void)
{
    enum { DEEP = 3000 };
    static struct process *chain[DEEP];
    uint32_t before = process_count;
    struct process *top = spawn(&init_process), *told = spawn(top), *parent = top;
    struct task_siginfo taken;
    told->death_signal = 10;
    for (int i = 0; i < DEEP; i++) {
        parent = chain[i] = spawn(parent);
        parent->death_signal = 9;
    }
    assert(process_count == before + 2 + DEEP);
    process_end(top, TASK_EXITED, 0);
    assert(process_count == before + 1); /* all but the one that only hears of it */
    signal_take(told, ~0ull, &taken);
    assert(taken.number == 10 && taken.pid == top->pid);
    process_end(told, TASK_EXITED, 0);
    for (int i = 0; i < DEEP; i++)
        drop(chain[i]);
    drop(told);
    drop(top);
}

static void test_nice(void)
{
    struct process *root = spawn(&init_process), *a = spawn(root), *b = spawn(root);
    int32_t nice;
    a->credentials.uid = a->credentials.euid = 5;
    assert(nice_set(root, TASK_NICE_PROCESS, b->pid, -100) == JN_OK && b->nice == -20);
    assert(nice_set(a, TASK_NICE_PROCESS, b->pid, 3) == JN_NOT_PERMITTED);
    assert(nice_set(a, TASK_NICE_PROCESS, 0, 4) == JN_OK && a->nice == 4);
    assert(nice_set(a, TASK_NICE_PROCESS, 0, 3) == JN_ACCESS && a->nice == 4);
    assert(nice_get(a, TASK_NICE_GROUP, 0, &nice) == JN_OK && nice == -20);
    assert(nice_get(a, TASK_NICE_USER, 0, &nice) == JN_OK && nice == 4);
    assert(nice_get(a, TASK_NICE_USER, 6, &nice) == JN_NO_PROCESS);
    assert(nice_get(a, TASK_NICE_USER + 1, 0, &nice) == JN_BAD_ARG);
    assert(nice_set(a, TASK_NICE_GROUP, 0, 6) == JN_NOT_PERMITTED && a->nice == 6);
    assert(nice_get(a, TASK_NICE_PROCESS, PID_INIT, &nice) == JN_OK && nice == 0);
    struct process *child = spawn(b);
    assert(child->nice == -20);
    process_end(child, TASK_EXITED, 0), process_end(b, TASK_EXITED, 0);
    assert(nice_get(a, TASK_NICE_PROCESS, b->pid, &nice) == JN_NO_PROCESS);
    process_end(a, TASK_EXITED, 0), process_end(root, TASK_EXITED, 0);
    drop(child), drop(a), drop(b), drop(root);
}

static void test_random(unsigned steps)
{
    struct process *alive[64] = {0};
    srand(1);
    for (unsigned step = 0; step < steps; step++) {
        unsigned i = (unsigned)rand() % 64;
        struct process *p = alive[i], *q = alive[(unsigned)rand() % 64];
        uint64_t pid;
        uint32_t kind, code;
        struct task_siginfo info = {0};
        if (p && p->state >= PROCESS_ZOMBIE) {
            alive[i] = NULL;
            drop(p);
            continue;
        }
        switch (rand() % 8) {
        case 0:
        case 1:
            if (!p)
                alive[i] = spawn(q && q->state < PROCESS_ZOMBIE ? q : &init_process);
            break;
        case 2:
            if (p)
                process_end(p, TASK_EXITED, (uint32_t)step);
            break;
        case 3:
            if (p && q && q->state < PROCESS_ZOMBIE) {
                jn_status_t ignored = group_set(p, q->pid, rand() & 1 ? 0 : p->pid);
                (void)ignored;
            }
            break;
        case 4:
            if (p) {
                jn_status_t ignored = session_set(p, &pid);
                (void)ignored;
            }
            break;
        case 5:
            if (p)
                (void)!wait_any(p, rand() % 3 - 1, TASK_WAIT_EXITED | (rand() & 1), &pid, &kind,
                                &code);
            break;
        case 6:
            if (p && q)
                (void)!signal_send(p, rand() & 1 ? (int64_t)q->pid : -(int64_t)q->pid,
                                   (uint32_t)rand() % 65, false, &info);
            break;
        case 7:
            entries(0);
            break;
        }
        for (unsigned k = 0; k < 64; k++)
            if (alive[k] && alive[k]->state < PROCESS_ZOMBIE) {
                assert(process_find(alive[k]->pid) == alive[k]);
                assert(alive[k]->group && group_find(alive[k]->group->id) == alive[k]->group);
            }
    }
    for (unsigned i = 0; i < 64; i++)
        if (alive[i]) {
            process_end(alive[i], TASK_EXITED, 0);
            drop(alive[i]);
        }
    assert(process_count == 0 && live_objects == 0);
    assert(process_next(2) == NULL);
}

int main(int argc, char **argv)
{
    struct jn_pages pages;
    assert(jn_ring_create(&ring.ring, 1024, 1, 1, &pages) == JN_OK);
    list_init(&ring.overflow);
    ring.users = 1;
    process_init();
    test_wait();
    test_stop();
    test_orphaned_group();
    test_groups();
    test_signals();
    test_thread_signals();
    test_ring_grows();
    test_lost_client();
    test_death_signal();
    test_nice();
    test_random(argc > 1 ? (unsigned)atoi(argv[1]) : 100000);
    printf("task: all cases passed\n");
    return 0;
}
