/* The first picture of a process: program, ntdll.dll, PEB, parameters, the first thread. */
#include <stdlib.h>
#include <string.h>

#include "core.h"

#define NTDLL_PATH "/c/windows/system32/ntdll.dll"
#define APISET_PATH "/c/windows/system32/apisetschema.dll"
#define PEB_SIZE 0x10000u
#define PEB_USED 0x3000u /* written at the start: whole pages */
#define PARAMETERS_SIZE 0x410u

static const struct world_backing zero_backing = {.kind = WORLD_BACK_ZERO};

struct nt_process *nt_process_new(struct world_process *world, uint64_t pid, uint64_t parent_pid)
{
    extern void nt_process_register(struct nt_process *);
    struct nt_process *p = calloc(1, sizeof *p);

    if (!p)
        return NULL;
    p->world = world;
    p->pid = pid;
    p->parent_pid = parent_pid;
    p->affinity = world_cpus();
    p->start_time = nt_time_now();
    nt_list_init(&p->threads);
    nt_list_init(&p->link);
    p->self = nt_object_create(p, NT_TYPE_PROCESS, sizeof *p->self);
    if (!p->self) {
        free(p);
        return NULL;
    }
    p->self->pid = pid;
    nt_process_register(p);
    return p;
}

static nt_status open_image(struct nt_process *p, const char *path, struct world_open open,
                            struct nt_file_ref **file, struct nt_image **image)
{
    size_t units;
    uint16_t *dos;
    bool created;
    nt_status status;

    if (!open.server) {
        status = nt_status_from(world_file_open(p->world, path, strlen(path),
                                                WORLD_OPEN_NOT_DIRECTORY,
                                                WORLD_READ | WORLD_EXECUTE, 7, 0, &open, &created));
        if (NT_FAILED(status))
            return status;
    }
    dos = nt_path_to_dos(path, strlen(path), &units);
    *file = dos ? nt_file_ref_create(open, dos, (uint32_t)units) : NULL;
    free(dos);
    if (!*file) {
        world_io_close(p->world, open);
        return NT_NO_MEMORY;
    }
    status = nt_image_open(p, *file, image);
    if (NT_FAILED(status))
        nt_file_ref_put(p, *file);
    return status;
}

/* The schema of api sets: the contents of section .apiset of a flat mapping of the DLL. */
static uint64_t map_api_set(struct nt_process *p)
{
    struct {
        uint16_t magic, words[29];
        uint32_t new_header;
    } dos;
    struct world_open open;
    struct world_stat stat;
    struct nt_file_ref *file;
    struct nt_view *view;
    uint64_t base = 0, done, result = 0;
    uint8_t headers[1024];
    bool created;

    if (world_file_open(p->world, APISET_PATH, strlen(APISET_PATH), WORLD_OPEN_NOT_DIRECTORY,
                        WORLD_READ, 7, 0, &open, &created) != JN_OK)
        return 0;
    file = nt_file_ref_create(open, NULL, 0);
    if (!file)
        return 0;
    if (world_file_stat(p->world, open, &stat) != JN_OK ||
        world_io_get(p->world, open, 0, headers, sizeof headers, false, 0, &done) != JN_OK ||
        done < 256)
        goto out;
    memcpy(&dos, headers, sizeof dos);
    if (dos.new_header > sizeof headers - 256)
        goto out;
    uint16_t sections, optional;
    memcpy(&sections, headers + dos.new_header + 6, 2);
    memcpy(&optional, headers + dos.new_header + 20, 2);
    uint32_t offset = 0;
    for (uint32_t i = 0; i < sections; i++) {
        size_t at = dos.new_header + 24u + optional + i * 40u;
        if (at + 40 > done)
            break;
        if (!memcmp(headers + at, ".apiset", 7))
            memcpy(&offset, headers + at + 20, 4);
    }
    if (!offset || offset >= stat.size)
        goto out;
    struct world_backing backing = {.kind = WORLD_BACK_SHARED, .file = open,
                                    .file_length = stat.size};
    if (!NT_FAILED(nt_view_create(p, &base, (stat.size + NT_MASK_PAGE) & ~NT_MASK_PAGE, 0, 0, 0,
                                  false, NT_MEM_MAPPED, NT_PAGE_READONLY,
                                  NT_PG_READ | NT_PG_COMMITTED, &backing, &view))) {
        view->file = file;
        nt_file_ref_get(file);
        world_memory_populate(p->world, base, view->size);
        result = base + offset;
    }
out:
    nt_file_ref_put(p, file);
    return result;
}

static nt_status find_entries(struct nt_process *p)
{
    const struct nt_wanted_export wanted[] = {
        {"LdrInitializeThunk", &p->entry_thunk},
        {"RtlUserThreadStart", &p->entry_start},
        {"KiUserExceptionDispatcher", &p->entry_exception},
        {"KiUserApcDispatcher", &p->entry_apc},
        {"__wine_ctrl_routine", &p->entry_ctrl},
        {"__wine_unix_call_dispatcher", &p->entry_unix},
    };

    nt_service_load(p, p->ntdll, p->ntdll_base, 0, wanted, sizeof wanted / sizeof *wanted);
    if (!p->entry_thunk || !p->entry_start || !p->entry_exception || !p->entry_apc)
        return NT_INVALID_IMAGE_FORMAT;
    return NT_SUCCESS;
}

/* Addresses of exports are the same for every process that has ntdll at the same base. */
static struct {
    struct nt_image *image;
    uint64_t base, thunk, start, exception, apc, ctrl, unix_call;
} known;

static nt_status entries(struct nt_process *p)
{
    nt_status status;

    if (known.image == p->ntdll && known.base == p->ntdll_base) {
        p->entry_thunk = known.thunk;
        p->entry_start = known.start;
        p->entry_exception = known.exception;
        p->entry_apc = known.apc;
        p->entry_ctrl = known.ctrl;
        p->entry_unix = known.unix_call;
        return NT_SUCCESS;
    }
    status = find_entries(p);
    if (NT_FAILED(status))
        return status;
    nt_image_put(known.image);
    p->ntdll->refs++;
    known.image = p->ntdll;
    known.base = p->ntdll_base;
    known.thunk = p->entry_thunk;
    known.start = p->entry_start;
    known.exception = p->entry_exception;
    known.apc = p->entry_apc;
    known.ctrl = p->entry_ctrl;
    known.unix_call = p->entry_unix;
    return NT_SUCCESS;
}

nt_status nt_process_load(struct nt_process *p, struct world_open program, const char *path)
{
    extern nt_status nt_unix_install(struct nt_process *);
    extern void nt_text_load(struct nt_process *);
    struct nt_file_ref *file, *ntdll;
    struct nt_view *view;
    uint64_t base = NT_KUSER_ADDRESS;
    nt_status status;

    nt_text_load(p);
    status = open_image(p, path, program, &file, &p->image);
    if (NT_FAILED(status))
        return status;
    if (p->image->characteristics & 0x2000) { /* a DLL is no program */
        nt_file_ref_put(p, file);
        return NT_INVALID_IMAGE_FORMAT;
    }
    p->executable = strdup(path);
    /* The shared page, and the one with the dispatcher, are placed first: nothing else may come to lie
     * there. */
    status = nt_view_create(p, &base, 2 * NT_PAGE, 0, 0, 0, false, NT_MEM_PRIVATE, NT_PAGE_READONLY,
                            NT_PG_READ | NT_PG_COMMITTED, NULL, &view);
    if (!NT_FAILED(status)) {
        view->system = true;
        status = nt_view_set_pages(view, NT_DISPATCHER_ADDRESS, NT_PAGE, 0, NT_PG_EXEC);
    }
    if (!NT_FAILED(status))
        status = nt_status_from(world_map_shared_data(p->world, NT_KUSER_ADDRESS));
    base = NT_ADAPTER_BASE;
    if (!NT_FAILED(status))
        status = nt_view_create(p, &base, NT_ADAPTER_SIZE, 0, 0, 0, false, NT_MEM_PRIVATE,
                                NT_PAGE_NOACCESS, 0, NULL, &view);
    if (!NT_FAILED(status))
        view->system = true;
    base = 0;
    if (!NT_FAILED(status))
        status = nt_image_map(p, p->image, file, &base, &view);
    p->image_base = base;
    nt_file_ref_put(p, file);
    if (NT_FAILED(status))
        return status;
    status = open_image(p, NTDLL_PATH, (struct world_open){0}, &ntdll, &p->ntdll);
    if (NT_FAILED(status)) {
        world_log("win32: " NTDLL_PATH " cannot be loaded (%08x): the image has no Wine DLLs",
                  status);
        return NT_DLL_NOT_FOUND;
    }
    base = 0;
    status = nt_image_map(p, p->ntdll, ntdll, &base, &view);
    p->ntdll_base = base;
    nt_file_ref_put(p, ntdll);
    if (!NT_FAILED(status))
        status = entries(p);
    if (!NT_FAILED(status))
        status = nt_unix_install(p);
    p->stack_reserve = p->image->stack_reserve;
    p->stack_commit = p->image->stack_commit;
    return status;
}

static void put_string(uint8_t *block, size_t field, uint64_t base, size_t *at,
                       const struct nt_text *text, size_t minimum)
{
    struct nt_unicode_string string = {0};

    string.length = (uint16_t)(text->length * 2);
    string.maximum = (uint16_t)(minimum > text->length * 2 + 2 ? minimum : text->length * 2 + 2);
    string.buffer = base + *at;
    memcpy(block + field, &string, sizeof string);
    if (text->length)
        memcpy(block + *at, text->units, text->length * 2);
    *at += (string.maximum + 7u) & ~7u;
}

static size_t room(const struct nt_text *text, size_t minimum)
{
    size_t bytes = text->length * 2 + 2;

    return ((bytes > minimum ? bytes : minimum) + 7) & ~(size_t)7;
}

static nt_status write_parameters(struct nt_process *p, const struct nt_parameters *q,
                                  uint64_t *address)
{
    size_t size = PARAMETERS_SIZE + room(&q->directory, 520) + room(&q->image, 0) +
                  room(&q->command_line, 0) + room(&q->title, 0) + room(&q->desktop, 0) +
                  room(&q->shell_info, 0) + ((q->runtime_length + 7u) & ~7u);
    size_t environment = size, at = PARAMETERS_SIZE;
    struct nt_view *view;
    uint8_t *block;
    uint64_t base = 0, value;
    uint32_t word;
    nt_status status;

    if (q->image.length > 32000 || q->command_line.length > 32766 || q->directory.length > 32000)
        return NT_NAME_TOO_LONG;
    size += q->environment.length * 2;
    size = (size + NT_MASK_PAGE) & ~NT_MASK_PAGE;
    block = calloc(1, size);
    if (!block)
        return NT_NO_MEMORY;
    status = nt_view_create(p, &base, size, 0, 0, 0, false, NT_MEM_PRIVATE, NT_PAGE_READWRITE,
                            NT_PG_READ | NT_PG_WRITE | NT_PG_COMMITTED, &zero_backing, &view);
    if (NT_FAILED(status)) {
        free(block);
        return status;
    }
    word = (uint32_t)environment;
    memcpy(block, &word, 4);
    memcpy(block + 4, &word, 4);
    word = 1; /* normalised */
    memcpy(block + 8, &word, 4);
    memcpy(block + 0x10, &q->console, 8);
    memcpy(block + 0x18, &q->console_flags, 4);
    memcpy(block + 0x20, q->standard, 24);
    put_string(block, 0x38, base, &at, &q->directory, 520);
    put_string(block, 0x60, base, &at, &q->image, 0);
    put_string(block, 0x70, base, &at, &q->command_line, 0);
    put_string(block, 0xb0, base, &at, &q->title, 0);
    put_string(block, 0xc0, base, &at, &q->desktop, 0);
    put_string(block, 0xd0, base, &at, &q->shell_info, 0);
    if (q->runtime_length) {
        struct nt_unicode_string string = {q->runtime_length, q->runtime_length, 0, base + at};
        memcpy(block + 0xe0, &string, sizeof string);
        memcpy(block + at, q->runtime, q->runtime_length);
    }
    memcpy(block + 0x88, q->window, sizeof q->window);
    value = base + environment;
    memcpy(block + 0x80, &value, 8);
    value = q->environment.length * 2;
    memcpy(block + 0x3f0, &value, 8);
    word = q->process_group;
    memcpy(block + 0x408, &word, 4);
    memcpy(block + environment, q->environment.units, q->environment.length * 2);
    status = nt_status_from(world_memory_fill(p->world, base, block, size));
    world_memory_populate(p->world, base, size);
    free(block);
    *address = base;
    return status;
}

static nt_status write_peb(struct nt_process *p, uint64_t parameters)
{
    uint8_t peb[PEB_USED];
    struct nt_view *view;
    uint64_t base = 0, wide;
    uint32_t word;
    nt_status status =
        nt_view_create(p, &base, PEB_SIZE, 0x7fe00000ull - 0x100000, 0, 0, false, NT_MEM_PRIVATE,
                       NT_PAGE_READWRITE, NT_PG_READ | NT_PG_WRITE | NT_PG_COMMITTED,
                       &zero_backing, &view);

    if (NT_FAILED(status))
        return status;
    view->system = true;
    p->peb = base;
    memset(peb, 0, sizeof peb);
#define PUT(offset, type, value)                                                                  \
    do {                                                                                          \
        type put = (value);                                                                       \
        memcpy(peb + (offset), &put, sizeof put);                                                 \
    } while (0)
    PUT(0x08, uint64_t, UINT64_MAX); /* Mutant */
    PUT(0x10, uint64_t, p->image_base);
    PUT(0x20, uint64_t, parameters);
    PUT(0x68, uint64_t, map_api_set(p));
    PUT(0xb8, uint32_t, world_cpu_count());
    PUT(0xc0, int64_t, -25920000000000000ll);
    PUT(0xc8, uint64_t, 0x100000); /* heap segments */
    PUT(0xd0, uint64_t, 0x10000);
    PUT(0xd8, uint64_t, 0x10000);
    PUT(0xe0, uint64_t, 0x1000);
    PUT(0x118, uint32_t, 10);
    PUT(0x11c, uint32_t, 0);
    PUT(0x120, uint16_t, 18362);
    PUT(0x124, uint32_t, 2);
    PUT(0x128, uint32_t, p->image->subsystem);
    PUT(0x12c, uint32_t, p->image->subsystem_major);
    PUT(0x130, uint32_t, p->image->subsystem_minor);
    PUT(0x138, uint64_t, p->affinity);
    PUT(0x2c0, uint32_t, 1); /* SessionId */
#undef PUT
    (void)wide;
    (void)word;
    peb[0x2000] = 2; /* Wine's table of debug channels, empty: its end marker says errors only */
    status = nt_status_from(world_memory_fill(p->world, base, peb, sizeof peb));
    world_memory_populate(p->world, base, sizeof peb);
    return status;
}

nt_status nt_process_finish(struct nt_process *p, const struct nt_parameters *q,
                            struct nt_thread **thread)
{
    uint64_t parameters;
    nt_status status = write_parameters(p, q, &parameters);

    if (!NT_FAILED(status))
        status = write_peb(p, parameters);
    if (!NT_FAILED(status)) {
        p->image_path = nt_text_dup(q->image.units, q->image.length);
        p->image_path_length = (uint32_t)q->image.length;
        status = nt_thread_create(p, p->image_base + p->image->entry, p->peb,
                                  p->image->stack_reserve, p->image->stack_commit, true, thread);
    }
    return status;
}

static bool ends_with(const char *text, const char *end)
{
    size_t n = strlen(text), m = strlen(end);

    if (n < m)
        return false;
    for (size_t i = 0; i < m; i++)
        if ((text[n - m + i] | 32) != (end[i] | 32))
            return false;
    return true;
}

/* cmd.exe reads its line by rules of its own, which know no escaped quotes: a single argument after
 * /c or /k with quotes inside is what the user would have typed there. */
static uint16_t *shell_line(const char *arguments, size_t count, const char *path, size_t *units)
{
    const char *last = arguments, *before = NULL;
    uint16_t *head, *tail, *line = NULL;
    size_t head_units, tail_units;

    if (count < 3 || !ends_with(path, "/cmd.exe"))
        return NULL;
    for (size_t i = 1; i < count; i++) {
        before = last;
        last += strlen(last) + 1;
    }
    if (before[0] != '/' || !before[1] || before[2] ||
        ((before[1] | 32) != 'c' && (before[1] | 32) != 'k') || !strchr(last, '"'))
        return NULL;
    head = nt_arguments_to_line(arguments, count - 1, &head_units);
    tail = nt_text_from_utf8(last, strlen(last), &tail_units);
    if (head && tail)
        line = malloc((head_units + 1 + tail_units + 1) * 2);
    if (line) {
        memcpy(line, head, head_units * 2);
        line[head_units] = ' ';
        memcpy(line + head_units + 1, tail, tail_units * 2);
        *units = head_units + 1 + tail_units;
        line[*units] = 0;
    }
    free(head);
    free(tail);
    return line;
}

static uint16_t *make_line(const char *arguments, const struct nt_start *start, size_t *units)
{
    uint16_t *line = shell_line(arguments, start->argument_count, start->path, units);

    return line ? line : nt_arguments_to_line(arguments, start->argument_count, units);
}

/* The arguments as they are, but a program named by a path of the tree gets its DOS path: Windows
 * programs look for "/" in their whole command line. */
static uint16_t *command_line(const struct nt_start *start, size_t *units)
{
    const char *first = start->arguments;
    size_t name_units, name_bytes, bytes = 0, tail;
    uint16_t *dos, *line = NULL;
    char *name, *list;

    if (!start->argument_count || first[0] != '/')
        return make_line(first, start, units);
    for (size_t i = 0; i < start->argument_count; i++)
        bytes += strlen(first + bytes) + 1;
    tail = strlen(first) + 1;
    dos = nt_path_to_dos(first, tail - 1, &name_units);
    name = dos ? nt_text_to_utf8(dos, name_units, &name_bytes) : NULL;
    list = name ? malloc(name_bytes + 1 + bytes - tail) : NULL;
    if (list) {
        memcpy(list, name, name_bytes + 1);
        memcpy(list + name_bytes + 1, first + tail, bytes - tail);
        line = make_line(list, start, units);
    }
    free(dos);
    free(name);
    free(list);
    return line;
}

nt_status nt_process_start(struct world_process *world, const struct nt_start *start,
                           struct nt_process **process)
{
    struct nt_process *p = nt_process_new(world, start->pid, start->parent_pid);
    struct nt_parameters q;
    struct nt_thread *thread;
    nt_status status;

    memset(&q, 0, sizeof q);
    if (!p)
        return NT_NO_MEMORY;
    status = nt_process_load(p, start->program, start->path);
    if (NT_FAILED(status))
        goto fail;
    q.image.units = nt_path_to_dos(start->path, strlen(start->path), &q.image.length);
    q.directory.units =
        nt_path_to_dos(start->directory, strlen(start->directory), &q.directory.length);
    q.command_line.units = command_line(start, &q.command_line.length);
    q.environment.units = nt_environment_to_block(start->environment, start->environment_count,
                                                  &q.environment.length);
    if (!q.image.units || !q.directory.units || !q.command_line.units || !q.environment.units) {
        status = NT_NO_MEMORY;
        goto fail;
    }
    if (q.directory.length && q.directory.units[q.directory.length - 1] != '\\') {
        uint16_t *grown = realloc(q.directory.units, (q.directory.length + 2) * 2);
        if (!grown) {
            status = NT_NO_MEMORY;
            goto fail;
        }
        q.directory.units = grown;
        grown[q.directory.length++] = '\\';
        grown[q.directory.length] = 0;
    }
    q.title.units = q.image.units;
    q.title.length = q.image.length;
    q.window[8] = 1; /* wShowWindow = SW_SHOWNORMAL */
    q.console = (uint64_t)-4; /* CONSOLE_HANDLE_SHELL_NO_WINDOW (condrv.h) */
    p->has_console = start->has_console;
    p->console_input = start->console_input;
    p->console_output = start->console_output;
    if (p->has_console) {
        struct nt_file *file = nt_file_create(p, NT_FILE_CONDRV, (struct world_open){0}, 0x1f01ff,
                                              NT_FILE_SYNCHRONOUS_NONALERT);
        status = file ? nt_handle_insert(p, &file->object, 0x1f01ff, NT_HANDLE_INHERIT, &q.console)
                      : NT_NO_MEMORY;
        if (file)
            nt_object_release(&file->object);
    }
    for (int i = 0; i < 3 && !NT_FAILED(status); i++)
        if (start->standard[i].server)
            status = nt_file_handle(p, start->standard[i], NT_HANDLE_INHERIT, &q.standard[i]);
    if (!NT_FAILED(status))
        status = nt_process_finish(p, &q, &thread);
    if (NT_FAILED(status))
        goto fail;
    size_t described = 0;
    for (size_t i = 0; i < start->argument_count; i++)
        described += strlen(start->arguments + described) + 1;
    world_process_describe(world, start->path, start->arguments, described);
    status = nt_status_from(world_process_commit(world));
    if (NT_FAILED(status))
        goto fail;
    p->started = true;
    if (!start->suspended)
        nt_thread_resume(thread);
    *process = p;
    status = NT_SUCCESS;
    goto out;
fail:
    p->ended = true; /* the opens stay with the caller, who goes on */
    nt_process_free(p);
out:
    free(q.image.units);
    free(q.directory.units);
    free(q.command_line.units);
    free(q.environment.units);
    return status;
}
