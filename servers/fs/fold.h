/* Caseless names: simple Unicode upper-casing of UTF-8, as under l_intl's table (PERSONALITIES 17). */
#ifndef FS_FOLD_H
#define FS_FOLD_H

#include "janus/types.h"

uint32_t fold_hash(const char *name, size_t length);
bool fold_equal(const char *a, size_t a_length, const char *b, size_t b_length);

/* Made by make_upcase.py. The upper-case form of a UTF-16 unit is unit + deltas[pages[unit >> 8]
 * * 256 + (unit & 255)], modulo 2^16. */
extern const uint8_t upcase_pages[256];
extern const uint16_t upcase_deltas[];

#endif
