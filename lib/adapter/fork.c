/* The child of a fork: a Task with a copy of this adapter. The copy is made by the pager when the
 * client there is cloned; up to that moment this adapter's memory must say all that the child needs.
 * From then on this one may go on as it likes. */
#include <string.h>

#include "janus/idl/client.h"
#include "janus/idl/task.h"
#include "janus/ipc.h"
#include "janus/object.h"
#include "janus/runtime.h"
#include "memory.h"

#define GIVE_RIGHTS (JN_RIGHT_SEND | JN_RIGHT_COPY)

static uint64_t fork_settings; /* as this adapter got them */

static const struct adapter_header *header(void)
{
    return (const struct adapter_header *)ADAPTER_BASE;
}

void adapter_settings_keep(uint64_t settings)
{
    fork_settings = settings;
}

uint32_t adapter_default_place(const char *personality)
{
    char taker[ADAPTER_TAKER_MAX];
    for (unsigned i = 0; i < ADAPTER_TAKERS && adapter_taker_name(i, adapter_programs, taker); i += 2)
        if (!strcmp(taker + 4, personality))
            return ADAPTER_PLACE(fork_settings, i / 2);
    return 0;
}

static jn_status_t copy(cap_t task, cap_t source, cap_t slot, uint32_t rights)
{
    jn_status_t status = jn_cap_copy_to(task, source, slot, rights);
    return source < JN_CAP_FIRST_FREE && status == JN_BAD_CAP ? JN_OK : status; /* we have none */
}

static jn_status_t fill_table(const struct adapter_child *child)
{
    const struct {
        cap_t source, slot;
        uint32_t rights;
    } list[] = {
        {child->task, JN_CAP_TASK, JN_RIGHT_ALL & ~JN_RIGHT_DESTROY},
        {child->thread, JN_CAP_THREAD, JN_RIGHT_ALL},
        {child->pool, JN_CAP_POOL, JN_RIGHT_ALL & ~JN_RIGHT_DESTROY},
        {JN_CAP_LOG, JN_CAP_LOG, GIVE_RIGHTS},
        {child->clients.pager, JN_CAP_PAGER, GIVE_RIGHTS},
        {child->clients.task, ADAPTER_CAP_CLIENT_TASK, GIVE_RIGHTS},
        {child->clients.fs, ADAPTER_CAP_CLIENT_FS, GIVE_RIGHTS},
        {child->clients.console, ADAPTER_CAP_CLIENT_CONSOLE, GIVE_RIGHTS},
        {child->clients.object, ADAPTER_CAP_CLIENT_OBJECT, GIVE_RIGHTS},
        {ADAPTER_CAP_EMPTY_PAGER, ADAPTER_CAP_EMPTY_PAGER, GIVE_RIGHTS},
    };
    jn_status_t status = JN_OK;
    for (size_t i = 0; i < sizeof list / sizeof *list && status == JN_OK; i++)
        if (list[i].source)
            status = copy(child->task, list[i].source, list[i].slot, list[i].rights);
    for (cap_t i = 0; i < ADAPTER_TAKERS && status == JN_OK; i++) {
        if (!ADAPTER_PLACE(fork_settings, i / 2))
            continue;
        cap_t slot = ADAPTER_CAP_TAKERS + i * JN_CAP_STEP;
        status = copy(child->task, slot, slot, GIVE_RIGHTS);
    }
    return status;
}

static jn_status_t make_handler(struct adapter_child *child, uint64_t word)
{
    static struct jn_state state;
    jn_status_t status = jn_thread_create(child->pool, child->task, ADAPTER_UTCBS, JN_CAP_NULL, 0,
                                          &child->thread);
    if (status != JN_OK)
        return status;
    state = (struct jn_state){.rip = header()->start, .rflags = 0x202};
    state.r[JN_REG_RSP] = ADAPTER_STACK;
    state.r[JN_REG_RDI] = ADAPTER_FORKED;
    state.r[JN_REG_RSI] = word;
    state.r[JN_REG_RDX] = fork_settings;
    status = jn_thread_write(child->thread, JN_STATE_REGS, &state);
    /* Its faults are heard by servers/task under the process's name (adapter.h). */
    if (status == JN_OK)
        status = jn_thread_set_gates(child->thread, child->clients.task, 0, JN_CAP_NULL, 0);
    return status;
}

jn_status_t adapter_fork(const struct backend_clients *parent, uint64_t pid, cap_t task,
                         uint64_t word, struct adapter_child *child)
{
    *child = (struct adapter_child){.pid = pid};
    uint64_t added;
    jn_status_t status = task_prepare(task, &child->task, &child->pool);
    if (status == JN_OK)
        status = task_fund(task, 32, &added);
    if (status == JN_OK)
        status = jn_task_door(child->task, ADAPTER_BASE, ADAPTER_BASE + header()->text_bytes,
                              header()->door);
    /* This is where the child's memory is made. */
    if (status == JN_OK)
        status = backend_clients_clone(parent, pid, task, &child->clients);
    if (status == JN_OK)
        status = client_set_space(child->clients.pager, child->task);
    if (status == JN_OK)
        status = adapter_map_text(child->clients.pager);
    if (status == JN_OK)
        status = adapter_map_memory(child->clients.pager);
    if (status == JN_OK)
        status = make_handler(child, word);
    if (status == JN_OK)
        status = fill_table(child);
    if (status == JN_OK)
        return JN_OK;
    child->clients.task = JN_CAP_NULL; /* the caller's still */
    jn_status_t abandoned = task_abandon(task);
    (void)abandoned;
    adapter_fork_end(child);
    return status;
}

jn_status_t adapter_fork_start(struct adapter_child *child, uint32_t personality)
{
    /* One step: this process may be killed at any time, and must leave no child that never runs. */
    return task_start(child->clients.task, personality, child->thread);
}

void adapter_fork_end(struct adapter_child *child)
{
    backend_clients_drop(&child->clients);
    jn_cap_delete(child->thread);
    jn_cap_delete(child->pool);
    jn_cap_delete(child->task);
    child->task = child->pool = child->thread = JN_CAP_NULL;
}
