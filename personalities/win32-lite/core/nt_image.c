/* PE32+ files: headers checked (PE/COFF, ch. 3 and 4), mapped piece by piece, relocated by the core
 * when their preferred base is taken. Parsed headers are cached by file identity. */
#include <stdlib.h>
#include <string.h>

#include "nt_image.h"

struct dos_header {
    uint16_t magic, words[29];
    uint32_t new_header;
};
struct file_header {
    uint32_t signature;
    uint16_t machine, sections;
    uint32_t timestamp, symbols, symbol_count;
    uint16_t optional_size, characteristics;
};
struct optional_header {
    uint16_t magic;
    uint8_t linker_major, linker_minor;
    uint32_t code_size, data_size, bss_size, entry, code_base;
    uint64_t image_base;
    uint32_t section_alignment, file_alignment;
    uint16_t os_major, os_minor, image_major, image_minor, subsystem_major, subsystem_minor;
    uint32_t win32_version, image_size, headers_size, checksum;
    uint16_t subsystem, dll_characteristics;
    uint64_t stack_reserve, stack_commit, heap_reserve, heap_commit;
    uint32_t loader_flags, directory_count;
    struct {
        uint32_t rva, size;
    } directories[16];
};
struct section_header {
    uint8_t name[8];
    uint32_t virtual_size, rva, raw_size, raw_offset, relocations, lines;
    uint16_t relocation_count, line_count;
    uint32_t characteristics;
};
_Static_assert(sizeof(struct optional_header) == 240, "PE32+");
_Static_assert(sizeof(struct section_header) == 40, "PE/COFF");

#define SCN_CODE 0x20u
#define SCN_EXECUTE 0x20000000u
#define SCN_READ 0x40000000u
#define SCN_WRITE 0x80000000u
#define IMAGE_SIZE_LIMIT 0x7fff0000u

static bool read_exact(nt_image_reader read, void *context, uint64_t offset, void *buffer,
                       size_t length)
{
    size_t done;

    return read(context, offset, buffer, length, &done) == NT_SUCCESS && done == length;
}

static uint8_t pages_of(uint32_t characteristics)
{
    uint8_t pages = NT_PG_COMMITTED;

    if (characteristics & SCN_READ)
        pages |= NT_PG_READ;
    if (characteristics & SCN_WRITE)
        pages |= NT_PG_READ | NT_PG_WRITECOPY;
    if (characteristics & SCN_EXECUTE)
        pages |= NT_PG_EXEC;
    return pages;
}

static nt_status parse_sections(struct nt_image *image, const struct section_header *sections,
                                uint32_t count, uint32_t alignment)
{
    uint32_t last = (image->headers_size + NT_MASK_PAGE) & ~NT_MASK_PAGE;

    image->pieces = calloc(count + 1, sizeof *image->pieces);
    if (!image->pieces)
        return NT_NO_MEMORY;
    if (alignment < NT_PAGE) {
        /* Such an image is its file, page for page, and all of it may be executed. */
        image->pieces[0] = (struct nt_piece){
            .length = (uint32_t)image->size,
            .file_length = image->file_size < image->size ? (uint32_t)image->file_size
                                                          : (uint32_t)image->size,
            .pages = NT_PG_COMMITTED | NT_PG_READ | NT_PG_WRITECOPY | NT_PG_EXEC};
        image->piece_count = 1;
        return NT_SUCCESS;
    }
    image->pieces[0] = (struct nt_piece){
        .length = last,
        .file_length = image->file_size < last ? (uint32_t)image->file_size : image->headers_size,
        .pages = NT_PG_COMMITTED | NT_PG_READ};
    /* The pages of the headers come whole from the file when nothing else may show there. */
    if (image->file_size >= last)
        image->pieces[0].file_length = last;
    image->piece_count = 1;
    for (uint32_t i = 0; i < count; i++) {
        const struct section_header *s = &sections[i];
        uint64_t size = s->virtual_size ? s->virtual_size : s->raw_size;
        uint64_t raw = s->raw_size;
        if (!size)
            continue;
        size = (size + NT_MASK_PAGE) & ~NT_MASK_PAGE;
        if ((s->rva & NT_MASK_PAGE) || s->rva < last || s->rva > image->size ||
            size > ((image->size + NT_MASK_PAGE) & ~NT_MASK_PAGE) - s->rva)
            return NT_INVALID_IMAGE_FORMAT;
        if (raw > size)
            raw = size;
        if (!s->raw_offset)
            raw = 0;
        /* The loader rounds the place in the file down to a sector. */
        uint32_t offset = s->raw_offset & ~0x1ffu;
        if (raw && (uint64_t)offset + raw > image->file_size) {
            if (offset >= image->file_size)
                return NT_INVALID_IMAGE_FORMAT;
            raw = image->file_size - offset;
        }
        image->pieces[image->piece_count++] =
            (struct nt_piece){.rva = s->rva,
                              .length = (uint32_t)size,
                              .file_offset = offset,
                              .file_length = (uint32_t)raw,
                              .pages = pages_of(s->characteristics)};
        if (s->characteristics & (SCN_CODE | SCN_EXECUTE))
            image->contains_code = 1;
        last = s->rva + (uint32_t)size;
    }
    return NT_SUCCESS;
}

static nt_status parse(nt_image_reader read, void *context, struct nt_image *image)
{
    struct dos_header dos;
    struct file_header file;
    struct optional_header optional;
    struct section_header *sections;
    uint64_t at;
    nt_status status;

    if (!read_exact(read, context, 0, &dos, sizeof dos) || dos.magic != 0x5a4d)
        return NT_INVALID_IMAGE_NOT_MZ;
    if (dos.new_header < 4 || dos.new_header > image->file_size ||
        !read_exact(read, context, dos.new_header, &file, sizeof file))
        return NT_INVALID_IMAGE_PROTECT; /* a plain MS-DOS program */
    if (file.signature != 0x00004550)
        return (file.signature & 0xffff) == 0x454e ? NT_INVALID_IMAGE_WIN_16
                                                   : NT_INVALID_IMAGE_PROTECT;
    if (file.machine != 0x8664)
        return NT_INVALID_IMAGE_FORMAT;
    at = dos.new_header + sizeof file;
    memset(&optional, 0, sizeof optional);
    if (file.optional_size < offsetof(struct optional_header, directories) ||
        !read_exact(read, context, at, &optional,
                    file.optional_size < sizeof optional ? file.optional_size : sizeof optional) ||
        optional.magic != 0x20b)
        return NT_INVALID_IMAGE_FORMAT;
    if (optional.directory_count > 16)
        optional.directory_count = 16;
    for (uint32_t i = optional.directory_count; i < 16; i++)
        optional.directories[i].rva = optional.directories[i].size = 0;
    if (!optional.image_size || optional.image_size > IMAGE_SIZE_LIMIT ||
        optional.headers_size > optional.image_size || !optional.headers_size ||
        optional.headers_size > image->file_size ||
        (optional.section_alignment & (optional.section_alignment - 1)) ||
        !optional.section_alignment || optional.entry >= optional.image_size ||
        (optional.image_base & 0xffff) || file.sections > 96)
        return NT_INVALID_IMAGE_FORMAT;
    image->machine = file.machine;
    image->characteristics = file.characteristics;
    image->timestamp = file.timestamp;
    image->preferred_base = optional.image_base;
    image->entry = optional.entry;
    image->size = optional.image_size;
    image->headers_size = optional.headers_size;
    image->checksum = optional.checksum;
    image->subsystem = optional.subsystem;
    image->subsystem_major = optional.subsystem_major;
    image->subsystem_minor = optional.subsystem_minor;
    image->os_major = optional.os_major;
    image->os_minor = optional.os_minor;
    image->dll_characteristics = optional.dll_characteristics;
    image->stack_reserve = optional.stack_reserve;
    image->stack_commit = optional.stack_commit;
    image->loader_flags = optional.loader_flags;
    image->export_rva = optional.directories[0].rva;
    image->export_size = optional.directories[0].size;
    image->import_rva = optional.directories[1].rva;
    image->reloc_rva = optional.directories[5].rva;
    image->reloc_size = optional.directories[5].size;
    image->com_rva = optional.directories[14].rva;
    if (image->export_rva >= image->size || image->export_size > image->size - image->export_rva)
        image->export_rva = image->export_size = 0;
    if (image->reloc_rva >= image->size || image->reloc_size > image->size - image->reloc_rva)
        image->reloc_rva = image->reloc_size = 0;
    image->base_offset = (uint32_t)at + offsetof(struct optional_header, image_base);
    at += file.optional_size;
    sections = calloc(file.sections + 1u, sizeof *sections);
    if (!sections)
        return NT_NO_MEMORY;
    if (file.sections &&
        !read_exact(read, context, at, sections, file.sections * sizeof *sections))
        status = NT_INVALID_IMAGE_FORMAT;
    else
        status = parse_sections(image, sections, file.sections, optional.section_alignment);
    free(sections);
    if (!NT_FAILED(status))
        nt_image_choose_own(image, optional.directories[2].rva);
    return status;
}

nt_status nt_image_parse(nt_image_reader read, void *context, uint64_t file_size,
                         struct nt_image **result)
{
    struct nt_image *image = calloc(1, sizeof *image);
    nt_status status;

    if (!image)
        return NT_NO_MEMORY;
    image->refs = 1;
    image->file_size = file_size;
    status = parse(read, context, image);
    if (NT_FAILED(status)) {
        nt_image_put(image);
        return status;
    }
    *result = image;
    return NT_SUCCESS;
}

void nt_image_put(struct nt_image *image)
{
    if (!image || --image->refs)
        return;
    free(image->pieces);
    free(image->own_bytes);
    free(image);
}

/* ---- the cache: sets of WAYS, in which the one that was not wanted for longest gives way ---- */
#define SETS 32u
#define WAYS 4u
static struct cached {
    uint64_t device, inode, size;
    int64_t modify_ns;
    struct nt_image *image;
} cache[SETS][WAYS]; /* the last wanted first */

struct read_context {
    struct nt_process *p;
    struct world_open open;
    size_t head_length;
    uint8_t head[1024]; /* the file's first bytes: mostly all headers, in one read */
};

static nt_status read_piece(struct read_context *c, uint64_t offset, void *buffer, size_t length,
                            size_t *done)
{
    uint64_t part, total = 0;

    while (total < length) {
        world_status status = world_io_get(c->p->world, c->open, (int64_t)(offset + total),
                                           (char *)buffer + total, length - total, false, 0, &part);
        if (status != JN_OK)
            return nt_status_from(status);
        if (!part)
            break;
        total += part;
    }
    *done = total;
    return NT_SUCCESS;
}

static nt_status read_file(void *context, uint64_t offset, void *buffer, size_t length,
                           size_t *done)
{
    struct read_context *c = context;

    if (!offset && !c->head_length) {
        nt_status status = read_piece(c, 0, c->head, sizeof c->head, &c->head_length);
        if (NT_FAILED(status))
            return status;
    }
    if (offset > c->head_length || length > c->head_length - offset)
        return read_piece(c, offset, buffer, length, done);
    memcpy(buffer, c->head + offset, length);
    *done = length;
    return NT_SUCCESS;
}

static struct nt_image *cache_find(struct cached *set, const struct world_stat *stat)
{
    for (unsigned i = 0; i < WAYS && set[i].image; i++) {
        struct cached found = set[i];
        if (found.device != stat->device || found.inode != stat->inode ||
            found.size != stat->size || found.modify_ns != stat->modify_ns)
            continue;
        memmove(set + 1, set, i * sizeof *set);
        set[0] = found;
        return found.image;
    }
    return NULL;
}

nt_status nt_image_open(struct nt_process *p, struct nt_file_ref *file, struct nt_image **result)
{
    struct world_stat stat;
    nt_status status = nt_status_from(world_file_stat(p->world, file->open, &stat));

    if (NT_FAILED(status))
        return status;
    if ((stat.mode & WORLD_IFMT) != WORLD_IFREG)
        return NT_INVALID_FILE_FOR_SECTION;
    struct cached *set =
        cache[(stat.inode * 0x9e3779b97f4a7c15ull ^ stat.device) >> 32 & (SETS - 1)];
    *result = cache_find(set, &stat);
    if (!*result) {
        struct read_context context = {.p = p, .open = file->open};
        status = nt_image_parse(read_file, &context, stat.size, result);
        if (NT_FAILED(status))
            return status;
        nt_image_put(set[WAYS - 1].image);
        memmove(set + 1, set, (WAYS - 1) * sizeof *set);
        set[0] = (struct cached){stat.device, stat.inode, stat.size, stat.modify_ns, *result};
    }
    (*result)->refs++;
    return NT_SUCCESS;
}

/* ---- mapping ---- */
/* Applies one block of base relocations; the pages become private. */
static nt_status relocate_page(struct nt_process *p, uint64_t base, uint32_t rva, int64_t delta,
                               const uint16_t *entries, size_t count)
{
    uint8_t page[NT_PAGE + 8];
    size_t size = NT_PAGE;

    /* The last relocation of a page may reach into the next one. */
    if (NT_FAILED(nt_process_read(p, base + rva, page, NT_PAGE + 8)) &&
        NT_FAILED(nt_process_read(p, base + rva, page, NT_PAGE)))
        return NT_INVALID_IMAGE_FORMAT;
    for (size_t i = 0; i < count; i++) {
        uint32_t type = entries[i] >> 12, offset = entries[i] & 0xfff;
        uint64_t wide;
        uint32_t word;
        switch (type) {
        case 0: break;
        case 3:
            memcpy(&word, page + offset, 4);
            word += (uint32_t)delta;
            memcpy(page + offset, &word, 4);
            if (offset + 4 > size)
                size = offset + 4;
            break;
        case 10:
            memcpy(&wide, page + offset, 8);
            wide += (uint64_t)delta;
            memcpy(page + offset, &wide, 8);
            if (offset + 8 > size)
                size = offset + 8;
            break;
        default: return NT_INVALID_IMAGE_FORMAT;
        }
    }
    return nt_status_from(world_memory_patch(p->world, base + rva, page, size));
}

static nt_status relocate(struct nt_process *p, const struct nt_image *image, uint64_t base)
{
    int64_t delta = (int64_t)(base - image->preferred_base);
    uint8_t *block = malloc(image->reloc_size + 1);
    nt_status status = NT_SUCCESS;

    if (!block)
        return NT_NO_MEMORY;
    status = nt_process_read(p, base + image->reloc_rva, block, image->reloc_size);
    for (uint32_t at = 0; !NT_FAILED(status) && at + 8 <= image->reloc_size;) {
        uint32_t header[2];
        memcpy(header, block + at, 8);
        if (header[1] < 8 || header[1] > image->reloc_size - at)
            break;
        if ((header[0] & NT_MASK_PAGE) || header[0] > image->size - NT_PAGE)
            status = NT_INVALID_IMAGE_FORMAT;
        else
            status = relocate_page(p, base, header[0], delta, (const uint16_t *)(block + at + 8),
                                   (header[1] - 8) / 2);
        at += header[1];
    }
    free(block);
    if (NT_FAILED(status))
        return status;
    return nt_status_from(world_memory_patch(p->world, base + image->base_offset, &base, 8));
}

static bool maps_zeroes(const struct nt_piece *piece)
{
    return piece->own || !piece->file_length;
}

/* Whether `next` goes on, with the same pages behind it, where what begins with `first` ends by now. */
static bool goes_on(const struct nt_piece *first, uint32_t length, uint32_t file_length,
                    const struct nt_piece *next)
{
    if (next->rva != first->rva + length || next->pages != first->pages ||
        maps_zeroes(next) != maps_zeroes(first))
        return false;
    return maps_zeroes(first) ||
           (file_length == length && next->file_offset == first->file_offset + length);
}

static nt_status map_pieces(struct nt_process *p, struct nt_image *image, struct nt_file_ref *file,
                            struct nt_view *view)
{
    for (size_t i = 0; i < image->piece_count;) {
        const struct nt_piece *piece = &image->pieces[i++];
        uint32_t length = piece->length, file_length = piece->file_length;
        while (i < image->piece_count &&
               goes_on(piece, length, file_length, &image->pieces[i])) {
            length += image->pieces[i].length;
            file_length += image->pieces[i++].file_length;
        }
        struct world_backing backing = {
            .kind = maps_zeroes(piece) ? WORLD_BACK_ZERO : WORLD_BACK_PRIVATE,
            .file = file->open,
            .offset = piece->file_offset,
            .file_length = file_length};
        nt_status status =
            nt_view_set_pages(view, view->base + piece->rva, length, 0xff, piece->pages);
        if (!NT_FAILED(status))
            status = nt_status_from(world_memory_map(p->world, view->base + piece->rva, length,
                                                     nt_page_rights(piece->pages), &backing));
        if (NT_FAILED(status))
            return status;
    }
    return NT_SUCCESS;
}

nt_status nt_image_map(struct nt_process *p, struct nt_image *image, struct nt_file_ref *file,
                       uint64_t *base, struct nt_view **result)
{
    uint64_t size = (image->size + NT_MASK_PAGE) & ~NT_MASK_PAGE, place = *base;
    struct nt_view *view = NULL;
    nt_status status = NT_CONFLICTING_ADDRESSES;

    if (!place && image->preferred_base) {
        place = image->preferred_base;
        status = nt_view_create(p, &place, size, 0, 0, 0, false, NT_MEM_IMAGE,
                                NT_PAGE_EXECUTE_WRITECOPY, NT_PG_COMMITTED, NULL, &view);
    } else if (place) {
        status = nt_view_create(p, &place, size, 0, 0, 0, false, NT_MEM_IMAGE,
                                NT_PAGE_EXECUTE_WRITECOPY, NT_PG_COMMITTED, NULL, &view);
        if (NT_FAILED(status))
            return status;
    }
    if (NT_FAILED(status)) {
        if (!image->reloc_size || (image->characteristics & 1)) /* relocations are stripped */
            return NT_CONFLICTING_ADDRESSES;
        place = image->last_base;
        if (!place || NT_FAILED(nt_view_create(p, &place, size, 0, 0, 0, false, NT_MEM_IMAGE,
                                               NT_PAGE_EXECUTE_WRITECOPY, NT_PG_COMMITTED, NULL,
                                               &view))) {
            place = 0;
            status = nt_view_create(p, &place, size, 0x180000000ull, 0, 0, false, NT_MEM_IMAGE,
                                    NT_PAGE_EXECUTE_WRITECOPY, NT_PG_COMMITTED, NULL, &view);
            if (NT_FAILED(status))
                return status;
        }
    }
    image->last_base = place;
    view->image = image;
    image->refs++;
    view->file = file;
    nt_file_ref_get(file);
    status = map_pieces(p, image, file, view);
    if (!NT_FAILED(status)) {
        struct read_context context = {.p = p, .open = file->open};
        status = nt_image_fill_own(p, image, read_file, &context, place);
    }
    if (!NT_FAILED(status) && place != image->preferred_base) {
        if (image->reloc_size && !(image->characteristics & 1))
            status = relocate(p, image, place);
        else if (image->preferred_base)
            status = NT_CONFLICTING_ADDRESSES;
    }
    if (NT_FAILED(status)) {
        nt_view_destroy(p, view);
        return status;
    }
    nt_image_populate(p, image, place);
    *base = place;
    *result = view;
    return NT_SUCCESS;
}

nt_status nt_image_information(const struct nt_image *image, uint64_t base,
                               struct nt_section_image_information *i)
{
    memset(i, 0, sizeof *i);
    if (image->entry)
        i->transfer = (base ? base : image->preferred_base) + image->entry;
    i->maximum_stack = image->stack_reserve;
    i->committed_stack = image->stack_commit;
    i->subsystem = image->subsystem;
    i->subsystem_major = image->subsystem_major;
    i->subsystem_minor = image->subsystem_minor;
    i->os_major = image->os_major;
    i->os_minor = image->os_minor;
    i->characteristics = image->characteristics;
    i->dll_characteristics = image->dll_characteristics;
    i->machine = image->machine;
    i->contains_code = image->contains_code;
    i->loader_flags = image->loader_flags;
    i->file_size = (uint32_t)image->file_size;
    i->checksum = image->checksum;
    return NT_SUCCESS;
}
