/* The calls of abi.h. Each is a function of the program and its two arguments; what must wait answers
 * CALL_WAITS and is run again, from its start, when its server says that trying is worth while. */
#include <string.h>

#include "../abi.h"
#include "core.h"
#include "janus/backend/io.h"
#include "janus/backend/time.h"
#include "janus/idl/task.h"
#include "janus/runtime.h"

#define CALL_WAITS INT64_MIN
#define CALL_GONE (INT64_MIN + 1) /* there is no program any more */

/* Bytes between the program's memory and an open. The server copies straight from or to the program,
 * whose message is lent to it; a page that is not there yet is made present, then it goes on. */
static int64_t transfer(struct program *p, struct backend_open open, bool write)
{
    uint64_t address = p->call[1], length = p->call[2], done;
    struct jn_window window;
    for (int patience = 8; patience; patience--) {
        if (backend_thread_lend(&p->thread, address, length, &window) != JN_OK)
            return EXAMPLE_NO_MEMORY;
        done = 0;
        jn_status_t status = (write ? backend_io_write : backend_io_read)(
            &p->clients, open, BACKEND_READ_AT_POSITION, length, 0, p->handle, window, &done);
        if (status == JN_OK)
            return (int64_t)done;
        if (status == JN_WOULD_BLOCK)
            return backend_thread_hold(&p->thread) == JN_OK ? CALL_WAITS : EXAMPLE_NO_MEMORY;
        if (status != JN_FAULT_AT)
            return EXAMPLE_FAILED;
        if (program_resolve(p, done, write ? JN_R : JN_W) != JN_OK)
            break;
    }
    return EXAMPLE_BAD_ADDRESS;
}

static int64_t call_say(struct program *p)
{
    return transfer(p, p->output, true);
}

static int64_t call_hear(struct program *p)
{
    return transfer(p, p->input, false);
}

static int64_t call_grow(struct program *p)
{
    uint64_t at, length = (p->call[1] + REGION_PAGE - 1) & ~(REGION_PAGE - 1);
    struct region_request request = {.place = REGION_ANYWHERE_LOW, .length = length,
                                     .kind = REGION_PRIVATE, .access = JN_R | JN_W};
    if (!length || length > EXAMPLE_LIMIT || region_map_add(p->map, &request, &at) != JN_OK)
        return EXAMPLE_NO_MEMORY;
    build_grown(p, at, length);
    return (int64_t)at;
}

static int64_t call_clock(struct program *p)
{
    (void)p;
    return (int64_t)backend_time_monotonic();
}

static int64_t call_self(struct program *p)
{
    return (int64_t)p->pid;
}

static int64_t call_build(struct program *p)
{
    uint64_t length = strlen(build_name), fault[2];
    for (size_t done = 0; p->call[2] >= length;) {
        if (backend_copy_out(&p->thread, p->call[1], build_name, length, &done, fault) == JN_OK)
            return (int64_t)length;
        if (program_resolve(p, fault[0], JN_W) != JN_OK)
            break;
    }
    return EXAMPLE_BAD_ADDRESS;
}

static int64_t call_leave(struct program *p)
{
    program_end(p, TASK_EXITED, (uint32_t)p->call[1] & 0xff);
    return CALL_GONE;
}

void call_run(struct program *p)
{
    static int64_t (*const calls[])(struct program *) = {
        call_say, call_hear, call_grow, call_clock, call_self, call_build, call_leave,
    };
    _Static_assert(sizeof calls / sizeof *calls == EXAMPLE_CALL_END - EXAMPLE_SAY, "every call");
    uint64_t index = p->call[0] - EXAMPLE_SAY;
    int64_t result = EXAMPLE_NO_CALL;
    if (index < sizeof calls / sizeof *calls)
        result = calls[index](p);
    else
        jn_log(JN_LOG_WARNING, "unsupported call %#lx(%#lx, %#lx) of process %lu",
               (unsigned long)p->call[0], (unsigned long)p->call[1], (unsigned long)p->call[2],
               (unsigned long)p->pid);
    if (result == CALL_GONE)
        return;
    p->waiting = result == CALL_WAITS;
    if (!p->waiting)
        backend_thread_answer_value(&p->thread, (uint64_t)result);
}
