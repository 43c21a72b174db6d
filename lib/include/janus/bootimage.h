/* The boot image: a read-only tree of files, packed by tools/image/mkimage.py and mapped by the file
 * server straight out of the memory that the boot loader put it in.
 *
 *     header | entries, sorted by path | paths | contents, each regular file on its own pages
 *
 * Little-endian. Offsets count from the start of the image. A path is absolute without the leading
 * '/'; the root directory's is empty and comes first. Entries are sorted by their path's bytes, so a
 * directory precedes what is in it (though "a-b" may stand between "a" and "a/b"), and one path is
 * found by binary search. The last page of a regular file is filled up with zeroes.
 */
#ifndef JANUS_BOOTIMAGE_H
#define JANUS_BOOTIMAGE_H

#include <stdint.h>

#define BOOTIMAGE_MAGIC "JANUSIMG"

enum {
    BOOTIMAGE_VERSION = 1,
    BOOTIMAGE_HEADER_SIZE = 4096, /* the rest of the page is zero */
    BOOTIMAGE_PAGE = 4096,
};

struct bootimage_header {
    char magic[8];
    uint32_t version;
    uint32_t entry_count;
    uint64_t entries_offset;
    uint64_t entries_size; /* entry_count * sizeof(struct bootimage_entry) */
    uint64_t paths_offset;
    uint64_t paths_size;
    uint64_t total_size; /* of the image, a whole number of pages */
};

struct bootimage_entry {
    uint64_t data_offset; /* regular file: page aligned; symbolic link: of its target; else 0 */
    uint64_t size;        /* of the contents or the target, without padding */
    uint32_t path_offset; /* in the paths; not terminated */
    uint32_t path_length;
    uint32_t mode; /* Linux's S_IFMT bits and permissions; regular, directory or symbolic link */
    uint32_t uid;
    uint32_t gid;
    uint32_t link_index; /* entries with the same contents share it: the index of the first of them */
    int64_t mtime_ns;    /* since 1970, UTC */
    uint64_t reserved[2];
};

_Static_assert(sizeof(struct bootimage_header) == 56, "read by tools/image/mkimage.py");
_Static_assert(sizeof(struct bootimage_entry) == 64, "read by tools/image/mkimage.py");

#endif
