/* Processes of this core; NtCreateUserProcess, NtOpenProcess, NtTerminateProcess. */
#include <stdlib.h>
#include <string.h>

#include "nt_remote.h"

static struct nt_list processes = {&processes, &processes};

void nt_process_register(struct nt_process *p)
{
    nt_list_append(&processes, &p->link);
}

struct nt_process *nt_process_by_pid(uint64_t pid)
{
    for (struct nt_list *at = processes.next; at != &processes; at = at->next)
        if (nt_container(at, struct nt_process, link)->pid == pid)
            return nt_container(at, struct nt_process, link);
    return NULL;
}

struct nt_process *nt_process_next(struct nt_process *p)
{
    struct nt_list *next = p ? p->link.next : processes.next;

    return next == &processes ? NULL : nt_container(next, struct nt_process, link);
}

/* The 32 bits that a Win32 waiter sees (PERSONALITIES 16). */
uint32_t nt_exit_wait_status(uint32_t kind, uint32_t code)
{
    return kind == 2 ? 128 + (code & 0x7f) : code;
}

void nt_process_free(struct nt_process *p)
{
    extern void nt_threads_drop(struct nt_process *);
    extern void nt_locale_process_gone(struct nt_process *);

    nt_threads_drop(p);
    nt_locale_process_gone(p);
    nt_handle_close_all(p);
    while (p->space.count)
        nt_view_destroy(p, p->space.views[p->space.count - 1]);
    free(p->space.views);
    nt_image_put(p->image);
    nt_image_put(p->ntdll);
    free(p->executable);
    free(p->image_path);
    nt_list_remove(&p->link);
    if (p->self)
        nt_object_release(&p->self->object);
    free(p);
}

void nt_process_end(struct nt_process *p, uint32_t code)
{
    p->exiting = true;
    p->exit_code = code;
    p->self->ended = true;
    p->self->exit_code = code;
    nt_object_wake(&p->self->object);
    /* From here on nothing is given back piece by piece: the servers drop the clients whole. */
    p->ended = true;
    /* A status that reads as zero in eight bits would be taken for success (PERSONALITIES 16). */
    if (code && !(code & 0xff) && code != (uint32_t)NT_CONTROL_C_EXIT)
        world_log("win32: pid %u: exit status 0x%08x is 0 to POSIX waiters", (unsigned)p->pid,
                  code);
    if (code == (uint32_t)NT_CONTROL_C_EXIT)
        world_process_exit(p->world, 2, 2); /* as if ended by SIGINT */
    else
        world_process_exit(p->world, 1, code);
    world_process_release(p->world);
    nt_process_free(p);
}

void nt_core_killed(struct nt_process *p)
{
    p->exiting = true;
    p->ended = true;
    p->exit_code = 137;
    p->self->ended = true;
    p->self->exit_code = 137;
    nt_object_wake(&p->self->object);
    world_process_release(p->world);
    nt_process_free(p);
    nt_core_run();
}

/* ---- creation ---- */
struct create_request {
    struct nt_text image; /* NT path */
    uint64_t client_id, image_information, teb_address; /* where results go */
    uint64_t handles[64];
    uint32_t handle_count;
    bool has_list;
};

static nt_status read_attribute_list(struct nt_thread *t, uint64_t address,
                                     struct create_request *r)
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
        case 0x60000: /* parent process: the caller's own is the only one that is served */
        case 0x60001:
        case 0x20013: break;
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

static void parameters_free(struct nt_parameters *q)
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

/* Gives the child what it inherits, under the parent's handle values. */
static nt_status inherit(struct nt_process *p, struct nt_process *child,
                         const struct create_request *r)
{
    nt_status status = NT_SUCCESS;

    for (uint32_t i = 0; i < p->handles.used && !NT_FAILED(status); i++) {
        struct nt_handle *entry = &p->handles.entries[i];
        struct nt_object *object = entry->object;
        if (!object || !(entry->flags & NT_HANDLE_INHERIT))
            continue;
        if (r->has_list) {
            bool listed = false;
            for (uint32_t j = 0; j < r->handle_count; j++)
                listed |= (uint32_t)r->handles[j] == (i + 1) * 4;
            if (!listed)
                continue;
        }
        if (object->clone) {
            status = nt_handle_place(child, (i + 1) * 4ull, object->clone, entry->access,
                                     entry->flags);
            continue;
        }
        struct nt_object *copy;
        status = nt_object_clone(object, child, &copy);
        if (status == NT_NOT_SUPPORTED) {
            status = NT_SUCCESS; /* logged there: a kind that cannot cross */
            continue;
        }
        if (NT_FAILED(status))
            break;
        object->clone = copy;
        status = nt_handle_place(child, (i + 1) * 4ull, copy, entry->access, entry->flags);
        nt_object_release(copy);
    }
    for (uint32_t i = 0; i < p->handles.used; i++)
        if (p->handles.entries[i].object)
            p->handles.entries[i].object->clone = NULL;
    return status;
}

/* One standard handle for a child that inherits no others. */
static nt_status give_handle(struct nt_thread *t, struct nt_process *child, uint64_t *handle)
{
    struct nt_handle *entry = nt_handle_entry(t->process, *handle);
    struct nt_object *copy;
    nt_status status;

    if (!*handle || (int64_t)*handle < 0 || !entry) {
        if ((int64_t)*handle > 0)
            *handle = 0;
        return NT_SUCCESS;
    }
    status = nt_object_clone(entry->object, child, &copy);
    if (NT_FAILED(status)) {
        *handle = 0;
        return NT_SUCCESS;
    }
    status = nt_handle_insert(child, copy, entry->access, entry->flags, handle);
    nt_object_release(copy);
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

/* An ELF program or script: the other personality runs it. */
static nt_status create_foreign(struct nt_thread *t, const uint64_t *a, struct create_request *r,
                                struct nt_parameters *q, const struct nt_path *path,
                                struct world_open program)
{
    struct nt_process *p = t->process;
    struct world_foreign_start start = {.path = path->path, .program = program};
    struct nt_path directory = {0};
    struct nt_process_object *process;
    struct nt_thread_object *thread;
    uint16_t *name = NULL;
    char *arguments = NULL, *environment = NULL;
    uint64_t pid = 0;
    nt_status status = NT_NO_MEMORY;

    arguments = nt_line_to_arguments(q->command_line.units, q->command_line.length,
                                     &start.arguments_length, &start.argument_count);
    environment = nt_block_to_environment(q->environment.units, q->environment.length,
                                          &start.environment_length, &start.environment_count);
    name = malloc((q->directory.length + 5) * 2);
    if (!arguments || !environment || !name)
        goto out;
    static const uint16_t prefix[] = {'\\', '?', '?', '\\'};
    memcpy(name, prefix, sizeof prefix);
    memcpy(name + 4, q->directory.units, q->directory.length * 2);
    if (NT_FAILED(nt_path_translate(name, q->directory.length + 4, &directory)))
        directory.path = strdup("/");
    if (strpbrk(arguments, "\\:")) { /* a DOS path is no name for what runs there */
        size_t old = strlen(arguments) + 1, fresh = strlen(path->path) + 1;
        char *named = malloc(start.arguments_length - old + fresh);
        if (!named)
            goto out;
        memcpy(named, path->path, fresh);
        memcpy(named + fresh, arguments + old, start.arguments_length - old);
        start.arguments_length = start.arguments_length - old + fresh;
        free(arguments);
        arguments = named;
    }
    start.arguments = arguments;
    start.environment = environment;
    start.directory = directory.path ? directory.path : "/";
    for (int i = 0; i < 3; i++) {
        struct nt_handle *entry = nt_handle_entry(p, q->standard[i]);
        if (q->standard[i] && entry && entry->object->type == NT_TYPE_FILE) {
            struct nt_file *file = (struct nt_file *)entry->object;
            start.standard[i] = file->open;
            if (file->kind == NT_FILE_NULL && !file->open.server) {
                bool created;
                if (world_file_open(p->world, "/dev/null", 9, 0, WORLD_READ | WORLD_WRITE, 7, 0,
                                    &file->open, &created) == JN_OK)
                    start.standard[i] = file->open;
            }
        }
    }
    status = nt_status_from(world_process_start_foreign(p->world, &start, &pid));
    if (NT_FAILED(status))
        goto out;
    process = nt_object_create(p, NT_TYPE_PROCESS, sizeof *process);
    thread = nt_object_create(p, NT_TYPE_THREAD, sizeof *thread);
    if (!process || !thread) {
        status = NT_NO_MEMORY;
        goto out;
    }
    process->pid = thread->pid = thread->tid = pid;
    process->foreign = thread->foreign = true;
    nt_list_init(&thread->watch_link);
    struct nt_client_id client = {pid, pid};
    struct nt_section_image_information information = {.machine = 0x8664, .subsystem = 3};
    if (r->client_id)
        status = nt_write(t, r->client_id, &client, sizeof client);
    if (!NT_FAILED(status) && r->image_information)
        status = nt_write(t, r->image_information, &information, sizeof information);
    if (!NT_FAILED(status))
        status = nt_handle_give(t, a[0], process, (uint32_t)a[2], 0, NT_SUCCESS);
    if (!NT_FAILED(status))
        status = nt_handle_give(t, a[1], thread, (uint32_t)a[3], 0, NT_SUCCESS);
    if (!NT_FAILED(status) && !((uint32_t)a[7] & 1))
        status = nt_status_from(world_process_resume(p->world, pid));
out:
    free(arguments);
    free(environment);
    free(name);
    nt_path_free(&directory);
    return status;
}

static nt_status create_child(struct nt_thread *t, const uint64_t *a, struct create_request *r,
                              struct nt_parameters *q, const struct nt_path *path)
{
    struct nt_process *p = t->process, *child;
    struct world_process *world;
    struct nt_thread *thread;
    uint64_t pid, process_handle, thread_handle;
    nt_status status = nt_status_from(world_process_create(p->world, 0, &pid, &world));

    if (NT_FAILED(status))
        return status;
    child = nt_process_new(world, pid, p->pid);
    if (!child) {
        world_process_release(world);
        return NT_NO_MEMORY;
    }
    child->has_console = p->has_console;
    child->hard_error_mode = p->hard_error_mode;
    child->ctrl_ignored = p->ctrl_ignored;
    child->affinity = p->affinity;
    status = nt_process_load(child, (struct world_open){0}, path->path);
    if (!NT_FAILED(status) && child->has_console &&
        world_console_open(world, &child->console_input, &child->console_output) != JN_OK)
        child->has_console = false;
    if (!NT_FAILED(status)) {
        if ((uint32_t)a[6] & 4) {
            status = inherit(p, child, r);
            for (int i = 0; i < 3; i++) /* handles that were not inheritable are nothing there */
                if ((int64_t)q->standard[i] > 0 && !nt_handle_entry(child, q->standard[i]))
                    q->standard[i] = 0;
            if ((int64_t)q->console > 0 && !nt_handle_entry(child, q->console))
                status = give_handle(t, child, &q->console);
        } else {
            if (q->standard[1] == q->standard[2]) {
                status = give_handle(t, child, &q->standard[1]);
                q->standard[2] = q->standard[1];
            } else {
                status = give_handle(t, child, &q->standard[1]);
                if (!NT_FAILED(status))
                    status = give_handle(t, child, &q->standard[2]);
            }
            if (!NT_FAILED(status))
                status = give_handle(t, child, &q->standard[0]);
            if (!NT_FAILED(status))
                status = give_handle(t, child, &q->console);
        }
    }
    if (!NT_FAILED(status))
        status = nt_process_finish(child, q, &thread);
    if (!NT_FAILED(status)) {
        size_t bytes, count;
        char *arguments =
            nt_line_to_arguments(q->command_line.units, q->command_line.length, &bytes, &count);
        world_process_describe(world, path->path, arguments ? arguments : "",
                               arguments ? bytes : 0);
        free(arguments);
        status = nt_status_from(world_process_commit(world));
    }
    if (NT_FAILED(status)) {
        child->ended = true;
        world_process_exit(world, 1, status);
        world_process_release(world);
        nt_process_free(child);
        return status;
    }
    child->started = true;
    struct nt_process_object *object = nt_object_create(p, NT_TYPE_PROCESS, sizeof *object);
    if (!object)
        return NT_NO_MEMORY;
    object->pid = pid;
    status = nt_handle_insert(p, &object->object, nt_access_map(NT_TYPE_PROCESS, (uint32_t)a[2]), 0,
                              &process_handle);
    nt_object_release(&object->object);
    struct nt_thread_object *thread_object = nt_thread_object_of(p, pid, thread->tid);
    if (!thread_object)
        return NT_NO_MEMORY;
    if (!NT_FAILED(status))
        status = nt_handle_insert(p, &thread_object->object,
                                  nt_access_map(NT_TYPE_THREAD, (uint32_t)a[3]), 0,
                                  &thread_handle);
    nt_object_release(&thread_object->object);
    struct nt_client_id client = {pid, thread->tid};
    struct nt_section_image_information information;
    nt_image_information(child->image, child->image_base, &information);
    if (!NT_FAILED(status) && r->client_id)
        status = nt_write(t, r->client_id, &client, sizeof client);
    if (!NT_FAILED(status) && r->image_information)
        status = nt_write(t, r->image_information, &information, sizeof information);
    if (!NT_FAILED(status) && r->teb_address)
        status = nt_write_u64(t, r->teb_address, thread->teb);
    if (!NT_FAILED(status))
        status = nt_write_u64(t, a[0], process_handle);
    if (!NT_FAILED(status))
        status = nt_write_u64(t, a[1], thread_handle);
    if (!((uint32_t)a[7] & 1) || NT_FAILED(status))
        nt_thread_resume(thread);
    return status;
}

nt_status NtCreateUserProcess(struct nt_thread *t, const uint64_t *a)
{
    struct create_request r;
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
                status = create_foreign(t, a, &r, &q, &path, open);
            } else if (done < 2 || memcmp(magic, "MZ", 2)) {
                status = NT_INVALID_IMAGE_NOT_MZ;
            } else {
                status = create_child(t, a, &r, &q, &path);
            }
        }
        world_io_close(t->process->world, open);
    }
    free(r.image.units);
    parameters_free(&q);
    nt_path_free(&path);
    return status;
}

nt_status NtOpenProcess(struct nt_thread *t, const uint64_t *a)
{
    struct nt_client_id client;
    struct nt_attributes attributes;
    struct world_process_info information;
    struct nt_process_object *object;
    nt_status status;

    if (NT_FAILED(nt_read(t, a[3], &client, sizeof client)))
        return NT_ACCESS_VIOLATION;
    status = nt_read_attributes(t, a[2], &attributes);
    if (NT_FAILED(status))
        return status;
    nt_attributes_free(&attributes);
    if (client.process == t->process->pid) {
        object = t->process->self;
        nt_object_ref(&object->object);
    } else {
        if (!client.process ||
            world_process_info(t->process->world, client.process, &information) != JN_OK)
            return NT_INVALID_CID;
        object = nt_object_create(t->process, NT_TYPE_PROCESS, sizeof *object);
        if (!object)
            return NT_NO_MEMORY;
        object->pid = client.process;
        object->foreign = information.personality != WORLD_PERSONALITY_WIN32;
    }
    return nt_handle_give(t, a[0], object, (uint32_t)a[1], attributes.flags, NT_SUCCESS);
}

/* The default handler of a console event ends the process from its own thread, with 0: that is an
 * end by the signal that the event was made of. */
static void end_by_event(struct nt_process *p, uint32_t signal)
{
    p->exiting = true;
    p->ended = true;
    p->self->ended = true;
    p->self->exit_code = p->exit_code = NT_CONTROL_C_EXIT;
    nt_object_wake(&p->self->object);
    world_process_exit(p->world, 2, signal);
    world_process_release(p->world);
    nt_process_free(p);
}

nt_status NtTerminateProcess(struct nt_thread *t, const uint64_t *a)
{
    struct nt_process_object *object;
    struct nt_process *target;
    nt_status status;

    if (!a[0]) { /* all other threads */
        struct nt_list *at = t->process->threads.next;
        while (at != &t->process->threads) {
            struct nt_thread *other = nt_container(at, struct nt_thread, link);
            at = at->next;
            if (other != t)
                nt_thread_end(other, (uint32_t)a[1]);
        }
        t->process->exiting = true;
        return NT_SUCCESS;
    }
    status = nt_handle_object(t, a[0], NT_TYPE_PROCESS, 1, &object);
    if (NT_FAILED(status))
        return status;
    if (object->ended)
        return NT_PROCESS_IS_TERMINATING;
    target = nt_process_reach(t, object->pid);
    if (target) {
        bool own = target == t->process;
        if (own && t->event_signal && !(uint32_t)a[1]) {
            end_by_event(target, t->event_signal);
            return NT_STATE;
        }
        if (own)
            nt_crash_report(t, (uint32_t)a[1], false);
        nt_process_end(target, (uint32_t)a[1]);
        return own ? NT_STATE : NT_SUCCESS;
    }
    return nt_status_from(
        world_process_terminate(t->process->world, object->pid, (uint32_t)a[1]));
}

nt_status NtSuspendProcess(struct nt_thread *t, const uint64_t *a)
{
    struct nt_process_object *object;
    struct nt_process *p;
    nt_status status = nt_handle_object(t, a[0], NT_TYPE_PROCESS, 0x800, &object);

    if (NT_FAILED(status))
        return status;
    p = nt_process_by_pid(object->pid);
    if (!p)
        return NT_ACCESS_DENIED;
    for (struct nt_list *at = p->threads.next; at != &p->threads; at = at->next)
        nt_thread_suspend(nt_container(at, struct nt_thread, link));
    return NT_SUCCESS;
}

nt_status NtResumeProcess(struct nt_thread *t, const uint64_t *a)
{
    struct nt_process_object *object;
    struct nt_process *p;
    nt_status status = nt_handle_object(t, a[0], NT_TYPE_PROCESS, 0x800, &object);

    if (NT_FAILED(status))
        return status;
    p = nt_process_by_pid(object->pid);
    if (!p)
        return nt_status_from(world_process_resume(t->process->world, object->pid));
    for (struct nt_list *at = p->threads.next; at != &p->threads;) {
        struct nt_thread *thread = nt_container(at, struct nt_thread, link);
        at = at->next;
        nt_thread_resume(thread);
    }
    return NT_SUCCESS;
}
