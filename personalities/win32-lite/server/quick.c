/* Quick services: they look at the thread, its process's handles and its memory only, and wait for nothing.
 * What needs more, and a copy that meets a fault, goes the general way from the beginning:
 * so nothing is changed before everything that can fail has succeeded. */
#include "quick.h"

#include "answers.h"
#include "user_clock.h"

#define SLOW JN_NOT_QUICK

/* The place of the first argument that is passed on the stack. */
#define STACK_ARGUMENTS 0x28u

typedef int64_t quick_function(void *object, uint64_t a, uint64_t b, uint64_t c, uint64_t d,
                               uint64_t rsp);
__attribute__((visibility("hidden"))) quick_function *win32_quick_services[JN_QUICK_CALLS];
struct jn_quick quick_calls;

/* quick_enter.asm: not to be called from C. */
int64_t win32_quick_enter(void *object, uint64_t a, uint64_t b, uint64_t c, uint64_t d);

static bool fetch(struct nt_thread *t, uint64_t address, void *buffer, size_t length)
{
    size_t done = 0;
    uint64_t fault[2];

    return backend_copy_in(&t->world->thread, address, buffer, length, &done, fault) == JN_OK &&
           done == length;
}

static bool store(struct nt_thread *t, uint64_t address, const void *buffer, size_t length)
{
    size_t done = 0;
    uint64_t fault[2];

    return backend_copy_out(&t->world->thread, address, buffer, length, &done, fault) == JN_OK &&
           done == length;
}

static int64_t query_performance_counter(void *object, uint64_t counter, uint64_t frequency,
                                         uint64_t c, uint64_t d, uint64_t rsp)
{
    static const uint64_t rate = 10000000;
    uint64_t now = world_time_monotonic() / 100;

    (void)c, (void)d, (void)rsp;
    if (frequency && !store(object, frequency, &rate, sizeof rate))
        return SLOW;
    return store(object, counter, &now, sizeof now) ? NT_SUCCESS : SLOW;
}

static int64_t query_system_time(void *object, uint64_t address, uint64_t b, uint64_t c,
                                 uint64_t d, uint64_t rsp)
{
    uint64_t now = nt_time_now();

    (void)b, (void)c, (void)d, (void)rsp;
    return store(object, address, &now, sizeof now) ? NT_SUCCESS : SLOW;
}

static int64_t yield(void *object, uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t rsp)
{
    (void)object, (void)a, (void)b, (void)c, (void)d, (void)rsp;
    return NT_SUCCESS; /* as NtYieldExecution */
}

/* The object of a handle, if its state is this core's. */
static void *plain_object(struct nt_thread *t, uint64_t handle, enum nt_type type, uint32_t access)
{
    struct nt_handle *entry = nt_handle_entry(t->process, handle);

    if (!entry || t->suspend_count || entry->object->type != type || access & ~entry->access ||
        entry->object->shared)
        return NULL;
    return entry->object;
}

/* Those that wait for the object try again: their deadlines were set when they began to wait. */
static void wake(struct nt_object *object)
{
    if (nt_list_empty(&object->waiters))
        return;
    nt_object_wake(object);
    nt_core_run();
}

static int64_t change_event(void *object, uint64_t handle, uint64_t previous, bool set)
{
    struct nt_event *event = plain_object(object, handle, NT_TYPE_EVENT, 2);

    if (!event || previous)
        return SLOW;
    event->set = set;
    if (set)
        wake(&event->object);
    return NT_SUCCESS;
}

static int64_t set_event(void *object, uint64_t handle, uint64_t previous, uint64_t c, uint64_t d,
                         uint64_t rsp)
{
    (void)c, (void)d, (void)rsp;
    return change_event(object, handle, previous, true);
}

static int64_t reset_event(void *object, uint64_t handle, uint64_t previous, uint64_t c,
                           uint64_t d, uint64_t rsp)
{
    (void)c, (void)d, (void)rsp;
    return change_event(object, handle, previous, false);
}

static int64_t clear_event(void *object, uint64_t handle, uint64_t b, uint64_t c, uint64_t d,
                           uint64_t rsp)
{
    (void)b, (void)c, (void)d, (void)rsp;
    return change_event(object, handle, 0, false);
}

static int64_t release_mutant(void *object, uint64_t handle, uint64_t previous, uint64_t c,
                              uint64_t d, uint64_t rsp)
{
    struct nt_mutant *mutant = plain_object(object, handle, NT_TYPE_MUTANT, 0);

    (void)c, (void)d, (void)rsp;
    if (!mutant || previous || mutant->owner != object)
        return SLOW;
    if (!--mutant->count) {
        mutant->owner = NULL;
        nt_list_remove(&mutant->owned);
        wake(&mutant->object);
    }
    return NT_SUCCESS;
}

static int64_t release_semaphore(void *object, uint64_t handle, uint64_t count, uint64_t previous,
                                 uint64_t d, uint64_t rsp)
{
    struct nt_semaphore *semaphore = plain_object(object, handle, NT_TYPE_SEMAPHORE, 2);

    (void)d, (void)rsp;
    if (!semaphore || previous || !(uint32_t)count ||
        (uint32_t)count > semaphore->limit - semaphore->count)
        return SLOW;
    semaphore->count += (uint32_t)count;
    wake(&semaphore->object);
    return NT_SUCCESS;
}

/* A wait that is over at once. Alertable ones may have to deliver first. */
static int64_t wait_for(struct nt_thread *t, uint64_t handle, uint64_t alertable)
{
    struct nt_handle *entry = nt_handle_entry(t->process, handle);
    nt_status status;

    if (!entry || t->suspend_count || (uint8_t)alertable)
        return SLOW;
    status = nt_wait_at_once(t, entry->object);
    return status == NT_PENDING ? SLOW : status;
}

static int64_t alert_thread_by_thread_id(void *object, uint64_t tid, uint64_t b, uint64_t c,
                                         uint64_t d, uint64_t rsp)
{
    struct nt_thread *t = object;

    (void)b, (void)c, (void)d, (void)rsp;
    if (t->suspend_count)
        return SLOW;
    nt_status status = NtAlertThreadByThreadId(t, &tid);
    nt_core_run();
    return status;
}

static int64_t wait_for_single_object(void *object, uint64_t handle, uint64_t alertable,
                                      uint64_t c, uint64_t d, uint64_t rsp)
{
    (void)c, (void)d, (void)rsp;
    return wait_for(object, handle, alertable);
}

static int64_t wait_for_multiple_objects(void *object, uint64_t count, uint64_t handles,
                                         uint64_t any, uint64_t alertable, uint64_t rsp)
{
    struct nt_thread *t = object;
    uint64_t handle;
    int64_t result;

    (void)any, (void)rsp;
    if ((uint32_t)count != 1)
        return SLOW;
    if (t->waits_long) { /* its last ones had to wait: the look would be for nothing */
        t->waits_long--;
        return SLOW;
    }
    if (!fetch(t, handles, &handle, sizeof handle))
        return SLOW;
    result = wait_for(t, handle, alertable);
    if (result == SLOW)
        t->waits_long = 8;
    return result;
}

/* ---- files ---- */

/* Of NtReadFile and NtWriteFile, from the fifth argument on. */
struct transfer {
    uint64_t iosb, buffer, length, offset, key;
};

static struct nt_file *file_of(struct nt_thread *t, uint64_t handle, uint32_t access)
{
    struct nt_handle *entry = nt_handle_entry(t->process, handle);

    return entry && !t->suspend_count && entry->object->type == NT_TYPE_FILE &&
                   !(access & ~entry->access)
               ? (struct nt_file *)entry->object
               : NULL;
}

/* Writes to NUL. */
static int64_t write_file(void *object, uint64_t handle, uint64_t event, uint64_t apc,
                          uint64_t context, uint64_t rsp)
{
    struct nt_thread *t = object;
    struct nt_file *file = file_of(t, handle, NT_FILE_WRITE_DATA);
    struct transfer transfer;
    uint64_t iosb[2] = {NT_SUCCESS};

    if (!file || file->kind != NT_FILE_NULL || event || apc || context || file->completion ||
        !fetch(t, rsp + STACK_ARGUMENTS, &transfer, sizeof transfer) || transfer.offset)
        return SLOW;
    iosb[1] = (uint32_t)transfer.length;
    return store(t, transfer.iosb, iosb, sizeof iosb) ? NT_SUCCESS : SLOW;
}

/* OBJECT_ATTRIBUTES and, where it lies beside them as on a stack, their name's UNICODE_STRING. */
struct nearby {
    uint8_t bytes[160];
    uint64_t from;
    size_t length;
};

static bool take_nearby(const struct nearby *near, uint64_t address, void *to, size_t length)
{
    if (address - near->from >= near->length || length > near->length - (address - near->from))
        return false;
    memcpy(to, near->bytes + (address - near->from), length);
    return true;
}

/* One copy, within the pages that the attributes are in. */
static bool fetch_nearby(struct nt_thread *t, uint64_t address, size_t length, struct nearby *near)
{
    uint64_t page = address & ~NT_MASK_PAGE, end = (address + length - 1) | NT_MASK_PAGE;
    uint64_t last = address + length + 48;

    near->from = address - page < 64 ? page : address - 64;
    near->length = (last > end ? end + 1 : last) - near->from;
    return address + length > address && near->length <= sizeof near->bytes &&
           fetch(t, near->from, near->bytes, near->length);
}

/* What is kept about the name that the program asks for. */
static bool known(struct nt_thread *t, uint64_t address, struct nt_file_network_open *answer)
{
    struct nt_object_attributes asked;
    struct nt_unicode_string name;
    struct backend_question q;
    uint8_t text[BACKEND_QUESTION_MOST];
    struct nearby near;

    if (t->suspend_count || !fetch_nearby(t, address, sizeof asked, &near) ||
        !take_nearby(&near, address, &asked, sizeof asked) || asked.length != sizeof asked ||
        asked.root || !asked.name ||
        (!take_nearby(&near, asked.name, &name, sizeof name) &&
         !fetch(t, asked.name, &name, sizeof name)))
        return false;
    return !(name.length & 1) && name.length < sizeof text &&
           fetch(t, name.buffer, text, name.length) &&
           answers_ask(&q, t->process->world->cookie, text, name.length) &&
           answers_find(&q, answer);
}

static int64_t query_attributes(void *object, uint64_t attributes, uint64_t result, uint64_t c,
                                uint64_t d, uint64_t rsp)
{
    struct nt_file_network_open answer;

    (void)c, (void)d, (void)rsp;
    if (!known(object, attributes, &answer))
        return SLOW;
    struct nt_file_basic basic = {answer.creation, answer.access, answer.write, answer.change,
                                  answer.attributes, 0};
    return store(object, result, &basic, sizeof basic) ? NT_SUCCESS : SLOW;
}

static int64_t query_full_attributes(void *object, uint64_t attributes, uint64_t result,
                                     uint64_t c, uint64_t d, uint64_t rsp)
{
    struct nt_file_network_open answer;

    (void)c, (void)d, (void)rsp;
    return known(object, attributes, &answer) && store(object, result, &answer, sizeof answer)
               ? NT_SUCCESS
               : SLOW;
}

static const struct {
    const char *name;
    quick_function *run;
} services[] = {
    {"NtAlertThreadByThreadId", alert_thread_by_thread_id},
    {"NtClearEvent", clear_event},
    {"NtQueryAttributesFile", query_attributes},
    {"NtQueryFullAttributesFile", query_full_attributes},
    {"NtQueryPerformanceCounter", query_performance_counter},
    {"NtQuerySystemTime", query_system_time},
    {"NtReleaseMutant", release_mutant},
    {"NtReleaseSemaphore", release_semaphore},
    {"NtResetEvent", reset_event},
    {"NtSetEvent", set_event},
    {"NtWaitForMultipleObjects", wait_for_multiple_objects},
    {"NtWaitForSingleObject", wait_for_single_object},
    {"NtWriteFile", write_file},
    {"NtYieldExecution", yield},
};

static void numbers_known(void)
{
    for (size_t i = 0; i < sizeof services / sizeof *services; i++) {
        uint32_t number = nt_service_number(services[i].name);
        if (number >= JN_QUICK_CALLS)
            continue;
        win32_quick_services[number] = services[i].run;
        quick_calls.call[number] = win32_quick_enter;
    }
    user_clock_numbers();
}

static void threads_moved(void)
{
    quick_calls.table = (const struct jn_quick_entry *)nt_thread_places;
    quick_calls.size = nt_thread_place_count;
}

_Static_assert(sizeof(struct nt_thread_place) == sizeof(struct jn_quick_entry) &&
                   offsetof(struct nt_thread_place, thread) ==
                       offsetof(struct jn_quick_entry, object) &&
                   offsetof(struct nt_thread_place, cookie) ==
                       offsetof(struct jn_quick_entry, label),
               "one table");

void quick_begin(void)
{
    nt_services_known = numbers_known;
    nt_thread_places_moved = threads_moved;
}
