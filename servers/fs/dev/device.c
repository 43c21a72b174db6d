/* null, zero, full, and the tree under /dev. */
#include "device.h"

#include <string.h>

#include "janus/idl/console.h"
#include "janus/server.h"
#include "mode.h"
#include "tree.h"

static jn_status_t read_nothing(uint64_t length, struct jn_call *call, uint64_t *done)
{
    (void)length;
    (void)call;
    *done = 0;
    return JN_OK;
}

static jn_status_t read_zeroes(uint64_t length, struct jn_call *call, uint64_t *done)
{
    static const uint8_t zeroes[32768];
    *done = 0;
    while (*done < length) {
        uint64_t part = length - *done < sizeof(zeroes) ? length - *done : sizeof(zeroes);
        size_t copied = 0;
        jn_status_t status = jn_copy_out(call, 0, *done, zeroes, part, &copied);
        *done += copied;
        if (status != JN_OK)
            return *done ? JN_OK : status;
    }
    return JN_OK;
}

static jn_status_t write_nowhere(uint64_t length, struct jn_call *call, uint64_t *done)
{
    (void)call;
    *done = length;
    return JN_OK;
}

static jn_status_t write_full(uint64_t length, struct jn_call *call, uint64_t *done)
{
    (void)call;
    *done = 0;
    return length ? JN_NO_SPACE : JN_OK;
}

static const struct device devices[] = {
    {DEVICE_NULL, "null", 0666, read_nothing, write_nowhere},
    {DEVICE_ZERO, "zero", 0666, read_zeroes, write_nowhere},
    {DEVICE_ID(1, 7), "full", 0666, read_zeroes, write_full},
    {DEVICE_ID(1, 8), "random", 0666, random_read, random_write},
    {DEVICE_ID(1, 9), "urandom", 0666, random_read, random_write},
};

const struct device *device_find(uint64_t id)
{
    for (size_t i = 0; i < sizeof(devices) / sizeof(devices[0]); i++)
        if (devices[i].id == id)
            return &devices[i];
    return NULL;
}

#define MAJOR_TTY 5
#define MAJOR_PTS 136

bool device_redirects(uint64_t id, uint64_t *number)
{
    uint64_t major = id >> 8 & 0xfff, minor = (id & 0xff) | (id >> 12 & ~0xffull);
    if (major == MAJOR_TTY && minor <= 2) {
        static const uint64_t consoles[] = {CONSOLE_TTY, CONSOLE_SYSTEM, CONSOLE_PTMX};
        *number = consoles[minor];
        return true;
    }
    if (major == MAJOR_PTS) {
        *number = CONSOLE_PTS + minor;
        return true;
    }
    return false;
}

jn_status_t device_init(void)
{
    random_init();
    jn_status_t status = tree_make("/dev", MODE_DIRECTORY | 0755, 0, NULL, NULL);
    for (size_t i = 0; i < sizeof(devices) / sizeof(devices[0]) && status == JN_OK; i++) {
        char path[32] = "/dev/";
        strcat(path, devices[i].name);
        status = tree_make(path, MODE_CHARACTER | devices[i].mode, devices[i].id, NULL, NULL);
    }
    static const struct {
        const char *path;
        uint32_t mode;
        uint64_t id;
        const char *target;
    } others[] = {
        {"/dev/tty", MODE_CHARACTER | 0666, DEVICE_ID(MAJOR_TTY, 0), NULL},
        {"/dev/console", MODE_CHARACTER | 0600, DEVICE_ID(MAJOR_TTY, 1), NULL},
        {"/dev/ptmx", MODE_CHARACTER | 0666, DEVICE_ID(MAJOR_TTY, 2), NULL},
        {"/dev/fd", MODE_LINK | 0777, 0, "/proc/self/fd"},
        {"/dev/stdin", MODE_LINK | 0777, 0, "/proc/self/fd/0"},
        {"/dev/stdout", MODE_LINK | 0777, 0, "/proc/self/fd/1"},
        {"/dev/stderr", MODE_LINK | 0777, 0, "/proc/self/fd/2"},
        {"/dev/shm", MODE_DIRECTORY | MODE_STICKY | 0777, 0, NULL},
        {"/tmp", MODE_DIRECTORY | MODE_STICKY | 0777, 0, NULL},
    };
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]) && status == JN_OK; i++)
        status = tree_make(others[i].path, others[i].mode, others[i].id, others[i].target, NULL);
    return status;
}
