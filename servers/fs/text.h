/* Growing text, for files that are made up when they are read. */
#ifndef FS_TEXT_H
#define FS_TEXT_H

#include "janus/types.h"

struct text {
    char *bytes;
    size_t length, capacity;
    bool failed; /* no memory: what is there is not all */
};

__attribute__((format(printf, 2, 3))) void text_print(struct text *text, const char *format, ...);
void text_append(struct text *text, const void *bytes, size_t length);
/* NULL is ignored. */
void text_destroy(struct text *text);

#endif
