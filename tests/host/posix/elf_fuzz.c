/* The ELF reader under mutations: whatever it accepts, the loads lie in user space, ascend, and do not
 * wrap. Oracle: what image_load.c relies on. */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "elf.h"
#include "janus/abi/ipc.h"

static uint64_t seed = 0x2545f4914f6cdd1dull;

static uint64_t next(void)
{
    seed ^= seed << 13, seed ^= seed >> 7, seed ^= seed << 17;
    return seed;
}

static uint64_t interesting(void)
{
    static const uint64_t values[] = {0, 1, 4095, 4096, 0x7ffffffff000, 0x7ffffffffff8,
                                      0x800000000000, INT64_MAX, UINT64_MAX, UINT64_MAX - 4095,
                                      1ull << 47, 56, 64};
    return next() % 3 ? values[next() % (sizeof values / sizeof *values)] : next() >> next() % 64;
}

static unsigned accepted;

static void check(const uint8_t *file, size_t length)
{
    static struct elf_program program;
    struct lx_elf64_header header;
    struct lx_elf64_segment *segments;
    if (elf_read_header(file, length, &header))
        return;
    size_t bytes = header.e_phnum * sizeof *segments;
    if (header.e_phoff > length || bytes > length - header.e_phoff)
        return; /* read_exact would fail */
    segments = malloc(bytes);
    memcpy(segments, file + header.e_phoff, bytes);
    if (elf_read_segments(&header, segments, &program) == 0) {
        accepted++;
        assert(program.load_count && program.load_count <= ELF_SEGMENTS_MAX);
        assert(program.low < program.high && program.high <= LX_TASK_SIZE);
        assert(program.interpreter_length <= 4096 && program.interpreter_length != 1);
        assert(program.alignment >= 4096 && !(program.alignment & (program.alignment - 1)));
        for (uint32_t i = 0; i < program.load_count; i++) {
            const struct elf_load *l = &program.loads[i];
            assert(l->start % 4096 == 0 && l->end % 4096 == 0 && l->file_end % 4096 == 0);
            assert(l->start < l->end && l->end <= LX_TASK_SIZE && l->file_end <= l->end);
            assert(l->data_end <= l->memory_end && l->offset % 4096 == 0);
            assert(l->start >= program.low && l->end <= program.high);
            assert(!(l->access & (JN_W | JN_X)) || l->access & JN_R);
        }
    }
    free(segments);
}

int main(void)
{
    static uint8_t file[64 + 4 * 56];
    struct lx_elf64_header *h = (void *)file;
    struct lx_elf64_segment *s = (void *)(file + 64);
    memcpy(h->e_ident, "\x7f"
                       "ELF\2\1\1",
           7);
    h->e_type = LX_ET_DYN, h->e_machine = LX_EM_X86_64, h->e_phentsize = 56, h->e_phnum = 4;
    h->e_phoff = 64;
    s[0] = (struct lx_elf64_segment){LX_PT_INTERP, 4, 0x200, 0x200, 0x200, 28, 28, 1};
    s[1] = (struct lx_elf64_segment){LX_PT_LOAD, 5, 0, 0, 0, 0x1234, 0x1234, 4096};
    s[2] = (struct lx_elf64_segment){LX_PT_LOAD, 6, 0x1800, 0x2800, 0, 0x100, 0x5000, 4096};
    s[3] = (struct lx_elf64_segment){LX_PT_GNU_STACK, 6, 0, 0, 0, 0, 0, 16};
    check(file, sizeof file);
    assert(accepted == 1);
    for (size_t cut = 0; cut <= sizeof file; cut++) {
        uint8_t *copy = malloc(cut + 1);
        memcpy(copy, file, cut);
        check(copy, cut);
        free(copy);
    }
    for (int round = 0; round < 300000; round++) {
        uint8_t *copy = malloc(sizeof file);
        memcpy(copy, file, sizeof file);
        for (int n = 1 + next() % 3; n; n--) {
            if (next() % 2) {
                uint64_t value = interesting();
                memcpy(copy + 64 + next() % (4 * 7) * 8, &value, 8);
            } else {
                copy[next() % sizeof file] = (uint8_t)next();
            }
        }
        check(copy, sizeof file);
        free(copy);
    }
    printf("elf: %u accepted\n", accepted);
    return 0;
}
