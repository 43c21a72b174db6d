/* Waitable timers: armed ones in one list by deadline; APC timers deliver to their thread. */
#include <stdlib.h>
#include <string.h>

#include "core.h"
#include "nt_object_codes.h"

static struct nt_list armed = {&armed, &armed};

static void arm(struct nt_timer *timer)
{
    struct nt_list *place = armed.next;

    while (place != &armed &&
           nt_container(place, struct nt_timer, armed_link)->deadline <= timer->deadline)
        place = place->next;
    nt_list_append(place, &timer->armed_link);
    timer->armed = true;
}

void nt_timer_forget(struct nt_timer *timer)
{
    if (timer->armed)
        nt_list_remove(&timer->armed_link);
    timer->armed = false;
}

uint64_t nt_timer_next(void)
{
    return nt_list_empty(&armed) ? UINT64_MAX
                                 : nt_container(armed.next, struct nt_timer, armed_link)->deadline;
}

static void fire(struct nt_timer *timer, uint64_t now)
{
    nt_timer_forget(timer);
    timer->set = true;
    nt_object_wake(&timer->object);
    if (timer->apc && timer->apc_thread) {
        uint64_t time = nt_time_now();
        nt_apc_queue(timer->apc_thread, timer->apc, timer->apc_argument, time & 0xffffffff,
                     time >> 32);
    }
    if (timer->period) {
        timer->deadline += timer->period;
        if (timer->deadline <= now)
            timer->deadline = now + timer->period;
        arm(timer);
    }
}

void nt_timer_run(uint64_t now)
{
    while (!nt_list_empty(&armed)) {
        struct nt_timer *timer = nt_container(armed.next, struct nt_timer, armed_link);
        if (timer->deadline > now)
            break;
        fire(timer, now);
    }
}

/* APCs of a thread that ends go nowhere. */
void nt_timer_thread_gone(struct nt_thread *t)
{
    for (struct nt_list *at = armed.next; at != &armed; at = at->next) {
        struct nt_timer *timer = nt_container(at, struct nt_timer, armed_link);
        if (timer->apc_thread == t)
            timer->apc_thread = NULL;
    }
}

nt_status NtCreateTimer(struct nt_thread *t, const uint64_t *a)
{
    struct nt_attributes attributes;
    struct nt_timer *timer;
    bool manual = (uint32_t)a[3] == 0;
    char *path = NULL;
    size_t length = 0;
    nt_status status = nt_read_attributes(t, a[2], &attributes);

    if (NT_FAILED(status))
        return status;
    timer = nt_object_create(t->process, NT_TYPE_TIMER, sizeof *timer);
    status = timer ? nt_object_path(t, &attributes, &path, &length) : NT_NO_MEMORY;
    if (timer)
        timer->manual = manual;
    if (!NT_FAILED(status) && path) {
        bool existed;
        status = nt_status_from(world_object_create(
            t->process->world, OBJECT_TIMER,
            (manual ? OBJECT_MANUAL : 0) |
                (attributes.flags & NT_OBJ_OPENIF ? OBJECT_OPEN_EXISTING : 0),
            0, 0, 0, path, length, &timer->object.shared, &existed));
        if (!NT_FAILED(status) && existed)
            status = NT_OBJECT_NAME_EXISTS;
    }
    free(path);
    nt_attributes_free(&attributes);
    if (NT_FAILED(status)) {
        if (timer)
            nt_object_release(&timer->object);
        return status;
    }
    return nt_handle_give(t, a[0], timer, (uint32_t)a[1], attributes.flags, status);
}

nt_status NtOpenTimer(struct nt_thread *t, const uint64_t *a)
{
    struct nt_attributes attributes;
    struct nt_timer *timer;
    char *path = NULL;
    size_t length = 0;
    bool existed;
    nt_status status = nt_read_attributes(t, a[2], &attributes);

    if (NT_FAILED(status))
        return status;
    timer = nt_object_create(t->process, NT_TYPE_TIMER, sizeof *timer);
    status = timer ? nt_object_path(t, &attributes, &path, &length) : NT_NO_MEMORY;
    if (!NT_FAILED(status) && !path)
        status = NT_OBJECT_PATH_SYNTAX_BAD;
    if (!NT_FAILED(status))
        status = nt_status_from(world_object_create(
            t->process->world, OBJECT_TIMER, OBJECT_MUST_EXIST | OBJECT_OPEN_EXISTING, 0, 0, 0,
            path, length, &timer->object.shared, &existed));
    free(path);
    nt_attributes_free(&attributes);
    if (NT_FAILED(status)) {
        if (timer)
            nt_object_release(&timer->object);
        return status;
    }
    return nt_handle_give(t, a[0], timer, (uint32_t)a[1], attributes.flags, NT_SUCCESS);
}

nt_status NtSetTimer(struct nt_thread *t, const uint64_t *a)
{
    struct nt_timer *timer;
    int64_t when;
    bool was;
    nt_status status = nt_handle_object(t, a[0], NT_TYPE_TIMER, 2, &timer);

    if (NT_FAILED(status))
        return status;
    if (NT_FAILED(nt_read(t, a[1], &when, 8)))
        return NT_ACCESS_VIOLATION;
    if ((int32_t)a[5] < 0)
        return NT_INVALID_PARAMETER;
    uint64_t now = world_time_monotonic();
    int64_t left = when < 0 ? (when == INT64_MIN ? INT64_MAX : -when)
                            : when - (int64_t)nt_time_now();
    uint64_t deadline = left <= 0                                      ? now
                        : (uint64_t)left > (UINT64_MAX / 2 - now) / 100 ? UINT64_MAX / 2
                                                                        : now + (uint64_t)left * 100;
    uint64_t period = (uint64_t)(uint32_t)a[5] * 1000000;
    was = timer->set;
    if (timer->object.shared) {
        status = nt_status_from(world_object_set_timer(t->process->world, timer->object.shared,
                                                       deadline ? deadline : 1, period));
    } else {
        nt_timer_forget(timer);
        timer->set = false;
        timer->deadline = deadline;
        timer->period = period;
        timer->apc = a[2];
        timer->apc_argument = a[3];
        timer->apc_thread = a[2] ? t : NULL;
        if (deadline <= now)
            fire(timer, now);
        else
            arm(timer);
    }
    if (!NT_FAILED(status) && a[6]) {
        uint8_t previous = was;
        status = nt_write(t, a[6], &previous, 1);
    }
    return status;
}

nt_status NtCancelTimer(struct nt_thread *t, const uint64_t *a)
{
    struct nt_timer *timer;
    nt_status status = nt_handle_object(t, a[0], NT_TYPE_TIMER, 2, &timer);

    if (NT_FAILED(status))
        return status;
    if (timer->object.shared)
        status = nt_status_from(
            world_object_set_timer(t->process->world, timer->object.shared, 0, 0));
    uint8_t state = timer->set;
    nt_timer_forget(timer);
    timer->period = 0;
    if (!NT_FAILED(status) && a[1])
        status = nt_write(t, a[1], &state, 1);
    return status;
}

nt_status NtQueryTimer(struct nt_thread *t, const uint64_t *a)
{
    struct nt_timer *timer;
    struct {
        int64_t remaining;
        uint8_t state, pad[7];
    } information = {0};
    nt_status status = nt_handle_object(t, a[0], NT_TYPE_TIMER, 1, &timer);

    if (NT_FAILED(status))
        return status;
    if ((uint32_t)a[1] != 0)
        return NT_INVALID_INFO_CLASS;
    uint64_t now = world_time_monotonic();
    if (timer->armed && timer->deadline > now)
        information.remaining = (int64_t)(timer->deadline - now) / 100;
    information.state = timer->set;
    return nt_write_exact(t, a[2], (uint32_t)a[3], a[4], &information, sizeof information);
}
