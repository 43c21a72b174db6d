/* What /proc shows of a process's inside: the texts that fs asks servers/task for. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "descriptors.h"
#include "janus/backend/process.h"
#include "janus/backend/time.h"
#include "linux/file.h"
#include "placement.h"
#include "process.h"
#include "wait.h"

struct text {
    char *bytes;
    size_t length, capacity;
};

static bool add(struct text *text, const char *bytes, size_t length)
{
    if (text->length + length > text->capacity) {
        size_t capacity = text->capacity ? text->capacity * 2 : 8192;
        while (capacity < text->length + length)
            capacity *= 2;
        char *larger = realloc(text->bytes, capacity);
        if (!larger)
            return false;
        text->bytes = larger;
        text->capacity = capacity;
    }
    memcpy(text->bytes + text->length, bytes, length);
    text->length += length;
    return true;
}

/* The path of a file of fs, with Linux's " (deleted)" behind one that was removed; 0: it has none. */
static size_t file_name(const struct backend_clients *c, uint64_t open, char *name, size_t capacity)
{
    static const char deleted[] = " (deleted)";
    size_t length = 0;
    jn_status_t status = backend_fs_path_of(c, open, name, capacity, &length);
    if (status == JN_OK)
        return length;
    if (status != JN_NOT_FOUND || !length || length > capacity - sizeof deleted)
        return 0;
    memcpy(name + length, deleted, sizeof deleted);
    return length + sizeof deleted - 1;
}

static size_t region_name(struct process *p, const struct region *r, char *name, size_t capacity)
{
    const struct mm *mm = p->mm;
    if (r->source && r->source->file == REGION_SOURCE_FILE) {
        size_t length = file_name(&mm->owner->clients, r->source->number, name, capacity);
        return length ? length : (size_t)snprintf(name, capacity, "(deleted)");
    }
    if (r->kind == REGION_SPECIAL)
        return (size_t)snprintf(name, capacity, r->access & JN_X ? "[vdso]" : "[vvar]");
    if (r->start <= mm->stack_start && mm->stack_start < r->start + r->length)
        return (size_t)snprintf(name, capacity, "[stack]");
    if (mm->brk > mm->brk_start && r->start < mm->brk && r->start + r->length > mm->brk_start)
        return (size_t)snprintf(name, capacity, "[heap]");
    return 0;
}

static char shown[LX_PATH_MAX]; /* a name, while its line is written */

/* proc(5), /proc/pid/maps. */
void process_push_maps(struct process *p)
{
    struct text text = {0};
    char line[160];
    if (!p->mm)
        return;
    uint64_t at = 0;
    for (const struct region *r; (r = region_map_next(p->mm->map, at)); at = r->start + r->length) {
        if (r->flags & PLACEMENT_REGION)
            continue;
        bool file = r->source && r->source->file == REGION_SOURCE_FILE;
        size_t named = region_name(p, r, shown, sizeof shown);
        int length = snprintf(line, sizeof line, "%lx-%lx %c%c%c%c %08lx %02x:%02x %lu",
                              (unsigned long)r->start, (unsigned long)(r->start + r->length),
                              r->access & JN_R ? 'r' : '-', r->access & JN_W ? 'w' : '-',
                              r->access & JN_X ? 'x' : '-',
                              r->kind == REGION_SHARED || r->kind == REGION_FILE ? 's' : 'p',
                              (unsigned long)(file ? r->offset : 0), 0,
                              file ? (unsigned)(r->source->identity >> 48) : 0,
                              (unsigned long)(file ? r->source->identity & 0xffffffffffff : 0));
        while (named && length < 73)
            line[length++] = ' ';
        if (!add(&text, line, (size_t)length) || !add(&text, shown, named) || !add(&text, "\n", 1))
            break;
    }
    process_push_info(p, TASK_INFO_MAPS, text.bytes, text.length);
    free(text.bytes);
}

size_t process_descriptor_name(struct process *p, const struct descriptor *d, char *name,
                               size_t capacity)
{
    struct io_stat stat;
    switch (d->kind) {
    case DESCRIPTOR_EPOLL:
        return (size_t)snprintf(name, capacity, "anon_inode:[eventpoll]");
    case DESCRIPTOR_SIGNAL:
        return (size_t)snprintf(name, capacity, "anon_inode:[signalfd]");
    case DESCRIPTOR_PAIR:
        return (size_t)snprintf(name, capacity, "socket:[%lu]", (unsigned long)d->open.number);
    default:
        break;
    }
    if (d->open.server == BACKEND_OBJECT)
        return (size_t)snprintf(name, capacity, "anon_inode:[%s]",
                                d->object == 2 ? "timerfd" : "eventfd");
    if (d->open.server == BACKEND_FS) {
        size_t length = file_name(&p->clients, d->open.number, name, capacity);
        if (length)
            return length;
    }
    if (backend_io_stat(&p->clients, d->open, &stat) != JN_OK)
        return 0;
    if (d->open.server == BACKEND_CONSOLE)
        return (size_t)snprintf(name, capacity, "/dev/pts/%lu",
                                (unsigned long)(stat.device_id & 0xff));
    if ((stat.mode & LX_S_IFMT) == LX_S_IFIFO)
        return (size_t)snprintf(name, capacity, "pipe:[%lu]", (unsigned long)stat.inode);
    return (size_t)snprintf(name, capacity, "(deleted)");
}

/* One line a descriptor: number, a space, what it shows as link target. */
void process_push_files(struct process *p)
{
    struct text text = {0};
    char line[32];
    size_t length = 0;
    for (uint32_t fd = 0; fd < p->descriptors.size; fd++) {
        const struct descriptor *d = &p->descriptors.table[fd];
        if (!d->kind)
            continue;
        length = process_descriptor_name(p, d, shown, sizeof shown);
        int head = snprintf(line, sizeof line, "%u ", fd);
        if (!add(&text, line, (size_t)head) || !add(&text, shown, length) || !add(&text, "\n", 1))
            break;
    }
    process_push_info(p, TASK_INFO_DESCRIPTORS, text.bytes, text.length);
    free(text.bytes);
    length = p->directory ? file_name(&p->clients, p->directory, shown, sizeof shown) : 0;
    if (length)
        process_push_info(p, TASK_INFO_DIRECTORY, shown, length);
}

#define SHOW_PATIENCE 100000000ull /* ns */

long process_ask_to_show(struct thread *t, uint64_t pid, uint32_t what)
{
    cap_t task = t->process->clients.task;
    struct wait *w = &t->wait;
    if (w->shown)
        return 0;
    if (!w->asked) {
        w->shown = true;
        if (backend_process_post(task, pid, t->handle, &what, sizeof what, &w->asked) != JN_OK)
            return 0; /* it shows what it last did */
        w->shown = false;
        w->deadline = backend_time_monotonic() + SHOW_PATIENCE;
        wait_armed(t, WAIT_TASK);
    }
    if (!w->expired && backend_process_collect(task, w->asked) == JN_WOULD_BLOCK &&
        wait_for(t, w->deadline, -LX_ERESTARTNOINTR) == CORE_WAITING)
        return CORE_WAITING;
    backend_process_withdraw(task, w->asked);
    timer_clear(&t->timer);
    *w = (struct wait){.shown = true}; /* the call itself begins */
    return 0;
}

void process_show(struct process *p)
{
    uint32_t what = 0;
    uint64_t id, length = 0;
    while (backend_process_next_request(p->clients.task, &what, sizeof what, &id, &length) == JN_OK) {
        if (length == sizeof what && what & SHOW_MAPS)
            process_push_maps(p);
        if (length == sizeof what && what & SHOW_FILES)
            process_push_files(p);
        if (backend_process_answer(p->clients.task, id) != JN_OK)
            continue; /* nobody waits any more */
    }
}
