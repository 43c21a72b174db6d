/* Requests of one process's personality to another's (task.post): a letter box.
 *
 * A request belongs to its asker, in whose `asked` it stands until it is collected, withdrawn, or the
 * asker ends. In the target's `requests` it stands until it is answered or the target ends; then its
 * `target` is NULL. So either side may go at any time, and neither waits for the other here. */
#include <stdlib.h>
#include <string.h>

#include "janus/server.h"
#include "process.h"

#define ASKED_LIMIT 1024 /* requests under way of one process */

struct request {
    struct list link;  /* in target->requests */
    struct list asked; /* in asker->asked */
    struct process *asker, *target;
    uint64_t id, cookie;
    bool taken;    /* the target has read it */
    bool answered; /* `data` is the answer */
    bool armed;    /* a ring entry is reserved for the cookie */
    uint64_t length;
    uint8_t *data;
};

static uint64_t next_id = 1;

static void disarm(struct request *request, bool post)
{
    struct ring *ring = request->asker->ring;

    if (request->armed && ring && post)
        jn_ring_post(&ring->ring, request->cookie, TASK_EVENT_WAIT);
    else if (request->armed && ring)
        jn_ring_disarm(&ring->ring);
    request->armed = false;
}

static void request_free(struct request *request)
{
    disarm(request, false);
    list_remove(&request->link);
    list_remove(&request->asked);
    request->asker->asked_count--;
    free(request->data);
    free(request);
}

static struct request *find_asked(struct process *process, uint64_t id)
{
    list_for_each(at, &process->asked)
        if (list_entry(at, struct request, asked)->id == id)
            return list_entry(at, struct request, asked);
    return NULL;
}

static jn_status_t copy_data(struct jn_call *call, uint64_t length, uint8_t **data)
{
    size_t done;
    jn_status_t status;

    if (length > TASK_REQUEST_MAX)
        return JN_TOO_BIG;
    *data = malloc(length ? length : 1);
    if (!*data)
        return JN_NO_MEMORY;
    status = length ? jn_copy_in(call, 0, 0, *data, length, &done) : JN_OK;
    if (status != JN_OK)
        free(*data);
    return status;
}

jn_status_t request_post(struct jn_call *call, struct process *asker, uint64_t pid,
                         uint64_t cookie, uint64_t length, uint64_t *id)
{
    struct process *target = process_find(pid);
    struct request *request;
    jn_status_t status;

    if (!target || target->state >= PROCESS_ZOMBIE)
        return JN_NO_PROCESS;
    if (!signal_allowed(asker, target))
        return JN_NOT_PERMITTED;
    if (target->personality == TASK_PERSONALITY_NATIVE)
        return JN_NOT_SUPPORTED;
    if (!asker->ring || !cookie)
        return JN_BUSY;
    if (asker->asked_count >= ASKED_LIMIT)
        return JN_QUOTA;
    request = calloc(1, sizeof *request);
    if (!request)
        return JN_NO_MEMORY;
    status = copy_data(call, length, &request->data);
    if (status == JN_OK) {
        status = jn_ring_arm(&asker->ring->ring);
        if (status != JN_OK)
            free(request->data);
    }
    if (status != JN_OK) {
        free(request);
        return status;
    }
    request->asker = asker;
    request->target = target;
    request->cookie = cookie;
    request->armed = true;
    request->length = length;
    request->id = *id = next_id++;
    list_append(&target->requests, &request->link);
    list_append(&asker->asked, &request->asked);
    asker->asked_count++;
    process_post(target, TASK_EVENT_REQUEST);
    return JN_OK;
}

jn_status_t request_next(struct jn_call *call, struct process *target, uint64_t capacity,
                         uint64_t *id, uint64_t *from, uint64_t *length)
{
    target->events &= ~(uint32_t)TASK_EVENT_REQUEST; /* a new request makes a new event */
    list_for_each(at, &target->requests) {
        struct request *request = list_entry(at, struct request, link);
        size_t done;
        if (request->taken)
            continue;
        if (capacity < request->length)
            return JN_RANGE;
        jn_status_t status =
            request->length
                ? jn_copy_out(call, 0, 0, request->data, request->length, &done)
                : JN_OK;
        if (status != JN_OK)
            return status;
        request->taken = true;
        *id = request->id;
        *from = request->asker->pid;
        *length = request->length;
        return JN_OK;
    }
    return JN_NOT_FOUND;
}

jn_status_t request_answer(struct jn_call *call, struct process *target, uint64_t id,
                           uint64_t length)
{
    list_for_each(at, &target->requests) {
        struct request *request = list_entry(at, struct request, link);
        uint8_t *data;
        if (request->id != id || !request->taken)
            continue;
        jn_status_t status = copy_data(call, length, &data);
        if (status != JN_OK)
            return status;
        free(request->data);
        request->data = data;
        request->length = length;
        request->answered = true;
        request->target = NULL;
        list_remove(&request->link);
        disarm(request, true);
        return JN_OK;
    }
    return JN_NOT_FOUND;
}

jn_status_t request_collect(struct jn_call *call, struct process *asker, uint64_t id,
                            uint64_t capacity, uint64_t *length)
{
    struct request *request = find_asked(asker, id);
    jn_status_t status = JN_OK;
    size_t done;

    if (!request)
        return JN_NOT_FOUND;
    if (request->target)
        return JN_WOULD_BLOCK;
    if (!request->answered) {
        status = JN_NO_PROCESS;
    } else if (request->length > capacity) {
        status = JN_RANGE;
    } else {
        *length = request->length;
        if (request->length)
            status = jn_copy_out(call, 0, 0, request->data, request->length, &done);
    }
    request_free(request);
    return status;
}

jn_status_t request_withdraw(struct process *asker, uint64_t id)
{
    struct request *request = find_asked(asker, id);

    if (!request)
        return JN_NOT_FOUND;
    request_free(request);
    return JN_OK;
}

void request_disarm_all(struct process *asker)
{
    list_for_each(at, &asker->asked)
        disarm(list_entry(at, struct request, asked), false);
}

void request_drop_all(struct process *process)
{
    list_for_each_safe(at, &process->requests) {
        struct request *request = list_entry(at, struct request, link);
        request->target = NULL;
        list_remove(&request->link);
        disarm(request, true);
    }
    list_for_each_safe(at, &process->asked)
        request_free(list_entry(at, struct request, asked));
}
