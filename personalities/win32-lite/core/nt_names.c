/* The object manager's names: directories and symbolic links. servers/object keeps them. */
#include <stdlib.h>
#include <string.h>

#include "core.h"

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

static bool directory_is_known(const char *path)
{
    static const char *const known[] = {"\\", "\\??", "\\BaseNamedObjects", "\\Sessions",
                                        "\\Sessions\\1", "\\Sessions\\1\\BaseNamedObjects",
                                        "\\Sessions\\0\\BaseNamedObjects", "\\KernelObjects",
                                        "\\Device", "\\Device\\NamedPipe",
                                        "\\Sessions\\BNOLINKS"};

    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (!strcmp(path, known[i]))
            return true;
    return false;
}

static nt_status open_directory(struct nt_thread *t, const uint64_t *a, bool create)
{
    uint8_t found[WORLD_DATA_MAX];
    struct nt_attributes attributes;
    struct nt_directory *directory;
    char *path = NULL;
    size_t length, found_length;
    bool existed = false;
    nt_status status = nt_read_attributes(t, a[2], &attributes);

    if (NT_FAILED(status))
        return status;
    status = nt_object_path(t, &attributes, &path, &length);
    nt_attributes_free(&attributes);
    if (!NT_FAILED(status) && !path && !create)
        status = NT_OBJECT_PATH_SYNTAX_BAD;
    if (NT_FAILED(status))
        return status;
    directory = nt_object_create(t->process, NT_TYPE_DIRECTORY, sizeof *directory);
    if (!directory || (!path && !(path = calloc(1, 1)))) {
        free(path);
        if (directory)
            nt_object_release(&directory->object);
        return NT_NO_MEMORY;
    }
    directory->path = path;
    if (*path && directory_is_known(path)) {
        existed = true;
        if (create && !(attributes.flags & NT_OBJ_OPENIF))
            status = NT_OBJECT_NAME_COLLISION;
    } else if (*path) {
        uint32_t flags = !create                             ? WORLD_MUST_EXIST
                         : attributes.flags & NT_OBJ_OPENIF ? WORLD_OPEN_OR_MAKE
                                                             : 0;
        if (attributes.flags & NT_OBJ_CASE_INSENSITIVE)
            flags |= WORLD_CASELESS;
        status = nt_status_from(world_publish(t->process->world, WORLD_DIRECTORY, flags, "", 0,
                                              path, length, &directory->object.published,
                                              &existed, found, &found_length));
        if (NT_FAILED(status))
            directory->object.published = 0;
    }
    if (NT_FAILED(status)) {
        nt_object_release(&directory->object);
        return status;
    }
    return nt_handle_give(t, a[0], directory, (uint32_t)a[1], attributes.flags,
                          create && existed ? NT_OBJECT_NAME_EXISTS : NT_SUCCESS);
}

nt_status NtOpenDirectoryObject(struct nt_thread *t, const uint64_t *a)
{
    return open_directory(t, a, false);
}

nt_status NtCreateDirectoryObject(struct nt_thread *t, const uint64_t *a)
{
    return open_directory(t, a, true);
}

/* The part of a name below the directory that follows `index` others. */
static world_status name_at(struct nt_thread *t, const char *path, uint32_t index, uint32_t *kind,
                            char *part, size_t *length)
{
    char after[WORLD_DATA_MAX], directory[260];
    size_t after_length = 0, n = strlen(path);
    world_status status;

    if (n + 1 > sizeof directory)
        return JN_NAME_TOO_LONG;
    memcpy(directory, path, n);
    if (!n || directory[n - 1] != '\\')
        directory[n++] = '\\';
    for (;;) {
        status = world_next_name(t->process->world, directory, n, after, after_length, kind, part,
                                 length);
        if (status != JN_OK || !index--)
            return status;
        memcpy(after, part, *length);
        after_length = *length;
    }
}

static const char *type_of(uint32_t kind)
{
    switch (kind) {
    case 1: return "Event";
    case 2: return "Semaphore";
    case 3: return "Mutant";
    case 4: return "Timer";
    case WORLD_SECTION: return "Section";
    case WORLD_SYMLINK: return "SymbolicLink";
    case WORLD_JOB: return "Job";
    case WORLD_PIPE: return "File";
    default: return "Directory";
    }
}

/* One entry a call: {name, type} as UNICODE_STRINGs, an empty pair, then the texts. */
nt_status NtQueryDirectoryObject(struct nt_thread *t, const uint64_t *a)
{
    /* handle, buffer, size, single entry, restart, context, result length */
    struct nt_directory *directory;
    struct nt_unicode_string pairs[4] = {0};
    char part[WORLD_DATA_MAX];
    uint32_t index = 0, kind, total;
    size_t length, units, type_units;
    uint16_t *name, *type;
    const char *type_name;
    nt_status status = nt_handle_object(t, a[0], NT_TYPE_DIRECTORY, 1, &directory);

    if (NT_FAILED(status))
        return status;
    if (!(uint8_t)a[4] && NT_FAILED(nt_read(t, a[5], &index, 4)))
        return NT_ACCESS_VIOLATION;
    switch (name_at(t, directory->path, index, &kind, part, &length)) {
    case JN_OK: break;
    case JN_NOT_FOUND: return NT_NO_MORE_ENTRIES;
    default: return NT_UNSUCCESSFUL;
    }
    type_name = type_of(kind);
    name = nt_text_from_utf8(part, length, &units);
    type = nt_text_from_utf8(type_name, strlen(type_name), &type_units);
    if (!name || !type) {
        free(name);
        free(type);
        return NT_NO_MEMORY;
    }
    total = (uint32_t)(sizeof pairs + (units + 1 + type_units + 1) * 2);
    if (a[6] && NT_FAILED(nt_write_u32(t, a[6], total))) {
        status = NT_ACCESS_VIOLATION;
    } else if ((uint32_t)a[2] < total) {
        status = NT_BUFFER_TOO_SMALL;
    } else {
        uint64_t text = a[1] + sizeof pairs;
        pairs[0] = (struct nt_unicode_string){(uint16_t)(units * 2), (uint16_t)(units * 2 + 2), 0,
                                              text};
        pairs[1] = (struct nt_unicode_string){(uint16_t)(type_units * 2),
                                              (uint16_t)(type_units * 2 + 2), 0,
                                              text + units * 2 + 2};
        status = nt_write(t, a[1], pairs, sizeof pairs);
        if (!NT_FAILED(status))
            status = nt_write(t, text, name, units * 2 + 2);
        if (!NT_FAILED(status))
            status = nt_write(t, text + units * 2 + 2, type, type_units * 2 + 2);
        if (!NT_FAILED(status))
            status = nt_write_u32(t, a[5], index + 1);
    }
    free(name);
    free(type);
    return status;
}

/* What the system has: drives. */
static const char *known_link(const char *path)
{
    static const char *const links[][2] = {{"\\??\\C:", "\\Device\\HarddiskVolume1"},
                                           {"\\DosDevices\\C:", "\\Device\\HarddiskVolume1"},
                                           {"\\??\\Z:", "\\Device\\HarddiskVolume2"},
                                           {"\\DosDevices\\Z:", "\\Device\\HarddiskVolume2"},
                                           {"\\??\\NUL", "\\Device\\Null"}};
    uint16_t *units;
    size_t length;

    units = nt_text_from_utf8(path, strlen(path), &length);
    const char *found = NULL;
    for (size_t i = 0; units && i < sizeof links / sizeof *links && !found; i++)
        if (nt_text_equal_ascii(units, length, links[i][0]))
            found = links[i][1];
    free(units);
    return found;
}

static nt_status open_symlink(struct nt_thread *t, const uint64_t *a,
                              const struct nt_attributes *attributes, const char *target,
                              uint32_t flags)
{
    char found[WORLD_DATA_MAX];
    const char *known;
    uint64_t published = 0;
    size_t length, units, found_length = 0, target_length = target ? strlen(target) : 0;
    bool existed = false;
    char *path = NULL;
    nt_status status = nt_object_path(t, attributes, &path, &length);

    if (NT_FAILED(status))
        return status;
    known = path ? known_link(path) : NULL;
    if (!path) {
        status = target ? NT_SUCCESS : NT_OBJECT_NAME_INVALID;
        memcpy(found, target ? target : "", target_length);
        found_length = target_length;
    } else if (known) {
        status = target ? NT_OBJECT_NAME_COLLISION : NT_SUCCESS;
        found_length = strlen(known);
        memcpy(found, known, found_length);
    } else {
        if (attributes->flags & NT_OBJ_CASE_INSENSITIVE)
            flags |= WORLD_CASELESS;
        status = nt_status_from(world_publish(t->process->world, WORLD_SYMLINK, flags,
                                              target ? target : "", target_length, path, length,
                                              &published, &existed, found, &found_length));
    }
    free(path);
    if (NT_FAILED(status))
        return status;
    struct nt_symlink *link = nt_object_create(t->process, NT_TYPE_SYMLINK, sizeof *link);
    if (link) {
        link->object.published = published;
        link->target = nt_text_from_utf8(found, found_length, &units);
        link->target_length = link->target ? (uint32_t)units * 2 : 0;
    }
    if (!link || !link->target) {
        if (link)
            nt_object_release(&link->object);
        return NT_NO_MEMORY;
    }
    return nt_handle_give(t, a[0], link, (uint32_t)a[1], attributes->flags,
                          target && existed ? NT_OBJECT_NAME_EXISTS : NT_SUCCESS);
}

nt_status NtOpenSymbolicLinkObject(struct nt_thread *t, const uint64_t *a)
{
    struct nt_attributes attributes;
    nt_status status = nt_read_attributes(t, a[2], &attributes);

    if (NT_FAILED(status))
        return status;
    status = open_symlink(t, a, &attributes, NULL, WORLD_MUST_EXIST);
    nt_attributes_free(&attributes);
    return status;
}

nt_status NtCreateSymbolicLinkObject(struct nt_thread *t, const uint64_t *a)
{
    struct nt_attributes attributes;
    struct nt_text text;
    size_t length;
    char *target;
    nt_status status = nt_read_attributes(t, a[2], &attributes);

    if (NT_FAILED(status))
        return status;
    status = nt_read_unicode(t, a[3], &text);
    if (!NT_FAILED(status)) {
        target = nt_text_to_utf8(text.units, text.length, &length);
        status = !target                    ? NT_NO_MEMORY
                 : length > WORLD_DATA_MAX ? NT_NAME_TOO_LONG
                                            : open_symlink(t, a, &attributes, target,
                                                           attributes.flags & NT_OBJ_OPENIF
                                                               ? WORLD_OPEN_OR_MAKE
                                                               : 0);
        free(target);
        free(text.units);
    }
    nt_attributes_free(&attributes);
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
