/* NtQueryVolumeInformationFile, NtFsControlFile. */
#include <string.h>

#include "core.h"

static uint32_t device_type(const struct nt_file *file)
{
    switch (file->kind) {
    case NT_FILE_DISK:
    case NT_FILE_DIRECTORY: return NT_DEVICE_DISK;
    case NT_FILE_PIPE: return NT_DEVICE_NAMED_PIPE;
    case NT_FILE_CONSOLE:
    case NT_FILE_CONDRV: return NT_DEVICE_CONSOLE;
    case NT_FILE_NULL: return NT_DEVICE_NULL;
    default: return NT_DEVICE_UNKNOWN;
    }
}

static nt_status answer(struct nt_thread *t, const uint64_t *a, const void *data, uint32_t length,
                        uint32_t minimum)
{
    uint32_t capacity = (uint32_t)a[3];
    nt_status status = NT_SUCCESS;

    if (capacity < minimum)
        return NT_INFO_LENGTH_MISMATCH;
    if (capacity < length) {
        length = capacity;
        status = NT_BUFFER_OVERFLOW;
    }
    if (NT_FAILED(nt_write(t, a[2], data, length)) ||
        NT_FAILED(nt_write_iosb(t, a[1], status, length)))
        return NT_ACCESS_VIOLATION;
    return status;
}

nt_status NtQueryVolumeInformationFile(struct nt_thread *t, const uint64_t *a)
{
    struct nt_file *file;
    uint64_t block = 4096, total = 0, available = 0;
    nt_status status = nt_handle_object(t, a[0], NT_TYPE_FILE, 0, &file);

    if (NT_FAILED(status))
        return status;
    bool disk = file->kind == NT_FILE_DISK || file->kind == NT_FILE_DIRECTORY;
    switch ((uint32_t)a[4]) {
    case 1: { /* FileFsVolumeInformation */
        struct {
            int64_t creation;
            uint32_t serial, label_length;
            uint8_t objects, pad;
            uint16_t label[8];
        } volume = {0};
        static const char label[] = "Janus";
        if (!disk)
            return NT_INVALID_DEVICE_REQUEST;
        volume.serial = 0x4a414e55;
        volume.label_length = 10;
        for (int i = 0; i < 5; i++)
            volume.label[i] = (uint8_t)label[i];
        return answer(t, a, &volume, 18 + 10, 24);
    }
    case 3:
    case 7: {
        if (!disk)
            return NT_INVALID_DEVICE_REQUEST;
        status = nt_status_from(
            world_file_space(t->process->world, file->open, &block, &total, &available));
        if (NT_FAILED(status))
            return status;
        if ((uint32_t)a[4] == 3) {
            struct {
                uint64_t total, available;
                uint32_t sectors, bytes;
            } size = {total, available, (uint32_t)(block / 512), 512};
            return answer(t, a, &size, sizeof size, sizeof size);
        }
        struct {
            uint64_t total, available, actual;
            uint32_t sectors, bytes;
        } full = {total, available, available, (uint32_t)(block / 512), 512};
        return answer(t, a, &full, sizeof full, sizeof full);
    }
    case 4: {
        uint32_t device[2] = {device_type(file), disk ? 0x20u : 0u};
        return answer(t, a, device, sizeof device, sizeof device);
    }
    case 5: {
        struct {
            uint32_t attributes, name_maximum, name_length;
            uint16_t name[4];
        } fs = {0x7 | 0x8, 255, 8, {'N', 'T', 'F', 'S'}};
        if (!disk)
            return NT_INVALID_DEVICE_REQUEST;
        return answer(t, a, &fs, sizeof fs, 16);
    }
    }
    world_log("win32: pid %u: NtQueryVolumeInformationFile class %u", (unsigned)t->process->pid,
              (unsigned)a[4]);
    return NT_NOT_IMPLEMENTED;
}

nt_status NtSetVolumeInformationFile(struct nt_thread *t, const uint64_t *a)
{
    world_log("win32: pid %u: NtSetVolumeInformationFile class %u", (unsigned)t->process->pid,
              (unsigned)a[4]);
    return NT_NOT_SUPPORTED;
}

nt_status NtFsControlFile(struct nt_thread *t, const uint64_t *a)
{
    extern nt_status nt_pipe_control(struct nt_thread *, struct nt_file *, const uint64_t *);
    uint32_t code = (uint32_t)a[5], capacity = (uint32_t)a[9];
    struct nt_file *file;
    nt_status status = nt_handle_object(t, a[0], NT_TYPE_FILE, 0, &file);

    if (NT_FAILED(status))
        return status;
    switch (code) {
    case 0x9009c:   /* FSCTL_GET_OBJECT_ID: which file it is */
    case 0x900c0: { /* FSCTL_CREATE_OR_GET_OBJECT_ID */
        struct world_stat stat;
        uint64_t id[8] = {0};
        if (file->kind != NT_FILE_DISK && file->kind != NT_FILE_DIRECTORY)
            return NT_OBJECT_TYPE_MISMATCH;
        if (capacity < sizeof id)
            return NT_BUFFER_TOO_SMALL;
        status = nt_status_from(world_file_stat(t->process->world, file->open, &stat));
        if (NT_FAILED(status))
            return status;
        id[0] = stat.device;
        id[1] = stat.inode;
        if (NT_FAILED(nt_write(t, a[8], id, sizeof id)))
            return NT_ACCESS_VIOLATION;
        nt_write_iosb(t, a[4], NT_SUCCESS, sizeof id);
        return NT_SUCCESS;
    }
    case 0x900c4: /* FSCTL_SET_SPARSE: every file may have holes */
        nt_write_iosb(t, a[4], NT_SUCCESS, 0);
        return NT_SUCCESS;
    case 0x900a8: return NT_NOT_A_REPARSE_POINT; /* FSCTL_GET_REPARSE_POINT */
    case 0x90028: /* FSCTL_IS_VOLUME_MOUNTED */
        nt_write_iosb(t, a[4], NT_SUCCESS, 0);
        return NT_SUCCESS;
    }
    if (code >> 16 == 0x11)
        return nt_pipe_control(t, file, a);
    world_log("win32: pid %u: NtFsControlFile code 0x%x", (unsigned)t->process->pid, code);
    nt_write_iosb(t, a[4], NT_INVALID_DEVICE_REQUEST, 0);
    return NT_INVALID_DEVICE_REQUEST;
}

nt_status NtDeviceIoControlFile(struct nt_thread *t, const uint64_t *a)
{
    uint32_t code = (uint32_t)a[5];
    struct nt_file *file;
    nt_status status = nt_handle_object(t, a[0], NT_TYPE_FILE, 0, &file);

    if (NT_FAILED(status))
        return status;
    if (code >> 16 == NT_DEVICE_CONSOLE)
        return nt_console_control(t, file, a);
    world_log("win32: pid %u: NtDeviceIoControlFile code 0x%x", (unsigned)t->process->pid, code);
    nt_write_iosb(t, a[4], NT_NOT_SUPPORTED, 0);
    return file->kind == NT_FILE_DISK || file->kind == NT_FILE_DIRECTORY ? NT_INVALID_DEVICE_REQUEST
                                                                         : NT_NOT_SUPPORTED;
}
