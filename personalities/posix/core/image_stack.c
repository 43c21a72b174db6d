/* The first stack of a program: strings, argv, envp, auxiliary vector (System V ABI AMD64, 3.4.1). */
#include <stdlib.h>
#include <string.h>

#include "elf.h"
#include "image.h"
#include "janus/backend/time.h"
#include "mm.h"
#include "process.h"
#include "status.h"

#define AUX_MAX 24

struct builder {
    char *buffer; /* the stack's top `size` bytes */
    uint64_t size, at; /* next free byte, from the top downward */
};

static uint64_t address_of(const struct builder *b)
{
    return MM_STACK_TOP - b->size + b->at;
}

static uint64_t push(struct builder *b, const void *data, size_t length)
{
    b->at -= length;
    if (length)
        memcpy(b->buffer + b->at, data, length);
    return address_of(b);
}

static void push_word(struct builder *b, uint64_t word)
{
    push(b, &word, sizeof word);
}

/* Pointers to `count` strings at `base`, ending with a zero, in memory order. */
static void put_pointers(struct builder *b, uint64_t *at, const struct strings *s, uint64_t base)
{
    const char *text = s->bytes;
    for (uint32_t i = 0; i < s->count; i++) {
        uint64_t pointer = base + (uint64_t)(text - s->bytes);
        memcpy(b->buffer + *at, &pointer, 8);
        *at += 8;
        text += strlen(text) + 1;
    }
    memset(b->buffer + *at, 0, 8);
    *at += 8;
}

long image_build_stack(struct image *image, struct mm *mm, const struct elf_program *program,
                       uint64_t bias, uint64_t interpreter_base, uint64_t entry, uint64_t *stack)
{
    struct process *p = image->process;
    const struct strings *argv = &image->arguments, *envp = &image->environment;
    size_t name_length = strlen(image->script) + 1;
    uint64_t pointers = ((uint64_t)argv->count + envp->count + 3 + 2 * AUX_MAX) * 8;
    struct builder b = {.size = argv->length + envp->length + name_length + pointers + 512};
    b.size = (b.size + 4095) & ~4095ull;
    b.buffer = b.size <= CORE_SCRATCH ? memset(core_scratch, 0, b.size) : calloc(1, b.size);
    if (!b.buffer)
        return -LX_ENOMEM;
    b.at = b.size;

    push_word(&b, 0);
    uint64_t name = push(&b, image->script, name_length);
    mm->env_end = name;
    uint64_t env_base = push(&b, envp->bytes, envp->length);
    uint64_t arg_base = push(&b, argv->bytes, argv->length);
    mm->arg_start = arg_base;
    mm->arg_end = env_base;
    uint64_t platform = push(&b, "x86_64", 7);
    uint8_t random[16];
    backend_random(random, sizeof random);
    b.at &= ~15ull;
    uint64_t random_at = push(&b, random, sizeof random);

    const struct task_credentials *c = process_credentials(p);
    struct backend_machine machine;
    backend_machine(&machine);
    uint64_t aux[AUX_MAX][2] = {
        {mm->vdso ? LX_AT_SYSINFO_EHDR : LX_AT_MINSIGSTKSZ,
         mm->vdso ? mm->vdso : machine.xsave_size + 512 + 440 + 128},
        {LX_AT_MINSIGSTKSZ, machine.xsave_size + 512 + 440 + 128},
        {LX_AT_HWCAP, machine.cpuid1_edx},
        {LX_AT_PAGESZ, 4096},
        {LX_AT_CLKTCK, 100},
        {LX_AT_PHDR, program->headers ? program->headers + bias : 0},
        {LX_AT_PHENT, sizeof(struct lx_elf64_segment)},
        {LX_AT_PHNUM, program->header_count},
        {LX_AT_BASE, interpreter_base},
        {LX_AT_FLAGS, 0},
        {LX_AT_ENTRY, entry},
        {LX_AT_UID, c->uid},
        {LX_AT_EUID, c->euid},
        {LX_AT_GID, c->gid},
        {LX_AT_EGID, c->egid},
        {LX_AT_SECURE, 0},
        {LX_AT_RANDOM, random_at},
        {LX_AT_HWCAP2, 0},
        {LX_AT_EXECFN, name},
        {LX_AT_PLATFORM, platform},
        {LX_AT_NULL, 0},
    };
    size_t aux_bytes = 21 * sizeof aux[0];
    uint64_t block = ((uint64_t)argv->count + envp->count + 3) * 8 + aux_bytes;
    b.at -= block;
    b.at &= ~15ull;
    *stack = address_of(&b);
    uint64_t at = b.at, count = argv->count;
    memcpy(b.buffer + at, &count, 8);
    at += 8;
    put_pointers(&b, &at, argv, arg_base);
    put_pointers(&b, &at, envp, env_base);
    memcpy(b.buffer + at, aux, aux_bytes);
    mm->stack_start = *stack;

    /* Whole pages: what is below stays untouched. */
    uint64_t from = b.at & ~4095ull, done;
    long error = errno_of(region_map_write(mm->map, MM_STACK_TOP - b.size + from, b.buffer + from,
                                           b.size - from, true, &done));
    if (b.buffer != core_scratch)
        free(b.buffer);
    return error;
}
