/* Operations that go on after their call has returned: reads, writes and listening on pipes opened
 * for overlapped use. Files on disk never wait and need none of this. */
#include <stdlib.h>
#include <string.h>

#include "nt_pipe.h"

#define HASH 64u
static struct nt_list hash[HASH];
static uint64_t next_cookie = NT_ASYNC_COOKIE;

static struct nt_list *bucket(uint64_t cookie)
{
    struct nt_list *list = &hash[cookie % HASH];

    if (!list->next)
        nt_list_init(list);
    return list;
}

static void async_free(struct nt_async *async)
{
    struct nt_process *p = async->file->object.process;

    if (!p->ended)
        world_disarm(p->world, async->cookie);
    nt_list_remove(&async->link);
    nt_list_remove(&async->hash_link);
    if (async->event)
        nt_object_release(async->event);
    free(async);
}

static void complete(struct nt_async *async, nt_status status, uint64_t information)
{
    extern nt_status nt_object_signal(struct nt_thread *, struct nt_object *);
    struct nt_file *file = async->file;
    struct nt_io_status_block block = {status, information};

    (void)nt_process_write(file->object.process, async->iosb, &block, sizeof block);
    file->signaled = true;
    nt_object_wake(&file->object);
    if (async->event)
        nt_object_signal(async->thread, async->event);
    if (async->apc && async->thread)
        nt_apc_queue(async->thread, async->apc, async->context, async->iosb, 0);
    else if (!async->apc && file->completion && async->context)
        nt_completion_add(file->completion, file->completion_key, async->context, status,
                          information);
    async_free(async);
}

/* Tries it once; PENDING: its cookie is armed. */
static nt_status attempt(struct nt_async *async, uint64_t *done)
{
    struct nt_file *file = async->file;
    struct nt_process *p = file->object.process;
    world_status got = JN_OK;
    uint64_t part = 0;

    *done = 0;
    switch (async->kind) {
    case NT_ASYNC_READ:
        if (file->pipe_mode & NT_PIPE_READ_MESSAGES)
            return nt_pipe_receive(file, async->buffer, async->length, async->cookie, done);
        got = world_io_read(p->world, file->open, -1, async->buffer, async->length, false,
                            async->cookie, done);
        if (got == JN_HANGUP || got == JN_END_OF_FILE || (got == JN_OK && !*done && async->length))
            return NT_PIPE_BROKEN;
        break;
    case NT_ASYNC_WRITE:
        if (file->pipe_mode & NT_PIPE_TYPE_MESSAGE)
            return nt_pipe_send(file, async->buffer, async->length, async->cookie, done);
        while (async->progress < async->length) {
            got = world_io_write(p->world,
                                 file->write_open.server ? file->write_open : file->open, -1,
                                 async->buffer + async->progress, async->length - async->progress,
                                 false, async->cookie, &part);
            if (got != JN_OK)
                break;
            async->progress += part;
        }
        *done = async->progress;
        if (got == JN_BROKEN_PIPE || got == JN_HANGUP)
            return NT_PIPE_CLOSING;
        break;
    case NT_ASYNC_LISTEN: return nt_pipe_connected(file, async->cookie);
    case NT_ASYNC_TRANSCEIVE:
        if (!async->progress) {
            nt_status status =
                nt_pipe_send(file, async->buffer, async->length, async->cookie, done);
            if (status != NT_SUCCESS)
                return status;
            async->progress = 1;
        }
        return nt_pipe_receive(file, async->answer, async->answer_length, async->cookie, done);
    }
    return got == JN_WOULD_BLOCK ? NT_PENDING : nt_status_from(got);
}

static nt_status start(struct nt_thread *t, struct nt_file *file, const uint64_t *a,
                       const struct nt_async *wanted)
{
    struct nt_async *async = malloc(sizeof *async);
    struct nt_object *event = NULL;
    uint64_t done;
    nt_status status;

    if (!async)
        return NT_NO_MEMORY;
    *async = *wanted;
    if (a[1] && !NT_FAILED(nt_handle_object(t, a[1], NT_TYPE_EVENT, 2, &event)))
        nt_object_ref(event);
    async->cookie = next_cookie++;
    async->file = file;
    async->thread = t;
    async->event = event;
    async->apc = a[2];
    async->context = a[3];
    async->iosb = a[4];
    nt_list_append(&file->asyncs, &async->link);
    nt_list_append(bucket(async->cookie), &async->hash_link);
    if (event && event->type == NT_TYPE_EVENT && !event->shared)
        ((struct nt_event *)event)->set = false;
    file->signaled = false;
    status = attempt(async, &done);
    if (status == NT_PENDING) {
        (void)nt_write_iosb(t, async->iosb, NT_PENDING, 0);
        return NT_PENDING;
    }
    file->signaled = true;
    async_free(async);
    return nt_file_finish(t, file, a, status, done);
}

nt_status nt_async_start(struct nt_thread *t, struct nt_file *file, const uint64_t *a, int kind,
                         uint64_t buffer, uint32_t length)
{
    struct nt_async wanted = {.kind = kind, .buffer = buffer, .length = length};

    return start(t, file, a, &wanted);
}

nt_status nt_async_transceive(struct nt_thread *t, struct nt_file *file, const uint64_t *a)
{
    struct nt_async wanted = {.kind = NT_ASYNC_TRANSCEIVE,
                              .buffer = a[6],
                              .length = (uint32_t)a[7],
                              .answer = a[8],
                              .answer_length = (uint32_t)a[9]};

    return start(t, file, a, &wanted);
}

void nt_async_woken(uint64_t cookie)
{
    struct nt_list *list = bucket(cookie);

    for (struct nt_list *at = list->next; at != list; at = at->next) {
        struct nt_async *async = nt_container(at, struct nt_async, hash_link);
        uint64_t done;
        if (async->cookie != cookie)
            continue;
        nt_status status = attempt(async, &done);
        if (status != NT_PENDING)
            complete(async, status, done);
        return;
    }
}

unsigned nt_async_cancel(struct nt_file *file, struct nt_thread *t, uint64_t iosb)
{
    unsigned count = 0;

    for (struct nt_list *at = file->asyncs.next; at != &file->asyncs;) {
        struct nt_async *async = nt_container(at, struct nt_async, link);
        at = at->next;
        if ((t && async->thread != t) || (iosb && async->iosb != iosb))
            continue;
        complete(async, NT_CANCELLED,
                 async->kind == NT_ASYNC_TRANSCEIVE ? 0 : async->progress);
        count++;
    }
    return count;
}

void nt_async_file_closed(struct nt_file *file)
{
    if (file->object.process->ended) {
        while (!nt_list_empty(&file->asyncs))
            async_free(nt_container(file->asyncs.next, struct nt_async, link));
        return;
    }
    (void)nt_async_cancel(file, NULL, 0);
}

void nt_async_thread_gone(struct nt_thread *t)
{
    for (unsigned i = 0; i < HASH; i++) {
        if (!hash[i].next)
            continue;
        for (struct nt_list *at = hash[i].next; at != &hash[i]; at = at->next) {
            struct nt_async *async = nt_container(at, struct nt_async, hash_link);
            if (async->thread == t)
                async->thread = NULL;
        }
    }
}
