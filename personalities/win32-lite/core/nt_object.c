/* NtClose, NtDuplicateObject, NtQueryObject, directories, symbolic links, named sections. */
#include <stdlib.h>
#include <string.h>

#include "core.h"

nt_status NtClose(struct nt_thread *t, const uint64_t *a)
{
    int32_t pseudo = (int32_t)a[0];

    if (pseudo <= -1 && pseudo >= -6)
        return NT_SUCCESS;
    return nt_handle_close(t->process, a[0]);
}

nt_status NtCompareObjects(struct nt_thread *t, const uint64_t *a)
{
    struct nt_object *one, *two;
    nt_status status = nt_handle_object(t, a[0], NT_TYPE_NONE, 0, &one);

    if (!NT_FAILED(status))
        status = nt_handle_object(t, a[1], NT_TYPE_NONE, 0, &two);
    if (NT_FAILED(status))
        return status;
    return one == two ? NT_SUCCESS : NT_NOT_SAME_OBJECT;
}

static const char *const type_names[NT_TYPE_COUNT] = {
    [NT_TYPE_EVENT] = "Event",         [NT_TYPE_SEMAPHORE] = "Semaphore",
    [NT_TYPE_MUTANT] = "Mutant",       [NT_TYPE_TIMER] = "Timer",
    [NT_TYPE_KEYED_EVENT] = "KeyedEvent", [NT_TYPE_PROCESS] = "Process",
    [NT_TYPE_THREAD] = "Thread",       [NT_TYPE_FILE] = "File",
    [NT_TYPE_SECTION] = "Section",     [NT_TYPE_KEY] = "Key",
    [NT_TYPE_DIRECTORY] = "Directory", [NT_TYPE_SYMLINK] = "SymbolicLink",
    [NT_TYPE_TOKEN] = "Token",         [NT_TYPE_JOB] = "Job",
    [NT_TYPE_COMPLETION] = "IoCompletion",
};

static nt_status query_name(struct nt_thread *t, const uint64_t *a, struct nt_object *object)
{
    uint32_t capacity = (uint32_t)a[3], bytes = 0;
    struct nt_unicode_string string = {0};
    uint16_t *name = NULL;
    nt_status status;

    if (object->type == NT_TYPE_FILE) {
        struct nt_file *file = (struct nt_file *)object;
        if (file->path) {
            static const uint16_t prefix[] = {'\\', '?', '?', '\\'};
            bytes = (file->path_length + 4) * 2;
            name = malloc(bytes);
            if (name) {
                memcpy(name, prefix, 8);
                memcpy(name + 4, file->path, file->path_length * 2);
            }
        } else if (file->kind == NT_FILE_PIPE) {
            static const char device[] = "\\Device\\NamedPipe";
            bytes = (sizeof device - 1) * 2;
            name = malloc(bytes);
            for (size_t i = 0; name && i < sizeof device - 1; i++)
                name[i] = (uint8_t)device[i];
        } else if (file->kind == NT_FILE_NULL) {
            static const char device[] = "\\Device\\Null";
            bytes = (sizeof device - 1) * 2;
            name = malloc(bytes);
            for (size_t i = 0; name && i < sizeof device - 1; i++)
                name[i] = (uint8_t)device[i];
        }
    } else if (object->type == NT_TYPE_KEY) {
        char path[4096] = "\\";
        size_t length = 0, units;
        if (world_key_path(t->process->world, ((struct nt_key *)object)->key, path + 1,
                           sizeof path - 1, &length) == JN_OK) {
            name = nt_text_from_utf8(path, 1 + length, &units);
            bytes = (uint32_t)units * 2;
        }
    } else if (object->name_length) {
        bytes = object->name_length;
        name = malloc(bytes);
        if (name)
            memcpy(name, object->name, bytes);
    }
    if (bytes && !name)
        return NT_NO_MEMORY;
    uint32_t total = sizeof string + (bytes ? bytes + 2 : 0);
    status = a[4] ? nt_write_u32(t, a[4], total) : NT_SUCCESS;
    if (!NT_FAILED(status) && capacity < sizeof string)
        status = NT_INFO_LENGTH_MISMATCH;
    else if (!NT_FAILED(status) && capacity < total)
        status = NT_BUFFER_OVERFLOW;
    if (status == NT_SUCCESS) {
        uint16_t zero = 0;
        if (bytes)
            string = (struct nt_unicode_string){(uint16_t)bytes, (uint16_t)(bytes + 2), 0,
                                                a[2] + sizeof string};
        status = nt_write(t, a[2], &string, sizeof string);
        if (!NT_FAILED(status) && bytes) {
            status = nt_write(t, string.buffer, name, bytes);
            if (!NT_FAILED(status))
                status = nt_write(t, string.buffer + bytes, &zero, 2);
        }
    }
    free(name);
    return status;
}

static nt_status query_type(struct nt_thread *t, const uint64_t *a, struct nt_object *object)
{
    uint8_t out[0x68 + 64] = {0};
    const char *name = type_names[object->type];
    uint32_t n = (uint32_t)strlen(name), total = 0x68 + (n + 1) * 2;
    struct nt_unicode_string string = {(uint16_t)(n * 2), (uint16_t)(n * 2 + 2), 0, a[2] + 0x68};

    memcpy(out, &string, sizeof string);
    uint32_t count = object->refs;
    memcpy(out + 0x10, &count, 4);
    memcpy(out + 0x14, &count, 4);
    for (uint32_t i = 0; i < n; i++)
        out[0x68 + i * 2] = (uint8_t)name[i];
    if (a[4] && NT_FAILED(nt_write_u32(t, a[4], total)))
        return NT_ACCESS_VIOLATION;
    if ((uint32_t)a[3] < total)
        return NT_INFO_LENGTH_MISMATCH;
    return nt_write(t, a[2], out, total);
}

nt_status NtQueryObject(struct nt_thread *t, const uint64_t *a)
{
    struct nt_object *object;
    struct nt_handle *entry;
    nt_status status = nt_handle_object(t, a[0], NT_TYPE_NONE, 0, &object);

    if (NT_FAILED(status))
        return status;
    entry = nt_handle_entry(t->process, a[0]);
    switch ((uint32_t)a[1]) {
    case 0: {
        uint32_t basic[14] = {0, entry ? entry->access : 0x1fffff, 1, object->refs};
        return nt_write_exact(t, a[2], (uint32_t)a[3], a[4], basic, sizeof basic);
    }
    case 1: return query_name(t, a, object);
    case 2: return query_type(t, a, object);
    case 4: {
        uint8_t flags[2] = {entry && (entry->flags & NT_HANDLE_INHERIT),
                            entry && (entry->flags & NT_HANDLE_PROTECT)};
        return nt_write_exact(t, a[2], (uint32_t)a[3], a[4], flags, sizeof flags);
    }
    }
    world_log("win32: pid %u: NtQueryObject class %u", (unsigned)t->process->pid, (unsigned)a[1]);
    return NT_NOT_IMPLEMENTED;
}

nt_status NtSetInformationObject(struct nt_thread *t, const uint64_t *a)
{
    struct nt_handle *entry = nt_handle_entry(t->process, a[0]);
    uint8_t flags[2];

    if ((uint32_t)a[1] != 4)
        return NT_NOT_IMPLEMENTED;
    if (!entry)
        return NT_INVALID_HANDLE;
    if ((uint32_t)a[3] < 2)
        return NT_INVALID_PARAMETER;
    if (NT_FAILED(nt_read(t, a[2], flags, 2)))
        return NT_ACCESS_VIOLATION;
    entry->flags = (flags[0] ? NT_HANDLE_INHERIT : 0) | (flags[1] ? NT_HANDLE_PROTECT : 0);
    return NT_SUCCESS;
}

nt_status NtMakeTemporaryObject(struct nt_thread *t, const uint64_t *a)
{
    struct nt_object *object;

    return nt_handle_object(t, a[0], NT_TYPE_NONE, 0, &object); /* none is permanent */
}
