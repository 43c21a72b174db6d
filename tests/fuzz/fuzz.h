/* What a fuzz target offers; tests/fuzz/driver.c mutates seeds and feeds them to it. */
#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H

#include <stddef.h>
#include <stdint.h>

/* Take one input; abort() (or a sanitizer) says that something is wrong. */
int fuzz_one(const uint8_t *data, size_t length);

/* Write the seed of that number; return its length, at most `capacity`. */
size_t fuzz_seed(unsigned number, uint8_t *data, size_t capacity);

#endif
