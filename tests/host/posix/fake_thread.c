/* Threads and their memory. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "fake.h"
#include "janus/backend/process.h"
#include "mm.h"
#include "process.h"
#include "signals.h"
#include "wait.h"

#define THREADS 4096

uint8_t fake_memory[FAKE_SIZE];
static struct fake_thread threads[THREADS];
static uint32_t count = 1;

struct fake_thread *fake_thread(cap_t cap)
{
    assert(cap && cap < THREADS && threads[cap].cap == cap);
    return &threads[cap];
}

struct fake_thread *fake_thread_of(const struct thread *thread)
{
    return fake_thread(thread->backend.thread);
}

jn_status_t backend_thread_create(cap_t pool, cap_t task, uint64_t label,
                                  struct backend_thread *thread)
{
    (void)pool, (void)task;
    if (count == THREADS)
        return JN_NO_MEMORY;
    threads[count] = (struct fake_thread){.cap = count, .label = label};
    threads[count].state.xsave_size = 832;
    *thread = (struct backend_thread){.thread = count++};
    return JN_OK;
}

void backend_thread_set_number(struct backend_thread *thread, uint64_t number)
{
    (void)thread;
    (void)number;
}

jn_status_t backend_thread_start(struct backend_thread *thread, uint32_t groups,
                                 const struct jn_state *state)
{
    (void)groups;
    uint32_t size = fake_thread(thread->thread)->state.xsave_size;
    fake_thread(thread->thread)->state = *state;
    fake_thread(thread->thread)->state.xsave_size = size;
    fake_thread(thread->thread)->started = true;
    return JN_OK;
}

void backend_thread_destroy(struct backend_thread *thread)
{
    fake_thread(thread->thread)->dead = true;
    *thread = (struct backend_thread){0};
}

void backend_thread_forget(struct backend_thread *thread)
{
    backend_thread_destroy(thread);
}

jn_status_t backend_thread_hold(struct backend_thread *thread)
{
    struct fake_thread *f = fake_thread(thread->thread);
    assert(f->in_call);
    thread->reply = thread->thread;
    f->held = true;
    return JN_OK;
}

static struct fake_thread *answer(struct backend_thread *thread, enum fake_answer how)
{
    struct fake_thread *f = fake_thread(thread->thread);
    assert(f->in_call); /* one answer for each message */
    f->in_call = f->held = false;
    thread->reply = 0;
    f->answer = how;
    return f;
}

void backend_thread_answer_value(struct backend_thread *thread, uint64_t value)
{
    answer(thread, FAKE_VALUE)->value = value;
}

void backend_thread_answer_resume(struct backend_thread *thread, bool syscall)
{
    (void)syscall;
    answer(thread, FAKE_RESUME);
}

void backend_thread_answer_restart(struct backend_thread *thread)
{
    answer(thread, FAKE_RESTART);
}

void backend_thread_answer_state(struct backend_thread *thread, uint32_t groups,
                                 const struct jn_state *state)
{
    (void)groups;
    answer(thread, FAKE_STATE)->state = *state;
}

jn_status_t backend_thread_read(struct backend_thread *thread, uint32_t groups,
                                struct jn_state *state)
{
    (void)groups;
    *state = fake_thread(thread->thread)->state;
    return JN_OK;
}

jn_status_t backend_thread_write(struct backend_thread *thread, uint32_t groups,
                                 const struct jn_state *state)
{
    (void)groups;
    fake_thread(thread->thread)->state = *state;
    return JN_OK;
}

jn_status_t backend_thread_attention(struct backend_thread *thread)
{
    fake_thread(thread->thread)->attention = true;
    return JN_OK;
}

jn_status_t backend_thread_suspend(struct backend_thread *thread)
{
    (void)thread;
    return JN_OK;
}

jn_status_t backend_thread_resume(struct backend_thread *thread)
{
    (void)thread;
    return JN_OK;
}

uint64_t backend_cpus(void)
{
    return 1;
}

jn_status_t backend_thread_set_cpus(struct backend_thread *thread, uint64_t cpus)
{
    (void)thread;
    return cpus == 1 ? JN_OK : JN_BAD_ARG;
}

uint32_t backend_thread_cpu(struct backend_thread *thread)
{
    (void)thread;
    return 0;
}

jn_status_t backend_thread_cpu_time(struct backend_thread *thread, uint64_t *ns)
{
    (void)thread;
    *ns = 1000;
    return JN_OK;
}

jn_status_t backend_thread_step(struct backend_thread *thread, bool on)
{
    (void)thread, (void)on;
    return JN_OK;
}

/* ---- memory ---- */

void *fake_user(uint64_t address)
{
    assert(address >= FAKE_BASE && address < FAKE_BASE + FAKE_SIZE);
    return &fake_memory[address - FAKE_BASE];
}

uint64_t fake_put(uint64_t offset, const void *data, size_t length)
{
    memcpy(fake_user(FAKE_BASE + offset), data, length);
    return FAKE_BASE + offset;
}

uint64_t fake_string(uint64_t offset, const char *text)
{
    return fake_put(offset, text, strlen(text) + 1);
}

size_t fake_accessible(uint64_t address, size_t length)
{
    if (address < FAKE_BASE || address >= FAKE_BASE + FAKE_SIZE)
        return 0;
    size_t there = FAKE_BASE + FAKE_SIZE - address;
    return there < length ? there : length;
}

static jn_status_t copy(uint64_t address, void *to, const void *from, size_t length, size_t *done,
                        uint64_t fault[2])
{
    *done = fake_accessible(address, length);
    if (to && *done)
        memcpy(to, &fake_memory[address - FAKE_BASE], *done);
    else if (*done)
        memcpy(&fake_memory[address - FAKE_BASE], from, *done);
    fault[0] = address + *done;
    fault[1] = to ? JN_ACCESS_READ : JN_ACCESS_WRITE;
    return *done == length ? JN_OK : JN_FAULT;
}

jn_status_t backend_copy_in(struct backend_thread *thread, uint64_t address, void *buffer,
                            size_t length, size_t *done, uint64_t fault[2])
{
    (void)thread;
    return copy(address, buffer, NULL, length, done, fault);
}

jn_status_t backend_copy_out(struct backend_thread *thread, uint64_t address, const void *buffer,
                             size_t length, size_t *done, uint64_t fault[2])
{
    (void)thread;
    return copy(address, NULL, buffer, length, done, fault);
}

jn_status_t backend_copy_string(struct backend_thread *thread, uint64_t address, char *buffer,
                                size_t length, size_t *done, uint64_t fault[2])
{
    (void)thread;
    size_t there = fake_accessible(address, length);
    const char *from = there ? (const char *)&fake_memory[address - FAKE_BASE] : NULL;
    const char *end = there ? memchr(from, 0, there) : NULL;
    if (end)
        there = (size_t)(end - from) + 1;
    jn_status_t status = copy(address, buffer, NULL, there, done, fault);
    return end || there == length ? status : JN_FAULT;
}

jn_status_t backend_thread_lend(struct backend_thread *thread, uint64_t address, uint64_t length,
                                struct jn_window *window)
{
    jn_status_t status = backend_thread_hold(thread);
    *window = (struct jn_window){address, length, 0, (uint32_t)thread->reply};
    return status;
}

/* ---- driving the core ---- */

struct process *fake_process(struct thread **thread)
{
    cap_t task;
    uint64_t pid;
    struct mm *mm;
    struct process *p = process_create(0);
    assert(p && backend_process_create(0, 0, p->handle, &pid, &task) == JN_OK);
    p->pid = pid;
    p->clients = (struct backend_clients){task, 0, 1, 1, 1};
    for (int i = 0; i < LX_RLIMIT_COUNT; i++)
        p->limits[i] = (struct lx_rlimit){UINT64_MAX, UINT64_MAX};
    p->limits[LX_RLIMIT_NOFILE] = (struct lx_rlimit){1024, 4096};
    p->limits[LX_RLIMIT_STACK].cur = 8 << 20;
    assert(mm_create(p, 1, 1, 1, &mm) == JN_OK);
    mm->mmap_top = 0x7ffff7000000;
    mm->brk_start = mm->brk = 0x600000;
    p->mm = mm;
    struct region_request request = {.place = REGION_FIXED, .address = FAKE_BASE,
                                     .length = FAKE_SIZE, .kind = REGION_PRIVATE,
                                     .access = JN_R | JN_W};
    uint64_t at;
    assert(region_map_add(mm->map, &request, &at) == JN_OK);
    assert(thread_create(p, pid, thread) == 0);
    fake_thread_of(*thread)->started = true;
    fake_thread_of(*thread)->state.r[JN_REG_RSP] = FAKE_BASE + FAKE_SIZE - 4096;
    return p;
}

static bool enter(struct thread *t, const uint64_t words[10])
{
    struct fake_thread *f = fake_thread_of(t);
    assert(!f->in_call && f->started);
    f->in_call = true;
    f->answer = FAKE_NONE;
    core_syscall(f->label, words);
    fake_pump();
    return f->answer != FAKE_NONE;
}

bool fake_call(struct thread *t, uint64_t number, uint64_t a0, uint64_t a1, uint64_t a2,
               uint64_t a3, uint64_t a4, uint64_t a5)
{
    struct fake_thread *f = fake_thread_of(t);
    uint64_t rip = 0x400002, rsp = f->state.r[JN_REG_RSP];
    const uint64_t words[10] = {a2, a3, a4, a5, number, a0, a1, rip, rsp, 0};
    f->number = number;
    f->args[0] = a0, f->args[1] = a1, f->args[2] = a2;
    f->args[3] = a3, f->args[4] = a4, f->args[5] = a5;
    return enter(t, words);
}

bool fake_again(struct thread *t)
{
    struct fake_thread *f = fake_thread_of(t);
    uint64_t number = f->answer == FAKE_STATE ? f->state.r[JN_REG_RAX] : f->number;
    assert(f->answer == FAKE_RESTART || (f->answer == FAKE_STATE && f->state.rip == 0x400000));
    return fake_call(t, number, f->args[0], f->args[1], f->args[2], f->args[3], f->args[4],
                     f->args[5]);
}

long fake_value(struct thread *t, uint64_t number, uint64_t a0, uint64_t a1, uint64_t a2,
                uint64_t a3)
{
    bool answered = fake_call(t, number, a0, a1, a2, a3, 0, 0);
    assert(answered && fake_thread_of(t)->answer == FAKE_VALUE);
    return (long)fake_thread_of(t)->value;
}
