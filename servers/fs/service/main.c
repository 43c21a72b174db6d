/* servers/fs: one tree of files for all personalities. */
#include "client.h"
#include "dev/device.h"
#include "dev/terminals.h"
#include "image.h"
#include "janus/abi/info.h"
#include "janus/idl/client.h"
#include "janus/idl/dataspace.h"
#include "janus/idl/fs.h"
#include "janus/idl/io.h"
#include "janus/idl/lease.h"
#include "janus/idl/supervisor.h"
#include "janus/runtime.h"
#include "janus/server.h"
#include "mode.h"
#include "operations/request.h"
#include "page_cache.h"
#include "proc/proc.h"
#include "vfs.h"

static jn_status_t kernel_message(struct jn_server *server, struct jn_call *call, uint32_t kind)
{
    (void)server;
    jn_begin_answer(&call->message);
    if (kind == JN_KM_LABEL_GONE) {
        struct client *client = client_find(call->label);
        if (client)
            client_destroy(client);
    }
    return JN_OK;
}

static jn_status_t build_tree(void)
{
    /* Half of the memory, and as many nodes as pages, as with Linux's tmpfs. */
    uint64_t pages = jn_info()->ram_bytes / PAGE_BYTES / 2;
    page_cache_init(pages);
    jn_status_t status = vfs_init(pages);
    if (status != JN_OK)
        return status;
    const void *image;
    uint64_t size;
    status = jn_boot_memory("image", &image, &size);
    if (status == JN_OK)
        status = image_load(vfs_root, image, size);
    if (status != JN_OK)
        jn_log(JN_LOG_ERROR, "boot image: %s", jn_status_text(status));
    status = device_init();
    if (status == JN_OK)
        status = terminals_init();
    if (status == JN_OK)
        status = proc_init();
    if (status == JN_OK)
        status = sys_init();
    return status;
}

int main(void)
{
    jn_log_set_name("fs");
    jn_status_t status = build_tree();
    if (status != JN_OK)
        jn_panic("the tree cannot be built: %s", jn_status_text(status));
    struct jn_interface interfaces[] = {
        io_interface(&io_operations),
        fs_interface(&fs_operations),
        dataspace_interface(&dataspace_operations),
        lease_interface(&lease_operations),
        client_interface(&client_operations),
    };
    struct jn_server server = {
        .grows = true,
        .gate = JN_CAP_SELF_GATE,
        .interfaces = interfaces,
        .interface_count = sizeof(interfaces) / sizeof(interfaces[0]),
        .kernel_message = kernel_message,
    };
    status = supervisor_ready(JN_CAP_SUPERVISOR);
    if (status != JN_OK)
        jn_log(JN_LOG_WARNING, "the supervisor does not answer: %s", jn_status_text(status));
    jn_server_run(&server);
}
