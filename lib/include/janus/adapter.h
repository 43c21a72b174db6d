/* An adapter: a personality's core in the process that it serves (docs/library.md). What the adapter,
 * its launcher and the forking parent agree on, and what lib/adapter offers to an adapter. */
#ifndef JANUS_ADAPTER_H
#define JANUS_ADAPTER_H

#include <stdbool.h>

#include "janus/abi.h"

/* ---- addresses: a part of every process that is no program's ---- */

#define ADAPTER_BASE 0x7fff40000000
#define ADAPTER_TEXT_BYTES 0x200000
#define ADAPTER_WRITABLE (ADAPTER_BASE + 0x200000)
#define ADAPTER_UTCBS ADAPTER_WRITABLE
#define ADAPTER_UTCBS_NEAR 16 /* the first is the handler's */
#define ADAPTER_STACK_LOW (ADAPTER_BASE + 0x218000)
#define ADAPTER_STACK (ADAPTER_BASE + 0x220000) /* its top */
#define ADAPTER_DATA (ADAPTER_BASE + 0x220000)
#define ADAPTER_WINDOWS (ADAPTER_BASE + 0x3c0000)
#define ADAPTER_HEAP_FAR (ADAPTER_BASE + 0x400000)
#define ADAPTER_UTCBS_FAR (ADAPTER_BASE + 0x20000000)
#define ADAPTER_WINDOWS_FAR (ADAPTER_BASE + 0x30000000)
#define ADAPTER_WINDOWS_FAR_END (ADAPTER_BASE + 0x38000000)
#define ADAPTER_END (ADAPTER_BASE + 0x40000000)

/* Numbers of the process's client at the pager. */
#define ADAPTER_DS_TEXT 1
#define ADAPTER_DS_MEMORY 2
#define ADAPTER_MEMORY_BYTES (ADAPTER_UTCBS_FAR - ADAPTER_WRITABLE)

/* ---- the table ---- */

#define ADAPTER_CAP_CLIENT_TASK (12 * JN_CAP_STEP)
#define ADAPTER_CAP_CLIENT_FS (13 * JN_CAP_STEP)
#define ADAPTER_CAP_CLIENT_CONSOLE (14 * JN_CAP_STEP)
#define ADAPTER_CAP_CLIENT_OBJECT (15 * JN_CAP_STEP)
#define ADAPTER_CAP_EMPTY_PAGER (16 * JN_CAP_STEP)
#define ADAPTER_CAP_REPLY (17 * JN_CAP_STEP)
#define ADAPTER_CAP_TAKERS (18 * JN_CAP_STEP)
/* svc/posix, svc/posix-library, the same of win32, and of the first personalities that the setting `programs`
 * names (janus/handover.h). */
#define ADAPTER_OTHERS 4
#define ADAPTER_TAKERS (4 + 2 * ADAPTER_OTHERS)
#define ADAPTER_TAKER_MAX 80
/* The name of a taker's gate; false: there are not so many. programs: the setting, with its zero. */
bool adapter_taker_name(unsigned taker, const char *programs, char name[static ADAPTER_TAKER_MAX]);
#define ADAPTER_PROGRAMS_MAX 256 /* bytes of the setting, with the zero */

/* ---- the image ---- */

/* At ADAPTER_BASE. */
struct adapter_header {
    uint64_t magic;
    uint64_t start;       /* where a handler begins: rdi kind, rsi length, rdx settings */
    uint64_t door;        /* where the program's system calls enter */
    uint64_t text_bytes;  /* whole pages: the range in which `syscall` is the adapter's */
    uint64_t memory_end;  /* end of bss, whole pages: resident from ADAPTER_STACK_LOW to here */
    uint64_t programs;    /* where the launcher puts the setting `programs`: ADAPTER_PROGRAMS_MAX bytes */
};
#define ADAPTER_MAGIC 0x31524554504441ull

/* What stands behind memory_end from the start: it comes with the rest. */
#define ADAPTER_HEAP_FIRST 0x8000ull

enum adapter_kind { ADAPTER_TAKE, ADAPTER_FORKED };

enum { ADAPTER_POSIX, ADAPTER_WIN32, ADAPTER_OTHER /* the first of ADAPTER_OTHERS */ };
/* enum handover_placement of a personality, by this boot's manifest; 0: it is off. */
#define ADAPTER_PLACE(settings, personality) ((uint32_t)((settings) >> 4 * (personality)) & 15)
#define ADAPTER_SETTING(personality, place) ((uint64_t)(place) << 4 * (personality))

/* What a handler runs with. Not above the program's threads, which it may make itself. */
#define ADAPTER_PRIORITY 100
/* How long a stop waits for a thread that is in a fast call. */
#define ADAPTER_PATIENCE_NS 2000000ull

#endif
