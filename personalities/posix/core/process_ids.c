/* Ids, groups, sessions, credentials. */
#include <string.h>

#include "janus/backend/process.h"
#include "process.h"
#include "status.h"
#include "syscalls.h"
#include "user.h"

long sys_getpid(struct thread *t, const uint64_t *a)
{
    (void)a;
    return (long)t->process->pid;
}

long sys_gettid(struct thread *t, const uint64_t *a)
{
    (void)a;
    return (long)t->tid;
}

static long ids_of(struct thread *t, uint64_t pid, struct backend_ids *ids)
{
    if ((int32_t)pid < 0)
        return -LX_ESRCH;
    return errno_of(backend_process_ids(t->process->clients.task, (uint32_t)pid, ids));
}

long sys_getppid(struct thread *t, const uint64_t *a)
{
    struct backend_ids ids;
    (void)a;
    long error = ids_of(t, 0, &ids);
    return error ? error : (long)ids.parent;
}

long sys_getpgrp(struct thread *t, const uint64_t *a)
{
    struct backend_ids ids;
    (void)a;
    long error = ids_of(t, 0, &ids);
    return error ? error : (long)ids.group;
}

long sys_getpgid(struct thread *t, const uint64_t *a)
{
    struct backend_ids ids;
    long error = ids_of(t, a[0], &ids);
    return error ? error : (long)ids.group;
}

long sys_getsid(struct thread *t, const uint64_t *a)
{
    struct backend_ids ids;
    long error = ids_of(t, a[0], &ids);
    return error ? error : (long)ids.session;
}

long sys_setpgid(struct thread *t, const uint64_t *a)
{
    if ((int32_t)a[1] < 0)
        return -LX_EINVAL;
    jn_status_t status = backend_process_set_group(t->process->clients.task, (uint32_t)a[0],
                                                   (uint32_t)a[1]);
    return status == JN_BUSY || status == JN_NOT_FOUND ? (status == JN_BUSY ? -LX_EACCES : -LX_EPERM)
                                                       : errno_of(status);
}

long sys_setsid(struct thread *t, const uint64_t *a)
{
    uint64_t session = 0;
    (void)a;
    jn_status_t status = backend_process_set_session(t->process->clients.task, &session);
    return status == JN_OK ? (long)session : -LX_EPERM;
}

/* ---- credentials ---- */

#define CREDENTIAL(name, member)                                                         \
    long sys_##name(struct thread *t, const uint64_t *a)                                 \
    {                                                                                    \
        (void)a;                                                                         \
        return (long)process_credentials(t->process)->member;                            \
    }
CREDENTIAL(getuid, uid)
CREDENTIAL(geteuid, euid)
CREDENTIAL(getgid, gid)
CREDENTIAL(getegid, egid)

static long store(struct thread *t, const struct task_credentials *new)
{
    struct process *p = t->process;
    jn_status_t status = backend_process_set_credentials(&p->clients, new);
    if (status == JN_OK) {
        p->credentials = *new;
        p->credentials_known = true;
    }
    return errno_of(status);
}

static bool one_of(uint32_t id, uint32_t a, uint32_t b, uint32_t c)
{
    return id == UINT32_MAX || id == a || id == b || id == c;
}

long sys_setresuid(struct thread *t, const uint64_t *a)
{
    struct task_credentials c = *process_credentials(t->process);
    for (int i = 0; i < 3; i++)
        if (c.euid && !one_of((uint32_t)a[i], c.uid, c.euid, c.suid))
            return -LX_EPERM;
    if ((uint32_t)a[0] != UINT32_MAX)
        c.uid = (uint32_t)a[0];
    if ((uint32_t)a[1] != UINT32_MAX)
        c.euid = c.fsuid = (uint32_t)a[1];
    if ((uint32_t)a[2] != UINT32_MAX)
        c.suid = (uint32_t)a[2];
    return store(t, &c);
}

long sys_setresgid(struct thread *t, const uint64_t *a)
{
    struct task_credentials c = *process_credentials(t->process);
    for (int i = 0; i < 3; i++)
        if (c.euid && !one_of((uint32_t)a[i], c.gid, c.egid, c.sgid))
            return -LX_EPERM;
    if ((uint32_t)a[0] != UINT32_MAX)
        c.gid = (uint32_t)a[0];
    if ((uint32_t)a[1] != UINT32_MAX)
        c.egid = c.fsgid = (uint32_t)a[1];
    if ((uint32_t)a[2] != UINT32_MAX)
        c.sgid = (uint32_t)a[2];
    return store(t, &c);
}

long sys_setreuid(struct thread *t, const uint64_t *a)
{
    struct task_credentials c = *process_credentials(t->process);
    uint32_t real = (uint32_t)a[0], effective = (uint32_t)a[1], old = c.uid;
    if (c.euid && (!one_of(real, c.uid, c.euid, c.uid) || !one_of(effective, c.uid, c.euid, c.suid)))
        return -LX_EPERM;
    if (real != UINT32_MAX)
        c.uid = real;
    if (effective != UINT32_MAX)
        c.euid = effective;
    if (real != UINT32_MAX || (effective != UINT32_MAX && effective != old))
        c.suid = c.euid;
    c.fsuid = c.euid;
    return store(t, &c);
}

long sys_setregid(struct thread *t, const uint64_t *a)
{
    struct task_credentials c = *process_credentials(t->process);
    uint32_t real = (uint32_t)a[0], effective = (uint32_t)a[1], old = c.gid;
    if (c.euid && (!one_of(real, c.gid, c.egid, c.gid) || !one_of(effective, c.gid, c.egid, c.sgid)))
        return -LX_EPERM;
    if (real != UINT32_MAX)
        c.gid = real;
    if (effective != UINT32_MAX)
        c.egid = effective;
    if (real != UINT32_MAX || (effective != UINT32_MAX && effective != old))
        c.sgid = c.egid;
    c.fsgid = c.egid;
    return store(t, &c);
}

long sys_setuid(struct thread *t, const uint64_t *a)
{
    struct task_credentials c = *process_credentials(t->process);
    uint32_t id = (uint32_t)a[0];
    if (id == UINT32_MAX)
        return -LX_EINVAL;
    if (!c.euid)
        c.uid = c.suid = id;
    else if (id != c.uid && id != c.suid)
        return -LX_EPERM;
    c.euid = c.fsuid = id;
    return store(t, &c);
}

long sys_setgid(struct thread *t, const uint64_t *a)
{
    struct task_credentials c = *process_credentials(t->process);
    uint32_t id = (uint32_t)a[0];
    if (id == UINT32_MAX)
        return -LX_EINVAL;
    if (!c.euid)
        c.gid = c.sgid = id;
    else if (id != c.gid && id != c.sgid)
        return -LX_EPERM;
    c.egid = c.fsgid = id;
    return store(t, &c);
}

long sys_setfsuid(struct thread *t, const uint64_t *a)
{
    struct task_credentials c = *process_credentials(t->process);
    uint32_t old = c.fsuid, id = (uint32_t)a[0];
    if (!c.euid || id == c.uid || id == c.euid || id == c.suid || id == c.fsuid) {
        c.fsuid = id;
        if (id != UINT32_MAX && store(t, &c))
            return old;
    }
    return old;
}

long sys_setfsgid(struct thread *t, const uint64_t *a)
{
    struct task_credentials c = *process_credentials(t->process);
    uint32_t old = c.fsgid, id = (uint32_t)a[0];
    if (!c.euid || id == c.gid || id == c.egid || id == c.sgid || id == c.fsgid) {
        c.fsgid = id;
        if (id != UINT32_MAX && store(t, &c))
            return old;
    }
    return old;
}

static long give_three(struct thread *t, const uint64_t *a, uint32_t x, uint32_t y, uint32_t z)
{
    return user_write32(t, a[0], x) || user_write32(t, a[1], y) || user_write32(t, a[2], z)
               ? -LX_EFAULT
               : 0;
}

long sys_getresuid(struct thread *t, const uint64_t *a)
{
    const struct task_credentials *c = process_credentials(t->process);
    return give_three(t, a, c->uid, c->euid, c->suid);
}

long sys_getresgid(struct thread *t, const uint64_t *a)
{
    const struct task_credentials *c = process_credentials(t->process);
    return give_three(t, a, c->gid, c->egid, c->sgid);
}

long sys_getgroups(struct thread *t, const uint64_t *a)
{
    const struct task_credentials *c = process_credentials(t->process);
    if ((int32_t)a[0] < 0)
        return -LX_EINVAL;
    if (a[0]) {
        if (a[0] < c->group_count)
            return -LX_EINVAL;
        if (user_write(t, a[1], c->groups, c->group_count * 4))
            return -LX_EFAULT;
    }
    return c->group_count;
}

long sys_setgroups(struct thread *t, const uint64_t *a)
{
    struct task_credentials c = *process_credentials(t->process);
    if (c.euid)
        return -LX_EPERM;
    if (a[0] > sizeof c.groups / sizeof c.groups[0])
        return -LX_EINVAL;
    memset(c.groups, 0, sizeof c.groups);
    if (user_read(t, c.groups, a[1], a[0] * 4))
        return -LX_EFAULT;
    c.group_count = (uint32_t)a[0];
    return store(t, &c);
}

/* Capabilities: all for uid 0, none for others (capget(2)). */
long sys_capget(struct thread *t, const uint64_t *a)
{
    struct {
        uint32_t version;
        int32_t pid;
    } header;
    if (user_read(t, &header, a[0], sizeof header))
        return -LX_EFAULT;
    uint32_t words = header.version == 0x19980330 ? 1 : 2;
    if (header.version != 0x19980330 && header.version != 0x20071026 &&
        header.version != 0x20080522) {
        header.version = 0x20080522;
        if (user_write(t, a[0], &header, 4))
            return -LX_EFAULT;
        return a[1] ? -LX_EINVAL : 0;
    }
    if (header.pid < 0)
        return -LX_EINVAL;
    if (!a[1])
        return 0;
    bool root = !process_credentials(t->process)->euid;
    uint32_t data[6] = {0};
    for (uint32_t i = 0; i < words && root; i++)
        data[i * 3] = data[i * 3 + 1] = i ? 0x1ff : UINT32_MAX;
    return user_write(t, a[1], data, words * 12);
}

long sys_capset(struct thread *t, const uint64_t *a)
{
    uint32_t header[2];
    if (user_read(t, header, a[0], 8))
        return -LX_EFAULT;
    if (header[0] != 0x19980330 && header[0] != 0x20071026 && header[0] != 0x20080522)
        return -LX_EINVAL;
    return -LX_EPERM; /* nobody's set can be changed, which is allowed to fail for everybody */
}
