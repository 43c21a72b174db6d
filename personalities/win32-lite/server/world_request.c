/* What goes between processes of different cores: offers and requests. */
#include <stdlib.h>

#include "guest.h"
#include "janus/idl/client.h"
#include "janus/idl/task.h"

world_status world_offer(struct world_process *p, struct world_open open, bool move,
                         uint64_t *token)
{
    cap_t client = backend_client(&p->clients, open.server);

    if (move && open.server == WORLD_FS)
        guest_source_forget(p, REGION_SOURCE_FILE, open.number);
    return client ? client_offer(client, open.number, move ? OFFER_MOVE : 0, token)
                  : JN_BAD_HANDLE;
}

world_status world_accept(struct world_process *p, uint32_t server, uint64_t token,
                          struct world_open *open)
{
    cap_t client = backend_client(&p->clients, server);
    jn_status_t status;

    *open = (struct world_open){.server = server};
    status = client ? client_accept(client, token, &open->number, &open->access) : JN_BAD_HANDLE;
    if (status != JN_OK)
        open->server = 0;
    return status;
}

world_status world_section_offer(struct world_process *p, uint64_t section, uint64_t *token)
{
    return client_offer(p->clients.pager, section, 0, token);
}

world_status world_section_accept(struct world_process *p, uint64_t token, uint64_t *section)
{
    uint32_t access;

    return client_accept(p->clients.pager, token, section, &access);
}

world_status world_request_post(struct world_process *p, uint64_t pid, uint64_t cookie,
                                const void *data, size_t length, uint64_t *id)
{
    return task_post(p->clients.task, pid, cookie, length, backend_window(data, length), id);
}

world_status world_request_collect(struct world_process *p, uint64_t id, void *data,
                                   size_t capacity, size_t *length)
{
    return task_collect(p->clients.task, id, capacity, backend_window(data, capacity), length);
}

void world_request_withdraw(struct world_process *p, uint64_t id)
{
    jn_status_t status = task_withdraw(p->clients.task, id);
    (void)status; /* it may have been the last that the other process heard of */
}

void world_request_answer(struct world_process *p, uint64_t id, const void *data, size_t length)
{
    jn_status_t status = task_answer(p->clients.task, id, length, backend_window(data, length));
    (void)status; /* who asked may be gone */
}

world_status world_process_terminate(struct world_process *p, uint64_t pid, uint32_t code)
{
    return task_terminate(p->clients.task, pid, code);
}

world_status world_thread_owner(struct world_process *p, uint64_t tid, uint64_t *pid)
{
    return task_thread_owner(p->clients.task, tid, pid);
}

void guest_take_requests(struct world_process *p, struct nt_process *core)
{
    uint8_t *data = malloc(TASK_REQUEST_MAX);
    uint64_t cookie = p->cookie, id, from, length;

    while (data && guest_process_by_cookie(cookie) == p &&
           task_next_request(p->clients.task, TASK_REQUEST_MAX,
                             backend_window(data, TASK_REQUEST_MAX), &id, &from,
                             &length) == JN_OK)
        nt_core_request(core, id, from, data, length);
    free(data);
}
