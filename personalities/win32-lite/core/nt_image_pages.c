/* The pages of an image that nearly every process uses, brought in when it is mapped.
 *
 * Small pieces that are written (data, import tables), and small pieces that do not begin at a page of
 * the file, become the process's own at once, filled from one copy that the image keeps; code, constants
 * and small zeroed pieces are mapped by the run. All others come with faults. */
#include <stdlib.h>
#include <string.h>

#include "nt_image.h"

#define OWN_PIECE_MAX 0x10000u  /* bytes of a piece that may be written */
#define OWN_IMAGE_MAX 0x40000u  /* of all own pieces of an image */
#define CODE_MAX 0x100000u      /* longer pieces are only mapped where they are used */
#define CONSTANTS_MAX 0x28000u
#define ZEROES_MAX 0x8000u

bool nt_image_keep_own = true;

void nt_image_choose_own(struct nt_image *image, uint32_t resources)
{
    for (size_t i = 0; i < image->piece_count; i++) {
        struct nt_piece *piece = &image->pieces[i];
        bool written = piece->pages & NT_PG_WRITECOPY && piece->length <= OWN_PIECE_MAX &&
                       piece->rva != resources;
        bool unaligned = piece->file_offset & NT_MASK_PAGE;
        if (!piece->file_length || piece->length & NT_MASK_PAGE || (!written && !unaligned) ||
            piece->length > OWN_IMAGE_MAX - image->own_length)
            continue;
        piece->own = true;
        piece->own_at = image->own_length;
        image->own_length += piece->length;
    }
}

/* The own pieces' bytes: zeroes beyond what the file has. */
static nt_status read_own(nt_image_reader read, void *context, struct nt_image *image)
{
    size_t done;

    image->own_bytes = calloc(1, image->own_length);
    if (!image->own_bytes)
        return NT_NO_MEMORY;
    for (size_t i = 0; i < image->piece_count; i++) {
        const struct nt_piece *piece = &image->pieces[i];
        if (!piece->own)
            continue;
        nt_status status = read(context, piece->file_offset, image->own_bytes + piece->own_at,
                                piece->file_length, &done);
        if (NT_FAILED(status)) {
            free(image->own_bytes);
            image->own_bytes = NULL;
            return status;
        }
    }
    return NT_SUCCESS;
}

nt_status nt_image_fill_own(struct nt_process *p, struct nt_image *image, nt_image_reader read,
                            void *context, uint64_t base)
{
    nt_status status = NT_SUCCESS;

    if (image->own_length && !image->own_bytes)
        status = read_own(read, context, image);
    for (size_t i = 0, next; i < image->piece_count && !NT_FAILED(status); i = next) {
        const struct nt_piece *first = &image->pieces[i];
        uint32_t length = first->length;
        for (next = i + 1; next < image->piece_count; next++) {
            const struct nt_piece *piece = &image->pieces[next];
            if (!first->own || !piece->own || piece->rva != first->rva + length)
                break;
            length += piece->length;
        }
        if (first->own)
            status = nt_status_from(world_memory_fill(p->world, base + first->rva,
                                                      image->own_bytes + first->own_at, length));
    }
    if (!nt_image_keep_own) {
        free(image->own_bytes);
        image->own_bytes = NULL;
    }
    return status;
}

static bool used_soon(const struct nt_piece *piece)
{
    if (piece->own)
        return true;
    if (!piece->file_length)
        return piece->length <= ZEROES_MAX;
    if (piece->pages & NT_PG_WRITECOPY)
        return false;
    return piece->length <= (piece->pages & NT_PG_EXEC ? CODE_MAX : CONSTANTS_MAX);
}

void nt_image_populate(struct nt_process *p, const struct nt_image *image, uint64_t base)
{
    uint64_t from = 0, end = 0;

    for (size_t i = 0; i < image->piece_count; i++) {
        const struct nt_piece *piece = &image->pieces[i];
        if (piece->length & NT_MASK_PAGE || !used_soon(piece))
            continue;
        if (piece->rva != end) {
            if (end > from)
                world_memory_populate(p->world, base + from, end - from);
            from = piece->rva;
        }
        end = (uint64_t)piece->rva + piece->length;
    }
    if (end > from)
        world_memory_populate(p->world, base + from, end - from);
}
