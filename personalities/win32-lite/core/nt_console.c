/* Console handles: opens of a terminal at servers/console, which answers the control codes of
 * Wine's ConDrv device; \Device\ConDrv names and the connection handle. */
#include <stdlib.h>
#include <string.h>

#include "core.h"

#define IOCTL_GET_MODE 0x504000u
#define IOCTL_READ_CONSOLE 0x504028u
#define IOCTL_READ_FILE 0x50402cu
#define IOCTL_WRITE_CONSOLE 0x508078u
#define IOCTL_WRITE_FILE 0x50807cu
#define LIMIT (1u << 20)

static bool is_write(uint32_t code)
{
    return code == IOCTL_WRITE_CONSOLE || code == IOCTL_WRITE_FILE;
}

nt_status nt_console_open(struct nt_thread *t, const struct nt_path *path, uint32_t access,
                          uint32_t options, struct nt_file **file)
{
    struct nt_process *p = t->process;
    struct world_open *source = NULL, open = {0};
    enum nt_file_kind kind = NT_FILE_CONSOLE;
    nt_status status;

    switch (path->kind) {
    case NT_PATH_CONSOLE_IN: source = &p->console_input; break;
    case NT_PATH_CONSOLE_OUT: source = &p->console_output; break;
    case NT_PATH_CONSOLE_BOTH:
        source = access & NT_FILE_WRITE_DATA ? &p->console_output : &p->console_input;
        break;
    default:
        if (!strcmp(path->path, "Input") || !strcmp(path->path, "CurrentIn"))
            source = &p->console_input;
        else if (!strcmp(path->path, "Output") || !strcmp(path->path, "CurrentOut") ||
                 !strcmp(path->path, "ScreenBuffer"))
            source = &p->console_output;
        else if (strcmp(path->path, "Connection") && strcmp(path->path, "Reference") &&
                 strcmp(path->path, "Console"))
            return strcmp(path->path, "Server") ? NT_OBJECT_NAME_NOT_FOUND : NT_NOT_SUPPORTED;
    }
    if (!p->has_console)
        return NT_INVALID_HANDLE;
    if (source) {
        status = nt_status_from(world_io_duplicate(p->world, *source, &open));
        if (NT_FAILED(status))
            return status;
    } else {
        kind = NT_FILE_CONDRV;
    }
    *file = nt_file_create(p, kind, open, access, options);
    if (!*file && source)
        world_io_close(p->world, open);
    return *file ? NT_SUCCESS : NT_NO_MEMORY;
}

/* A job in the background stops, as an ELF one would: SIGTTIN or SIGTTOU for its group; the call is
 * made again when it is continued. */
static nt_status background(struct nt_thread *t, uint32_t code)
{
    world_process_background(t->process->world, is_write(code) ? 22 : 21);
    t->process->background_wait = true;
    return NT_PENDING;
}

/* One control operation with buffers of the program. *done: bytes of output, or, for the codes that
 * write, of input that was taken. */
static nt_status control(struct nt_thread *t, struct world_open open, uint32_t code,
                         uint64_t input, uint32_t input_length, uint64_t output, uint32_t capacity,
                         uint32_t *done)
{
    uint8_t small_in[512], small_out[512], *in = small_in, *out = small_out;
    nt_status status = NT_SUCCESS;
    world_status got;

    if (input_length > LIMIT || capacity > LIMIT)
        return NT_INSUFFICIENT_RESOURCES;
    if (input_length > sizeof small_in)
        in = malloc(input_length);
    if (capacity > sizeof small_out)
        out = malloc(capacity);
    if (!in || !out)
        status = NT_NO_MEMORY;
    else if (input_length)
        status = nt_read(t, input, in, input_length);
    *done = 0;
    if (!NT_FAILED(status)) {
        got = world_console_control(t->process->world, open, code, in, input_length, out, capacity,
                                    t->cookie, done);
        status = got == JN_WOULD_BLOCK                               ? NT_PENDING
                 : got == JN_NOT_TERMINAL                            ? NT_OBJECT_TYPE_MISMATCH
                 : got == JN_HANGUP || got == JN_END_OF_FILE         ? NT_SUCCESS
                 : got == JN_TRUNCATED                               ? NT_BUFFER_OVERFLOW
                 : got == JN_BACKGROUND                              ? background(t, code)
                                                                     : nt_status_from(got);
        if (status == NT_SUCCESS && *done && !is_write(code))
            status = nt_write(t, output, out, *done < capacity ? *done : capacity);
    }
    if (in != small_in)
        free(in);
    if (out != small_out)
        free(out);
    return status;
}

nt_status nt_console_read(struct nt_thread *t, struct nt_file *file, uint64_t address,
                          uint32_t length, uint64_t *done)
{
    uint32_t got = 0;
    nt_status status = control(t, file->open, IOCTL_READ_FILE, 0, 0, address,
                               length > LIMIT ? LIMIT : length, &got);

    *done = got;
    return status;
}

nt_status nt_console_write(struct nt_thread *t, struct nt_file *file, uint64_t address,
                           uint32_t length, uint64_t *done)
{
    while (t->call.progress < length) {
        uint32_t part = length - (uint32_t)t->call.progress, taken;
        if (part > 65536)
            part = 65536;
        nt_status status = control(t, file->open, IOCTL_WRITE_FILE, address + t->call.progress,
                                   part, 0, 0, &taken);
        if (status != NT_SUCCESS)
            return status;
        if (!taken)
            return NT_UNSUCCESSFUL;
        t->call.progress += taken;
    }
    *done = t->call.progress;
    return NT_SUCCESS;
}

nt_status nt_console_control(struct nt_thread *t, struct nt_file *file, const uint64_t *a)
{
    struct world_open open = file->open;
    uint32_t done = 0;
    nt_status status;

    if (file->kind == NT_FILE_CONDRV) {
        open = t->process->console_input;
        if (!t->process->has_console)
            return NT_INVALID_HANDLE;
    } else if (file->kind != NT_FILE_CONSOLE) {
        return NT_OBJECT_TYPE_MISMATCH;
    }
    if ((uint32_t)a[5] == IOCTL_WRITE_CONSOLE) {
        /* Taken bit by bit while the terminal is slow. */
        do {
            uint64_t at = t->call.progress;
            status = control(t, open, IOCTL_WRITE_CONSOLE, a[6] + at, (uint32_t)(a[7] - at), 0, 0,
                             &done);
            if (status == NT_SUCCESS)
                t->call.progress += done ? done : (uint32_t)a[7] - at;
        } while (status == NT_SUCCESS && t->call.progress < (uint32_t)a[7]);
        done = 0;
    } else {
        status =
            control(t, open, (uint32_t)a[5], a[6], (uint32_t)a[7], a[8], (uint32_t)a[9], &done);
    }
    if (status == NT_PENDING) {
        t->armed = true;
        return NT_HELD;
    }
    if (status == NT_SUCCESS || status == (uint32_t)NT_BUFFER_OVERFLOW)
        nt_file_finish(t, file, a, status, done);
    return status;
}
