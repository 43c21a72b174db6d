/* Memory and programs: mmap(2), execve(2), auxiliary vector, ELF. */
#ifndef POSIX_LINUX_MEMORY_H
#define POSIX_LINUX_MEMORY_H

#include <stdint.h>

#define LX_TASK_SIZE 0x7ffffffff000ull /* first address above user space */
#define LX_MMAP_MIN 0x10000ull

enum {
    LX_PROT_READ = 1, LX_PROT_WRITE = 2, LX_PROT_EXEC = 4, LX_PROT_GROWSDOWN = 0x01000000,
    LX_PROT_GROWSUP = 0x02000000,
    LX_MAP_SHARED = 1, LX_MAP_PRIVATE = 2, LX_MAP_SHARED_VALIDATE = 3, LX_MAP_TYPE = 0xf,
    LX_MAP_FIXED = 0x10, LX_MAP_ANONYMOUS = 0x20, LX_MAP_32BIT = 0x40, LX_MAP_GROWSDOWN = 0x100,
    LX_MAP_DENYWRITE = 0x800, LX_MAP_EXECUTABLE = 0x1000, LX_MAP_LOCKED = 0x2000,
    LX_MAP_NORESERVE = 0x4000, LX_MAP_POPULATE = 0x8000, LX_MAP_NONBLOCK = 0x10000,
    LX_MAP_STACK = 0x20000, LX_MAP_HUGETLB = 0x40000, LX_MAP_FIXED_NOREPLACE = 0x100000,
    LX_MREMAP_MAYMOVE = 1, LX_MREMAP_FIXED = 2, LX_MREMAP_DONTUNMAP = 4,
    LX_MS_ASYNC = 1, LX_MS_INVALIDATE = 2, LX_MS_SYNC = 4,
    LX_MADV_NORMAL = 0, LX_MADV_RANDOM, LX_MADV_SEQUENTIAL, LX_MADV_WILLNEED, LX_MADV_DONTNEED,
    LX_MADV_FREE = 8, LX_MADV_REMOVE, LX_MADV_DONTFORK, LX_MADV_DOFORK, LX_MADV_MERGEABLE,
    LX_MADV_UNMERGEABLE, LX_MADV_HUGEPAGE, LX_MADV_NOHUGEPAGE, LX_MADV_DONTDUMP, LX_MADV_DODUMP,
    LX_MADV_WIPEONFORK, LX_MADV_KEEPONFORK, LX_MADV_COLD, LX_MADV_PAGEOUT, LX_MADV_POPULATE_READ,
    LX_MADV_POPULATE_WRITE,
};

enum {
    LX_AT_NULL = 0, LX_AT_PHDR = 3, LX_AT_PHENT = 4, LX_AT_PHNUM = 5, LX_AT_PAGESZ = 6,
    LX_AT_BASE = 7, LX_AT_FLAGS = 8, LX_AT_ENTRY = 9, LX_AT_UID = 11, LX_AT_EUID = 12,
    LX_AT_GID = 13, LX_AT_EGID = 14, LX_AT_PLATFORM = 15, LX_AT_HWCAP = 16, LX_AT_CLKTCK = 17,
    LX_AT_SECURE = 23, LX_AT_RANDOM = 25, LX_AT_HWCAP2 = 26, LX_AT_EXECFN = 31,
    LX_AT_SYSINFO_EHDR = 33, LX_AT_MINSIGSTKSZ = 51,
};

struct lx_elf64_header {
    uint8_t e_ident[16];
    uint16_t e_type, e_machine;
    uint32_t e_version;
    uint64_t e_entry, e_phoff, e_shoff;
    uint32_t e_flags;
    uint16_t e_ehsize, e_phentsize, e_phnum, e_shentsize, e_shnum, e_shstrndx;
};
_Static_assert(sizeof(struct lx_elf64_header) == 64, "ELF gABI ch. 4");
struct lx_elf64_segment {
    uint32_t p_type, p_flags;
    uint64_t p_offset, p_vaddr, p_paddr, p_filesz, p_memsz, p_align;
};
_Static_assert(sizeof(struct lx_elf64_segment) == 56, "ELF gABI ch. 5");
enum {
    LX_ET_EXEC = 2, LX_ET_DYN = 3, LX_EM_X86_64 = 62, LX_PT_LOAD = 1, LX_PT_DYNAMIC = 2,
    LX_PT_INTERP = 3, LX_PT_PHDR = 6, LX_PT_TLS = 7, LX_PT_GNU_STACK = 0x6474e551,
    LX_PF_X = 1, LX_PF_W = 2, LX_PF_R = 4,
};

#endif
