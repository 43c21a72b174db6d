#include "descriptors.h"

#include <stdlib.h>
#include <string.h>

#include "epoll.h"
#include "linux/file.h"
#include "placement.h"
#include "signalfd.h"
#include "stat_cache.h"
#include "status.h"

#define TABLE_MAX 1048576u

uint32_t descriptors_limit(const struct process *p)
{
    uint64_t limit = p->limits[LX_RLIMIT_NOFILE].cur;
    return limit < TABLE_MAX ? (uint32_t)limit : TABLE_MAX;
}

static long grow(struct descriptors *d, uint32_t least)
{
    uint32_t size = d->size ? d->size : 32;
    while (size <= least)
        size *= 2;
    if (size == d->size)
        return 0;
    struct descriptor *table = realloc(d->table, size * sizeof *table);
    if (!table)
        return -LX_ENOMEM;
    memset(table + d->size, 0, (size - d->size) * sizeof *table);
    d->table = table;
    d->size = size;
    return 0;
}

long descriptor_add(struct process *p, const struct descriptor *descriptor, uint32_t least)
{
    struct descriptors *d = &p->descriptors;
    uint32_t fd = least > d->first_free ? least : d->first_free;
    while (fd < d->size && d->table[fd].kind)
        fd++;
    if (fd >= descriptors_limit(p))
        return -LX_EMFILE;
    if (fd >= d->size && grow(d, fd))
        return -LX_ENOMEM;
    if (least <= d->first_free)
        d->first_free = fd + 1;
    d->table[fd] = *descriptor;
    d->count++;
    return fd;
}

long descriptor_add_at(struct process *p, const struct descriptor *descriptor, uint32_t fd)
{
    struct descriptors *d = &p->descriptors;
    if (fd >= d->size && grow(d, fd))
        return -LX_ENOMEM;
    d->table[fd] = *descriptor;
    d->count++;
    if (fd == d->first_free)
        d->first_free++;
    return fd;
}

void descriptor_drop(struct process *p, struct descriptor *descriptor)
{
    switch (descriptor->kind) {
    case DESCRIPTOR_EPOLL:
        epoll_release(descriptor->epoll);
        break;
    case DESCRIPTOR_SIGNAL:
        signalfd_release(descriptor->signal);
        break;
    case DESCRIPTOR_PAIR:
        backend_io_close(&p->clients, descriptor->other);
        backend_io_close(&p->clients, descriptor->open);
        break;
    default:
        backend_io_close(&p->clients, descriptor->open);
        break;
    }
}

long descriptor_close(struct process *p, uint64_t fd)
{
    struct descriptor *d = descriptor_get(p, fd);
    if (!d)
        return -LX_EBADF;
    if (d->watched)
        epoll_forget(p, (uint32_t)fd);
    placement_release(p, d);
    stat_cache_forget(p, (uint32_t)fd);
    struct descriptor old = *d;
    memset(d, 0, sizeof *d);
    p->descriptors.count--;
    if ((uint32_t)fd < p->descriptors.first_free)
        p->descriptors.first_free = (uint32_t)fd;
    descriptor_drop(p, &old);
    return 0;
}

long descriptor_duplicate(struct process *p, const struct descriptor *from, struct descriptor *to)
{
    *to = *from;
    to->close_on_exec = 0;
    to->watched = 0;
    switch (from->kind) {
    case DESCRIPTOR_EPOLL:
        epoll_retain(from->epoll);
        return 0;
    case DESCRIPTOR_SIGNAL:
        signalfd_retain(from->signal);
        return 0;
    case DESCRIPTOR_PAIR: {
        long error = errno_of(backend_io_duplicate(&p->clients, from->open, &to->open));
        if (error)
            return error;
        error = errno_of(backend_io_duplicate(&p->clients, from->other, &to->other));
        if (error)
            backend_io_close(&p->clients, to->open);
        return error;
    }
    default:
        placement_release(p, from);
        return errno_of(backend_io_duplicate(&p->clients, from->open, &to->open));
    }
}

long descriptors_clone(struct process *from, struct process *to)
{
    const struct descriptors *d = &from->descriptors;
    to->descriptors = *d;
    if (!d->size)
        return 0;
    to->descriptors.table = malloc(d->size * sizeof *d->table);
    if (!to->descriptors.table) {
        to->descriptors = (struct descriptors){0};
        return -LX_ENOMEM;
    }
    memcpy(to->descriptors.table, d->table, d->size * sizeof *d->table);
    for (uint32_t i = 0; i < d->size; i++) {
        struct descriptor *copy = &to->descriptors.table[i];
        copy->watched = 0;
        if (copy->kind == DESCRIPTOR_EPOLL)
            epoll_retain(copy->epoll);
        else if (copy->kind == DESCRIPTOR_SIGNAL)
            signalfd_retain(copy->signal);
    }
    return 0;
}

void descriptors_close_on_exec(struct process *p)
{
    for (uint32_t fd = 0; fd < p->descriptors.size; fd++)
        if (p->descriptors.table[fd].kind && p->descriptors.table[fd].close_on_exec)
            descriptor_close(p, fd);
}

void descriptors_close_core(struct process *p)
{
    for (uint32_t fd = 0; fd < p->descriptors.size; fd++) {
        struct descriptor *d = &p->descriptors.table[fd];
        if (d->watched)
            epoll_forget(p, fd);
        if (d->kind == DESCRIPTOR_EPOLL)
            epoll_release(d->epoll);
        else if (d->kind == DESCRIPTOR_SIGNAL)
            signalfd_release(d->signal);
    }
    free(p->descriptors.table);
    p->descriptors = (struct descriptors){0};
}

bool descriptor_nonblocking(struct process *p, const struct descriptor *d)
{
    uint32_t flags = 0, access;
    return backend_io_get_flags(&p->clients, d->open, &flags, &access) == JN_OK &&
           (flags & IO_FLAG_NONBLOCK);
}

static jn_status_t set_flag(struct process *p, struct backend_open open, bool on)
{
    uint32_t flags = 0, access;
    jn_status_t status = backend_io_get_flags(&p->clients, open, &flags, &access);
    flags = on ? flags | IO_FLAG_NONBLOCK : flags & ~(uint32_t)IO_FLAG_NONBLOCK;
    return status == JN_OK ? backend_io_set_flags(&p->clients, open, flags) : status;
}

long descriptor_set_nonblocking(struct process *p, struct descriptor *d, bool on)
{
    jn_status_t status = JN_OK;
    switch (d->kind) {
    case DESCRIPTOR_EPOLL:
        return 0;
    case DESCRIPTOR_SIGNAL:
        d->signal->flags = on ? LX_O_NONBLOCK : 0;
        return 0;
    case DESCRIPTOR_PAIR:
        status = set_flag(p, d->other, on);
        break;
    default:
        placement_take_back(p, d);
        break;
    }
    return errno_of(status == JN_OK ? set_flag(p, d->open, on) : status);
}
