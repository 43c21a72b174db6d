/* Clocks and randomness. */
#ifndef JANUS_BACKEND_TIME_H
#define JANUS_BACKEND_TIME_H

#include "janus/types.h"

/* Nanoseconds since boot. */
uint64_t backend_time_monotonic(void);
/* Nanoseconds since 1970. */
int64_t backend_time_real(void);
/* Fills with random bytes (RDRAND/RDSEED if the processor has it, mixed with time). */
void backend_random(void *buffer, size_t length);
/* Bytes of RAM, processors, and the CPUID words that an auxiliary vector reports. */
struct backend_machine {
    uint64_t ram_bytes;
    uint32_t cpus;
    uint32_t cpuid1_edx;
    uint64_t xcr0;
    uint32_t xsave_size;
};
void backend_machine(struct backend_machine *machine);

#endif
