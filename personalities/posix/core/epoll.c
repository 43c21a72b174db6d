/* epoll(7). An epoll is a list of {descriptor, events, data}; epoll_wait polls it like poll does.
 *
 * Edge-triggered items report again only after a fresh edge: what was reported is remembered, and
 * forgotten when the item is seen not ready, or when a read or write on it met WOULD_BLOCK. A program
 * that reads until EAGAIN, as edge-triggered ones must, sees every edge. */
#include "epoll.h"

#include <stdlib.h>
#include <string.h>

#include "descriptors.h"
#include "linux/file.h"
#include "placement.h"
#include "signals.h"
#include "syscalls.h"
#include "timespec.h"
#include "user.h"
#include "wait.h"

struct item {
    struct list link;
    struct process *process; /* whose table `fd` is in */
    uint32_t fd;
    uint32_t events, reported;
    bool disabled; /* EPOLLONESHOT fired */
    uint64_t data;
};

struct epoll {
    struct list link; /* of all */
    uint32_t users;
    uint32_t depth;
    struct list items;
};

static struct list epolls = {&epolls, &epolls};

#define CONTROL_BITS (LX_EPOLLET | LX_EPOLLONESHOT | LX_EPOLLEXCLUSIVE | 1u << 29)

void epoll_retain(struct epoll *epoll)
{
    epoll->users++;
}

static void item_remove(struct item *item)
{
    list_remove(&item->link);
    free(item);
}

void epoll_release(struct epoll *epoll)
{
    if (--epoll->users)
        return;
    struct item *item;
    list_for_each(item, struct item, &epoll->items, link)
        item_remove(item);
    list_remove(&epoll->link);
    free(epoll);
}

void epoll_forget(struct process *process, uint32_t fd)
{
    struct epoll *epoll;
    list_for_each(epoll, struct epoll, &epolls, link) {
        struct item *item;
        list_for_each(item, struct item, &epoll->items, link)
            if (item->process == process && item->fd == fd)
                item_remove(item);
    }
}

void epoll_edge_consumed(struct process *process, uint32_t fd, uint32_t events)
{
    struct epoll *epoll;
    uint32_t bits = events & IO_READABLE ? LX_POLLIN | LX_POLLRDNORM : LX_POLLOUT | LX_POLLWRNORM;
    list_for_each(epoll, struct epoll, &epolls, link) {
        struct item *item;
        list_for_each(item, struct item, &epoll->items, link)
            if (item->process == process && item->fd == fd)
                item->reported &= ~bits;
    }
}

/* The item's events to report now, 0: none. */
static uint32_t item_poll(struct thread *t, struct item *item, uint64_t cookie)
{
    struct descriptor *d = descriptor_get(item->process, item->fd);
    if (item->disabled || !d)
        return 0;
    uint32_t ready = poll_descriptor(t, d, item->events & ~CONTROL_BITS, cookie);
    if (!(item->events & LX_EPOLLET))
        return ready;
    item->reported &= ready; /* what is no longer ready will be a new edge */
    return ready & ~item->reported;
}

uint32_t epoll_poll(struct thread *t, struct epoll *epoll, bool arm)
{
    struct item *item;
    list_for_each(item, struct item, &epoll->items, link)
        if (item_poll(t, item, arm ? t->handle : 0))
            return LX_POLLIN | LX_POLLRDNORM;
    return 0;
}

/* Does `outer` stand somewhere below `inner` already, or is the nesting too deep? */
static bool reaches(struct epoll *inner, struct epoll *outer, int depth)
{
    if (inner == outer || depth > 5)
        return true;
    struct item *item;
    list_for_each(item, struct item, &inner->items, link) {
        struct descriptor *d = descriptor_get(item->process, item->fd);
        if (d && d->kind == DESCRIPTOR_EPOLL && reaches(d->epoll, outer, depth + 1))
            return true;
    }
    return false;
}

static long create(struct thread *t, bool close_on_exec)
{
    struct epoll *epoll = calloc(1, sizeof *epoll);
    if (!epoll)
        return -LX_ENOMEM;
    epoll->users = 1;
    list_init(&epoll->items);
    struct descriptor d = {.kind = DESCRIPTOR_EPOLL, .close_on_exec = close_on_exec,
                           .epoll = epoll};
    long fd = descriptor_add(t->process, &d, 0);
    if (fd < 0)
        free(epoll);
    else
        list_append(&epolls, &epoll->link);
    return fd;
}

long sys_epoll_create(struct thread *t, const uint64_t *a)
{
    return (int32_t)a[0] <= 0 ? -LX_EINVAL : create(t, false);
}

long sys_epoll_create1(struct thread *t, const uint64_t *a)
{
    return a[0] & ~(uint64_t)LX_O_CLOEXEC ? -LX_EINVAL : create(t, a[0] & LX_O_CLOEXEC);
}

/* Waiters must look again: the list changed. */
static void wake_waiters(struct thread *t)
{
    struct thread *other;
    list_for_each(other, struct thread, &t->process->threads, link)
        if (other->wait.parked && (other->number == 232 || other->number == 281 ||
                                   other->number == 441))
            wait_wake(other);
}

long sys_epoll_ctl(struct thread *t, const uint64_t *a)
{
    struct process *p = t->process;
    struct descriptor *at = descriptor_get(p, a[0]), *d = descriptor_get(p, a[2]);
    struct lx_epoll_event event = {0, 0};
    if (!at || !d)
        return -LX_EBADF;
    if (at->kind != DESCRIPTOR_EPOLL || at == d ||
        (d->kind == DESCRIPTOR_EPOLL && d->epoll == at->epoll))
        return -LX_EINVAL;
    if (a[1] != LX_EPOLL_CTL_DEL && user_read(t, &event, a[3], sizeof event))
        return -LX_EFAULT;
    struct epoll *epoll = at->epoll;
    struct item *item, *found = NULL;
    list_for_each(item, struct item, &epoll->items, link)
        if (item->process == p && item->fd == (uint32_t)a[2])
            found = item;
    switch (a[1]) {
    case LX_EPOLL_CTL_ADD: {
        struct io_stat stat;
        if (found)
            return -LX_EEXIST;
        if (d->kind == DESCRIPTOR_PATH)
            return -LX_EBADF;
        if (d->kind == DESCRIPTOR_EPOLL && reaches(d->epoll, epoll, 0))
            return -LX_ELOOP;
        if (d->kind == DESCRIPTOR_OPEN && d->open.server == BACKEND_FS &&
            backend_io_stat(&p->clients, d->open, &stat) == JN_OK &&
            ((stat.mode & LX_S_IFMT) == LX_S_IFREG || (stat.mode & LX_S_IFMT) == LX_S_IFDIR))
            return -LX_EPERM;
        found = calloc(1, sizeof *found);
        if (!found)
            return -LX_ENOMEM;
        *found = (struct item){.process = p, .fd = (uint32_t)a[2], .events = event.events,
                               .data = event.data};
        list_append(&epoll->items, &found->link);
        placement_take_back(p, d);
        d->watched++;
        break;
    }
    case LX_EPOLL_CTL_MOD:
        if (!found)
            return -LX_ENOENT;
        found->events = event.events;
        found->data = event.data;
        found->disabled = false;
        found->reported = 0;
        break;
    case LX_EPOLL_CTL_DEL:
        if (!found)
            return -LX_ENOENT;
        item_remove(found);
        d->watched--;
        break;
    default:
        return -LX_EINVAL;
    }
    wake_waiters(t);
    return 0;
}

static long do_wait(struct thread *t, uint64_t fd, uint64_t address, int32_t maximum, bool now)
{
    struct descriptor *at = descriptor_get(t->process, fd);
    if (!at)
        return -LX_EBADF;
    if (at->kind != DESCRIPTOR_EPOLL || maximum <= 0 || maximum > INT32_MAX / 12)
        return -LX_EINVAL;
    struct epoll *epoll = at->epoll;
    bool last = now || t->wait.expired;
    long count = 0;
    wait_disarm(t);
    t->wait_accept = 0;
    struct item *item;
    struct list *end = epoll->items.previous;
    list_for_each(item, struct item, &epoll->items, link) {
        if (count == maximum)
            break;
        uint32_t ready = item_poll(t, item, last || count ? 0 : t->handle);
        bool was_last = &item->link == end;
        if (ready) {
            struct lx_epoll_event event = {ready, item->data};
            if (user_write(t, address + (uint64_t)count * sizeof event, &event, sizeof event))
                return count ? count : -LX_EFAULT;
            count++;
            item->reported |= ready;
            if (item->events & LX_EPOLLONESHOT)
                item->disabled = true;
            /* Reported ones go to the end, so that a short array starves nobody. */
            list_remove(&item->link);
            list_append(&epoll->items, &item->link);
        }
        if (was_last)
            break;
    }
    if (!count && !last)
        return wait_for(t, t->wait.deadline, -LX_EINTR);
    return count;
}

static long wait_milliseconds(struct thread *t, const uint64_t *a)
{
    int32_t timeout = (int32_t)a[3];
    if (!t->wait.started) {
        t->wait.started = true;
        if (timeout > 0)
            t->wait.deadline = backend_time_monotonic() + (uint64_t)timeout * 1000000;
    }
    return do_wait(t, a[0], a[1], (int32_t)a[2], timeout == 0);
}

long sys_epoll_wait(struct thread *t, const uint64_t *a)
{
    return wait_milliseconds(t, a);
}

long sys_epoll_pwait(struct thread *t, const uint64_t *a)
{
    if (!t->wait.started) {
        long error = wait_mask_begin(t, a[4], a[5]);
        if (error)
            return error;
    }
    return wait_milliseconds(t, a);
}

long sys_epoll_pwait2(struct thread *t, const uint64_t *a)
{
    bool now = t->wait.memory[0];
    if (!t->wait.started) {
        struct lx_timespec time;
        if (a[3]) {
            if (user_read(t, &time, a[3], sizeof time))
                return -LX_EFAULT;
            if (!timespec_valid(&time))
                return -LX_EINVAL;
            now = !time.tv_sec && !time.tv_nsec;
            t->wait.deadline = timespec_deadline(&time);
        }
        long error = wait_mask_begin(t, a[4], a[5]);
        if (error)
            return error;
        t->wait.started = true;
        t->wait.memory[0] = now;
    }
    return do_wait(t, a[0], a[1], (int32_t)a[2], now);
}
