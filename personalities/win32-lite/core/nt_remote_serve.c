/* Acting on processes of other cores: the target's side. Requests come from processes that servers/task
 * lets act on this one; what they say is checked like what a program says. */
#include <stdlib.h>
#include <string.h>

#include "nt_remote.h"

struct watcher {
    struct nt_list link; /* thread->watchers */
    uint64_t id;
};

/* A thread that another core made ended before that core asked to be told. */
struct ended_thread {
    struct nt_list link; /* process->ended_threads, oldest first */
    uint64_t tid;
    uint32_t code;
};
#define ENDED_MOST 256u /* whoever makes more without asking loses the oldest */

static struct nt_thread *thread_of(struct nt_process *p, uint64_t tid)
{
    for (struct nt_list *at = p->threads.next; at != &p->threads; at = at->next)
        if (nt_container(at, struct nt_thread, link)->tid == tid)
            return nt_container(at, struct nt_thread, link);
    return NULL;
}

static void answer(struct nt_process *p, uint64_t id, struct nt_remote_message *message,
                   nt_status status, size_t length)
{
    message->status = status;
    world_request_answer(p->world, id, message, length);
}

/* Runs a service for the asker: its own pseudo handles name the target. */
static void run_service(struct nt_process *p, uint64_t id, struct nt_remote_message *message,
                        size_t length)
{
    const struct nt_service *service = nt_service_named(message->service);
    struct nt_thread *target = message->tid ? thread_of(p, message->tid) : NULL, *proxy;
    struct nt_remote remote = {message, (uint8_t *)(message + 1)};
    uint64_t arguments[18], pid = p->pid;
    nt_status status;

    if (!service || !nt_remote_has_shape(service) || (message->tid && !target)) {
        answer(p, id, message, service ? NT_THREAD_IS_TERMINATING : NT_NOT_IMPLEMENTED,
               sizeof *message);
        return;
    }
    proxy = calloc(1, sizeof *proxy);
    if (!proxy) {
        answer(p, id, message, NT_NO_MEMORY, sizeof *message);
        return;
    }
    proxy->process = p;
    proxy->object = target ? target->object : NULL;
    proxy->remote = &remote;
    nt_list_init(&proxy->apcs);
    memcpy(arguments, message->arguments, sizeof arguments);
    arguments[0] = target ? (uint64_t)-2 : (uint64_t)-1;
    for (uint32_t i = 0; i < message->range_count; i++)
        message->ranges[i].dirty_from = message->ranges[i].dirty_to = 0;
    status = service->run(proxy, arguments);
    free(proxy);
    if (nt_process_by_pid(pid) != p)
        return; /* the service ended it; servers/task tells the asker */
    answer(p, id, message, status == NT_STATE || status == NT_HELD ? NT_SUCCESS : status, length);
}

static nt_status export_handle(struct nt_process *p, struct nt_remote_message *message,
                               struct nt_remote_message **out, size_t *length)
{
    struct nt_handle *entry = nt_handle_entry(p, message->arguments[0]);
    struct nt_parcel *parcel;
    size_t n;
    nt_status status;

    if (!entry)
        return NT_INVALID_HANDLE;
    status = nt_parcel_pack(entry->object, &parcel, &n);
    if (NT_FAILED(status))
        return status;
    *out = calloc(1, sizeof **out + n);
    if (*out) {
        (*out)->results[0] = entry->access;
        (*out)->results[1] = entry->flags;
        (*out)->payload_length = (uint32_t)n;
        memcpy(*out + 1, parcel, n);
        *length = sizeof **out + n;
    }
    free(parcel);
    return *out ? NT_SUCCESS : NT_NO_MEMORY;
}

static nt_status import_handle(struct nt_process *p, struct nt_remote_message *message)
{
    struct nt_object *object;
    nt_status status = nt_parcel_unpack(p, nt_remote_payload(message), message->payload_length,
                                        &object);

    if (NT_FAILED(status))
        return status;
    status = nt_handle_insert(p, object, (uint32_t)message->arguments[0],
                              (uint32_t)message->arguments[1] & 3, &message->results[0]);
    nt_object_release(object);
    return status;
}

static nt_status map_view(struct nt_process *p, struct nt_remote_message *message)
{
    const uint64_t *a = message->arguments;
    struct nt_mapping wanted = {.offset = a[2],
                                .type = (uint32_t)a[3],
                                .protection = (uint32_t)a[4],
                                .low = a[5],
                                .high = a[6]};
    uint64_t base = a[0], size = a[1];
    struct nt_object *section;
    nt_status status = nt_parcel_unpack(p, nt_remote_payload(message), message->payload_length,
                                        &section);

    if (NT_FAILED(status))
        return status;
    status = section->type == NT_TYPE_SECTION
                 ? nt_section_map(p, (struct nt_section *)section, &wanted, &base, &size)
                 : NT_OBJECT_TYPE_MISMATCH;
    nt_object_release(section);
    message->results[0] = base;
    message->results[1] = size;
    return status;
}

static nt_status create_thread(struct nt_process *p, struct nt_remote_message *message)
{
    struct nt_thread *thread;
    const uint64_t *a = message->arguments;
    nt_status status;

    if (p->exiting)
        return NT_PROCESS_IS_TERMINATING;
    status = nt_thread_create(p, a[0], a[1], a[2], a[3], a[4] & 1, &thread);
    if (NT_FAILED(status))
        return status;
    thread->remote_born = true;
    message->results[0] = thread->tid;
    message->results[1] = thread->teb;
    return NT_SUCCESS;
}

static nt_status next_thread(struct nt_process *p, struct nt_remote_message *message)
{
    struct nt_thread *last = message->arguments[0] ? thread_of(p, message->arguments[0]) : NULL;
    struct nt_list *at = last ? last->link.next : p->threads.next;

    if ((message->arguments[0] && !last) || at == &p->threads)
        return NT_NO_MORE_ENTRIES;
    message->results[0] = nt_container(at, struct nt_thread, link)->tid;
    return NT_SUCCESS;
}

/* What NtCreateUserProcess tells its caller. */
static nt_status first_thread(struct nt_process *p, struct nt_remote_message **out, size_t *length)
{
    struct nt_section_image_information information;
    struct nt_thread *thread;

    if (nt_list_empty(&p->threads) || !p->image)
        return NT_PROCESS_IS_TERMINATING;
    thread = nt_container(p->threads.next, struct nt_thread, link);
    *length = sizeof **out + sizeof information;
    *out = calloc(1, *length);
    if (!*out)
        return NT_NO_MEMORY;
    nt_image_information(p->image, p->image_base, &information);
    (*out)->results[0] = thread->tid;
    (*out)->results[1] = thread->teb;
    (*out)->payload_length = sizeof information;
    memcpy(*out + 1, &information, sizeof information);
    return NT_SUCCESS;
}

static void forget_ended(struct nt_process *p, struct ended_thread *ended)
{
    nt_list_remove(&ended->link);
    p->ended_thread_count--;
    free(ended);
}

void nt_ended_threads_free(struct nt_process *p)
{
    while (p->ended_thread_count)
        forget_ended(p, nt_container(p->ended_threads.next, struct ended_thread, link));
}

static void remember_end(struct nt_process *p, uint64_t tid, uint32_t code)
{
    struct ended_thread *ended = malloc(sizeof *ended);

    if (!ended)
        return;
    if (!p->ended_threads.next)
        nt_list_init(&p->ended_threads);
    if (p->ended_thread_count == ENDED_MOST)
        forget_ended(p, nt_container(p->ended_threads.next, struct ended_thread, link));
    ended->tid = tid;
    ended->code = code;
    nt_list_append(&p->ended_threads, &ended->link);
    p->ended_thread_count++;
}

/* The code of a thread that has ended; 0 if nobody knows any more. */
static uint32_t recall_end(struct nt_process *p, uint64_t tid)
{
    uint32_t code = 0;

    if (!p->ended_thread_count)
        return 0;
    for (struct nt_list *at = p->ended_threads.next; at != &p->ended_threads; at = at->next) {
        struct ended_thread *ended = nt_container(at, struct ended_thread, link);
        if (ended->tid != tid)
            continue;
        code = ended->code;
        forget_ended(p, ended);
        break;
    }
    return code;
}

/* True: the answer comes when the thread has ended. */
static bool watch_thread(struct nt_process *p, uint64_t id, struct nt_remote_message *message)
{
    struct nt_thread *thread = thread_of(p, message->arguments[0]);
    struct watcher *watcher = thread ? malloc(sizeof *watcher) : NULL;

    if (!thread)
        message->results[0] = recall_end(p, message->arguments[0]);
    if (!watcher)
        return false;
    thread->remote_born = false;
    watcher->id = id;
    nt_list_append(&thread->watchers, &watcher->link);
    return true;
}

void nt_watchers_tell(struct nt_thread *t, uint32_t code)
{
    if (t->remote_born && !t->process->ended)
        remember_end(t->process, t->tid, code);
    while (!nt_list_empty(&t->watchers)) {
        struct watcher *watcher = nt_container(t->watchers.next, struct watcher, link);
        struct nt_remote_message message = {.operation = NT_REMOTE_WATCH_THREAD,
                                            .results = {code}};
        if (!t->process->ended)
            world_request_answer(t->process->world, watcher->id, &message, sizeof message);
        nt_list_remove(&watcher->link);
        free(watcher);
    }
}

void nt_core_request(struct nt_process *p, uint64_t id, uint64_t from, void *data, size_t length)
{
    struct nt_remote_message *message = data, *out = NULL;
    struct nt_remote_message small = {0};
    nt_status status = NT_SUCCESS;
    size_t out_length = sizeof *message;
    bool resume = false;

    (void)from; /* servers/task has asked whether it may */
    if (!nt_remote_valid(message, length)) {
        answer(p, id, &small, NT_INVALID_PARAMETER, sizeof small);
        return;
    }
    switch (message->operation) {
    case NT_REMOTE_SERVICE:
        run_service(p, id, message, length);
        nt_core_run();
        return;
    case NT_REMOTE_EXPORT: status = export_handle(p, message, &out, &out_length); break;
    case NT_REMOTE_IMPORT: status = import_handle(p, message); break;
    case NT_REMOTE_MAP: status = map_view(p, message); break;
    case NT_REMOTE_CLOSE: status = nt_handle_close(p, message->arguments[0]); break;
    case NT_REMOTE_CREATE_THREAD: status = create_thread(p, message); break;
    case NT_REMOTE_NEXT_THREAD: status = next_thread(p, message); break;
    case NT_REMOTE_HAS_THREAD:
        status = thread_of(p, message->arguments[0]) ? NT_SUCCESS : NT_INVALID_CID;
        break;
    case NT_REMOTE_WATCH_THREAD:
        if (watch_thread(p, id, message))
            return;
        break;
    case NT_REMOTE_FIRST_THREAD:
        status = first_thread(p, &out, &out_length);
        resume = !NT_FAILED(status) && message->arguments[0];
        break;
    default: status = NT_NOT_IMPLEMENTED;
    }
    if (!out) {
        memcpy(small.results, message->results, sizeof small.results);
        answer(p, id, &small, status, sizeof small);
    } else {
        answer(p, id, out, status, out_length);
        free(out);
    }
    if (resume)
        nt_thread_resume(nt_container(p->threads.next, struct nt_thread, link));
    nt_core_run();
}
