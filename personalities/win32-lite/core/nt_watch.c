/* Threads of other cores as wait objects: a request that the other core answers when the thread ends.
 * It is made at the first wait and stands as long as the object. */
#include <stdlib.h>
#include <string.h>

#include "nt_remote.h"

#define HASH 64u
static struct nt_list hash[HASH];
static uint64_t next_cookie = NT_WATCH_COOKIE;

static struct nt_list *bucket(uint64_t cookie)
{
    struct nt_list *list = &hash[cookie % HASH];

    if (!list->next)
        nt_list_init(list);
    return list;
}

struct nt_thread_object *nt_thread_object_of(struct nt_process *p, uint64_t pid, uint64_t tid)
{
    struct nt_process *owner = pid == p->pid || !nt_remote_always ? nt_process_by_pid(pid) : NULL;
    struct nt_thread_object *object;

    if (owner)
        for (struct nt_list *at = owner->threads.next; at != &owner->threads; at = at->next)
            if (nt_container(at, struct nt_thread, link)->tid == tid) {
                object = nt_container(at, struct nt_thread, link)->object;
                nt_object_ref(&object->object);
                return object;
            }
    object = nt_object_create(p, NT_TYPE_THREAD, sizeof *object);
    if (object) {
        object->pid = pid;
        object->tid = tid;
        nt_list_init(&object->watch_link);
        object->ended = owner != NULL; /* of this core, and not there any more */
    }
    return object;
}

static void ended(struct nt_thread_object *thread, uint32_t code)
{
    thread->ended = true;
    thread->exit_code = code;
    nt_object_wake(&thread->object);
}

void nt_watch_drop(struct nt_thread_object *thread)
{
    if (!thread->watch_id)
        return;
    nt_list_remove(&thread->watch_link);
    if (!thread->object.process->ended)
        world_request_withdraw(thread->object.process->world, thread->watch_id);
    thread->watch_id = 0;
}

void nt_watch_start(struct nt_process *p, struct nt_thread_object *thread)
{
    struct nt_remote_message message = {.operation = NT_REMOTE_WATCH_THREAD,
                                        .arguments = {thread->tid}};
    uint64_t cookie;

    if (thread->watch_id || thread->ended || thread->object.process != p)
        return;
    cookie = next_cookie++;
    switch (world_request_post(p->world, thread->pid, cookie, &message, sizeof message,
                               &thread->watch_id)) {
    case JN_OK:
        thread->watch_cookie = cookie;
        nt_list_append(bucket(cookie), &thread->watch_link);
        break;
    case JN_NO_PROCESS: {
        uint32_t kind, code = 0;
        thread->watch_id = 0;
        if (world_process_watch(p->world, thread->pid, 0, &kind, &code) == JN_OK)
            code = nt_exit_wait_status(kind, code);
        ended(thread, code);
        break;
    }
    default: thread->watch_id = 0; break;
    }
}

void nt_watch_woken(uint64_t cookie)
{
    struct nt_list *list = bucket(cookie);

    for (struct nt_list *at = list->next; at != list; at = at->next) {
        struct nt_thread_object *thread = nt_container(at, struct nt_thread_object, watch_link);
        struct nt_process *p = thread->object.process;
        struct nt_remote_message message;
        uint32_t kind, code = 0;
        size_t length = 0;
        if (thread->watch_cookie != cookie)
            continue;
        world_status status = world_request_collect(p->world, thread->watch_id, &message,
                                                    sizeof message, &length);
        if (status == JN_WOULD_BLOCK)
            return;
        if (status == JN_OK && length == sizeof message)
            code = (uint32_t)message.results[0];
        else if (world_process_watch(p->world, thread->pid, 0, &kind, &code) == JN_OK)
            code = nt_exit_wait_status(kind, code);
        nt_list_remove(&thread->watch_link);
        thread->watch_id = 0;
        ended(thread, code);
        return;
    }
}
