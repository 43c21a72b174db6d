/* How much the core takes for itself at once: in every process, where each page of it is made at exec and
 * copied at fork. */
#ifndef POSIX_SIZES_H
#define POSIX_SIZES_H

#define CORE_SCRATCH 16384
#define CORE_FUTEX_BITS 5
#define STAT_RECORD_BITS 6 /* answers of stat that are kept */

#endif
