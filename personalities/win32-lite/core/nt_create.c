/* NtCreateUserProcess: its arguments, and who makes the process. */
#include "nt_create.h"

#include <stdlib.h>
#include <string.h>

#define PROCESS_BREAKAWAY 1u /* PROCESS_CREATE_FLAGS_BREAKAWAY */

static nt_status read_attribute_list(struct nt_thread *t, uint64_t address,
                                     struct nt_create *r)
{
    uint64_t total, entry[4];

    if (!address)
        return NT_INVALID_PARAMETER;
    if (NT_FAILED(nt_read_u64(t, address, &total)))
        return NT_ACCESS_VIOLATION;
    if (total < 8 || total > 4096 || (total - 8) % 32)
        return NT_INVALID_PARAMETER;
    for (uint64_t at = 8; at < total; at += 32) {
        if (NT_FAILED(nt_read(t, address + at, entry, 32)))
            return NT_ACCESS_VIOLATION;
        switch (entry[0]) {
        case 0x20005:
            free(r->image.units);
            r->image.length = entry[1] / 2;
            if (r->image.length > 32767)
                return NT_NAME_TOO_LONG;
            r->image.units = malloc(r->image.length * 2 + 2);
            if (!r->image.units)
                return NT_NO_MEMORY;
            if (NT_FAILED(nt_read(t, entry[2], r->image.units, r->image.length * 2)))
                return NT_ACCESS_VIOLATION;
            break;
        case 0x10003: r->client_id = entry[2]; break;
        case 0x10004: r->teb_address = entry[2]; break;
        case 0x6: r->image_information = entry[2]; break;
        case 0x20012: {
            uint32_t count = (uint32_t)(entry[1] / 8);
            if (count > 64)
                return NT_INSUFFICIENT_RESOURCES;
            if (NT_FAILED(nt_read(t, entry[2], r->handles, count * 8)))
                return NT_ACCESS_VIOLATION;
            r->handle_count = count;
            r->has_list = true;
            break;
        }
        case 0x20013:
            r->job_count = (uint32_t)(entry[1] / 8);
            if (r->job_count > sizeof r->jobs / sizeof *r->jobs)
                return NT_INSUFFICIENT_RESOURCES;
            if (NT_FAILED(nt_read(t, entry[2], r->jobs, r->job_count * 8)))
                return NT_ACCESS_VIOLATION;
            break;
        case 0x60000: /* parent process: the caller's own is the only one that is served */
        case 0x60001: break;
        default:
            world_log("win32: pid %u: NtCreateUserProcess attribute 0x%llx ignored",
                      (unsigned)t->process->pid, (unsigned long long)entry[0]);
        }
    }
    return r->image.length ? NT_SUCCESS : NT_INVALID_PARAMETER;
}

static nt_status read_string(struct nt_thread *t, const uint8_t *block, size_t field,
                             uint64_t base, bool normalised, struct nt_text *text)
{
    struct nt_unicode_string string;

    memcpy(&string, block + field, sizeof string);
    if (!normalised && string.buffer)
        string.buffer += base;
    text->length = string.length / 2;
    text->units = malloc(text->length * 2 + 2);
    if (!text->units)
        return NT_NO_MEMORY;
    text->units[text->length] = 0;
    return nt_read(t, string.buffer, text->units, text->length * 2);
}

void nt_parameters_free(struct nt_parameters *q)
{
    free(q->image.units);
    free(q->command_line.units);
    free(q->directory.units);
    free(q->environment.units);
    free(q->title.units);
    free(q->desktop.units);
    free(q->shell_info.units);
    free(q->runtime);
}

static nt_status read_environment(struct nt_thread *t, uint64_t address, uint64_t size,
                                  struct nt_text *text)
{
    uint16_t empty[2] = {0, 0};

    if (!address) {
        text->units = nt_text_dup(empty, 2);
        text->length = 2;
        return text->units ? NT_SUCCESS : NT_NO_MEMORY;
    }
    if (!size || size > 4u << 20)
        return NT_INVALID_PARAMETER;
    text->length = size / 2;
    text->units = malloc(size + 2);
    if (!text->units)
        return NT_NO_MEMORY;
    return nt_read(t, address, text->units, text->length * 2);
}

static nt_status read_parameters(struct nt_thread *t, uint64_t address, struct nt_parameters *q)
{
    uint8_t block[0x410];
    uint64_t environment, size;
    uint32_t flags;
    uint16_t runtime_length;
    bool normalised;
    nt_status status;

    if (NT_FAILED(nt_read(t, address, block, sizeof block)))
        return NT_ACCESS_VIOLATION;
    memcpy(&flags, block + 8, 4);
    normalised = flags & 1;
    memcpy(&q->console, block + 0x10, 8);
    memcpy(&q->console_flags, block + 0x18, 4);
    memcpy(q->standard, block + 0x20, 24);
    memcpy(q->window, block + 0x88, sizeof q->window);
    memcpy(&environment, block + 0x80, 8);
    memcpy(&size, block + 0x3f0, 8);
    memcpy(&q->process_group, block + 0x408, 4);
    status = read_string(t, block, 0x38, address, normalised, &q->directory);
    if (!NT_FAILED(status))
        status = read_string(t, block, 0x60, address, normalised, &q->image);
    if (!NT_FAILED(status))
        status = read_string(t, block, 0x70, address, normalised, &q->command_line);
    if (!NT_FAILED(status))
        status = read_string(t, block, 0xb0, address, normalised, &q->title);
    if (!NT_FAILED(status))
        status = read_string(t, block, 0xc0, address, normalised, &q->desktop);
    if (!NT_FAILED(status))
        status = read_string(t, block, 0xd0, address, normalised, &q->shell_info);
    memcpy(&runtime_length, block + 0xe0, 2);
    if (!NT_FAILED(status) && runtime_length) {
        uint64_t buffer;
        memcpy(&buffer, block + 0xe8, 8);
        q->runtime = malloc(runtime_length);
        q->runtime_length = runtime_length;
        status = q->runtime ? nt_read(t, normalised ? buffer : address + buffer, q->runtime,
                                      runtime_length)
                            : NT_NO_MEMORY;
    }
    if (!NT_FAILED(status))
        status = read_environment(t, normalised ? environment : address + environment, size,
                                  &q->environment);
    return status;
}

static nt_status read_small(void *context, uint64_t offset, void *buffer, size_t length,
                            size_t *done)
{
    struct {
        struct nt_process *p;
        struct world_open open;
    } *c = context;
    uint64_t n;
    world_status status =
        world_io_get(c->p->world, c->open, (int64_t)offset, buffer, length, false, 0, &n);

    *done = n;
    return nt_status_from(status);
}

bool nt_create_inherits(const struct nt_create *r, const struct nt_handle *entry, uint64_t handle)
{
    if (!entry->object || !(entry->flags & NT_HANDLE_INHERIT))
        return false;
    if (!r->has_list)
        return true;
    for (uint32_t i = 0; i < r->handle_count; i++)
        if ((uint32_t)r->handles[i] == handle)
            return true;
    return false;
}

nt_status nt_create_answer(struct nt_thread *t, const uint64_t *a, const struct nt_create *r,
                           struct nt_process_object *process, struct nt_thread_object *thread,
                           const struct nt_section_image_information *information, uint64_t teb)
{
    struct nt_client_id client = {thread->pid, thread->tid};
    nt_status status = NT_SUCCESS;

    if (r->client_id)
        status = nt_write(t, r->client_id, &client, sizeof client);
    if (!NT_FAILED(status) && r->image_information)
        status = nt_write(t, r->image_information, information, sizeof *information);
    if (!NT_FAILED(status) && r->teb_address)
        status = nt_write_u64(t, r->teb_address, teb);
    if (!NT_FAILED(status)) {
        nt_object_ref(&process->object);
        status = nt_handle_give(t, a[0], process, (uint32_t)a[2], 0, NT_SUCCESS);
    }
    if (!NT_FAILED(status)) {
        nt_object_ref(&thread->object);
        status = nt_handle_give(t, a[1], thread, (uint32_t)a[3], 0, NT_SUCCESS);
    }
    return status;
}

/* A PE program: here, or where its environment or the boot wants it. */
static nt_status create_win32(struct nt_thread *t, const uint64_t *a, struct nt_create *r,
                              struct nt_parameters *q, const struct nt_path *path,
                              struct world_open program)
{
    char *environment;
    size_t bytes, count;
    uint32_t place;
    bool near;
    world_status status;

    environment = nt_block_to_environment(q->environment.units, q->environment.length, &bytes,
                                          &count);
    if (!environment)
        return NT_NO_MEMORY;
    status = world_process_place(t->process->world, environment, count, &place, &near);
    free(environment);
    if (status != JN_OK)
        return nt_status_from(status);
    return near ? nt_create_near(t, a, r, q, path)
                : nt_create_far(t, a, r, q, path, program, place);
}

nt_status NtCreateUserProcess(struct nt_thread *t, const uint64_t *a)
{
    struct nt_create r;
    struct nt_parameters q;
    struct nt_path path = {0};
    struct world_open open = {0};
    uint8_t magic[4] = {0};
    size_t done = 0;
    bool created;
    nt_status status;

    memset(&r, 0, sizeof r);
    memset(&q, 0, sizeof q);
    status = read_attribute_list(t, a[10], &r);
    if (!NT_FAILED(status))
        status = read_parameters(t, a[8], &q);
    if (!NT_FAILED(status))
        status = nt_path_translate(r.image.units, r.image.length, &path);
    world_process_breakaway(t->process->world, a[6] & PROCESS_BREAKAWAY);
    if (!NT_FAILED(status) && path.kind != NT_PATH_FILE)
        status = NT_OBJECT_NAME_INVALID;
    if (!NT_FAILED(status)) {
        status = nt_status_from(world_file_open(t->process->world, path.path, path.length,
                                                WORLD_OPEN_NOT_DIRECTORY,
                                                WORLD_READ | WORLD_EXECUTE, 7, 0, &open, &created));
        if (status == NT_ACCESS_DENIED) /* readable but not executable: so is every file to NT */
            status = nt_status_from(world_file_open(t->process->world, path.path, path.length,
                                                    WORLD_OPEN_NOT_DIRECTORY, WORLD_READ, 7, 0,
                                                    &open, &created));
    }
    if (!NT_FAILED(status)) {
        struct {
            struct nt_process *p;
            struct world_open open;
        } context = {t->process, open};
        status = read_small(&context, 0, magic, sizeof magic, &done);
        if (!NT_FAILED(status)) {
            if ((done == 4 && !memcmp(magic, "\177ELF", 4)) ||
                (done >= 2 && !memcmp(magic, "#!", 2))) {
                status = nt_create_foreign(t, a, &r, &q, &path, open);
            } else if (done < 2 || memcmp(magic, "MZ", 2)) {
                status = NT_INVALID_IMAGE_NOT_MZ;
            } else {
                status = create_win32(t, a, &r, &q, &path, open);
            }
        }
        world_io_close(t->process->world, open);
    }
    free(r.image.units);
    nt_parameters_free(&q);
    nt_path_free(&path);
    return status;
}
