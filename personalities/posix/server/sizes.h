/* How much the core takes for itself at once: as a server of many processes. */
#ifndef POSIX_SIZES_H
#define POSIX_SIZES_H

#define CORE_SCRATCH 65536
#define CORE_FUTEX_BITS 10 /* hash buckets */
#define STAT_RECORD_BITS 10 /* answers of stat that are kept */

#endif
