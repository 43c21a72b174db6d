/* Interface supervisor. */
#include <string.h>

#include "bootstrap.h"
#include "janus/boot_layout.h"
#include "janus/idl/root.h"
#include "janus/idl/supervisor.h"
#include "janus/object.h"
#include "janus/runtime.h"

#define PAGE 4096ull

bool server_is_granted(const struct server *server, const char *word, size_t length)
{
    for (size_t i = 0; i < server->manifest->grants.count; i++)
        if (server->manifest->grants.items[i].length == length &&
            memcmp(server->manifest->grants.items[i].at, word, length) == 0)
            return true;
    return false;
}

#define GRANTED(server, word) server_is_granted(server, word, sizeof word - 1)

static jn_status_t op_ready(struct jn_call *call)
{
    struct server *server = server_of_label(call->label);
    cap_t reply;
    if (!server)
        return JN_NO_RIGHT;
    /* Answered first: what follows calls the name server, which may be the caller. */
    jn_status_t status = jn_call_hold(call, &reply);
    if (status == JN_OK)
        status = supervisor_ready_reply(reply, JN_OK);
    server_ready(server);
    return status == JN_OK || status == JN_NO_REPLY ? JN_HELD : status;
}

static jn_status_t op_setting(struct jn_call *call, const char *key, size_t key_length,
                              char *value, size_t *value_length)
{
    struct text found;
    (void)call;
    if (!manifest_setting(&manifest, key, key_length, &found))
        return JN_NOT_FOUND;
    if (found.length > 256)
        return JN_TRUNCATED;
    memcpy(value, found.at, found.length);
    *value_length = found.length;
    return JN_OK;
}

/* The largest flexpage at both places, at most `length`. */
static uint64_t flexpage(uint64_t address, uint64_t offset, uint64_t length)
{
    uint64_t size = PAGE;
    while (size < 1ull << 30 && !((address | offset) & (2 * size - 1)) && 2 * size <= length)
        size *= 2;
    return size;
}

/* What is mapped onward is recorded in this task's own account as well. On a small machine the servers
 * have got all of it: then more comes out of RAM. */
#define OWN_FRAMES 128
static jn_status_t keep_own_frames(void)
{
    uint64_t owned, unused, bytes, more;
    jn_status_t status = jn_pool_info(JN_CAP_POOL, &owned, &unused, &bytes);
    if (status != JN_OK || unused >= OWN_FRAMES)
        return status;
    return root_fund(JN_CAP_SUPERVISOR, 2 * OWN_FRAMES, &more);
}

static jn_status_t op_memory(struct jn_call *call, const char *name, size_t name_length,
                             uint64_t offset, uint64_t length, uint64_t *size, uint64_t *mapped,
                             struct jn_pages *pages)
{
    struct server *server = server_of_label(call->label);
    if (!server)
        return JN_NO_RIGHT;
    if (name_length != 5 || memcmp(name, "image", 5) != 0)
        return JN_NOT_FOUND;
    if (!GRANTED(server, "image"))
        return JN_NOT_PERMITTED;
    uint64_t all = (boot_image_bytes + PAGE - 1) & ~(PAGE - 1);
    if (offset % PAGE || length < PAGE || offset >= all)
        return JN_BAD_ARG;
    uint64_t address = (uint64_t)boot_image.base + offset, left = all - offset;
    jn_status_t status = keep_own_frames();
    if (status != JN_OK)
        return status;
    *size = boot_image_bytes;
    *mapped = flexpage(address, offset, length < left ? length : left);
    *pages = (struct jn_pages){(void *)address, *mapped, JN_R | JN_X};
    return JN_OK;
}

static jn_status_t op_shutdown(struct jn_call *call, uint32_t code)
{
    struct server *server = server_of_label(call->label);
    if (!server || !GRANTED(server, "shutdown"))
        return JN_NOT_PERMITTED;
    leave(code);
}

/* The kernel's Console with nothing but the right to read its counters. */
static jn_status_t counters(cap_t *object)
{
    static cap_t copy;
    jn_status_t status = copy ? JN_OK : jn_cap_copy(JN_CAP_LOG, JN_RIGHT_INFO | JN_RIGHT_COPY, &copy);
    *object = copy;
    return status;
}

static jn_status_t op_grant(struct jn_call *call, const char *name, size_t name_length,
                            cap_t *object)
{
    static const struct {
        const char *word;
        cap_t cap;
    } grants[] = {
        {"irq-control", JN_CAP_IRQ_CONTROL},
        {"ioports", JN_CAP_IOPORTS},
        {"console", JN_CAP_LOG},
        {"pager", BOOT_CAP_PAGER_ADMIN},
    };
    struct server *server = server_of_label(call->label);
    if (!server || !server_is_granted(server, name, name_length))
        return JN_NOT_PERMITTED;
    if (name_length == 8 && !memcmp(name, "counters", 8))
        return counters(object);
    for (size_t i = 0; i < sizeof grants / sizeof *grants; i++) {
        if (strlen(grants[i].word) != name_length || memcmp(grants[i].word, name, name_length))
            continue;
        *object = grants[i].cap;
        return JN_OK;
    }
    return JN_NOT_FOUND;
}

/* Device memory passes through this task's space, where it stays. */
static jn_status_t op_device_memory(struct jn_call *call, uint64_t physical, uint64_t length,
                                    uint64_t *mapped, struct jn_pages *pages)
{
    struct server *server = server_of_label(call->label);
    if (!server || !GRANTED(server, "device-memory"))
        return JN_NOT_PERMITTED;
    if (!length || (physical | length) % PAGE)
        return JN_BAD_ARG;
    uint64_t size = flexpage(physical, 0, length), order = (uint64_t)__builtin_ctzll(size);
    uint64_t address = jn_reserve(size, (unsigned)order);
    if (!address)
        return JN_NO_MEMORY;
    jn_status_t status = root_device(JN_CAP_SUPERVISOR, physical, size, mapped,
                                     (struct jn_map_window){address, (uint32_t)order});
    if (status != JN_OK)
        return status == JN_BAD_ARG ? JN_RANGE : status;
    *pages = (struct jn_pages){(void *)address, *mapped, JN_R | JN_W};
    return JN_OK;
}

static jn_status_t op_fund(struct jn_call *call, uint64_t frames, uint64_t *added)
{
    struct server *server = server_of_label(call->label);
    uint64_t most = jn_info()->ram_bytes / PAGE / 4;
    if (!server || server->pool == JN_CAP_NULL)
        return JN_NO_RIGHT;
    if (!frames || frames > most || server->kernel_frames + frames > most)
        return JN_QUOTA;
    jn_status_t status = kernel_memory_fund(server->pool, frames);
    if (status != JN_OK)
        return status;
    server->kernel_frames += frames;
    *added = frames;
    return JN_OK;
}

const struct supervisor_ops bootstrap_ops = {
    .ready = op_ready,
    .setting = op_setting,
    .memory = op_memory,
    .device_memory = op_device_memory,
    .shutdown = op_shutdown,
    .grant = op_grant,
    .fund = op_fund,
};
