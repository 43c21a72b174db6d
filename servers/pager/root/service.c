/* Interface root, and the end of those whom nobody else watches. */
#include "janus/crash.h"
#include "janus/idl/root.h"
#include "janus/ipc.h"
#include "janus/object.h"
#include "janus/runtime.h"
#include "janus/server.h"
#include "root.h"

/* Kept back from the default pager: kernel memory on demand (root.fund). */
#define RESERVE_SHARE 64

static uint64_t granted, limit;

static jn_status_t op_frames(struct jn_call *call, uint32_t order, uint64_t *physical)
{
    if (call->label != ROOT_LABEL_PAGER)
        return JN_NO_RIGHT;
    if (order > 18)
        return JN_BAD_ARG;
    uint64_t pages = 1ull << order, done;
    if (pages > limit - granted)
        return JN_QUOTA;
    jn_status_t status = ram_take(&root_ram, order, physical);
    if (status != JN_OK)
        return status;
    status = jn_task_map(root_pager.task, (void *)*physical, PAGER_WINDOW + *physical, pages,
                         JN_R | JN_W | JN_X, false, &done);
    if (status != JN_OK) {
        jn_status_t ignored = ram_put(&root_ram, *physical, pages);
        (void)ignored;
        return status;
    }
    granted += pages;
    return JN_OK;
}

static jn_status_t op_return(struct jn_call *call, uint64_t physical, uint32_t order)
{
    if (call->label != ROOT_LABEL_PAGER)
        return JN_NO_RIGHT;
    if (order > 18 || physical & ((RAM_PAGE << order) - 1))
        return JN_BAD_ARG;
    /* What is free, the kernel's or a device's is not mapped in the pager's window. */
    uint64_t pages = 1ull << order, seen, bits;
    for (uint64_t at = 0; at < pages;) {
        uint32_t rights, size, state;
        jn_status_t status = jn_task_page(root_pager.task,
                                          PAGER_WINDOW + physical + at * RAM_PAGE, &rights, &size,
                                          &state);
        if (status != JN_OK || !rights)
            return JN_BAD_ARG;
        at += size > 12 && size < 40 ? 1ull << (size - 12) : 1;
    }
    jn_status_t status = jn_task_unmap(JN_CAP_TASK, physical, pages, JN_R | JN_W | JN_X,
                                       JN_UNMAP_DERIVED_ONLY, &seen, &bits);
    if (status == JN_OK)
        status = ram_put(&root_ram, physical, pages);
    if (status == JN_OK)
        granted -= pages;
    return status;
}

static jn_status_t op_account(struct jn_call *call, uint64_t *used, uint64_t *most,
                              uint64_t *free_pages)
{
    (void)call;
    *used = granted;
    *most = limit;
    *free_pages = root_ram.free_pages;
    return JN_OK;
}

static jn_status_t op_fund(struct jn_call *call, uint64_t frames, uint64_t *added)
{
    cap_t pool = call->label == ROOT_LABEL_BOOTSTRAP ? root_bootstrap.pool : root_pager.pool;
    jn_status_t status = JN_OK;
    while (*added < frames) {
        uint64_t page, words[JN_WORDS_REG] = {0};
        status = ram_take(&root_ram, 0, &page);
        if (status != JN_OK)
            break;
        words[0] = page;
        status = jn_invoke(JN_CAP_POOL, JN_OP_POOL_ADD, words);
        if (status != JN_OK)
            break; /* the page is lost only if the kernel took it, and then it is in the Pool */
        ++*added;
    }
    if (!*added)
        return status;
    return jn_pool_fund(JN_CAP_POOL, pool, (int64_t)*added);
}

static bool is_device(uint64_t physical, uint64_t length)
{
    for (uint32_t i = 0; i < root_boot->region_count; i++) {
        uint64_t base = root_boot->regions[i].base, size = root_boot->regions[i].size;
        uint32_t kind = root_boot->regions[i].kind;
        if ((kind == JN_REGION_DEVICE || kind == JN_REGION_FIRMWARE) && physical >= base &&
            physical - base < size && length <= size - (physical - base))
            return true;
    }
    return false;
}

static jn_status_t op_device(struct jn_call *call, uint64_t physical, uint64_t length,
                             uint64_t *mapped, struct jn_pages *pages)
{
    if (call->label != ROOT_LABEL_BOOTSTRAP)
        return JN_NO_RIGHT;
    if (!length || (physical | length) % RAM_PAGE || !is_device(physical, length))
        return JN_BAD_ARG;
    /* One flexpage an answer: the largest that begins here. */
    uint64_t size = RAM_PAGE;
    while (size < 1ull << 30 && !(physical & (2 * size - 1)) && 2 * size <= length)
        size *= 2;
    *mapped = size;
    *pages = (struct jn_pages){(void *)physical, size, JN_R | JN_W};
    return JN_OK;
}

/* The default pager or bootstrap died: nothing can go on. */
static jn_status_t kernel_message(struct jn_server *server, struct jn_call *call, uint32_t kind)
{
    bool pager = call->label == ROOT_LABEL_FAULTS, ended;
    const char *who = pager ? root_pager.path : root_bootstrap.path;
    (void)server;
    jn_status_t status = jn_crash_native(call, kind, who, who, &ended);
    if (!ended)
        return status;
    root_fail(who, JN_DEAD);
}

_Noreturn void root_serve(void)
{
    static const struct root_ops ops = {
        .frames = op_frames,
        .return_frames = op_return,
        .account = op_account,
        .fund = op_fund,
        .device = op_device,
    };
    static struct jn_interface interface;
    static struct jn_server server;
    limit = root_ram.free_pages - root_ram.free_pages / RESERVE_SHARE;
    interface = root_interface(&ops);
    server = (struct jn_server){
        .gate = root_gate,
        .interfaces = &interface,
        .interface_count = 1,
        .kernel_message = kernel_message,
    };
    jn_server_run(&server);
}
