/* Character devices that fs serves itself, and those that belong to servers/console. */
#ifndef FS_DEVICE_H
#define FS_DEVICE_H

#include "janus/types.h"

struct description;
struct jn_call;

struct device {
    uint64_t id;
    const char *name;
    uint32_t mode;
    jn_status_t (*read)(uint64_t length, struct jn_call *call, uint64_t *done);
    jn_status_t (*write)(uint64_t length, struct jn_call *call, uint64_t *done);
};

/* Linux's encoding of st_rdev. */
#define DEVICE_ID(major, minor) \
    (((uint64_t)(minor) & 0xff) | (uint64_t)(major) << 8 | ((uint64_t)(minor) & ~0xffull) << 12)

#define DEVICE_NULL DEVICE_ID(1, 3)
#define DEVICE_ZERO DEVICE_ID(1, 5)

/* NULL: there is no such device here. */
const struct device *device_find(uint64_t id);
/* Whether the console server has it, and as which device (console.idl). */
bool device_redirects(uint64_t id, uint64_t *number);

/* Makes /dev. */
JN_CHECKED jn_status_t device_init(void);

void random_init(void);
void random_bytes(void *buffer, size_t length);
jn_status_t random_read(uint64_t length, struct jn_call *call, uint64_t *done);
jn_status_t random_write(uint64_t length, struct jn_call *call, uint64_t *done);

#endif
