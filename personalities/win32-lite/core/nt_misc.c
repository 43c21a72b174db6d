/* Small services: Wine's debug output, atoms, and the calls of win32u that start-up makes. */
#include <stdlib.h>
#include <string.h>

#include "core.h"

nt_status wine_dbg_write(struct nt_thread *t, const uint64_t *a)
{
    char line[256];
    uint32_t length = (uint32_t)a[1], part = length;

    if (part > sizeof line - 1)
        part = sizeof line - 1;
    if (NT_FAILED(nt_read(t, a[0], line, part)))
        return NT_ACCESS_VIOLATION;
    line[part] = 0;
    while (part && line[part - 1] == '\n')
        line[--part] = 0;
    world_log("win32: pid %u: %s", (unsigned)t->process->pid, line);
    return length; /* a count, not a status */
}

/* ---- atoms: one table for all processes of this core ---- */
struct atom {
    uint16_t *name;
    uint32_t length, refs;
};
static struct atom *atoms;
static uint32_t atom_count;
#define ATOM_FIRST 0xc000u

static uint32_t atom_find(const uint16_t *name, size_t length)
{
    for (uint32_t i = 0; i < atom_count; i++)
        if (atoms[i].name &&
            !nt_text_compare_caseless(atoms[i].name, atoms[i].length, name, length))
            return i;
    return UINT32_MAX;
}

static nt_status atom_name(struct nt_thread *t, const uint64_t *a, uint16_t *name, size_t *length)
{
    *length = (uint32_t)a[1] / 2;
    if (!*length)
        return NT_OBJECT_NAME_INVALID;
    if (*length > 255)
        return NT_INVALID_PARAMETER;
    return nt_read(t, a[0], name, *length * 2);
}

nt_status NtAddAtom(struct nt_thread *t, const uint64_t *a)
{
    uint16_t name[256];
    size_t length;
    uint32_t index;
    nt_status status = atom_name(t, a, name, &length);

    if (NT_FAILED(status))
        return status;
    index = atom_find(name, length);
    if (index == UINT32_MAX) {
        if (atom_count >= 0x3fff)
            return NT_NO_MEMORY;
        struct atom *grown = realloc(atoms, (atom_count + 1) * sizeof *grown);
        if (!grown)
            return NT_NO_MEMORY;
        atoms = grown;
        index = atom_count++;
        atoms[index] = (struct atom){nt_text_dup(name, length), (uint32_t)length, 0};
    }
    atoms[index].refs++;
    uint16_t atom = (uint16_t)(ATOM_FIRST + index);
    return a[2] ? nt_write(t, a[2], &atom, 2) : NT_SUCCESS;
}

nt_status NtFindAtom(struct nt_thread *t, const uint64_t *a)
{
    uint16_t name[256];
    size_t length;
    nt_status status = atom_name(t, a, name, &length);
    uint32_t index = NT_FAILED(status) ? UINT32_MAX : atom_find(name, length);

    if (NT_FAILED(status))
        return status;
    if (index == UINT32_MAX)
        return NT_OBJECT_NAME_NOT_FOUND;
    uint16_t atom = (uint16_t)(ATOM_FIRST + index);
    return a[2] ? nt_write(t, a[2], &atom, 2) : NT_SUCCESS;
}

nt_status NtDeleteAtom(struct nt_thread *t, const uint64_t *a)
{
    uint32_t index = (uint16_t)a[0] - ATOM_FIRST;

    (void)t;
    if (index >= atom_count || !atoms[index].refs)
        return NT_INVALID_HANDLE;
    if (!--atoms[index].refs) {
        free(atoms[index].name);
        atoms[index].name = NULL;
    }
    return NT_SUCCESS;
}

nt_status NtQueryInformationAtom(struct nt_thread *t, const uint64_t *a)
{
    uint32_t index = (uint16_t)a[0] - ATOM_FIRST, capacity = (uint32_t)a[3];

    if ((uint32_t)a[1] != 0)
        return NT_INVALID_INFO_CLASS;
    if (index >= atom_count || !atoms[index].name)
        return NT_INVALID_HANDLE;
    uint16_t out[3 + 256] = {(uint16_t)atoms[index].refs, 0,
                             (uint16_t)(atoms[index].length * 2)};
    memcpy(out + 3, atoms[index].name, atoms[index].length * 2);
    uint32_t total = 6 + atoms[index].length * 2 + 2;
    if (a[4] && NT_FAILED(nt_write_u32(t, a[4], total)))
        return NT_ACCESS_VIOLATION;
    if (capacity < total)
        return NT_BUFFER_TOO_SMALL;
    return nt_write(t, a[2], out, total);
}

/* ---- win32u: there are no windows; 0 is the honest answer to every question about them ---- */
nt_status user_nothing(struct nt_thread *t, const uint64_t *a)
{
    (void)t;
    (void)a;
    return 0;
}

nt_status NtFlushProcessWriteBuffers(struct nt_thread *t, const uint64_t *a)
{
    (void)t;
    (void)a;
    return NT_SUCCESS; /* the entry into the kernel was a barrier */
}

nt_status NtRaiseHardError(struct nt_thread *t, const uint64_t *a)
{
    world_log("win32: pid %u: hard error %08x", (unsigned)t->process->pid, (unsigned)a[0]);
    return a[5] ? nt_write_u32(t, a[5], 0) : NT_SUCCESS; /* ResponseReturnToCaller */
}

nt_status NtDisplayString(struct nt_thread *t, const uint64_t *a)
{
    struct nt_text text;
    size_t length;
    nt_status status = nt_read_unicode(t, a[0], &text);

    if (NT_FAILED(status))
        return status;
    char *utf8 = nt_text_to_utf8(text.units, text.length, &length);
    if (utf8)
        world_log("win32: %s", utf8);
    free(utf8);
    free(text.units);
    return NT_SUCCESS;
}

nt_status NtSetDebugFilterState(struct nt_thread *t, const uint64_t *a)
{
    (void)t;
    (void)a;
    return NT_ACCESS_DENIED;
}

nt_status NtSetInformationVirtualMemory(struct nt_thread *t, const uint64_t *a)
{
    (void)t;
    return (uint32_t)a[1] == 0 ? NT_SUCCESS : NT_INVALID_PARAMETER_2; /* prefetch is a hint */
}

nt_status NtGetWriteWatch(struct nt_thread *t, const uint64_t *a)
{
    (void)a;
    world_log("win32: pid %u: write watches are not kept", (unsigned)t->process->pid);
    return NT_INVALID_PARAMETER;
}

nt_status NtResetWriteWatch(struct nt_thread *t, const uint64_t *a)
{
    return NtGetWriteWatch(t, a);
}

/* Drivers, page files, drivers' and kernel debugging: what an ordinary user may not do either. */
nt_status privilege_missing(struct nt_thread *t, const uint64_t *a)
{
    (void)a;
    world_log("win32: pid %u: %s is refused", (unsigned)t->process->pid, t->call.service->name);
    return NT_PRIVILEGE_NOT_HELD;
}
