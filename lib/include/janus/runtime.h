/* What every native task has: time, log, names, own memory. */
#ifndef JANUS_RUNTIME_H
#define JANUS_RUNTIME_H

#include <stdarg.h>

#include "janus/types.h"

/* The information page of this task. Native tasks find it at JN_NATIVE_INFO. */
#define JN_NATIVE_INFO 0x7e0000010000ull
#define JN_NATIVE_UTCB 0x7e0000020000ull
#define JN_NATIVE_STACK 0x7e0000100000ull /* top of the first stack */
#define JN_NATIVE_STACK_SIZE 0x10000ull
#define JN_NATIVE_HEAP 0x100000000000ull  /* jn_map_pages works upward from here */
#define JN_NATIVE_HEAP_END 0x600000000000ull

const struct jn_info *jn_info(void);
/* Nanoseconds since boot; no kernel entry. */
uint64_t jn_time_monotonic(void);
/* Nanoseconds since 1970. */
int64_t jn_time_real(void);

enum jn_log_level { JN_LOG_ERROR, JN_LOG_WARNING, JN_LOG_INFO, JN_LOG_DEBUG };
/* One line, prefixed with the task's name. No %f. Goes to JN_CAP_LOG, the kernel's Console or a log
 * server. Never fails; longer than 400 bytes: several lines. */
__attribute__((format(printf, 2, 3))) void jn_log(enum jn_log_level level, const char *format, ...);
void jn_log_set_name(const char *name);

/* The sentence of a status. */
const char *jn_status_text(jn_status_t status);
const char *jn_status_name(jn_status_t status);

/* `pages` zeroed pages of anonymous memory, readable and writable, all resident (from JN_CAP_PAGER);
 * NULL when the quota is used up. order 9: 2 MiB aligned. */
void *jn_map_pages(size_t pages);
void *jn_map_pages_aligned(size_t pages, unsigned order);
/* The whole of an earlier jn_map_pages. */
void jn_unmap_pages(void *address);
/* Address space of the own task with nothing mapped, aligned to 2^order bytes. 0: none left. */
uint64_t jn_reserve(uint64_t bytes, unsigned order);

/* Maps a memory object of the boot ("image") whole, read-only; see supervisor.memory. */
JN_CHECKED jn_status_t jn_boot_memory(const char *name, const void **address, uint64_t *size);

/* Looks `path` up in JN_CAP_NAMES; _wait waits until it appears. */
JN_CHECKED jn_status_t jn_name_lookup(const char *path, cap_t *object);
JN_CHECKED jn_status_t jn_name_wait(const char *path, cap_t *object);
JN_CHECKED jn_status_t jn_name_register(const char *path, cap_t object);

/* Ends this task with a log line. */
_Noreturn __attribute__((format(printf, 1, 2))) void jn_panic(const char *format, ...);

#endif
