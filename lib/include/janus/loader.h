/* What is needed to start a native program out of the boot image: finding files in the image, reading
 * static ELF64 programs, making their task. Used by the root pager and by bootstrap. */
#ifndef JANUS_LOADER_H
#define JANUS_LOADER_H

#include "janus/bootimage.h"
#include "janus/types.h"

/* ---- the boot image ---- */

struct bootimage {
    const uint8_t *base;
    uint64_t size;
    const struct bootimage_entry *entries;
    uint32_t entry_count;
    const char *paths;
};

/* Checks the whole image: every offset, length and the order of paths. BAD_IMAGE. */
JN_CHECKED jn_status_t bootimage_open(const void *base, uint64_t size, struct bootimage *image);
/* Contents of the regular file at `path` (no leading '/'). NOT_FOUND. */
JN_CHECKED jn_status_t bootimage_find(const struct bootimage *image, const char *path,
                                      size_t path_length, const void **data, uint64_t *size);

/* ---- ELF ---- */

#define LOADER_SEGMENTS 16

/* One PT_LOAD in whole pages. Pages beyond file_bytes are zeroes, and so is the rest of the last page
 * with file contents if the segment is writable. */
struct loader_segment {
    uint64_t address;     /* page-aligned */
    uint64_t pages;
    uint64_t file_offset; /* page-aligned, of `address` */
    uint64_t file_bytes;  /* from file_offset */
    uint32_t access;      /* JN_R|W|X */
};

struct loader_image {
    uint64_t entry;
    uint32_t segment_count;
    struct loader_segment segments[LOADER_SEGMENTS];
};

/* Reads a static x86-64 executable that lies in [low, high). Segments are in rising order, share no page
 * and none is writable and executable. NOT_EXECUTABLE: no ELF; BAD_IMAGE. */
JN_CHECKED jn_status_t loader_parse(const void *file, uint64_t size, uint64_t low, uint64_t high,
                                    struct loader_image *image);

/* Native programs lie between these. */
#define LOADER_NATIVE_LOW 0x1000ull
#define LOADER_NATIVE_HIGH 0x100000000000ull

/* ---- tasks (guest only) ---- */

/* How pages come into the new task. ctx is the caller's. */
struct loader_ops {
    /* Shows `pages` pages of the file from file_offset. */
    jn_status_t (*map_file)(void *ctx, cap_t task, uint64_t address, uint64_t file_offset,
                            uint64_t pages, uint32_t access);
    /* Zeroed memory of the task's own, with `bytes` of the file from file_offset at its begin. */
    jn_status_t (*map_memory)(void *ctx, cap_t task, uint64_t address, uint64_t pages,
                              uint32_t access, uint64_t file_offset, uint64_t bytes);
};

/* Maps all segments and a stack of JN_NATIVE_STACK_SIZE below JN_NATIVE_STACK. */
JN_CHECKED jn_status_t loader_map(const struct loader_image *image, const struct loader_ops *ops,
                                  void *ctx, cap_t task);
/* Makes the suspended first thread of a native task by the conventions of janus/runtime.h. The caller
 * owns *thread, sets its gates and resumes it. sched: JN_CAP_NULL = the caller's priority. */
JN_CHECKED jn_status_t loader_make_thread(cap_t pool, cap_t task, cap_t sched, uint64_t entry,
                                          cap_t *thread);

#endif
