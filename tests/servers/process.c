#include "process.h"

#include <string.h>

#include "janus/idl/client.h"
#include "janus/idl/supervisor.h"
#include "janus/ipc.h"
#include "janus/object.h"
#include "janus/runtime.h"
#include "janus/server.h"

/* Asks by a system call where to go on: rax = address to read, or address + 1 to write, then the value
 * by another call. What was read comes in rdi with the next call. */
static const uint8_t code[] = {
    0x0f, 0x05,       /* again: syscall */
    0xa8, 0x01,       /* test al, 1 */
    0x75, 0x05,       /* jnz write */
    0x48, 0x8b, 0x38, /* mov rdi, [rax] */
    0xeb, 0xf5,       /* jmp again */
    0x48, 0xff, 0xc8, /* write: dec rax */
    0x48, 0x89, 0xc3, /* mov rbx, rax */
    0x0f, 0x05,       /* syscall */
    0x48, 0x89, 0x03, /* mov [rbx], rax */
    0xeb, 0xe8,       /* jmp again */
};

cap_t pager_admin, process_gate;

static bool park(cap_t *reply)
{
    cap_t slot = jn_slot_alloc();
    struct jn_registers registers = {.tag = 1, .words = {slot}};
    *reply = slot;
    return slot && jn_syscall(JN_PARK, JN_CAP_NULL, &registers) == 0;
}

static void answer(cap_t reply, uint64_t tag, uint64_t word)
{
    struct jn_registers registers = {.tag = tag, .words = {word}};
    (void)jn_syscall(JN_REPLY, reply, &registers);
    jn_slot_free(reply);
}

/* Puts the thread back to its first instruction. */
static void rewind_thread(struct process *p, cap_t fault)
{
    static struct jn_state state;
    enum jn_was was;
    jn_status_t status = jn_thread_read(p->thread, JN_STATE_REGS, &state, &was);
    state.rip = CODE;
    if (status == JN_OK)
        status = jn_thread_write(p->thread, JN_STATE_REGS, &state);
    if (status != JN_OK)
        jn_log(JN_LOG_ERROR, "thread control: %s", jn_status_text(status));
    answer(fault, JN_TAG_RESUME, 0);
}

static jn_status_t resolve(struct process *p, uint64_t address, uint64_t access, cap_t reply)
{
    jn_status_t status = region_map_resolve(p->map, address, (uint32_t)access & 7, reply);
    if (status != JN_NO_MEMORY)
        return status;
    /* What a personality does through task.fund. */
    status = jn_pool_fund(JN_CAP_POOL, p->pool, 8);
    return status == JN_OK ? region_map_resolve(p->map, address, (uint32_t)access & 7, reply)
                           : status;
}

/* Serves the process until its next system call, whose rdi is *value. */
static bool serve(struct process *p, uint64_t *value, jn_status_t *status)
{
    *status = JN_OK;
    for (;;) {
        struct jn_registers registers = {0};
        cap_t reply;
        int64_t result = jn_syscall(JN_WAIT, process_gate, &registers);
        uint64_t kind = (registers.tag & JN_TAG_KIND) >> JN_TAG_KIND_SHIFT;
        if (result != JN_RECEIVED || !(registers.tag & JN_TAG_KERNEL)) {
            jn_log(JN_LOG_ERROR, "received %ld, tag %lx", result, registers.tag);
            return false;
        }
        if (registers.label != (uint64_t)(uintptr_t)p || !park(&reply)) {
            jn_log(JN_LOG_ERROR, "label %lx", registers.label);
            return false;
        }
        switch (kind) {
        case JN_KM_SYSCALL:
            p->waiting = reply;
            *value = registers.words[5];
            return *status == JN_OK;
        case JN_KM_PAGE_FAULT:
            p->faults++;
            *status = resolve(p, registers.words[0], registers.words[1], reply);
            if (*status == JN_OK)
                answer(reply, 0, 0);
            else
                rewind_thread(p, reply);
            break;
        default:
            jn_log(JN_LOG_ERROR, "exception %lu at %lx", registers.words[0], registers.words[2]);
            return false;
        }
    }
}

bool process_read(struct process *p, uint64_t address, uint64_t *value, jn_status_t *status)
{
    answer(p->waiting, 1, address);
    return serve(p, value, status);
}

bool process_write(struct process *p, uint64_t address, uint64_t value, jn_status_t *status)
{
    uint64_t ignored;
    answer(p->waiting, 1, address | 1);
    if (!serve(p, &ignored, status))
        return false;
    answer(p->waiting, 1, value);
    return serve(p, &ignored, status);
}

static bool say(const char *what, jn_status_t status)
{
    if (status != JN_OK)
        jn_log(JN_LOG_ERROR, "%s: %s", what, jn_status_text(status));
    return status == JN_OK;
}

/* As servers/task does it: more kernel memory from the supervisor when the own Pool is empty. */
static jn_status_t make_pool(uint64_t frames, cap_t *pool)
{
    uint64_t added;
    jn_status_t status = jn_pool_create(JN_CAP_POOL, frames, pool);
    if (status == JN_NO_MEMORY)
        status = supervisor_fund(JN_CAP_SUPERVISOR, 1024, &added);
    else
        return status;
    return status == JN_OK ? jn_pool_create(JN_CAP_POOL, frames, pool) : status;
}

/* Pool and Task; the client is there. */
static bool make_task(struct process *p, uint64_t frames)
{
    return say("pool", make_pool(frames, &p->pool)) &&
           say("task", jn_task_create(p->pool, 0, &p->task)) &&
           say("space", client_set_space(p->pager, p->task));
}

static bool start_thread(struct process *p)
{
    static struct jn_state state;
    uint64_t value;
    jn_status_t status;
    uint64_t label = (uint64_t)(uintptr_t)p;
    if (!say("thread", jn_thread_create(p->pool, p->task, 0, JN_CAP_NULL, JN_THREAD_FOREIGN,
                                        &p->thread)))
        return false;
    state = (struct jn_state){.rip = CODE, .rflags = 0x202};
    return say("state", jn_thread_write(p->thread, JN_STATE_REGS, &state)) &&
           say("gates", jn_thread_set_gates(p->thread, process_gate, label, process_gate, label)) &&
           say("resume", jn_thread_resume(p->thread)) && serve(p, &value, &status);
}

uint64_t process_map(struct process *p, uint64_t address, uint64_t length, uint32_t access)
{
    struct region_request request = {
        .place = address ? REGION_FIXED : REGION_ANYWHERE,
        .address = address,
        .length = length,
        .kind = REGION_PRIVATE,
        .access = access,
    };
    return say("map", region_map_add(p->map, &request, &address)) ? address : 0;
}

bool process_make(struct process *p, uint64_t frames)
{
    uint64_t done;
    *p = (struct process){0};
    if (!say("client", client_create(pager_admin, 1000, 0, 0, &p->pager)) || !make_task(p, frames))
        return false;
    p->guest = (struct region_guest){.task = p->task, .pager = p->pager};
    p->map = region_map_create(&region_guest_ops, &p->guest, 0x10000, 0x7ffffffff000);
    return p->map && process_map(p, CODE, 4096, JN_R | JN_X) &&
           say("code", region_map_write(p->map, CODE, code, sizeof code, true, &done)) &&
           start_thread(p);
}

bool process_fork(struct process *parent, struct process *child, uint64_t frames)
{
    *child = (struct process){0};
    if (!say("clone", client_clone(parent->pager, 1001, &child->pager)) ||
        !make_task(child, frames))
        return false;
    child->guest = (struct region_guest){.task = child->task, .pager = child->pager};
    return say("map", region_map_clone(parent->map, &child->guest, &child->map)) &&
           start_thread(child);
}

void process_end(struct process *p)
{
    jn_status_t status = jn_cap_destroy(p->pool);
    if (status != JN_OK)
        jn_log(JN_LOG_ERROR, "destroy: %s", jn_status_text(status));
    jn_cap_delete(p->task);
    jn_cap_delete(p->thread);
    jn_cap_delete(p->waiting);
    jn_cap_delete(p->pager);
    region_map_destroy(p->map, false);
    p->map = NULL;
}
