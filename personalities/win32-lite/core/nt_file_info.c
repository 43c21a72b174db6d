/* NtQueryInformationFile, NtSetInformationFile, NtQueryAttributesFile, NtDeleteFile. */
#include <stdlib.h>
#include <string.h>

#include "nt_lease.h"
#include "nt_pipe.h"

/* Wine's picture of a Unix file: ARCHIVE, READONLY without a write bit, HIDDEN for dot files. */
uint32_t nt_file_attributes(const struct world_stat *stat, const uint16_t *name, size_t length)
{
    uint32_t attributes = stat->attributes & (NT_ATTRIBUTE_HIDDEN | NT_ATTRIBUTE_SYSTEM);

    if ((stat->mode & WORLD_IFMT) == WORLD_IFDIR)
        attributes |= NT_ATTRIBUTE_DIRECTORY;
    else
        attributes |= NT_ATTRIBUTE_ARCHIVE;
    if (!(stat->mode & 0222))
        attributes |= NT_ATTRIBUTE_READONLY;
    if (length > 1 && name[0] == '.' && !(length == 2 && name[1] == '.'))
        attributes |= NT_ATTRIBUTE_HIDDEN;
    return attributes;
}

static void last_name(const struct nt_file *file, const uint16_t **name, size_t *length)
{
    size_t at = file->path_length;

    while (at && file->path[at - 1] != '\\')
        at--;
    *name = file->path ? file->path + at : NULL;
    *length = file->path_length - at;
}

void nt_file_basic_of(const struct world_stat *stat, const struct nt_file *file,
                      struct nt_file_basic *basic)
{
    const uint16_t *name = NULL;
    size_t length = 0;

    if (file)
        last_name(file, &name, &length);
    basic->creation = (int64_t)nt_time_from_ns(
        stat->birth_ns ? stat->birth_ns
                       : (stat->modify_ns < stat->change_ns ? stat->modify_ns : stat->change_ns));
    basic->access = (int64_t)nt_time_from_ns(stat->access_ns);
    basic->write = (int64_t)nt_time_from_ns(stat->modify_ns);
    basic->change = (int64_t)nt_time_from_ns(stat->change_ns);
    basic->attributes = nt_file_attributes(stat, name, length);
    basic->pad = 0;
}

static void standard_of(const struct world_stat *stat, struct nt_file_standard *standard)
{
    bool directory = (stat->mode & WORLD_IFMT) == WORLD_IFDIR;

    memset(standard, 0, sizeof *standard);
    standard->allocation = directory ? 0 : (int64_t)(stat->blocks * 512);
    standard->end = directory ? 0 : (int64_t)stat->size;
    standard->links = stat->link_count ? stat->link_count : 1;
    standard->directory = directory;
}

/* The name without the drive: FileNameInformation. */
static void name_of(const struct nt_file *file, const uint16_t **name, uint32_t *bytes)
{
    static const uint16_t root[] = {'\\'};

    if (!file->path || file->path_length < 2) {
        *name = root;
        *bytes = 0;
        return;
    }
    if (file->path_length <= 3) {
        *name = root;
        *bytes = 2;
        return;
    }
    *name = file->path + 2;
    *bytes = (file->path_length - 2) * 2;
}

struct answer {
    uint8_t fixed[256];
    uint32_t length;   /* of the fixed part */
    uint32_t minimum;  /* what must fit at least */
    const uint16_t *name; /* appended */
    uint32_t name_bytes;
};

static nt_status build(struct nt_thread *t, struct nt_file *file, uint32_t class,
                       struct answer *r)
{
    struct nt_process *p = t->process;
    struct world_stat stat;
    struct nt_file_basic basic;
    struct nt_file_standard standard;
    int64_t position = 0;
    uint32_t word;
    bool real = file->open.server != 0 && file->kind != NT_FILE_CONSOLE;

    memset(&stat, 0, sizeof stat);
    if (real) {
        world_status got = world_file_stat(p->world, file->open, &stat);
        if (got != JN_OK)
            return nt_status_from(got);
    } else if (class != 16 && class != 8 && class != 14 && class != 17) {
        return NT_INVALID_DEVICE_REQUEST;
    }
    if (file->kind == NT_FILE_DISK && (class == 14 || class == 18) &&
        world_io_seek(p->world, file->open, 0, 1, &position) != JN_OK)
        position = 0;
    nt_file_basic_of(&stat, file, &basic);
    standard_of(&stat, &standard);
    switch (class) {
    case 4: memcpy(r->fixed, &basic, r->length = sizeof basic); break;
    case 5:
        if (file->kind == NT_FILE_PIPE) {
            standard.allocation = 4096;
            standard.delete_pending = 1; /* as npfs reports it */
        }
        memcpy(r->fixed, &standard, r->length = sizeof standard);
        break;
    case 6: memcpy(r->fixed, &stat.inode, r->length = 8); break;
    case 7: memset(r->fixed, 0, r->length = 4); break;
    case 8: memcpy(r->fixed, &file->access, r->length = 4); break;
    case 9:
    case 48: /* FileNormalizedNameInformation */
        name_of(file, &r->name, &r->name_bytes);
        memcpy(r->fixed, &r->name_bytes, r->length = 4);
        break;
    case 14: memcpy(r->fixed, &position, r->length = 8); break;
    case 16:
        word = file->options & (NT_FILE_SYNC | 0x2 | 0x4 | 0x8);
        memcpy(r->fixed, &word, r->length = 4);
        break;
    case 17: memset(r->fixed, 0, r->length = 4); break;
    case 18: { /* basic, standard, internal, EA size, access, position, mode, alignment, name */
        uint8_t *f = r->fixed;
        memset(f, 0, 104);
        memcpy(f, &basic, 40);
        memcpy(f + 40, &standard, 24);
        memcpy(f + 64, &stat.inode, 8);
        memcpy(f + 76, &file->access, 4);
        memcpy(f + 80, &position, 8);
        word = file->options & (NT_FILE_SYNC | 0x2 | 0x4 | 0x8);
        memcpy(f + 88, &word, 4);
        name_of(file, &r->name, &r->name_bytes);
        memcpy(f + 96, &r->name_bytes, 4);
        r->length = 100;
        r->minimum = 104;
        break;
    }
    case 22: { /* FileStreamInformation: the unnamed stream */
        static const uint16_t stream[] = {':', ':', '$', 'D', 'A', 'T', 'A'};
        uint32_t head[2] = {0, sizeof stream};
        if ((stat.mode & WORLD_IFMT) == WORLD_IFDIR) {
            r->length = 0;
            break;
        }
        memcpy(r->fixed, head, 8);
        memcpy(r->fixed + 8, &stat.size, 8);
        memcpy(r->fixed + 16, &standard.allocation, 8);
        r->length = 24;
        r->name = stream;
        r->name_bytes = sizeof stream;
        break;
    }
    case 23: {
        uint32_t mode[2] = {file->pipe_mode & 1, file->pipe_mode >> 1 & 1};
        if (file->kind != NT_FILE_PIPE)
            return NT_INVALID_PARAMETER;
        memcpy(r->fixed, mode, r->length = 8);
        break;
    }
    case 24: { /* FilePipeLocalInformation */
        uint32_t local[10];
        if (file->kind != NT_FILE_PIPE)
            return NT_INVALID_PARAMETER;
        nt_pipe_local(file, local);
        memcpy(r->fixed, local, r->length = 40);
        break;
    }
    case 28: memset(r->fixed, 0, r->length = 16); break;
    case 34: {
        struct nt_file_network_open open = {basic.creation, basic.access,       basic.write,
                                            basic.change,   standard.allocation, standard.end,
                                            basic.attributes, 0};
        memcpy(r->fixed, &open, r->length = sizeof open);
        break;
    }
    case 35: {
        uint32_t tag[2] = {basic.attributes, 0};
        memcpy(r->fixed, tag, r->length = 8);
        break;
    }
    case 41:
        word = file->completion_flags;
        memcpy(r->fixed, &word, r->length = 4);
        break;
    case 54: { /* FileStandardLinkInformation */
        uint32_t links[3] = {standard.links, standard.links, standard.directory * 256u};
        memcpy(r->fixed, links, r->length = 12);
        break;
    }
    case 51: memset(r->fixed, 0, r->length = 4); break; /* FileIsRemoteDeviceInformation */
    case 59: {
        memset(r->fixed, 0, 24);
        memcpy(r->fixed, &stat.device, 8);
        memcpy(r->fixed + 8, &stat.inode, 8);
        r->length = 24;
        break;
    }
    default:
        world_log("win32: pid %u: NtQueryInformationFile class %u", (unsigned)p->pid, class);
        return NT_NOT_IMPLEMENTED;
    }
    return NT_SUCCESS;
}

nt_status NtQueryInformationFile(struct nt_thread *t, const uint64_t *a)
{
    uint32_t class = (uint32_t)a[4], capacity = (uint32_t)a[3];
    struct answer r = {.length = 0};
    struct nt_file *file;
    nt_status status = nt_handle_object(t, a[0], NT_TYPE_FILE, 0, &file);

    if (NT_FAILED(status))
        return status;
    if (class == 29) { /* completion objects cannot be asked for */
        return NT_INVALID_INFO_CLASS;
    }
    status = build(t, file, class, &r);
    if (NT_FAILED(status))
        return status;
    if (!r.minimum)
        r.minimum = r.length;
    if (capacity < r.minimum || (r.name && capacity < r.length))
        return NT_INFO_LENGTH_MISMATCH;
    uint32_t room = capacity - r.length, bytes = r.name_bytes < room ? r.name_bytes : room;
    if (NT_FAILED(nt_write(t, a[2], r.fixed, r.length)) ||
        (bytes && NT_FAILED(nt_write(t, a[2] + r.length, r.name, bytes))))
        return NT_ACCESS_VIOLATION;
    status = bytes < r.name_bytes ? NT_BUFFER_OVERFLOW : NT_SUCCESS;
    if (NT_FAILED(nt_write_iosb(t, a[1], status, r.length + bytes)))
        return NT_ACCESS_VIOLATION;
    return status;
}

/* ---- setting ---- */
static int64_t time_or_keep(int64_t ticks)
{
    return ticks == 0 || ticks == -1 || ticks == -2 ? INT64_MIN : nt_time_to_ns((uint64_t)ticks);
}

static nt_status set_basic(struct nt_thread *t, struct nt_file *file, uint64_t address)
{
    struct nt_file_basic basic;
    uint32_t attributes = UINT32_MAX;

    if (NT_FAILED(nt_read(t, address, &basic, sizeof basic)))
        return NT_ACCESS_VIOLATION;
    if (basic.attributes) {
        attributes = basic.attributes &
                     (NT_ATTRIBUTE_READONLY | NT_ATTRIBUTE_HIDDEN | NT_ATTRIBUTE_SYSTEM);
    }
    return nt_status_from(world_file_set_attributes(
        t->process->world, file->open, attributes, time_or_keep(basic.access),
        time_or_keep(basic.write), time_or_keep(basic.creation)));
}

/* FILE_RENAME_INFORMATION and FILE_LINK_INFORMATION: flags, root, length, name. */
static nt_status set_name(struct nt_thread *t, struct nt_file *file, uint64_t address,
                          uint32_t length, bool link, bool extended)
{
    struct {
        uint32_t flags, pad;
        uint64_t root;
        uint32_t bytes;
    } head;
    struct nt_attributes a = {.present = true};
    struct nt_path path;
    uint16_t *name;
    size_t units;
    nt_status status;

    if (length < 20)
        return NT_INVALID_PARAMETER;
    if (NT_FAILED(nt_read(t, address, &head, 20)))
        return NT_ACCESS_VIOLATION;
    if (head.bytes & 1 || head.bytes > length - 20)
        return NT_INVALID_PARAMETER;
    a.root = head.root;
    a.name.length = head.bytes / 2;
    a.name.units = malloc(head.bytes + 2);
    if (!a.name.units)
        return NT_NO_MEMORY;
    status = nt_read(t, address + 20, a.name.units, head.bytes);
    if (!NT_FAILED(status) && !a.root && a.name.length && a.name.units[0] != '\\' && file->path) {
        /* A plain name: in the file's own directory. */
        size_t end = file->path_length;
        while (end && file->path[end - 1] != '\\')
            end--;
        uint16_t *full = malloc((4 + end + a.name.length + 1) * 2);
        if (full) {
            static const uint16_t prefix[] = {'\\', '?', '?', '\\'};
            memcpy(full, prefix, 8);
            memcpy(full + 4, file->path, end * 2);
            memcpy(full + 4 + end, a.name.units, a.name.length * 2);
            free(a.name.units);
            a.name.units = full;
            a.name.length += 4 + end;
        }
    }
    if (!NT_FAILED(status))
        status = nt_attributes_path(t, &a, &name, &units);
    free(a.name.units);
    if (NT_FAILED(status))
        return status;
    status = nt_path_translate(name, units, &path);
    if (!NT_FAILED(status) && path.kind != NT_PATH_FILE) {
        nt_path_free(&path);
        status = NT_OBJECT_NAME_INVALID;
    }
    if (NT_FAILED(status)) {
        free(name);
        return status;
    }
    bool replace = extended ? head.flags & 1 : (head.flags & 0xff) != 0;
    world_status got = link ? world_file_link(t->process->world, file->open, path.path, path.length)
                            : world_file_rename(t->process->world, file->open, path.path,
                                                path.length, replace);
    if (link && got == JN_EXISTS && replace)
        got = JN_ACCESS;
    status = got == JN_IS_DIRECTORY || got == JN_NOT_EMPTY ? NT_ACCESS_DENIED
             : got == JN_NOT_FOUND                         ? NT_OBJECT_PATH_NOT_FOUND
                                                           : nt_status_from(got);
    if (!NT_FAILED(status) && !link) {
        free(file->path);
        file->path = nt_text_dup(path.nt, path.nt_length);
        file->path_length = file->path ? path.nt_length : 0;
    }
    nt_path_free(&path);
    free(name);
    return status;
}

nt_status NtSetInformationFile(struct nt_thread *t, const uint64_t *a)
{
    uint32_t length = (uint32_t)a[3], word;
    struct nt_file *file;
    int64_t wide, position;
    uint8_t byte;
    nt_status status = nt_handle_object(t, a[0], NT_TYPE_FILE, 0, &file);

    if (NT_FAILED(status))
        return status;
    struct world_process *world = t->process->world;
    switch ((uint32_t)a[4]) {
    case 4:
        if (length < sizeof(struct nt_file_basic))
            return NT_INVALID_PARAMETER_3;
        status = set_basic(t, file, a[2]);
        break;
    case 10: status = set_name(t, file, a[2], length, false, false); break;
    case 65:
    case 56: status = set_name(t, file, a[2], length, false, true); break;
    case 11: status = set_name(t, file, a[2], length, true, false); break;
    case 72: status = set_name(t, file, a[2], length, true, true); break;
    case 13:
        if (length < 1)
            return NT_INVALID_PARAMETER_3;
        if (!(nt_handle_entry(t->process, a[0])->access & NT_DELETE))
            return NT_ACCESS_DENIED;
        if (NT_FAILED(nt_read(t, a[2], &byte, 1)))
            return NT_ACCESS_VIOLATION;
        word = byte != 0;
        goto dispose;
    case 64: {
        if (length < 4)
            return NT_INVALID_PARAMETER_3;
        if (!(nt_handle_entry(t->process, a[0])->access & NT_DELETE))
            return NT_ACCESS_DENIED;
        if (NT_FAILED(nt_read(t, a[2], &word, 4)))
            return NT_ACCESS_VIOLATION;
        word &= 1;
    dispose:;
        world_status got = JN_OK;
        if (word) {
            struct world_stat stat;
            got = world_file_stat(world, file->open, &stat);
            if (got == JN_OK && !(stat.mode & 0222))
                return NT_CANNOT_DELETE;
        }
        if (got == JN_OK)
            got = world_file_set_delete(world, file->open, word != 0);
        status = nt_status_from(got);
        break;
    }
    case 14:
        if (length < 8)
            return NT_INVALID_PARAMETER_3;
        if (NT_FAILED(nt_read(t, a[2], &wide, 8)))
            return NT_ACCESS_VIOLATION;
        if (file->kind != NT_FILE_DISK)
            return file->kind == NT_FILE_DIRECTORY ? NT_SUCCESS : NT_INVALID_PARAMETER;
        if (wide < 0)
            return NT_INVALID_PARAMETER;
        status = nt_status_from(world_io_seek(world, file->open, wide, 0, &position));
        break;
    case 20:
        if (length < 8)
            return NT_INVALID_PARAMETER_3;
        if (NT_FAILED(nt_read(t, a[2], &wide, 8)))
            return NT_ACCESS_VIOLATION;
        if (wide < 0)
            return NT_INVALID_PARAMETER;
        status = nt_status_from(world_io_truncate(world, file->open, (uint64_t)wide));
        break;
    case 19: /* FileAllocationInformation: only shrinking has an effect */
        if (length < 8)
            return NT_INVALID_PARAMETER_3;
        if (NT_FAILED(nt_read(t, a[2], &wide, 8)))
            return NT_ACCESS_VIOLATION;
        {
            struct world_stat stat;
            status = nt_status_from(world_file_stat(world, file->open, &stat));
            if (!NT_FAILED(status) && wide >= 0 && (uint64_t)wide < stat.size)
                status = nt_status_from(world_io_truncate(world, file->open, (uint64_t)wide));
        }
        break;
    case 39: status = NT_SUCCESS; break; /* FileValidDataLengthInformation */
    case 16:
        if (length < 4)
            return NT_INFO_LENGTH_MISMATCH;
        break;
    case 23: {
        uint32_t mode[2];
        if (length < 8)
            return NT_INFO_LENGTH_MISMATCH;
        if (NT_FAILED(nt_read(t, a[2], mode, 8)))
            return NT_ACCESS_VIOLATION;
        if (file->kind != NT_FILE_PIPE)
            return NT_OBJECT_TYPE_MISMATCH;
        if (mode[0] > 1 || mode[1] > 1 ||
            (mode[0] && !(file->pipe_mode & NT_PIPE_TYPE_MESSAGE)))
            return NT_INVALID_PARAMETER;
        if (nt_open_unlease && file->open.server == WORLD_FS)
            nt_open_unlease(file->open.number, false);
        file->pipe_mode = (file->pipe_mode & ~(NT_PIPE_READ_MESSAGES | NT_PIPE_NOWAIT)) | mode[0] |
                          mode[1] << 1;
        break;
    }
    case 30:
    case 61: {
        uint64_t pair[2];
        struct nt_completion *completion = NULL;
        if (length < 16)
            return NT_INVALID_PARAMETER_3;
        if (NT_FAILED(nt_read(t, a[2], pair, 16)))
            return NT_ACCESS_VIOLATION;
        if (pair[0]) {
            status = nt_handle_object(t, pair[0], NT_TYPE_COMPLETION, 2, &completion);
            if (NT_FAILED(status))
                return status;
            if (file->completion && (uint32_t)a[4] == 30)
                return NT_INVALID_PARAMETER;
            if (file->options & NT_FILE_SYNC)
                return NT_INVALID_PARAMETER;
            nt_object_ref(&completion->object);
        }
        if (file->completion)
            nt_object_release(&file->completion->object);
        file->completion = completion;
        file->completion_key = pair[1];
        break;
    }
    case 41:
        if (length < 4)
            return NT_INFO_LENGTH_MISMATCH;
        if (NT_FAILED(nt_read(t, a[2], &word, 4)))
            return NT_ACCESS_VIOLATION;
        file->completion_flags |= word & 7;
        break;
    case 43: break; /* FileIoPriorityHintInformation */
    default:
        world_log("win32: pid %u: NtSetInformationFile class %u", (unsigned)t->process->pid,
                  (unsigned)a[4]);
        return NT_NOT_IMPLEMENTED;
    }
    if (!NT_FAILED(status) && NT_FAILED(nt_write_iosb(t, a[1], status, 0)))
        return NT_ACCESS_VIOLATION;
    return status;
}

/* ---- by name ---- */
/* The name and its path are the caller's to free, whatever the answer is. */
static nt_status stat_name(struct nt_thread *t, uint64_t address, struct world_stat *stat,
                           uint16_t **name, size_t *length, struct nt_path *path)
{
    struct nt_attributes a;
    nt_status status = nt_read_attributes(t, address, &a);

    *name = NULL;
    *path = (struct nt_path){0};
    if (NT_FAILED(status))
        return status;
    status = a.present && a.name.units ? nt_attributes_path(t, &a, name, length)
                                       : NT_INVALID_PARAMETER;
    nt_attributes_free(&a);
    if (NT_FAILED(status))
        return status;
    status = nt_path_translate(*name, *length, path);
    if (NT_FAILED(status))
        return status;
    if (path->kind == NT_PATH_NULL || path->kind == NT_PATH_CONSOLE_BOTH ||
        path->kind == NT_PATH_CONSOLE_IN || path->kind == NT_PATH_CONSOLE_OUT) {
        status = NT_INVALID_DEVICE_REQUEST;
    } else if (path->kind != NT_PATH_FILE && path->kind != NT_PATH_VOLUME) {
        status = NT_OBJECT_NAME_NOT_FOUND;
    } else {
        world_status got = world_file_stat_path(t->process->world, path->path, path->length, stat);
        if (got == JN_NOT_FOUND) {
            struct world_stat parent;
            size_t end = path->length;
            while (end > 1 && path->path[end - 1] != '/')
                end--;
            status = world_file_stat_path(t->process->world, path->path, end > 1 ? end - 1 : 1,
                                          &parent) == JN_OK
                         ? NT_OBJECT_NAME_NOT_FOUND
                         : NT_OBJECT_PATH_NOT_FOUND;
        } else {
            status = nt_status_from(got);
        }
        if (!NT_FAILED(status) && path->directory && (stat->mode & WORLD_IFMT) != WORLD_IFDIR)
            status = NT_OBJECT_NAME_INVALID;
    }
    return status;
}

static nt_status attributes_by_name(struct nt_thread *t, const uint64_t *a, bool full)
{
    struct world_stat stat;
    struct nt_file_basic basic;
    struct nt_file_standard standard;
    struct nt_path path;
    uint16_t *name;
    size_t length = 0, last;
    nt_status status = stat_name(t, a[0], &stat, &name, &length, &path);

    if (!NT_FAILED(status)) {
        nt_file_basic_of(&stat, NULL, &basic);
        for (last = length; last && name[last - 1] != '\\'; last--)
            ;
        basic.attributes = nt_file_attributes(&stat, name + last, length - last);
        standard_of(&stat, &standard);
        struct nt_file_network_open open = {basic.creation,      basic.access,
                                            basic.write,         basic.change,
                                            standard.allocation, standard.end,
                                            basic.attributes,    0};
        world_answer_keep(t->process->world, name, length, path.path, path.length, &open);
        status = full ? nt_write(t, a[1], &open, sizeof open)
                      : nt_write(t, a[1], &basic, sizeof basic);
    }
    nt_path_free(&path);
    free(name);
    return status;
}

nt_status NtQueryAttributesFile(struct nt_thread *t, const uint64_t *a)
{
    return attributes_by_name(t, a, false);
}

nt_status NtQueryFullAttributesFile(struct nt_thread *t, const uint64_t *a)
{
    return attributes_by_name(t, a, true);
}

nt_status NtDeleteFile(struct nt_thread *t, const uint64_t *a)
{
    struct nt_attributes object;
    struct nt_file *file;
    uint32_t information;
    nt_status status = nt_read_attributes(t, a[0], &object);

    if (NT_FAILED(status))
        return status;
    status = nt_file_open(t, &object, NT_DELETE | NT_SYNCHRONIZE, 0, 7, NT_FILE_OPEN,
                          NT_FILE_DELETE_ON_CLOSE, &file, &information);
    nt_attributes_free(&object);
    if (NT_FAILED(status) || status == NT_HELD)
        return status;
    nt_object_release(&file->object);
    return NT_SUCCESS;
}

nt_status NtQueryEaFile(struct nt_thread *t, const uint64_t *a)
{
    struct nt_file *file;
    nt_status status = nt_handle_object(t, a[0], NT_TYPE_FILE, 0, &file);

    if (NT_FAILED(status))
        return status;
    nt_write_iosb(t, a[1], NT_EAS_NOT_SUPPORTED, 0);
    return NT_EAS_NOT_SUPPORTED;
}

nt_status NtSetEaFile(struct nt_thread *t, const uint64_t *a)
{
    return NtQueryEaFile(t, a);
}
