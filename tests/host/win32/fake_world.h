#ifndef FAKE_WORLD_H
#define FAKE_WORLD_H

#include "core.h"

#define FAKE_BASE 0x100000ull /* where fake_memory shows in the "program" */
extern uint64_t fake_now;
extern unsigned fake_answers; /* system calls that were answered */
extern uint64_t fake_last_answer;
extern uint8_t fake_memory[65536];

#define CHECK(condition)                                                                          \
    do {                                                                                          \
        if (!(condition)) {                                                                       \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition);                       \
            exit(1);                                                                              \
        }                                                                                         \
    } while (0)

#endif
