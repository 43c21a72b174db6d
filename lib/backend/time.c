#include "janus/backend/time.h"

#include <string.h>

#include "janus/runtime.h"

uint64_t backend_time_monotonic(void)
{
    return jn_time_monotonic();
}

int64_t backend_time_real(void)
{
    return jn_time_real();
}

void backend_machine(struct backend_machine *machine)
{
    const struct jn_info *info = jn_info();
    *machine = (struct backend_machine){
        .ram_bytes = info->ram_bytes, .cpus = info->cpus ? info->cpus : 1,
        .cpuid1_edx = info->cpuid1_edx, .xcr0 = info->xcr0, .xsave_size = info->xsave_size};
}

/* ---- randomness: ChaCha20 (RFC 8439) over a key from RDRAND, where there is one, and the clock ---- */

static uint32_t state[16];
static bool seeded;

static uint32_t rotate(uint32_t x, int n)
{
    return x << n | x >> (32 - n);
}

static void quarter(uint32_t *x, int a, int b, int c, int d)
{
    x[a] += x[b], x[d] = rotate(x[d] ^ x[a], 16);
    x[c] += x[d], x[b] = rotate(x[b] ^ x[c], 12);
    x[a] += x[b], x[d] = rotate(x[d] ^ x[a], 8);
    x[c] += x[d], x[b] = rotate(x[b] ^ x[c], 7);
}

static void block(uint32_t out[16])
{
    memcpy(out, state, sizeof state);
    for (int i = 0; i < 10; i++) {
        quarter(out, 0, 4, 8, 12), quarter(out, 1, 5, 9, 13);
        quarter(out, 2, 6, 10, 14), quarter(out, 3, 7, 11, 15);
        quarter(out, 0, 5, 10, 15), quarter(out, 1, 6, 11, 12);
        quarter(out, 2, 7, 8, 13), quarter(out, 3, 4, 9, 14);
    }
    for (int i = 0; i < 16; i++)
        out[i] += state[i];
    state[12]++;
}

static uint64_t entropy(void)
{
    uint32_t low, high;
    __asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
    uint64_t word = (uint64_t)high << 32 | low;
    if (jn_info()->cpuid1_ecx & 1u << 30) {
        uint64_t random = 0;
        uint8_t good = 0;
        for (int tries = 0; tries < 10 && !good; tries++)
            __asm__ volatile("rdrand %0; setc %1" : "=r"(random), "=qm"(good));
        word ^= random;
    }
    return word ^ (uint64_t)jn_time_real() * 0x9e3779b97f4a7c15ull;
}

void backend_random(void *buffer, size_t length)
{
    uint32_t out[16];
    if (!seeded) {
        static const uint32_t constants[4] = {0x61707865, 0x3320646e, 0x79622d32, 0x6b206574};
        memcpy(state, constants, sizeof constants);
        for (int i = 4; i < 16; i += 2) {
            uint64_t word = entropy();
            memcpy(&state[i], &word, 8);
        }
        seeded = true;
    }
    while (length) {
        size_t n = length < 32 ? length : 32;
        block(out);
        memcpy(buffer, out, n);
        buffer = (char *)buffer + n;
        length -= n;
        /* The other half of the block becomes the key: what was given out cannot be found again. */
        memcpy(&state[4], &out[8], 32);
    }
}
