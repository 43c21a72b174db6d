/* An adapter's beginning: what lib/start is to a server, without supervisor and names. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "janus/adapter_runtime.h"
#include "memory.h"
#include "janus/backend/process.h"
#include "janus/idl/personality.h"
#include "janus/idl/task.h"
#include "janus/ipc.h"
#include "janus/object.h"
#include "janus/runtime.h"
#include "janus/server.h"

/* entry.asm */
_Static_assert(offsetof(struct jn_utcb, thread) == 1024, "entry.asm");
_Static_assert(offsetof(struct jn_utcb, in_adapter) == 1032, "entry.asm");
_Static_assert(offsetof(struct jn_utcb, door_rip) == 1040, "entry.asm");
_Static_assert(offsetof(struct jn_utcb, door_rsp) == 1048, "entry.asm");
_Static_assert(offsetof(struct jn_utcb, door_rax) == 1168, "entry.asm");
_Static_assert(offsetof(struct jn_utcb, door_rflags) == 1176, "entry.asm");
_Static_assert(offsetof(struct jn_utcb, state) == 1216, "entry.asm");
_Static_assert(JN_OP_THREAD_WRITE == 25 && JN_FOREIGN == 11 && JN_INVOKE == 7, "entry.asm");

/* The launcher writes it, into what all adapters are cloned from (entry.asm). */
char adapter_programs[ADAPTER_PROGRAMS_MAX];

#define LANDING_SLOTS JN_ITEMS_MAX
#define POOL_LOW 24  /* frames: one message needs far fewer */
#define POOL_STEP 32
#define POOL_CHECK 16 /* messages between two looks */

_Noreturn void adapter_start(enum adapter_kind kind, uint64_t length, uint64_t settings);

_Noreturn void adapter_start(enum adapter_kind kind, uint64_t length, uint64_t settings)
{
    struct jn_utcb *utcb = jn_utcb();
    if (kind == ADAPTER_FORKED) { /* what the parent had in its table, and around, is not here */
        jn_slots_reset();
        adapter_utcb_reset();
        adapter_windows_reset();
    } else {
        adapter_heap_begin();
    }
    utcb->recv_cap_base = jn_slot_alloc_range(LANDING_SLOTS);
    utcb->recv_cap_count = LANDING_SLOTS;
    adapter_settings_keep(settings);
    backend_programs = adapter_programs;
    adapter_main(kind, length, settings);
}

const struct jn_info *jn_info(void)
{
    return (const struct jn_info *)TASK_INFORMATION_PAGE;
}

/* servers/task hears of the exception, ends the process and says so. */
_Noreturn void jn_panic(const char *format, ...)
{
    char line[256];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    jn_log(JN_LOG_ERROR, "%s", line);
    __builtin_trap();
}

struct backend_clients adapter_clients(void)
{
    return (struct backend_clients){.task = ADAPTER_CAP_CLIENT_TASK, .pager = JN_CAP_PAGER,
                                    .fs = ADAPTER_CAP_CLIENT_FS,
                                    .console = ADAPTER_CAP_CLIENT_CONSOLE,
                                    .object = ADAPTER_CAP_CLIENT_OBJECT};
}

/* Not the name service: there is none. Only who takes processes is known, by name. */
jn_status_t jn_name_lookup(const char *name, cap_t *gate)
{
    uint32_t type = JN_TYPE_NONE, rights;
    uint64_t identity, label;
    char taker[ADAPTER_TAKER_MAX];
    for (unsigned i = 0; i < ADAPTER_TAKERS; i++) {
        if (!adapter_taker_name(i, adapter_programs, taker))
            break;
        if (strcmp(taker, name))
            continue;
        *gate = ADAPTER_CAP_TAKERS + i * JN_CAP_STEP;
        if (jn_cap_info(*gate, &type, &rights, &identity, &label) == JN_OK && type == JN_TYPE_GATE)
            return JN_OK;
    }
    return JN_NO_SERVICE;
}

void adapter_keep_pool(void)
{
    static uint32_t messages;
    uint64_t owned, left, bytes, added;
    if (messages++ % POOL_CHECK ||
        jn_pool_info(JN_CAP_POOL, &owned, &left, &bytes) != JN_OK || left >= POOL_LOW)
        return;
    /* Refused: what needs more fails with NO_MEMORY, as it should. */
    jn_status_t status = task_fund(ADAPTER_CAP_CLIENT_TASK, POOL_STEP, &added);
    (void)status;
}

/* ---- the take ---- */

jn_status_t adapter_take_record(uint64_t length, void **record)
{
    struct jn_call call = {.reply = ADAPTER_CAP_REPLY};
    size_t done = 0;
    *record = malloc(length ? length : 1);
    if (!*record)
        return JN_NO_MEMORY;
    jn_status_t status = length ? jn_copy_in(&call, 0, 0, *record, length, &done) : JN_OK;
    if (status != JN_OK) {
        free(*record);
        *record = NULL;
    }
    return status;
}

void adapter_answer(jn_status_t status)
{
    jn_status_t answered = personality_take_reply(ADAPTER_CAP_REPLY, status);
    (void)answered; /* the process's old image does not wait for it any more */
    if (status == JN_OK)
        return;
    status = task_abandon(ADAPTER_CAP_CLIENT_TASK);
    jn_panic("a Task that nobody needs stays: %s", jn_status_text(status));
}

/* ---- UTCBs ---- */

#define UTCBS_FAR ((ADAPTER_WINDOWS_FAR - ADAPTER_UTCBS_FAR) / JN_UTCB_SIZE)

/* Free ones are kept in a stack; it grows with the number of threads that were there at once. */
static uint64_t *free_utcbs;
static size_t free_count, free_capacity;
static uint64_t used = 1; /* the first is the handler's */

uint64_t adapter_utcb_alloc(void)
{
    if (free_count)
        return free_utcbs[--free_count];
    /* Room for giving it back is made now: that must not fail. */
    if (used > free_capacity) {
        size_t wanted = free_capacity ? free_capacity * 2 : 16;
        uint64_t *larger = realloc(free_utcbs, wanted * sizeof *larger);
        if (!larger)
            return 0;
        free_utcbs = larger;
        free_capacity = wanted;
    }
    uint64_t index = used;
    if (index >= ADAPTER_UTCBS_NEAR + UTCBS_FAR)
        return 0;
    used++;
    return index < ADAPTER_UTCBS_NEAR
               ? ADAPTER_UTCBS + index * JN_UTCB_SIZE
               : ADAPTER_UTCBS_FAR + (index - ADAPTER_UTCBS_NEAR) * JN_UTCB_SIZE;
}

void adapter_utcb_free(uint64_t utcb)
{
    if (utcb)
        free_utcbs[free_count++] = utcb;
}

void adapter_utcb_reset(void)
{
    free_count = 0;
    used = 1;
}
