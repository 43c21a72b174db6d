/* JN_COPY: between a server's buffer and what its caller offers, page by page through the direct
 * map. It stops at the first page that the caller has not mapped so, and says where; the server
 * answers FAULT_AT, or tries again later (KERNEL 6, 7).
 */
#include "cpu.h"
#include "ipc/ipc.h"
#include "lib/string.h"
#include "memory/layout.h"
#include "task/task.h"
#include "trace/trace.h"

#define LENDING_DEPTH 8

/* The range of memory that is meant: of whose task, and where. */
struct target {
    struct thread *thread;
    uint64_t address;
};

static bool whole_space_offered(const struct thread *caller)
{
    unsigned state = thread_state(caller);
    return state == STATE_FOREIGN || state == STATE_FAULT || state == STATE_EXCEPTION;
}

/* Follows a window to memory. A window may name a Reply that the caller holds: then it lends what
 * that Reply's caller offers, under its own address and length. */
static status_t find_window(struct thread *caller, unsigned number, uint64_t offset, uint64_t bytes,
                            unsigned access, struct target *target)
{
    for (unsigned depth = 0; depth < LENDING_DEPTH; depth++) {
        if (!(caller->state & STATE_WINDOWS) || number >= caller->windows)
            return JN_WINDOW;
        const volatile struct jn_window *window = &caller->utcb->windows[number];
        uint64_t address = window->address, length = window->length;
        uint32_t reply = window->reply;
        if (offset > length || bytes > length - offset || !(window->access & access))
            return JN_WINDOW;
        if (!reply) {
            *target = (struct target){caller, address + offset};
            return JN_OK;
        }
        struct cap *cap = task_slot(caller->task, reply);
        if (reply == JN_WINDOW_CURRENT)
            caller = caller->caller;
        else if (!cap || cap->type != JN_TYPE_REPLY || !cap->object)
            return JN_WINDOW;
        else
            caller = THREAD_OF(cap->object);
        if (caller == no_thread)
            return JN_WINDOW;
        if (whole_space_offered(caller)) {
            *target = (struct target){caller, address + offset};
            return JN_OK;
        }
        number = 0;
        offset += address;
    }
    return JN_WINDOW;
}

static inline __attribute__((always_inline)) status_t find_target(struct thread *caller, unsigned what, uint64_t offset, uint64_t bytes,
                            struct target *target)
{
    unsigned window = what & 3, access = what & JN_COPY_IN ? JN_R : JN_W;

    if (window == JN_COPY_SPACE) {
        if (!whole_space_offered(caller))
            return JN_WINDOW;
        *target = (struct target){caller, offset};
        return JN_OK;
    }
    return window > JN_COPY_WINDOW1 ? JN_WINDOW
                                    : find_window(caller, window, offset, bytes, access, target);
}

/* Copies up to and with a zero byte. */
static size_t copy_string(char *to, const char *from, size_t bytes, bool *end)
{
    const uint64_t ones = 0x0101010101010101, highs = 0x8080808080808080;
    size_t i = 0;

    /* Words without a zero byte first. `from` may be written meanwhile: each word is read once. */
    for (; i + 8 <= bytes; i += 8) {
        uint64_t word;
        __builtin_memcpy(&word, from + i, 8);
        __asm__("" : "+r"(word));
        if ((word - ones) & ~word & highs)
            break;
        __builtin_memcpy(to + i, &word, 8);
    }
    for (; i < bytes; i++) {
        to[i] = from[i];
        if (!to[i]) {
            *end = true;
            return i + 1;
        }
    }
    return bytes;
}

/* Bytes to the end of the page. */
static uint64_t page_rest(uint64_t address)
{
    return PAGE_SIZE - (address & PAGE_MASK);
}

static void finish(struct thread *thread, status_t status, uint64_t done, uint64_t address,
                   uint64_t access)
{
    thread_return(thread, status);
    cpu_self()->copied += done; /* all of it: a restart goes on with what was done before */
    thread->r[word_register[0]] = done;
    thread->r[word_register[1]] = address;
    thread->r[word_register[2]] = access;
}

/* The whole of a copy of at most a page, for a thread that has not entered C and goes straight back;
 * -1: something is in the way, do it again by ipc_copy(). One processor only: with several it is the
 * kernel lock that keeps page tables and callers where they are. */
int64_t ipc_copy_quick(struct thread *thread)
{
    const uint64_t *r = thread->r;
    uint64_t handle = r[JN_REG_RDI], own = r[JN_REG_R10], bytes = r[JN_REG_R8], done = 0;
    unsigned what = (unsigned)(r[JN_REG_RSI] >> JN_TAG_METHOD_SHIFT), way = what & ~3u;
    bool in = way != JN_COPY_OUT, end = false;
    struct target target;

    if (cpu_count > 1 || thread->restarted || bytes > PAGE_SIZE ||
        (way != JN_COPY_OUT && way != JN_COPY_IN && way != (JN_COPY_IN | JN_COPY_STRING)))
        return -1;
    struct thread *caller = handle ? reply_caller(thread, handle) : thread->caller;
    if (!caller || caller == no_thread ||
        find_target(caller, what, r[JN_REG_RDX], bytes, &target))
        return -1;
    while (done < bytes && !end) {
        uint64_t there = target.address + done, here = own + done, part = bytes - done;
        char *other = space_access(&target.thread->task->space, there, in ? JN_ACCESS_READ : JN_ACCESS_WRITE);
        if (!other)
            return -1;
        char *mine = space_access(&thread->task->space, here, in ? JN_ACCESS_WRITE : JN_ACCESS_READ);
        if (!mine)
            return -1;
        part = part < page_rest(there) ? part : page_rest(there);
        part = part < page_rest(here) ? part : page_rest(here);
        if (!in)
            memcpy(other, mine, part);
        else if (way == JN_COPY_IN)
            memcpy(mine, other, part);
        else
            part = copy_string(mine, other, part, &end);
        done += part;
    }
    cpu_self()->entries++;
    cpu_self()->copied += done;
    thread->entries++;
    return (int64_t)done;
}

uint64_t ipc_copy_where(struct thread *thread, struct thread **whose)
{
    struct target target = {0};
    unsigned what = (unsigned)(thread->r[JN_REG_RSI] >> JN_TAG_METHOD_SHIFT);
    struct thread *caller = reply_caller(thread, thread->r[JN_REG_RDI]);

    if (caller && caller != no_thread &&
        find_target(caller, what, thread->r[word_register[0]], thread->r[word_register[2]], &target))
        target.address = 0;
    *whose = target.thread;
    return target.address;
}

/* Progress is kept in `thread->copied` across preemption and across page faults of the copier. */
status_t ipc_copy(struct thread *thread, uint64_t handle, uint64_t tag)
{
    struct thread *caller = reply_caller(thread, handle);
    unsigned what = (unsigned)(tag >> JN_TAG_METHOD_SHIFT);
    uint64_t own = thread->r[word_register[1]], bytes = thread->r[word_register[2]];
    uint64_t done = thread->copied;
    bool in = what & JN_COPY_IN, out = what & JN_COPY_OUT, end = false;
    struct target target;

    thread->copied = 0;
    if (what & ~(JN_COPY_IN | JN_COPY_OUT | JN_COPY_STRING | 3u) || in == out ||
        (what & JN_COPY_STRING && !in) || bytes >> 47 || done > bytes)
        return JN_BAD_ARG;
    if (!caller)
        return JN_BAD_CAP;
    if (caller == no_thread)
        return JN_NO_REPLY;
    status_t status = find_target(caller, what, thread->r[word_register[0]], bytes, &target);
    if (status)
        return status;

    unsigned at_once = what & JN_COPY_STRING ? 2 : 16; /* pages; about 12,000 instructions */
    unsigned other_access = in ? JN_ACCESS_READ : JN_ACCESS_WRITE;
    unsigned own_access = in ? JN_ACCESS_WRITE : JN_ACCESS_READ;
    char *other = NULL, *mine = NULL; /* each looked up once for every page of its side */
    for (unsigned pages = 1; done < bytes && !end; pages++) {
        uint64_t there = target.address + done, here = own + done, part = bytes - done;
        if (!other || !(there & PAGE_MASK))
            other = space_access(&target.thread->task->space, there, other_access);
        if (!other) {
            TRACE(trace_copy(thread, target.thread, JN_FAULT, target.address, done, in));
            finish(thread, JN_FAULT, done, there, other_access);
            return JN_OK;
        }
        if (!mine || !(here & PAGE_MASK))
            mine = space_access(&thread->task->space, here, own_access);
        if (!mine) {
            thread->copied = done;
            thread_restart(thread);
            thread->frame = FRAME_FULL;
            thread_raise_fault(thread, here, own_access, false);
            return JN_OK;
        }
        part = part < page_rest(there) ? part : page_rest(there);
        part = part < page_rest(here) ? part : page_rest(here);
        if (what & JN_COPY_STRING)
            part = copy_string(mine, other, part, &end);
        else
            memcpy(in ? mine : other, in ? other : mine, part);
        done += part;
        other += part;
        mine += part;
        if (pages % at_once == 0 && done < bytes && !end && preempt_point()) {
            thread->copied = done;
            return STATUS_RESTART;
        }
    }
    TRACE(trace_copy(thread, target.thread, JN_OK, target.address, done, in));
    finish(thread, JN_OK, done, 0, 0);
    return JN_OK;
}
