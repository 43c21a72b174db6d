/* Reading ELF files: what exec needs to know, checked completely (ELF gABI ch. 4 and 5). Pure: no
 * allocation, no calls; tests/host/posix fuzzes it. */
#ifndef POSIX_ELF_H
#define POSIX_ELF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "linux/memory.h"

#define ELF_SEGMENTS_MAX 64 /* loadable ones; programs have four to eight */

struct elf_load {
    uint64_t start, end;      /* page-aligned, without bias: what is reserved */
    uint64_t file_end;        /* page-aligned end of what comes from the file; start if nothing does */
    uint64_t offset;          /* in the file, of `start` */
    uint64_t data_end;        /* first byte behind the file's bytes: zeroes from here */
    uint64_t memory_end;      /* first byte behind the segment */
    uint32_t access;          /* JN_R|W|X */
};

struct elf_program {
    bool position_independent;
    uint64_t entry;
    uint64_t low, high;       /* page-aligned span of all loads */
    uint64_t alignment;       /* of the span's start, for position-independent ones */
    uint64_t headers;         /* address of the program headers, 0: not in memory */
    uint32_t header_count;
    uint64_t interpreter_offset, interpreter_length; /* 0: none */
    bool executable_stack;
    uint32_t load_count;
    struct elf_load loads[ELF_SEGMENTS_MAX];
};

/* Where the program headers stand: 0, or -ENOEXEC if this is no ELF program for us. `length` bytes of
 * the file's beginning are in `header`. */
long elf_read_header(const void *header, size_t length, struct lx_elf64_header *out);
/* Checks them: 0, -ENOEXEC, -EINVAL, -ENOMEM. segments: header->e_phnum of them. */
long elf_read_segments(const struct lx_elf64_header *header,
                       const struct lx_elf64_segment *segments, struct elf_program *program);

#endif
