/* A client of task, console and object that belongs to no personality: what they keep is in them and in
 * no adapter. Prints "ok NAME" or "FAIL NAME"; the last line has the numbers. */
#include <stdlib.h>
#include <string.h>

#include "janus/idl/client.h"
#include "janus/idl/console.h"
#include "janus/idl/io.h"
#include "janus/idl/object.h"
#include "janus/idl/registry.h"
#include "janus/idl/supervisor.h"
#include "janus/idl/task.h"
#include "janus/object.h"
#include "janus/ring.h"
#include "janus/runtime.h"

#define TASK_BIT 1
#define OBJECT_BIT 2
#define CONSOLE_BIT 4
#define NO_WINDOW ((struct jn_window){0})

static unsigned passed, failed;
static cap_t task_admin, object_admin, console_admin, signal;
static struct jn_ring_reader task_ring, object_ring, console_ring;
static cap_t watcher; /* the task client that holds the ring */

static void result(const char *name, bool good)
{
    jn_log(JN_LOG_INFO, "%s %s", good ? "ok" : "FAIL", name);
    *(good ? &passed : &failed) += 1;
}

static bool is_at(jn_status_t status, jn_status_t wanted, int line)
{
    if (status != wanted)
        jn_log(JN_LOG_ERROR, "line %d: %s instead of %s", line, jn_status_name(status),
               jn_status_name(wanted));
    return status == wanted;
}
#define is(status, wanted) is_at(status, wanted, __LINE__)

static bool holds_at(bool condition, int line)
{
    if (!condition)
        jn_log(JN_LOG_ERROR, "line %d: not so", line);
    return condition;
}
#define holds(condition) holds_at(condition, __LINE__)

/* Waits until the ring has an entry with the cookie and one of the events; false after two seconds. */
static bool entry_of(struct jn_ring_reader *ring, uint64_t cookie, uint32_t wanted,
                     uint32_t *events)
{
    uint64_t bits, deadline = jn_time_monotonic() + 2000000000ull;
    struct jn_ring_entry found;
    for (;;) {
        while (jn_ring_next(ring, &found))
            if (found.cookie == cookie && found.events & wanted) {
                *events = found.events;
                return true;
            }
        if (jn_signal_wait(signal, deadline, &bits) != JN_OK)
            return false;
    }
}

static bool entry(struct jn_ring_reader *ring, uint64_t cookie, uint32_t *events)
{
    return entry_of(ring, cookie, ~0u, events);
}

struct process {
    cap_t task;
    uint64_t pid;
};

static bool new_process(cap_t parent, uint64_t cookie, struct process *process)
{
    cap_t kernel_task, pool;
    if (!is(task_create(parent, 0, cookie, &process->pid, &process->task), JN_OK) ||
        !is(client_join_ring(process->task, watcher), JN_OK) ||
        !is(task_prepare(process->task, &kernel_task, &pool), JN_OK) ||
        !is(task_commit(process->task, TASK_PERSONALITY_NATIVE), JN_OK))
        return false;
    jn_cap_delete(kernel_task);
    jn_cap_delete(pool);
    return true;
}

static bool families(void)
{
    struct process parent, child;
    uint64_t pid, session, pending;
    uint32_t kind, code, uid, events, number;
    struct task_usage usage;
    struct task_siginfo info = {0};
    if (!new_process(task_admin, 11, &parent) || !new_process(parent.task, 12, &child))
        return false;
    bool good = is(task_set_session(parent.task, &session), JN_OK) && holds(session == parent.pid);
    good &= is(task_wait(parent.task, -1, TASK_WAIT_EXITED, 99, &pid, &kind, &code, &uid, &usage),
               JN_WOULD_BLOCK);
    good &= is(task_exit(child.task, TASK_EXITED, 0x1234), JN_OK);
    good &= holds(entry(&task_ring, 99, &events) && events == TASK_EVENT_WAIT);
    good &= is(task_wait(parent.task, -1, TASK_WAIT_EXITED, 99, &pid, &kind, &code, &uid, &usage),
               JN_OK) &&
            holds(pid == child.pid && kind == TASK_EXITED && code == 0x1234);
    good &= is(task_wait(parent.task, -1, TASK_WAIT_EXITED, 99, &pid, &kind, &code, &uid, &usage),
               JN_NO_CHILD);
    good &= is(task_take_signal(parent.task, ~0ull, &number, &info, &pending), JN_OK) &&
            holds(number == 17 && info.pid == child.pid);
    good &= is(task_signal(task_admin, (int64_t)parent.pid, 15, 0, &info), JN_OK);
    good &= holds(entry_of(&task_ring, 11, TASK_EVENT_SIGNAL, &events));
    good &= is(task_signal(task_admin, (int64_t)parent.pid, 9, 0, &info), JN_OK);
    good &= holds(entry_of(&task_ring, 11, TASK_EVENT_KILLED, &events));
    good &= is(task_signal(task_admin, (int64_t)parent.pid, 99, 0, &info), JN_BAD_ARG);
    good &= is(task_prepare(parent.task, &(cap_t){0}, &(cap_t){0}), JN_NO_PROCESS);
    jn_cap_delete(parent.task);
    jn_cap_delete(child.task);
    return good;
}

/* A client that goes takes its process along, and nobody else. */
static bool lost_client(void)
{
    struct process parent, child;
    uint64_t pid;
    uint32_t kind, code, uid, events;
    struct task_usage usage;
    if (!new_process(task_admin, 21, &parent) || !new_process(parent.task, 22, &child))
        return false;
    bool good = is(task_wait(parent.task, -1, TASK_WAIT_EXITED, 98, &pid, &kind, &code, &uid,
                             &usage), JN_WOULD_BLOCK);
    jn_cap_delete(child.task);
    good &= entry(&task_ring, 98, &events);
    good &= is(task_wait(parent.task, -1, TASK_WAIT_EXITED, 98, &pid, &kind, &code, &uid, &usage),
               JN_OK) && kind == TASK_SIGNALLED && code == 9;
    good &= is(task_exit(parent.task, TASK_EXITED, 0), JN_OK);
    jn_cap_delete(parent.task);
    return good;
}

static bool objects(void)
{
    cap_t a, b, c;
    uint64_t event, mine, mutex, previous;
    uint32_t existed, index, events;
    static const char name[] = "\\BaseNamedObjects\\Test", lower[] = "\\basenamedobjects\\test";
    if (!is(client_create(object_admin, 0, 0, 0, &a), JN_OK) ||
        !is(client_create(object_admin, 0, 0, 0, &b), JN_OK) ||
        !is(jn_ring_open(a, 64, signal, OBJECT_BIT, &object_ring), JN_OK))
        return false;
    bool good = is(object_create(a, OBJECT_EVENT, 0, 0, 0, 0, name, sizeof name - 1, &event,
                                 &existed), JN_OK) && !existed;
    good &= is(object_create(b, OBJECT_EVENT, 0, 0, 0, 0, name, sizeof name - 1, &mine, &existed),
               JN_EXISTS);
    good &= is(object_create(b, OBJECT_MUTEX, OBJECT_OPEN_EXISTING, 0, 0, 0, name, sizeof name - 1,
                             &mine, &existed), JN_BAD_ARG);
    good &= is(object_create(b, OBJECT_EVENT, OBJECT_MUST_EXIST | OBJECT_CASELESS, 0, 0, 0, lower,
                             sizeof lower - 1, &mine, &existed), JN_OK) && existed;
    good &= is(object_wait(a, 0, 1, 55, 1, jn_window(&event, 8), &index), JN_WOULD_BLOCK);
    good &= is(object_operate(b, mine, 1, 0, 0, &previous), JN_OK) && previous == 0;
    good &= entry(&object_ring, 55, &events);
    good &= is(object_wait(a, 0, 1, 55, 1, jn_window(&event, 8), &index), JN_OK) && index == 0;
    good &= is(object_wait(a, 0, 1, 0, 1, jn_window(&event, 8), &index), JN_WOULD_BLOCK);
    good &= is(object_operate(b, 77, 1, 0, 0, &previous), JN_BAD_HANDLE);
    /* A process that ends abandons its mutexes. */
    good &= is(client_clone(b, 0, &c), JN_OK);
    good &= is(object_create(c, OBJECT_MUTEX, 0, 1, 0, 5, "m", 1, &mutex, &existed), JN_OK);
    good &= is(object_create(a, OBJECT_MUTEX, OBJECT_MUST_EXIST, 0, 0, 0, "m", 1, &mine, &existed),
               JN_OK);
    good &= is(object_wait(a, 0, 1, 56, 1, jn_window(&mine, 8), &index), JN_WOULD_BLOCK);
    jn_cap_delete(c);
    good &= entry(&object_ring, 56, &events);
    good &= is(object_wait(a, 0, 1, 56, 1, jn_window(&mine, 8), &index), JN_ABANDONED);
    jn_cap_delete(a);
    jn_cap_delete(b);
    return good;
}

/* What one client offers, another takes; a word that nobody gave, or whose object is gone, is none. */
static bool offers(void)
{
    cap_t a, b;
    uint64_t event, theirs, token, again, taken, previous;
    uint32_t access, existed, index;
    if (!is(client_create(object_admin, 0, 0, 0, &a), JN_OK) ||
        !is(client_create(object_admin, 0, 0, 0, &b), JN_OK))
        return false;
    bool good = is(object_create(a, OBJECT_EVENT, 0, 0, 0, 0, "", 0, &event, &existed), JN_OK);
    good &= is(client_offer(a, event + 1, 0, &token), JN_BAD_HANDLE);
    good &= is(client_offer(a, event, OFFER_MOVE, &token), JN_NOT_SUPPORTED);
    good &= is(client_offer(a, event, 0, &token), JN_OK) &&
            is(client_offer(a, event, 0, &again), JN_OK) && holds(token && token == again);
    good &= is(client_accept(b, token + 1, &theirs, &access), JN_NOT_FOUND);
    good &= is(client_accept(b, token, &theirs, &access), JN_OK);
    good &= is(object_operate(b, theirs, 1, 0, 0, &previous), JN_OK);
    good &= is(object_wait(a, 0, 4, 0, 1, jn_window(&event, 8), &index), JN_OK);
    good &= is(object_close(a, event), JN_OK);
    good &= is(client_accept(b, token, &taken, &access), JN_OK); /* b still has it */
    good &= is(object_close(b, taken), JN_OK) && is(object_close(b, theirs), JN_OK);
    good &= is(client_accept(b, token, &taken, &access), JN_NOT_FOUND);
    jn_cap_delete(a);
    jn_cap_delete(b);
    return good;
}

/* Names with data: sections are opened, instances of pipes are taken one by one. */
static bool published(void)
{
    static const char section[] = "\\BaseNamedObjects\\S", pipe[] = "\\Device\\NamedPipe\\p";
    static const char folder[] = "\\basenamedobjects\\";
    cap_t a, b;
    uint64_t one, two, other;
    uint32_t existed, kind, index, events;
    char found[128];
    size_t length;
    if (!is(client_create(object_admin, 0, 0, 0, &a), JN_OK) ||
        !is(client_create(object_admin, 0, 0, 0, &b), JN_OK) ||
        !is(jn_ring_open(a, 64, signal, OBJECT_BIT, &object_ring), JN_OK))
        return false;
    bool good = is(object_publish(a, OBJECT_EVENT, 0, "x", 1, section, sizeof section - 1, &one,
                                  &existed, found, sizeof found, &length), JN_NOT_SUPPORTED);
    good &= is(object_publish(a, OBJECT_SECTION, OBJECT_MUST_EXIST, "", 0, section,
                              sizeof section - 1, &one, &existed, found, sizeof found, &length),
               JN_NOT_FOUND);
    good &= is(object_publish(a, OBJECT_SECTION, 0, "first", 5, section, sizeof section - 1, &one,
                              &existed, found, sizeof found, &length), JN_OK) &&
            holds(!existed && length == 5 && !memcmp(found, "first", 5));
    good &= is(object_publish(b, OBJECT_SECTION, 0, "second", 6, section, sizeof section - 1,
                              &other, &existed, found, sizeof found, &length), JN_EXISTS);
    good &= is(object_publish(b, OBJECT_SYMLINK, OBJECT_OPEN_EXISTING, "", 0, section,
                              sizeof section - 1, &other, &existed, found, sizeof found, &length),
               JN_BAD_ARG);
    good &= is(object_publish(b, OBJECT_SECTION, OBJECT_OPEN_EXISTING, "second", 6, section,
                              sizeof section - 1, &other, &existed, found, sizeof found, &length),
               JN_OK) &&
            holds(existed && length == 5 && !memcmp(found, "first", 5));
    good &= is(object_next_name(b, "", 0, folder, sizeof folder - 1, &kind, found, sizeof found,
                                &length), JN_OK) &&
            holds(kind == OBJECT_SECTION && length == 1 && found[0] == 'S');
    good &= is(object_next_name(b, "s", 1, folder, sizeof folder - 1, &kind, found, sizeof found,
                                &length), JN_NOT_FOUND);
    good &= is(object_close(a, one), JN_OK) && is(object_close(b, other), JN_OK);
    good &= is(object_publish(b, OBJECT_SECTION, OBJECT_MUST_EXIST, "", 0, section,
                              sizeof section - 1, &other, &existed, found, sizeof found, &length),
               JN_NOT_FOUND);

    good &= is(object_claim(b, 0, 0, pipe, sizeof pipe - 1, found, sizeof found, &length),
               JN_NOT_FOUND);
    good &= is(object_publish(a, OBJECT_PIPE, 0, "1", 1, pipe, sizeof pipe - 1, &one, &existed,
                              found, sizeof found, &length), JN_OK);
    good &= is(object_publish(a, OBJECT_PIPE, OBJECT_INSTANCE, "2", 1, pipe, sizeof pipe - 1, &two,
                              &existed, found, sizeof found, &length), JN_OK) && holds(!existed);
    good &= is(object_wait(a, 0, 4, 77, 1, jn_window(&one, 8), &index), JN_WOULD_BLOCK);
    good &= is(object_claim(b, 1, 0, pipe, sizeof pipe - 1, found, sizeof found, &length), JN_OK);
    good &= is(object_claim(b, 0, 0, pipe, sizeof pipe - 1, found, sizeof found, &length), JN_OK) &&
            holds(length == 1 && found[0] == '1');
    good &= holds(entry(&object_ring, 77, &events));
    good &= is(object_claim(b, 0, 0, pipe, sizeof pipe - 1, found, sizeof found, &length), JN_OK) &&
            holds(found[0] == '2');
    good &= is(object_claim(b, 0, 0, pipe, sizeof pipe - 1, found, sizeof found, &length), JN_BUSY);
    good &= is(object_republish(a, one, "again", 5), JN_OK);
    good &= is(object_claim(b, 0, 12, pipe, sizeof pipe - 1, found, sizeof found, &length), JN_BUSY);
    good &= is(object_republish(a, two, "\x0c\0\0\0\0\0\0", 8), JN_OK);
    good &= is(object_claim(b, 0, 11, pipe, sizeof pipe - 1, found, sizeof found, &length), JN_BUSY);
    good &= is(object_claim(b, 0, 12, pipe, sizeof pipe - 1, found, sizeof found, &length), JN_OK) &&
            holds(length == 8);
    good &= is(object_claim(b, 0, 0, pipe, sizeof pipe - 1, found, sizeof found, &length), JN_OK) &&
            holds(length == 5);
    jn_cap_delete(a);
    jn_cap_delete(b);
    return good;
}

/* Requests between processes: answered, withdrawn, refused, and the ends of either side. */
static bool requests(void)
{
    struct process asker, target;
    uint64_t id, seen, from, length;
    uint32_t events, kind, code;
    char text[16];
    if (!new_process(task_admin, 31, &asker) || !new_process(task_admin, 32, &target))
        return false;
    bool good = is(task_post(asker.task, target.pid, 61, 3, jn_window("abc", 3), &id),
                   JN_NOT_SUPPORTED);
    good &= is(task_prepare(target.task, &(cap_t){0}, &(cap_t){0}), JN_OK) &&
            is(task_commit(target.task, TASK_PERSONALITY_WIN32), JN_OK);
    good &= is(task_post(asker.task, 4000000, 61, 3, jn_window("abc", 3), &id), JN_NO_PROCESS);
    good &= is(task_post(asker.task, target.pid, 61, TASK_REQUEST_MAX + 1, jn_window("abc", 3),
                         &id), JN_TOO_BIG);
    good &= is(task_post(asker.task, target.pid, 61, 3, jn_window("abc", 3), &id), JN_OK);
    good &= holds(entry_of(&task_ring, 32, TASK_EVENT_REQUEST, &events));
    good &= is(task_collect(asker.task, id, sizeof text, jn_window(text, sizeof text), &length),
               JN_WOULD_BLOCK);
    good &= is(task_next_request(target.task, 2, jn_window(text, 2), &seen, &from, &length),
               JN_RANGE);
    good &= is(task_next_request(target.task, sizeof text, jn_window(text, sizeof text), &seen,
                                 &from, &length), JN_OK) &&
            holds(seen == id && from == asker.pid && length == 3 && !memcmp(text, "abc", 3));
    good &= is(task_next_request(target.task, sizeof text, jn_window(text, sizeof text), &seen,
                                 &from, &length), JN_NOT_FOUND);
    good &= is(task_answer(asker.task, id, 2, jn_window("no", 2)), JN_NOT_FOUND);
    good &= is(task_answer(target.task, id, 4, jn_window("done", 4)), JN_OK);
    good &= holds(entry(&task_ring, 61, &events));
    good &= is(task_collect(asker.task, id, sizeof text, jn_window(text, sizeof text), &length),
               JN_OK) && holds(length == 4 && !memcmp(text, "done", 4));
    good &= is(task_collect(asker.task, id, sizeof text, jn_window(text, sizeof text), &length),
               JN_NOT_FOUND);
    good &= is(task_post(asker.task, target.pid, 62, 0, jn_window(text, 1), &id), JN_OK);
    good &= is(task_withdraw(asker.task, id), JN_OK);
    good &= is(task_next_request(target.task, sizeof text, jn_window(text, sizeof text), &seen,
                                 &from, &length), JN_NOT_FOUND);
    good &= is(task_post(asker.task, target.pid, 63, 0, jn_window(text, 1), &id), JN_OK);
    good &= is(task_terminate(asker.task, target.pid, 0x12345678), JN_OK);
    good &= holds(entry(&task_ring, 63, &events));
    good &= is(task_collect(asker.task, id, sizeof text, jn_window(text, sizeof text), &length),
               JN_NO_PROCESS);
    good &= is(task_watch(asker.task, target.pid, 0, &kind, &code), JN_OK) &&
            holds(kind == TASK_EXITED && code == 0x12345678);
    good &= is(task_terminate(asker.task, target.pid, 1), JN_NO_PROCESS);
    jn_cap_delete(asker.task);
    jn_cap_delete(target.task);
    return good;
}

static bool futexes_and_descriptors(void)
{
    cap_t a;
    uint64_t eventfd, timerfd, value = 5, done, old, interval;
    uint32_t woken, requeued, events, ready;
    if (!is(client_create(object_admin, 0, 0, 0, &a), JN_OK) ||
        !is(jn_ring_open(a, 64, signal, OBJECT_BIT, &object_ring), JN_OK))
        return false;
    bool good = is(object_futex_wait(a, 7, 64, ~0u, 70), JN_WOULD_BLOCK);
    good &= is(object_futex_wait(a, 7, 64, 2, 71), JN_WOULD_BLOCK);
    good &= is(object_futex_wake(a, 7, 68, ~0u, 10, &woken), JN_OK) && woken == 0;
    good &= is(object_futex_wake(a, 7, 64, 4, 10, &woken), JN_OK) && woken == 1;
    good &= entry(&object_ring, 70, &events);
    good &= is(object_futex_requeue(a, 7, 64, 8, 0, 0, 1, &woken, &requeued), JN_OK) &&
            requeued == 1;
    good &= is(object_futex_wake(a, 8, 0, ~0u, 1, &woken), JN_OK) && woken == 1;
    good &= entry(&object_ring, 71, &events);
    good &= is(object_make_descriptor(a, OBJECT_EVENTFD, 0, 0, &eventfd), JN_OK);
    good &= is(io_read(a, eventfd, -1, 8, 0, 72, jn_window(&value, 8), &done), JN_WOULD_BLOCK);
    good &= is(io_write(a, eventfd, -1, 8, 0, 0, jn_window(&value, 8), &done), JN_OK) && done == 8;
    good &= entry(&object_ring, 72, &events);
    value = 0;
    good &= is(io_read(a, eventfd, -1, 8, 0, 0, jn_window(&value, 8), &done), JN_OK) && value == 5;
    good &= is(object_make_descriptor(a, OBJECT_TIMERFD, 0, 0, &timerfd), JN_OK);
    good &= is(io_poll(a, timerfd, IO_READABLE, 73, &ready), JN_OK) && !ready;
    good &= is(object_set_timer(a, timerfd, jn_time_monotonic() + 1000000, 0, &old, &interval),
               JN_OK);
    good &= entry(&object_ring, 73, &events) && events & IO_READABLE;
    good &= is(io_read(a, timerfd, -1, 8, 0, 0, jn_window(&value, 8), &done), JN_OK) && value == 1;
    good &= is(io_read(a, 1000, -1, 8, 0, 0, jn_window(&value, 8), &done), JN_BAD_HANDLE);
    jn_cap_delete(a);
    return good;
}

static bool registry(void)
{
    cap_t a;
    uint64_t key, sub, length;
    uint32_t created, type;
    char data[64], name[256];
    size_t name_length;
    int64_t write_time;
    static const char path[] = "Registry\\Machine\\Software\\Test", value[] = "hello";
    if (!is(client_create(object_admin, 0, 0, 0, &a), JN_OK))
        return false;
    bool good = is(registry_open(a, 0, 0, path, sizeof path - 1, &key, &created), JN_NOT_FOUND);
    good &= is(registry_open(a, 0, REGISTRY_CREATE, path, sizeof path - 1, &key, &created),
               JN_OK) && created;
    good &= is(registry_set_value(a, key, 1, sizeof value, "V", 1, jn_window(value, sizeof value)),
               JN_OK);
    good &= is(registry_query_value(a, key, sizeof data, "v", 1, jn_window(data, sizeof data),
                                    &type, &length), JN_OK) &&
            type == 1 && length == sizeof value && !memcmp(data, value, sizeof value);
    good &= is(registry_query_value(a, key, 2, "v", 1, jn_window(data, 2), &type, &length),
               JN_TRUNCATED) && length == sizeof value;
    good &= is(registry_open(a, key, REGISTRY_CREATE, "Sub", 3, &sub, &created), JN_OK);
    good &= is(registry_enumerate_key(a, key, 0, &write_time, name, sizeof name, &name_length),
               JN_OK) && name_length == 3 && !memcmp(name, "Sub", 3);
    good &= is(registry_delete_key(a, key), JN_NOT_EMPTY);
    good &= is(registry_delete_key(a, sub), JN_OK);
    good &= is(registry_query_value(a, sub, 0, "x", 1, NO_WINDOW, &type, &length),
               JN_DELETE_PENDING);
    good &= is(registry_close(a, sub), JN_OK) && is(registry_close(a, sub), JN_BAD_HANDLE);
    jn_cap_delete(a);
    return good;
}

static bool terminals(void)
{
    cap_t a;
    uint64_t master, slave, done, number, ignored;
    uint32_t events, zero = 0;
    char text[64];
    struct console_attributes attributes;
    struct console_size size = {50, 132, 0, 0}, seen;
    if (!is(client_create(console_admin, 0, 0, 0, &a), JN_OK) ||
        !is(jn_ring_open(a, 64, signal, CONSOLE_BIT, &console_ring), JN_OK))
        return false;
    bool good = is(console_open(a, CONSOLE_PTMX, IO_ACCESS_READ | IO_ACCESS_WRITE, 0, &master),
                   JN_OK);
    good &= is(io_control(a, master, CONSOLE_GET_NUMBER, 0, 0, NO_WINDOW, NO_WINDOW, &number),
               JN_OK);
    good &= is(io_control(a, master, CONSOLE_SET_LOCK, 0, 0, jn_window(&zero, 4), NO_WINDOW,
                          &ignored), JN_OK);
    good &= is(console_open(a, CONSOLE_PTS + number, IO_ACCESS_READ | IO_ACCESS_WRITE,
                            CONSOLE_OPEN_NO_CONTROLLING, &slave), JN_OK);
    good &= is(io_control(a, slave, CONSOLE_GET_ATTRIBUTES, 0, 0, NO_WINDOW,
                          jn_window(&attributes, sizeof attributes), &ignored), JN_OK);
    good &= (attributes.local & 2) != 0; /* ICANON */
    good &= is(io_control(a, master, CONSOLE_SET_SIZE, 0, 0, jn_window(&size, sizeof size),
                          NO_WINDOW, &ignored), JN_OK);
    good &= is(io_control(a, slave, CONSOLE_GET_SIZE, 0, 0, NO_WINDOW,
                          jn_window(&seen, sizeof seen), &ignored), JN_OK) &&
            seen.rows == 50 && seen.columns == 132;
    good &= is(io_read(a, slave, -1, sizeof text, 0, 80, jn_window(text, sizeof text), &done),
               JN_WOULD_BLOCK);
    good &= is(io_write(a, master, -1, 4, 0, 0, jn_window("abx\177", 4), &done), JN_OK);
    good &= is(io_write(a, master, -1, 2, 0, 0, jn_window("c\r", 2), &done), JN_OK);
    good &= entry(&console_ring, 80, &events);
    good &= is(io_read(a, slave, -1, sizeof text, 0, 0, jn_window(text, sizeof text), &done),
               JN_OK) && done == 4 && !memcmp(text, "abc\n", 4);
    good &= is(io_close(a, slave), JN_OK) && is(io_close(a, master), JN_OK);
    jn_cap_delete(a);
    return good;
}

static void start(jn_status_t status, const char *what)
{
    if (status != JN_OK)
        jn_panic("%s: %s", what, jn_status_text(status));
}

int main(void)
{
    jn_log_set_name("shared");
    start(supervisor_ready(JN_CAP_SUPERVISOR), "ready");
    start(jn_name_wait("svc/task", &task_admin), "svc/task");
    start(jn_name_wait("svc/object", &object_admin), "svc/object");
    start(jn_name_wait("svc/console", &console_admin), "svc/console");
    start(jn_signal_create(JN_CAP_POOL, &signal), "signal");
    start(client_create(task_admin, 0, 0, 0, &watcher), "watcher");
    start(jn_ring_open(watcher, 64, signal, TASK_BIT, &task_ring), "ring");
    result("families", families());
    result("lost_client", lost_client());
    result("objects", objects());
    result("offers", offers());
    result("published", published());
    result("requests", requests());
    result("futexes_and_descriptors", futexes_and_descriptors());
    result("registry", registry());
    result("terminals", terminals());
    jn_log(JN_LOG_INFO, "%u passed, %u failed", passed, failed);
    start(supervisor_shutdown(JN_CAP_SUPERVISOR, failed ? 1 : 0), "shutdown");
    return 0;
}
