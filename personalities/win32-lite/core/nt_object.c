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

nt_status NtDuplicateObject(struct nt_thread *t, const uint64_t *a)
{
    /* source process, handle, target process, result, access, attributes, options */
    uint32_t options = (uint32_t)a[6], access;
    struct nt_process_object *source, *target;
    struct nt_process *from, *to = NULL;
    struct nt_object *object, *copy;
    struct nt_handle *entry;
    uint64_t handle = 0;
    nt_status status = nt_handle_object(t, a[0], NT_TYPE_PROCESS, 0x40, &source);

    if (NT_FAILED(status))
        return status;
    from = nt_process_by_pid(source->pid);
    if (!from)
        return NT_ACCESS_DENIED;
    if (from == t->process) {
        status = nt_handle_object(t, a[1], NT_TYPE_NONE, 0, &object);
        if (NT_FAILED(status))
            return status;
        entry = nt_handle_entry(from, a[1]);
        if ((int32_t)a[1] < 0)
            entry = NULL;
    } else {
        entry = nt_handle_entry(from, a[1]);
        if (!entry)
            return NT_INVALID_HANDLE;
        object = entry->object;
    }
    uint32_t old_access = entry ? entry->access : 0x1fffff;
    access = options & 2 ? old_access : nt_access_map(object->type, (uint32_t)a[4]);
    uint32_t flags = options & 4 && entry ? entry->flags
                     : (uint32_t)a[5] & NT_OBJ_INHERIT ? NT_HANDLE_INHERIT
                                                       : 0;
    if (a[3] || a[2]) {
        status = nt_handle_object(t, a[2], NT_TYPE_PROCESS, 0x40, &target);
        if (!NT_FAILED(status)) {
            to = nt_process_by_pid(target->pid);
            if (!to)
                status = NT_ACCESS_DENIED;
        } else if (!(options & 1)) {
            return status;
        }
        if (to == from) {
            copy = object;
            nt_object_ref(copy);
        } else if (to) {
            status = nt_object_clone(object, to, &copy);
        }
        if (to && !NT_FAILED(status)) {
            status = nt_handle_insert(to, copy, access, flags, &handle);
            nt_object_release(copy);
        }
        if (!NT_FAILED(status) && a[3])
            status = nt_write_u64(t, a[3], handle);
    }
    if (options & 1) /* DUPLICATE_CLOSE_SOURCE */
        (void)nt_handle_close(from, a[1]);
    return status;
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

/* ---- names ---- */
nt_status nt_object_path(struct nt_thread *t, const struct nt_attributes *a, char **path,
                         size_t *length)
{
    struct nt_directory *directory = NULL;
    size_t prefix = 0, bytes;
    char *utf8;

    *path = NULL;
    *length = 0;
    if (!a->present || !a->name.length)
        return NT_SUCCESS;
    if (a->root) {
        nt_status status = nt_handle_object(t, a->root, NT_TYPE_DIRECTORY, 0, &directory);
        if (NT_FAILED(status))
            return status;
        if (a->name.units[0] == '\\')
            return NT_OBJECT_PATH_SYNTAX_BAD;
        prefix = strlen(directory->path) + 1;
    } else if (a->name.units[0] != '\\') {
        return NT_OBJECT_PATH_SYNTAX_BAD;
    }
    utf8 = nt_text_to_utf8(a->name.units, a->name.length, &bytes);
    *path = utf8 ? malloc(prefix + bytes + 1) : NULL;
    if (!*path) {
        free(utf8);
        return NT_NO_MEMORY;
    }
    if (prefix) {
        memcpy(*path, directory->path, prefix - 1);
        (*path)[prefix - 1] = '\\';
    }
    memcpy(*path + prefix, utf8, bytes + 1);
    free(utf8);
    *length = prefix + bytes;
    if (*length > 255) { /* what a name at servers/object may have */
        free(*path);
        *path = NULL;
        return NT_NAME_TOO_LONG;
    }
    return NT_SUCCESS;
}

static nt_status open_directory(struct nt_thread *t, const uint64_t *a, bool create)
{
    static const char *const known[] = {"\\", "\\??", "\\BaseNamedObjects", "\\Sessions",
                                        "\\Sessions\\1", "\\Sessions\\1\\BaseNamedObjects",
                                        "\\Sessions\\0\\BaseNamedObjects", "\\KernelObjects",
                                        "\\Device", "\\Device\\NamedPipe",
                                        "\\Sessions\\BNOLINKS"};
    struct nt_attributes attributes;
    struct nt_directory *directory;
    char *path = NULL;
    size_t length;
    bool found = create;
    nt_status status = nt_read_attributes(t, a[2], &attributes);

    if (NT_FAILED(status))
        return status;
    status = nt_object_path(t, &attributes, &path, &length);
    nt_attributes_free(&attributes);
    if (!NT_FAILED(status) && !path)
        status = create ? NT_SUCCESS : NT_OBJECT_PATH_SYNTAX_BAD;
    if (NT_FAILED(status))
        return status;
    for (size_t i = 0; path && i < sizeof known / sizeof *known; i++)
        found |= !strcmp(path, known[i]);
    if (!found) {
        free(path);
        return NT_OBJECT_NAME_NOT_FOUND;
    }
    directory = nt_object_create(t->process, NT_TYPE_DIRECTORY, sizeof *directory);
    if (!directory) {
        free(path);
        return NT_NO_MEMORY;
    }
    if (!path && !(path = malloc(40))) {
        nt_object_release(&directory->object);
        return NT_NO_MEMORY;
    }
    directory->path = path;
    return nt_handle_give(t, a[0], directory, (uint32_t)a[1], attributes.flags, NT_SUCCESS);
}

nt_status NtOpenDirectoryObject(struct nt_thread *t, const uint64_t *a)
{
    return open_directory(t, a, false);
}

nt_status NtCreateDirectoryObject(struct nt_thread *t, const uint64_t *a)
{
    return open_directory(t, a, true);
}

nt_status NtQueryDirectoryObject(struct nt_thread *t, const uint64_t *a)
{
    struct nt_directory *directory;
    nt_status status = nt_handle_object(t, a[0], NT_TYPE_DIRECTORY, 1, &directory);

    if (NT_FAILED(status))
        return status;
    world_log("win32: pid %u: names of objects cannot be listed", (unsigned)t->process->pid);
    return NT_NO_MORE_ENTRIES;
}

static nt_status make_symlink(struct nt_thread *t, uint64_t result, uint32_t access,
                              uint32_t flags, const uint16_t *target, size_t length)
{
    struct nt_symlink *link = nt_object_create(t->process, NT_TYPE_SYMLINK, sizeof *link);

    if (!link)
        return NT_NO_MEMORY;
    link->target = nt_text_dup(target, length);
    link->target_length = (uint32_t)length * 2;
    return nt_handle_give(t, result, link, access, flags, NT_SUCCESS);
}

nt_status NtOpenSymbolicLinkObject(struct nt_thread *t, const uint64_t *a)
{
    static const char *const links[][2] = {{"\\??\\C:", "\\Device\\HarddiskVolume1"},
                                           {"\\DosDevices\\C:", "\\Device\\HarddiskVolume1"},
                                           {"\\??\\Z:", "\\Device\\HarddiskVolume2"},
                                           {"\\DosDevices\\Z:", "\\Device\\HarddiskVolume2"},
                                           {"\\??\\NUL", "\\Device\\Null"}};
    struct nt_attributes attributes;
    nt_status status = nt_read_attributes(t, a[2], &attributes), result = NT_OBJECT_NAME_NOT_FOUND;

    if (NT_FAILED(status))
        return status;
    for (size_t i = 0; i < sizeof links / sizeof *links; i++)
        if (attributes.name.units &&
            nt_text_equal_ascii(attributes.name.units, attributes.name.length, links[i][0])) {
            size_t units;
            uint16_t *target = nt_text_from_utf8(links[i][1], strlen(links[i][1]), &units);
            result = target ? make_symlink(t, a[0], (uint32_t)a[1], attributes.flags, target, units)
                            : NT_NO_MEMORY;
            free(target);
            break;
        }
    nt_attributes_free(&attributes);
    return result;
}

nt_status NtCreateSymbolicLinkObject(struct nt_thread *t, const uint64_t *a)
{
    struct nt_attributes attributes;
    struct nt_text target;
    nt_status status = nt_read_attributes(t, a[2], &attributes);

    if (NT_FAILED(status))
        return status;
    nt_attributes_free(&attributes);
    status = nt_read_unicode(t, a[3], &target);
    if (NT_FAILED(status))
        return status;
    status = make_symlink(t, a[0], (uint32_t)a[1], attributes.flags, target.units, target.length);
    free(target.units);
    return status;
}

nt_status NtQuerySymbolicLinkObject(struct nt_thread *t, const uint64_t *a)
{
    struct nt_symlink *link;
    struct nt_unicode_string string;
    uint16_t zero = 0;
    nt_status status = nt_handle_object(t, a[0], NT_TYPE_SYMLINK, 1, &link);

    if (NT_FAILED(status))
        return status;
    if (NT_FAILED(nt_read(t, a[1], &string, sizeof string)))
        return NT_ACCESS_VIOLATION;
    if (a[2] && NT_FAILED(nt_write_u32(t, a[2], link->target_length + 2)))
        return NT_ACCESS_VIOLATION;
    if (string.maximum < link->target_length + 2)
        return NT_BUFFER_TOO_SMALL;
    string.length = (uint16_t)link->target_length;
    if (NT_FAILED(nt_write(t, string.buffer, link->target, link->target_length)) ||
        NT_FAILED(nt_write(t, string.buffer + link->target_length, &zero, 2)))
        return NT_ACCESS_VIOLATION;
    return nt_write(t, a[1], &string, sizeof string);
}

/* ---- named sections: names of this core, memory of the pager ---- */
struct named_section {
    struct nt_list link;
    char *path;
    struct nt_section *section;
};
static struct nt_list named_sections = {&named_sections, &named_sections};

void nt_section_process_gone(struct nt_process *p)
{
    for (struct nt_list *at = named_sections.next; at != &named_sections;) {
        struct named_section *named = nt_container(at, struct named_section, link);
        at = at->next;
        if (named->section->object.process != p)
            continue;
        nt_list_remove(&named->link);
        nt_object_release(&named->section->object);
        free(named->path);
        free(named);
    }
}

nt_status nt_section_publish(struct nt_thread *t, struct nt_section *section,
                             const struct nt_attributes *a, struct nt_section **existing)
{
    struct named_section *named;
    char *path;
    size_t length;
    nt_status status = nt_object_path(t, a, &path, &length);

    if (NT_FAILED(status) || !path)
        return NT_FAILED(status) ? status : section ? NT_SUCCESS : NT_OBJECT_PATH_SYNTAX_BAD;
    for (struct nt_list *at = named_sections.next; at != &named_sections; at = at->next) {
        named = nt_container(at, struct named_section, link);
        if (strcmp(named->path, path))
            continue;
        free(path);
        if (section && !(a->flags & NT_OBJ_OPENIF))
            return NT_OBJECT_NAME_COLLISION;
        if (named->section->object.process == t->process) {
            *existing = named->section;
            nt_object_ref(&named->section->object);
        } else {
            struct nt_object *copy;
            status = nt_object_clone(&named->section->object, t->process, &copy);
            if (NT_FAILED(status))
                return status;
            *existing = (struct nt_section *)copy;
        }
        return section ? NT_OBJECT_NAME_EXISTS : NT_SUCCESS;
    }
    if (!section) {
        free(path);
        return NT_OBJECT_NAME_NOT_FOUND;
    }
    named = malloc(sizeof *named);
    if (!named) {
        free(path);
        return NT_NO_MEMORY;
    }
    named->path = path;
    named->section = section;
    nt_object_ref(&section->object);
    nt_list_append(&named_sections, &named->link);
    return NT_SUCCESS;
}
