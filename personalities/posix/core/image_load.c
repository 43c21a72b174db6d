/* Building the address space of an ELF program. */
#include <stdlib.h>
#include <string.h>

#include "elf.h"
#include "image.h"
#include "janus/adapter.h"
#include "janus/backend/time.h"
#include "janus/handover.h"
#include "mm.h"
#include "path.h"
#include "process.h"
#include "status.h"

#define STACK_MAX (1ull << 30)
#define STACK_DEFAULT (8ull << 20)
_Static_assert(MM_STACK_TOP - STACK_MAX > ADAPTER_END, "the largest stack ends above the adapter");
#define PROGRAM_BASE 0x555555554000ull /* where Linux puts position-independent programs */
#define PAGE 4096ull

static long read_exact(struct process *p, struct backend_open file, uint64_t offset, void *buffer,
                       size_t length)
{
    size_t total = 0;
    while (total < length) {
        uint64_t done = 0;
        jn_status_t status = backend_io_read(
            &p->clients, file, (int64_t)(offset + total), length - total, 0, 0,
            backend_window((char *)buffer + total, length - total), &done);
        if (status != JN_OK)
            return errno_of(status);
        if (!done)
            return -LX_ENOEXEC;
        total += done;
    }
    return 0;
}

static long read_program(struct process *p, struct backend_open file, const void *head,
                         size_t head_length, struct elf_program *program)
{
    struct lx_elf64_header header;
    long error = elf_read_header(head, head_length, &header);
    if (error)
        return error;
    size_t bytes = header.e_phnum * sizeof(struct lx_elf64_segment);
    struct lx_elf64_segment *segments = malloc(bytes);
    if (!segments)
        return -LX_ENOMEM;
    if (header.e_phoff <= head_length && bytes <= head_length - header.e_phoff)
        memcpy(segments, (const char *)head + header.e_phoff, bytes);
    else
        error = read_exact(p, file, header.e_phoff, segments, bytes);
    if (!error)
        error = elf_read_segments(&header, segments, program);
    free(segments);
    return error;
}

static long add_region(struct mm *mm, uint64_t start, uint64_t end, uint32_t access,
                       struct region_source *source, uint64_t offset)
{
    struct region_request request = {.place = REGION_FIXED, .address = start,
                                     .length = end - start, .access = access,
                                     .kind = source ? REGION_FILE_PRIVATE : REGION_PRIVATE,
                                     .source = source, .offset = offset};
    uint64_t at;
    if (start >= end)
        return 0;
    return errno_of(region_map_add(mm->map, &request, &at));
}

/* Zeroes [from, to) of a file page whose rest is beyond the file's part of the segment. */
static long zero_tail(struct mm *mm, uint64_t from, uint64_t to)
{
    static const char zeroes[4096];
    uint64_t done;
    if (from >= to)
        return 0;
    return errno_of(region_map_write(mm->map, from, zeroes, to - from, true, &done));
}

#define LOAD_MOST 65536 /* bytes of a writable segment that are copied at once, not at its first writes */

/* What the program will write anyway. *all: all of the segment's file pages are its own now. */
static long load_writable(struct process *p, struct mm *mm, struct backend_open file,
                          const struct elf_load *l, uint64_t bias, bool *all)
{
    uint64_t length = l->file_end - l->start, bytes = l->data_end - l->start;
    *all = false;
    if (length > LOAD_MOST)
        return 0;
    for (uint64_t at = 0, part; at < length; at += part) {
        part = length - at < CORE_SCRATCH ? length - at : CORE_SCRATCH;
        uint64_t have = bytes <= at ? 0 : bytes - at < part ? bytes - at : part;
        if (have && read_exact(p, file, l->offset + at, core_scratch, have))
            return at ? -LX_ENOEXEC : 0; /* a file that is too short: by and by, up to where it ends */
        memset(core_scratch + have, 0, part - have);
        long error = errno_of(region_map_replace(mm->map, l->start + bias + at, core_scratch, part));
        if (error)
            return error;
    }
    *all = true;
    return 0;
}

/* Maps all segments with `bias`. Takes over `file`, also on failure. */
static long map_program(struct process *p, struct mm *mm, struct backend_open file,
                        uint64_t identity, const struct elf_program *program, uint64_t bias)
{
    struct region_source *source = region_source_create(mm->map, REGION_SOURCE_FILE, file.number,
                                                        identity, JN_R | JN_X);
    if (!source) {
        backend_io_close(&p->clients, file);
        return -LX_ENOMEM;
    }
    long error = 0;
    for (uint32_t i = 0; i < program->load_count && !error; i++) {
        const struct elf_load *l = &program->loads[i];
        error = add_region(mm, l->start + bias, l->file_end + bias, l->access, source, l->offset);
        if (!error)
            error = add_region(mm, l->file_end + bias, l->end + bias, l->access, NULL, 0);
        if (!error && l->access & JN_W && l->file_end > l->start) {
            bool all;
            error = load_writable(p, mm, file, l, bias, &all);
            if (!error && !all)
                error = zero_tail(mm, l->data_end + bias, l->file_end + bias);
        }
        if (l->access & JN_X && !mm->code_start)
            mm->code_start = l->start + bias, mm->code_end = l->data_end + bias;
        if (l->access & JN_W)
            mm->data_start = l->start + bias, mm->data_end = l->data_end + bias;
    }
    region_source_release(mm->map, source);
    return error;
}

/* A place for a position-independent image: its bias. */
static long place(struct mm *mm, const struct elf_program *program, uint64_t wanted,
                  uint64_t *bias)
{
    struct region_request request = {
        .place = wanted ? REGION_HINT : REGION_ANYWHERE, .address = wanted,
        .length = program->high - program->low, .alignment = program->alignment,
        .kind = REGION_RESERVED, .low = LX_MMAP_MIN, .high = mm->mmap_top};
    uint64_t at = 0;
    if (wanted)
        request.address = (wanted + program->alignment - 1) & ~(program->alignment - 1);
    long error = errno_of(region_map_add(mm->map, &request, &at));
    if (error)
        return error == -LX_ENOSPC ? -LX_ENOMEM : error;
    *bias = at - program->low;
    return 0;
}

static long open_interpreter(struct image *image, const struct elf_program *program,
                             struct backend_open *file, uint64_t *identity,
                             struct elf_program *interpreter)
{
    struct process *p = image->process;
    struct io_stat stat;
    char name[4097], head[IMAGE_HEAD];
    uint64_t length = 0;
    long error = read_exact(p, image->file, program->interpreter_offset, name,
                            program->interpreter_length);
    if (error)
        return error;
    if (name[program->interpreter_length - 1])
        return -LX_ENOEXEC;
    struct backend_path path = {p->directory, name, strlen(name), 0};
    error = path_open(p, &path, 0, IO_ACCESS_READ | IO_ACCESS_EXECUTE, file);
    if (error)
        return error == -LX_ENXIO ? -LX_EACCES : error;
    error = errno_of(backend_io_read(&p->clients, *file, 0, sizeof head, 0, 0,
                                     backend_window(head, sizeof head), &length));
    if (!error)
        error = read_program(p, *file, head, length, interpreter);
    if (!error && backend_io_stat(&p->clients, *file, &stat) != JN_OK)
        error = -LX_EIO;
    if (!error)
        *identity = image_identity(&stat);
    if (error) {
        backend_io_close(&p->clients, *file);
        return error == -LX_ENOEXEC || error == -LX_EINVAL ? -LX_ELIBBAD : error;
    }
    return 0;
}

static long add_stack(struct process *p, struct mm *mm, bool executable)
{
    uint64_t size = p->limits[LX_RLIMIT_STACK].cur;
    if (size == HANDOVER_UNLIMITED || size > STACK_MAX)
        size = size == HANDOVER_UNLIMITED ? STACK_DEFAULT * 8 : STACK_MAX;
    if (size < 256 * 1024)
        size = 256 * 1024;
    size = (size + PAGE - 1) & ~(PAGE - 1);
    mm->mmap_top = ADAPTER_BASE; /* the adapter's part of the space lies between mappings and stack */
    return add_region(mm, MM_STACK_TOP - size, MM_STACK_TOP,
                      JN_R | JN_W | (executable ? JN_X : 0), NULL, 0);
}

static long add_special(struct mm *mm, uint64_t address, const void *page, uint32_t access)
{
    struct region_source *source = region_source_create(
        mm->map, REGION_SOURCE_SPECIAL, (uint64_t)(uintptr_t)page, address, access);
    if (!source)
        return -LX_ENOMEM;
    struct region_request request = {.place = REGION_FIXED, .address = address, .length = PAGE,
                                     .kind = REGION_SPECIAL, .access = access, .source = source,
                                     .flags = REGION_LOCKED};
    uint64_t at;
    jn_status_t status = region_map_add(mm->map, &request, &at);
    region_source_release(mm->map, source);
    return errno_of(status);
}

/* The vDSO stands right above the kernel's information page, which is in every Task; both above the
 * stack. */
static long map_vdso(struct mm *mm)
{
    uint64_t information;
    const void *text = backend_vdso(&information);
    struct region_request adapter = {.place = REGION_FIXED, .address = ADAPTER_BASE,
                                     .length = ADAPTER_END - ADAPTER_BASE,
                                     .kind = REGION_RESERVED, .flags = REGION_LOCKED};
    uint64_t at;
    long error = errno_of(region_map_add(mm->map, &adapter, &at));
    if (!error)
        error = add_special(mm, information, NULL, JN_R); /* mapped already: nobody may replace it */
    if (!error && text)
        error = add_special(mm, information + PAGE, text, JN_R | JN_X);
    if (!error && text)
        mm->vdso = information + PAGE;
    return error;
}

void image_show_first(struct mm *mm, const struct image_start *start)
{
    /* Larger data are not in memory yet: by and by, as they are written. */
    bool loaded = mm->data_end - (mm->data_start & ~(PAGE - 1)) <= LOAD_MOST;
    const struct {
        uint64_t address;
        uint32_t access;
    } pages[] = {{start->entry, JN_X}, {start->stack, JN_W}, {loaded ? mm->data_start : 0, JN_W}};
    for (size_t i = 0; i < sizeof pages / sizeof *pages; i++) {
        jn_status_t ignored = pages[i].address ? region_map_resolve(mm->map, pages[i].address,
                                                                    pages[i].access, JN_CAP_NULL)
                                               : JN_OK;
        (void)ignored; /* then the program's fault finds out */
    }
}

long image_load(struct image *image, struct mm *mm, struct image_start *start)
{
    struct process *p = image->process;
    static struct elf_program program, interpreter; /* too large for the stack */
    uint64_t bias = 0, interpreter_bias = 0, interpreter_identity = 0;
    struct backend_open interpreter_file;
    long error = read_program(p, image->file, image->head, image->head_length, &program);
    if (error)
        return error;
    bool dynamic = program.interpreter_length != 0;
    if (dynamic) {
        error = open_interpreter(image, &program, &interpreter_file, &interpreter_identity,
                                 &interpreter);
        if (error)
            return error;
    }
    error = add_stack(p, mm, program.executable_stack);
    if (!error)
        error = map_vdso(mm);
    if (!error && program.position_independent)
        error = place(mm, &program, PROGRAM_BASE, &bias);
    if (error)
        goto fail;
    struct backend_open file = image->file;
    image->file.server = BACKEND_NONE; /* the regions' now */
    error = map_program(p, mm, file, image->identity, &program, bias);
    if (error)
        goto fail;
    if (dynamic) {
        if (interpreter.position_independent)
            error = place(mm, &interpreter, 0, &interpreter_bias);
        if (error)
            goto fail;
        error = map_program(p, mm, interpreter_file, interpreter_identity, &interpreter,
                            interpreter_bias);
        dynamic = false;
        if (error)
            goto fail;
    }
    bool interpreted = program.interpreter_length != 0;
    uint64_t entry = program.entry + bias;
    mm->brk_start = mm->brk = (program.high + bias + PAGE - 1) & ~(PAGE - 1);
    error = image_build_stack(image, mm, &program, bias,
                              interpreted ? interpreter.low + interpreter_bias : 0, entry,
                              &start->stack);
    start->entry = interpreted ? interpreter.entry + interpreter_bias : entry;
    if (!error && start->entry >= LX_TASK_SIZE)
        error = -LX_ENOEXEC;
    return error;
fail:
    if (dynamic)
        backend_io_close(&p->clients, interpreter_file);
    return error;
}
