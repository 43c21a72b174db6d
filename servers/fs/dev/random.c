/* The random devices: ChaCha20 (RFC 8439) with a key that is replaced after every use, so that what
 * was given out cannot be computed again from what is left here. */
#include <string.h>

#include "device.h"
#include "janus/server.h"
#include "platform.h"

#define BLOCK 64
#define BUFFER 4096

static uint32_t key[8];
static uint64_t nonce;

static uint32_t rotate(uint32_t x, unsigned by)
{
    return x << by | x >> (32 - by);
}

#define QUARTER(a, b, c, d)                                                                       \
    (a += b, d = rotate(d ^ a, 16), c += d, b = rotate(b ^ c, 12), a += b, d = rotate(d ^ a, 8),  \
     c += d, b = rotate(b ^ c, 7))

static void block(uint64_t counter, uint32_t out[16])
{
    uint32_t in[16] = {0x61707865, 0x3320646e, 0x79622d32, 0x6b206574};
    memcpy(in + 4, key, sizeof(key));
    in[12] = (uint32_t)counter;
    in[13] = (uint32_t)(counter >> 32);
    in[14] = (uint32_t)nonce;
    in[15] = (uint32_t)(nonce >> 32);
    uint32_t x[16];
    memcpy(x, in, sizeof(x));
    for (int round = 0; round < 10; round++) {
        QUARTER(x[0], x[4], x[8], x[12]);
        QUARTER(x[1], x[5], x[9], x[13]);
        QUARTER(x[2], x[6], x[10], x[14]);
        QUARTER(x[3], x[7], x[11], x[15]);
        QUARTER(x[0], x[5], x[10], x[15]);
        QUARTER(x[1], x[6], x[11], x[12]);
        QUARTER(x[2], x[7], x[8], x[13]);
        QUARTER(x[3], x[4], x[9], x[14]);
    }
    for (int i = 0; i < 16; i++)
        out[i] = x[i] + in[i];
}

void random_init(void)
{
    for (int i = 0; i < 8; i += 2) {
        uint64_t seed = platform_seed();
        memcpy(key + i, &seed, sizeof(seed));
    }
    nonce = platform_seed();
    uint32_t first[16];
    block(0, first);
    memcpy(key, first, sizeof(key));
}

void random_bytes(void *buffer, size_t length)
{
    uint32_t out[16];
    uint64_t counter = 1;
    for (size_t done = 0; done < length; done += BLOCK) {
        size_t part = length - done < BLOCK ? length - done : BLOCK;
        block(counter++, out);
        memcpy((char *)buffer + done, out, part);
    }
    block(0, out);
    memcpy(key, out, sizeof(key));
    nonce += platform_seed();
}

jn_status_t random_read(uint64_t length, struct jn_call *call, uint64_t *done)
{
    static uint8_t buffer[BUFFER];
    *done = 0;
    while (*done < length) {
        size_t part = length - *done < BUFFER ? length - *done : BUFFER;
        random_bytes(buffer, part);
        size_t copied = 0;
        jn_status_t status = jn_copy_out(call, 0, *done, buffer, part, &copied);
        memset(buffer, 0, part);
        *done += copied;
        if (status != JN_OK)
            return *done ? JN_OK : status;
    }
    return JN_OK;
}

/* What is written is mixed into the key. */
jn_status_t random_write(uint64_t length, struct jn_call *call, uint64_t *done)
{
    *done = 0;
    while (*done < length) {
        uint32_t data[8] = {0}, out[16];
        size_t part = length - *done < sizeof(data) ? length - *done : sizeof(data), copied = 0;
        jn_status_t status = jn_copy_in(call, 0, *done, data, part, &copied);
        *done += copied;
        if (status != JN_OK)
            return *done ? JN_OK : status;
        for (int i = 0; i < 8; i++)
            key[i] ^= data[i];
        block(0, out);
        memcpy(key, out, sizeof(key));
        if (*done >= 4096) {
            *done = length; /* more adds nothing */
            break;
        }
    }
    return JN_OK;
}
