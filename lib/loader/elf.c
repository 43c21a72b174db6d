/* Reading static ELF64 executables (ELF gABI chapters 4 and 5, x86-64 psABI). */
#include <string.h>

#include "janus/loader.h"

struct elf_header {
    uint8_t ident[16];
    uint16_t type, machine;
    uint32_t version;
    uint64_t entry, program_offset, section_offset;
    uint32_t flags;
    uint16_t header_size, program_size, program_count, section_size, section_count, names;
};

struct elf_program {
    uint32_t type, flags;
    uint64_t offset, address, physical, file_size, memory_size, alignment;
};

_Static_assert(sizeof(struct elf_header) == 64 && sizeof(struct elf_program) == 56, "ELF gABI");

enum { TYPE_EXECUTABLE = 2, MACHINE_X86_64 = 62, SEGMENT_LOAD = 1, SEGMENT_INTERPRETER = 3 };
enum { FLAG_X = 1, FLAG_W = 2, FLAG_R = 4 };

#define PAGE 4096ull

static jn_status_t check_header(const struct elf_header *header, uint64_t size)
{
    static const uint8_t ident[7] = {0x7f, 'E', 'L', 'F', 2, 1, 1}; /* 64 bits, little, version 1 */
    if (size < 4 || memcmp(header->ident, ident, 4) != 0)
        return JN_NOT_EXECUTABLE;
    if (size < sizeof *header || memcmp(header->ident, ident, sizeof ident) != 0)
        return JN_BAD_IMAGE;
    if (header->type != TYPE_EXECUTABLE || header->machine != MACHINE_X86_64 ||
        header->version != 1 || header->program_size != sizeof(struct elf_program))
        return JN_BAD_IMAGE;
    uint64_t table = (uint64_t)header->program_count * sizeof(struct elf_program);
    if (header->program_offset > size || table > size - header->program_offset)
        return JN_BAD_IMAGE;
    return JN_OK;
}

static jn_status_t add_segment(struct loader_image *image, const struct elf_program *program,
                               uint64_t file_size, uint64_t low, uint64_t high)
{
    if (program->memory_size == 0)
        return JN_OK;
    if (image->segment_count == LOADER_SEGMENTS || program->file_size > program->memory_size)
        return JN_BAD_IMAGE;
    if (program->offset > file_size || program->file_size > file_size - program->offset)
        return JN_BAD_IMAGE;
    if (program->address < low || program->address >= high ||
        program->memory_size > high - program->address ||
        (program->address - program->offset) % PAGE)
        return JN_BAD_IMAGE;
    if (!(program->flags & FLAG_R) || (program->flags & FLAG_W && program->flags & FLAG_X))
        return JN_BAD_IMAGE;
    struct loader_segment *segment = &image->segments[image->segment_count];
    uint64_t skew = program->address % PAGE;
    segment->address = program->address - skew;
    segment->pages = (skew + program->memory_size + PAGE - 1) / PAGE;
    segment->file_offset = program->file_size ? program->offset - skew : 0;
    segment->file_bytes = program->file_size ? program->file_size + skew : 0;
    segment->access = JN_R | (program->flags & FLAG_W ? JN_W : 0) |
                      (program->flags & FLAG_X ? JN_X : 0);
    if (segment->address < low || (segment->address + segment->pages * PAGE) > high)
        return JN_BAD_IMAGE;
    if (image->segment_count) {
        const struct loader_segment *before = segment - 1;
        if (segment->address < before->address + before->pages * PAGE)
            return JN_BAD_IMAGE;
    }
    image->segment_count++;
    return JN_OK;
}

static bool entry_ok(const struct loader_image *image)
{
    for (uint32_t i = 0; i < image->segment_count; i++) {
        const struct loader_segment *segment = &image->segments[i];
        if (segment->access & JN_X && image->entry >= segment->address &&
            image->entry - segment->address < segment->pages * PAGE)
            return true;
    }
    return false;
}

jn_status_t loader_parse(const void *file, uint64_t size, uint64_t low, uint64_t high,
                         struct loader_image *image)
{
    struct elf_header header = {0};
    memcpy(&header, file, size < sizeof header ? size : sizeof header);
    jn_status_t status = check_header(&header, size);
    if (status != JN_OK)
        return status;
    *image = (struct loader_image){.entry = header.entry};
    for (uint32_t i = 0; i < header.program_count; i++) {
        struct elf_program program;
        memcpy(&program, (const uint8_t *)file + header.program_offset + i * sizeof program,
               sizeof program);
        if (program.type == SEGMENT_INTERPRETER)
            return JN_BAD_IMAGE;
        if (program.type != SEGMENT_LOAD)
            continue;
        status = add_segment(image, &program, size, low, high);
        if (status != JN_OK)
            return status;
    }
    return entry_ok(image) ? JN_OK : JN_BAD_IMAGE;
}
