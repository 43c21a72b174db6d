/* What may stand in the place of a system call (PERSONALITIES 10): pure, tested on the host. */
#ifndef POSIX_SITES_H
#define POSIX_SITES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SITE_JUMP 5 /* bytes of `jmp rel32` */
#define SITE_MOST 20 /* bytes that one site takes, syscall and all */

/* Places in a text that some direct jump or call may lead to, a bit each. Every byte is taken for the
 * beginning of one: too many are marked, never too few. */
struct site_targets {
    uint64_t begin, length;
    uint8_t *bits; /* (length + 7) / 8 bytes, zero at first */
};
/* Marks the targets of [at, at + length) of the text, whose bytes stand in `text`, followed by `beyond` (at
 * most 5) bytes more. */
void site_targets_scan(struct site_targets *targets, uint64_t at, const uint8_t *text,
                       size_t length, size_t beyond);

struct site_plan {
    uint32_t length; /* of the site: syscall, what is copied, padding */
    uint32_t copied; /* bytes after the syscall that are executed elsewhere */
    bool ends;       /* the last of them is a ret */
};
/* May the `syscall` at `site`, whose bytes and what follows are `code` (`left` of them), be replaced by a jump?
 * It was executed there, so it is an instruction; the next ones must be such that mean the same anywhere, and
 * nothing may lead to one of them. */
bool site_plan(const struct site_targets *targets, uint64_t site, const uint8_t *code, size_t left,
               struct site_plan *plan);

#endif
