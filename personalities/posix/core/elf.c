#include "elf.h"

#include <string.h>

#include "janus/abi/ipc.h"
#include "linux/errno.h"

#define PAGE 4096ull
#define HEADERS_MAX (65536 / sizeof(struct lx_elf64_segment)) /* as Linux: 64 KiB of headers */

long elf_read_header(const void *bytes, size_t length, struct lx_elf64_header *h)
{
    static const uint8_t ident[7] = {0x7f, 'E', 'L', 'F', 2 /* 64 bits */, 1 /* LSB */, 1};
    if (length < sizeof *h)
        return -LX_ENOEXEC;
    memcpy(h, bytes, sizeof *h);
    if (memcmp(h->e_ident, ident, sizeof ident) ||
        (h->e_type != LX_ET_EXEC && h->e_type != LX_ET_DYN) || h->e_machine != LX_EM_X86_64 ||
        h->e_phentsize != sizeof(struct lx_elf64_segment) || !h->e_phnum ||
        h->e_phnum > HEADERS_MAX)
        return -LX_ENOEXEC;
    if (h->e_phoff > INT64_MAX - 65536)
        return -LX_ENOEXEC;
    return 0;
}

static uint64_t down(uint64_t n)
{
    return n & ~(PAGE - 1);
}

static uint64_t up(uint64_t n)
{
    return (n + PAGE - 1) & ~(PAGE - 1);
}

static long add_load(const struct lx_elf64_segment *s, struct elf_program *p)
{
    if (p->load_count == ELF_SEGMENTS_MAX)
        return -LX_ENOEXEC;
    if (s->p_filesz > s->p_memsz || s->p_memsz > LX_TASK_SIZE ||
        s->p_vaddr > LX_TASK_SIZE - s->p_memsz)
        return -LX_EINVAL;
    if (s->p_filesz && (s->p_offset > INT64_MAX - s->p_filesz ||
                        s->p_offset % PAGE != s->p_vaddr % PAGE))
        return -LX_EINVAL;
    if (!s->p_memsz)
        return 0;
    struct elf_load *l = &p->loads[p->load_count];
    l->start = down(s->p_vaddr);
    l->end = up(s->p_vaddr + s->p_memsz);
    l->data_end = s->p_vaddr + s->p_filesz;
    l->memory_end = s->p_vaddr + s->p_memsz;
    l->file_end = s->p_filesz ? up(l->data_end) : l->start;
    l->offset = s->p_filesz ? down(s->p_offset) : 0;
    l->access = (s->p_flags & LX_PF_R ? JN_R : 0) | (s->p_flags & LX_PF_W ? JN_R | JN_W : 0) |
                (s->p_flags & LX_PF_X ? JN_R | JN_X : 0);
    if (l->end > LX_TASK_SIZE)
        return -LX_ENOMEM;
    /* Ascending and without overlap, as the gABI demands: so nothing replaces anything. */
    if (p->load_count && l->start < p->loads[p->load_count - 1].end) {
        /* Two segments may share a page only if the linker meant it; the later one wins there, as
         * with Linux's MAP_FIXED. What goes backwards is refused. */
        struct elf_load *before = l - 1;
        if (s->p_vaddr < before->memory_end || l->start < before->start)
            return -LX_EINVAL;
    }
    p->load_count++;
    return 0;
}

static bool power_of_two(uint64_t n)
{
    return n && !(n & (n - 1));
}

long elf_read_segments(const struct lx_elf64_header *h, const struct lx_elf64_segment *segments,
                       struct elf_program *p)
{
    memset(p, 0, sizeof *p);
    p->position_independent = h->e_type == LX_ET_DYN;
    p->entry = h->e_entry;
    p->header_count = h->e_phnum;
    p->alignment = PAGE;
    for (uint32_t i = 0; i < h->e_phnum; i++) {
        const struct lx_elf64_segment *s = &segments[i];
        switch (s->p_type) {
        case LX_PT_LOAD: {
            long error = add_load(s, p);
            if (error)
                return error;
            if (power_of_two(s->p_align) && s->p_align > p->alignment &&
                s->p_align <= 1ull << 30)
                p->alignment = s->p_align;
            if (h->e_phoff >= s->p_offset && h->e_phoff - s->p_offset < s->p_filesz)
                p->headers = h->e_phoff - s->p_offset + s->p_vaddr;
            break;
        }
        case LX_PT_INTERP:
            if (p->interpreter_length)
                break; /* the first one counts */
            if (s->p_filesz < 2 || s->p_filesz > 4096 || s->p_offset > INT64_MAX - 4096)
                return -LX_ENOEXEC;
            p->interpreter_offset = s->p_offset;
            p->interpreter_length = s->p_filesz;
            break;
        case LX_PT_GNU_STACK:
            p->executable_stack = s->p_flags & LX_PF_X;
            break;
        default:
            break;
        }
    }
    if (!p->load_count)
        return -LX_ENOEXEC;
    p->low = p->loads[0].start;
    p->high = p->loads[p->load_count - 1].end;
    if (p->low >= p->high)
        return -LX_EINVAL;
    if (!p->position_independent && p->low < LX_MMAP_MIN)
        return -LX_EPERM; /* vm.mmap_min_addr */
    return 0;
}
