/* Directories: reading them, and the current one. */
#include <string.h>

#include "descriptors.h"
#include "janus/runtime.h"
#include "linux/file.h"
#include "path.h"
#include "stat_cache.h"
#include "status.h"
#include "syscalls.h"
#include "user.h"

/* Entries of fs as struct linux_dirent64 (modern) or linux_dirent. Whole entries only; what does not
 * fit any more is read again next time. */
static long do_getdents(struct thread *t, const uint64_t *a, bool modern)
{
    struct process *p = t->process;
    struct descriptor *d = descriptor_io(p, a[0]);
    char *out = core_scratch + CORE_SCRATCH / 2; /* the other half */
    uint64_t done = 0, next = 0, capacity = (uint32_t)a[2];
    if (!d)
        return -LX_EBADF;
    if (d->kind != DESCRIPTOR_OPEN || d->open.server != BACKEND_FS)
        return -LX_ENOTDIR;
    if (capacity > CORE_SCRATCH / 2)
        capacity = CORE_SCRATCH / 2;
    jn_status_t status =
        backend_fs_read_directory(&p->clients, d->open.number, d->position, CORE_SCRATCH / 2,
                                  backend_window(core_scratch, CORE_SCRATCH / 2), &done, &next);
    if (status != JN_OK)
        return errno_of(status);
    d->directory = 1;
    size_t used = 0;
    uint64_t position = d->position;
    for (uint64_t at = 0; at + sizeof(struct fs_entry) <= done;) {
        struct fs_entry entry;
        memcpy(&entry, core_scratch + at, sizeof entry);
        if (entry.entry_length < sizeof entry || entry.entry_length > done - at ||
            entry.name_length > entry.entry_length - sizeof entry ||
            entry.name_length > LX_NAME_MAX)
            return -LX_EIO;
        const char *name = core_scratch + at + sizeof entry;
        at += entry.entry_length;
        size_t head = modern ? 19 : 18;
        size_t length = (head + entry.name_length + 1 + (modern ? 0 : 1) + 7) & ~7ul;
        if (used + length > capacity) {
            if (!used)
                return -LX_EINVAL;
            break;
        }
        char *record = out + used;
        memset(record, 0, length);
        uint16_t record_length = (uint16_t)length;
        memcpy(record, &entry.inode, 8);
        memcpy(record + 8, &entry.next, 8);
        memcpy(record + 16, &record_length, 2);
        uint8_t type = (uint8_t)(entry.mode >> 12 & 15);
        if (modern)
            record[18] = (char)type;
        else
            record[length - 1] = (char)type;
        memcpy(record + head, name, entry.name_length);
        used += length;
        position = entry.next;
    }
    if (user_write(t, a[1], out, used))
        return -LX_EFAULT;
    d->position = position;
    return (long)used;
}

long sys_getdents64(struct thread *t, const uint64_t *a)
{
    return do_getdents(t, a, true);
}

long sys_getdents(struct thread *t, const uint64_t *a)
{
    return do_getdents(t, a, false);
}

long sys_getcwd(struct thread *t, const uint64_t *a)
{
    struct process *p = t->process;
    size_t length = 0;
    jn_status_t status =
        backend_fs_path_of(&p->clients, p->directory, core_scratch, LX_PATH_MAX - 1, &length);
    if (status == JN_NOT_FOUND)
        return -LX_ENOENT;
    if (status != JN_OK)
        return errno_of(status);
    core_scratch[length++] = 0;
    if (length > a[1])
        return -LX_ERANGE;
    return user_write(t, a[0], core_scratch, length) ? -LX_EFAULT : (long)length;
}

static long enter(struct process *p, struct backend_open open)
{
    struct backend_path here = {open.number, "", 0, FS_LOOKUP_EMPTY};
    jn_status_t status = backend_fs_access(&p->clients, &here, IO_ACCESS_EXECUTE);
    if (status != JN_OK) {
        backend_io_close(&p->clients, open);
        return errno_of(status);
    }
    if (p->directory)
        backend_io_close(&p->clients, (struct backend_open){BACKEND_FS, p->directory});
    p->directory = open.number;
    stat_cache_new_names(p);
    return 0;
}

static long open_directory(struct thread *t, uint64_t address, struct backend_open *open)
{
    struct backend_path path;
    long error = path_get(t, (uint64_t)LX_AT_FDCWD, address, 0, 0, 0, &path);
    if (error)
        return error;
    error = path_open(t->process, &path, FS_OPEN_PATH | FS_OPEN_DIRECTORY, 0, open);
    return error == -LX_ENXIO ? -LX_ENOTDIR : error;
}

long sys_chdir(struct thread *t, const uint64_t *a)
{
    struct backend_open open;
    long error = open_directory(t, a[0], &open);
    return error ? error : enter(t->process, open);
}

long sys_fchdir(struct thread *t, const uint64_t *a)
{
    struct process *p = t->process;
    struct descriptor *d = descriptor_get(p, a[0]);
    struct backend_open open;
    struct io_stat stat;
    if (!d)
        return -LX_EBADF;
    if (d->open.server != BACKEND_FS ||
        backend_io_stat(&p->clients, d->open, &stat) != JN_OK ||
        (stat.mode & LX_S_IFMT) != LX_S_IFDIR)
        return -LX_ENOTDIR;
    long error = errno_of(backend_io_duplicate(&p->clients, d->open, &open));
    return error ? error : enter(p, open);
}

long sys_chroot(struct thread *t, const uint64_t *a)
{
    struct process *p = t->process;
    struct backend_open open;
    if (process_credentials(p)->euid)
        return -LX_EPERM;
    long error = open_directory(t, a[0], &open);
    if (error)
        return error;
    error = errno_of(backend_fs_set_root(&p->clients, open.number));
    stat_cache_new_names(p);
    backend_io_close(&p->clients, open);
    return error;
}

long sys_umask(struct thread *t, const uint64_t *a)
{
    uint32_t old = t->process->umask;
    t->process->umask = (uint32_t)a[0] & 0777;
    return old;
}
