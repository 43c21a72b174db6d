/* Processes, clients, time. */
#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fake.h"
#include "janus/backend/object.h"
#include "janus/backend/process.h"
#include "janus/backend/time.h"
#include "janus/runtime.h"

#define PROCESSES 8192

static struct {
    uint64_t cookie, pending, parent, wait_cookie;
    struct task_siginfo info[65];
    bool ended, reaped;
    uint32_t kind, code;
} processes[PROCESSES]; /* by pid = task capability */
static uint64_t next_pid = 100;
uint64_t fake_now = 1000000000, fake_stops, fake_continues, fake_exit_code;
bool fake_exited;

static struct {
    uint32_t server;
    uint64_t cookie;
    uint32_t events;
} events[65536];
static uint32_t event_count;

void fake_event(uint32_t server, uint64_t cookie, uint32_t bits);
void fake_event(uint32_t server, uint64_t cookie, uint32_t bits)
{
    assert(event_count < sizeof events / sizeof *events);
    events[event_count].server = server;
    events[event_count].cookie = cookie;
    events[event_count++].events = bits;
}

void fake_pump(void)
{
    do {
        core_idle();
        for (uint32_t i = 0; i < event_count; i++) /* may grow */
            core_event(events[i].server, events[i].cookie, events[i].events);
        event_count = 0;
        timer_run(fake_now);
        core_idle();
    } while (event_count);
}

void jn_log(enum jn_log_level level, const char *format, ...)
{
    va_list list;
    if (!getenv("FAKE_LOG") || level > JN_LOG_DEBUG)
        return;
    va_start(list, format);
    vfprintf(stderr, format, list);
    va_end(list);
    fputc('\n', stderr);
}

/* ---- clients ---- */

jn_status_t backend_clients_clone(const struct backend_clients *from, uint64_t pid,
                                  cap_t child_task, struct backend_clients *child)
{
    (void)pid;
    *child = *from;
    child->task = child_task;
    return JN_OK;
}

void backend_clients_drop(struct backend_clients *clients)
{
    *clients = (struct backend_clients){0};
}

void backend_clients_drop_files(struct backend_clients *clients)
{
    clients->fs = clients->console = clients->object = 0;
}

jn_status_t backend_pager_fresh(cap_t template, uint64_t pid, cap_t *pager)
{
    (void)template, (void)pid;
    *pager = 1;
    return JN_OK;
}

void backend_cap_drop(cap_t cap)
{
    (void)cap;
}

/* ---- time ---- */

uint64_t backend_time_monotonic(void)
{
    return fake_now;
}

int64_t backend_time_real(void)
{
    return 1700000000000000000 + (int64_t)fake_now;
}

void backend_random(void *buffer, size_t length)
{
    memset(buffer, 0x5a, length);
}

void backend_machine(struct backend_machine *machine)
{
    *machine = (struct backend_machine){.ram_bytes = 1 << 30, .cpus = 1, .xsave_size = 832};
}

/* ---- servers/task ---- */

jn_status_t backend_process_create(cap_t parent, uint32_t flags, uint64_t cookie, uint64_t *pid,
                                   cap_t *task)
{
    (void)flags;
    if (next_pid == PROCESSES)
        return JN_QUOTA;
    *pid = *task = next_pid++;
    processes[*pid].cookie = cookie;
    processes[*pid].parent = parent;
    return JN_OK;
}

jn_status_t backend_process_prepare(cap_t task, cap_t *kernel_task, cap_t *pool)
{
    (void)task;
    *kernel_task = *pool = 1;
    return JN_OK;
}

jn_status_t backend_process_commit(cap_t task, uint32_t personality)
{
    (void)task, (void)personality;
    return JN_OK;
}

void backend_process_abandon(cap_t task)
{
    (void)task;
}

jn_status_t backend_process_fund(cap_t task, uint64_t frames, uint64_t *got)
{
    (void)task, (void)frames;
    *got = 0;
    return JN_OK;
}

jn_status_t backend_process_share_task(cap_t task, cap_t parent)
{
    (void)task, (void)parent;
    return JN_OK;
}

jn_status_t backend_process_set_cookie(cap_t task, uint64_t cookie)
{
    processes[task].cookie = cookie;
    return JN_OK;
}

static void post(uint64_t pid, uint32_t number, const struct task_siginfo *info)
{
    processes[pid].pending |= LX_SIGBIT(number);
    processes[pid].info[number] = *info;
    fake_event(WAIT_TASK, processes[pid].cookie, TASK_EVENT_SIGNAL);
}

jn_status_t backend_process_exit(cap_t task, uint32_t kind, uint32_t code)
{
    fake_exited = true;
    fake_exit_code = code;
    processes[task].ended = true;
    processes[task].kind = kind;
    processes[task].code = code;
    uint64_t parent = processes[task].parent;
    if (parent) {
        struct task_siginfo info = {.number = LX_SIGCHLD, .code = LX_CLD_EXITED, .pid = task};
        post(parent, LX_SIGCHLD, &info);
        if (processes[parent].wait_cookie)
            fake_event(WAIT_TASK, processes[parent].wait_cookie, TASK_EVENT_WAIT);
        processes[parent].wait_cookie = 0;
    }
    return JN_OK;
}

jn_status_t backend_process_take_signal(cap_t task, uint64_t accept, uint32_t *number,
                                        struct task_siginfo *info, uint64_t *pending)
{
    uint64_t can = processes[task].pending & accept;
    *number = can ? (uint32_t)__builtin_ctzll(can) + 1 : 0;
    if (*number) {
        *info = processes[task].info[*number];
        processes[task].pending &= ~LX_SIGBIT(*number);
    }
    *pending = processes[task].pending;
    return JN_OK;
}

void fake_signal(struct process *process, uint32_t number)
{
    struct task_siginfo info = {.number = (int32_t)number, .pid = 1};
    post(process->pid, number, &info);
}

jn_status_t backend_process_signal(cap_t task, int64_t pid, uint32_t number,
                                   const struct task_siginfo *info)
{
    uint64_t target = pid <= 0 ? task : (uint64_t)pid;
    if (target >= PROCESSES || !processes[target].cookie || processes[target].reaped)
        return JN_NO_PROCESS;
    if (number)
        post(target, number, info);
    return JN_OK;
}

/* The fake keeps no threads of other processes. */
jn_status_t backend_process_signal_thread(cap_t task, uint64_t pid, uint64_t tid, uint32_t number,
                                          const struct task_siginfo *info)
{
    (void)task, (void)pid, (void)tid, (void)number, (void)info;
    return JN_NO_PROCESS;
}

jn_status_t backend_process_take_thread_signal(cap_t task, uint64_t *tid, uint32_t *number,
                                               struct task_siginfo *info)
{
    (void)task, (void)info;
    *tid = *number = 0;
    return JN_OK;
}

jn_status_t backend_process_stopped(cap_t task, uint32_t number)
{
    (void)task, (void)number;
    fake_stops++;
    return JN_OK;
}

jn_status_t backend_process_continued(cap_t task)
{
    (void)task;
    fake_continues++;
    return JN_OK;
}

jn_status_t backend_process_wait(cap_t task, int64_t which, uint32_t options, uint64_t cookie,
                                 struct backend_wait_result *result)
{
    bool child = false;
    (void)which;
    for (uint64_t pid = 1; pid < next_pid; pid++) {
        if (processes[pid].parent != task || processes[pid].reaped)
            continue;
        child = true;
        if (!processes[pid].ended)
            continue;
        processes[pid].reaped = true;
        *result = (struct backend_wait_result){.pid = pid, .kind = processes[pid].kind,
                                               .code = processes[pid].code};
        return JN_OK;
    }
    if (!child)
        return JN_NO_CHILD;
    if (!(options & TASK_WAIT_NOHANG))
        processes[task].wait_cookie = cookie;
    return JN_WOULD_BLOCK;
}

void backend_process_disarm(cap_t task, uint64_t cookie)
{
    if (processes[task].wait_cookie == cookie)
        processes[task].wait_cookie = 0;
}

jn_status_t backend_process_ids(cap_t task, uint64_t pid, struct backend_ids *ids)
{
    (void)pid;
    *ids = (struct backend_ids){.pid = task, .parent = processes[task].parent, .group = task,
                                .session = task};
    return JN_OK;
}

jn_status_t backend_process_set_group(cap_t task, uint64_t pid, uint64_t group)
{
    (void)task, (void)pid, (void)group;
    return JN_OK;
}

jn_status_t backend_process_nice(cap_t task, uint32_t which, uint64_t who, int32_t *nice)
{
    (void)task, (void)which, (void)who;
    *nice = 0;
    return JN_OK;
}

jn_status_t backend_process_set_nice(cap_t task, uint32_t which, uint64_t who, int32_t nice)
{
    (void)task, (void)which, (void)who, (void)nice;
    return JN_OK;
}

jn_status_t backend_process_set_death_signal(cap_t task, uint32_t number)
{
    (void)task, (void)number;
    return JN_OK;
}

jn_status_t backend_process_death_signal(cap_t task, uint32_t *number)
{
    (void)task;
    *number = 0;
    return JN_OK;
}

jn_status_t backend_process_set_subreaper(cap_t task, bool on)
{
    (void)task, (void)on;
    return JN_OK;
}

jn_status_t backend_process_subreaper(cap_t task, uint32_t *on)
{
    (void)task;
    *on = 0;
    return JN_OK;
}

jn_status_t backend_process_set_session(cap_t task, uint64_t *session)
{
    *session = task;
    return JN_OK;
}

jn_status_t backend_process_credentials(cap_t task, struct task_credentials *out)
{
    (void)task;
    memset(out, 0, sizeof *out);
    return JN_OK;
}

jn_status_t backend_process_set_credentials(const struct backend_clients *clients,
                                            const struct task_credentials *in)
{
    (void)clients, (void)in;
    return JN_OK;
}

jn_status_t backend_process_set_info(cap_t task, uint32_t field, const void *data, size_t length)
{
    (void)task, (void)field, (void)data, (void)length;
    return JN_OK;
}

jn_status_t backend_process_status(cap_t task, uint64_t pid, struct task_status *status)
{
    (void)task;
    memset(status, 0, sizeof *status);
    return pid && pid >= next_pid ? JN_NO_PROCESS : JN_OK;
}

jn_status_t backend_process_next(cap_t task, uint64_t from, struct task_status *status)
{
    (void)task, (void)from, (void)status;
    return JN_NOT_FOUND;
}

jn_status_t backend_process_new_thread_id(cap_t task, uint32_t align, uint64_t *tid)
{
    (void)task, (void)align;
    if (next_pid == PROCESSES)
        return JN_QUOTA;
    *tid = next_pid++;
    return JN_OK;
}

void backend_process_free_thread_id(cap_t task, uint64_t tid)
{
    (void)task, (void)tid;
}

bool backend_process_personality_of(const void *head, size_t length, char *server,
                                    size_t capacity)
{
    (void)head, (void)length, (void)server, (void)capacity;
    return false;
}

jn_status_t backend_process_hand_over(const char *personality, const void *record, size_t length,
                                      const struct backend_clients *clients)
{
    (void)personality, (void)record, (void)length, (void)clients;
    return JN_NO_SERVICE;
}

/* ---- servers/object: absent ---- */

jn_status_t backend_futex_wait(cap_t object, uint64_t identity, uint64_t offset, uint32_t bitset,
                               uint64_t cookie)
{
    (void)object, (void)identity, (void)offset, (void)bitset, (void)cookie;
    return JN_WOULD_BLOCK;
}

jn_status_t backend_futex_wake(cap_t object, uint64_t identity, uint64_t offset, uint32_t bitset,
                               uint32_t count, uint32_t *woken)
{
    (void)object, (void)identity, (void)offset, (void)bitset, (void)count;
    *woken = 0;
    return JN_OK;
}

jn_status_t backend_futex_requeue(cap_t object, uint64_t identity, uint64_t offset,
                                  uint64_t identity2, uint64_t offset2, uint32_t wake,
                                  uint32_t requeue, uint32_t *woken, uint32_t *requeued)
{
    (void)object, (void)identity, (void)offset, (void)identity2, (void)offset2, (void)wake;
    (void)requeue;
    *woken = *requeued = 0;
    return JN_OK;
}

jn_status_t backend_make_descriptor(cap_t object, uint32_t kind, uint64_t initial, uint32_t flags,
                                    struct backend_open *open)
{
    (void)object, (void)kind, (void)initial, (void)flags, (void)open;
    return JN_NO_MEMORY;
}

jn_status_t backend_set_timer(cap_t object, uint64_t number, uint64_t deadline, uint64_t interval,
                              uint64_t *old_deadline, uint64_t *old_interval)
{
    (void)object, (void)number, (void)deadline, (void)interval, (void)old_deadline;
    (void)old_interval;
    return JN_BAD_HANDLE;
}

jn_status_t backend_process_post(cap_t task, uint64_t pid, uint64_t cookie, const void *data,
                                 size_t length, uint64_t *id)
{
    (void)task, (void)pid, (void)cookie, (void)data, (void)length, (void)id;
    return JN_NO_PROCESS;
}

jn_status_t backend_process_collect(cap_t task, uint64_t id)
{
    (void)task, (void)id;
    return JN_NOT_FOUND;
}

void backend_process_withdraw(cap_t task, uint64_t id)
{
    (void)task, (void)id;
}

jn_status_t backend_process_next_request(cap_t task, void *data, size_t capacity, uint64_t *id,
                                         uint64_t *length)
{
    (void)task, (void)data, (void)capacity, (void)id, (void)length;
    return JN_NOT_FOUND;
}

jn_status_t backend_process_answer(cap_t task, uint64_t id)
{
    (void)task, (void)id;
    return JN_NOT_FOUND;
}
