/* The root pager: the first task. It holds all RAM one to one, starts the default pager and bootstrap out
 * of the boot image, and then answers their demands (idl/root.idl). It has no heap and no pager. */
#include <string.h>

#include "janus/ipc.h"
#include "janus/object.h"
#include "janus/runtime.h"
#include "root.h"

const struct jn_boot *const root_boot = (const struct jn_boot *)JN_BOOT_ADDRESS;
struct bootimage root_image;
uint64_t root_image_base, root_image_bytes;
cap_t root_gate;
struct root_task root_pager = {.path = "sbin/janus/pager"};
struct root_task root_bootstrap = {.path = "sbin/janus/bootstrap"};

_Noreturn void root_fail(const char *what, jn_status_t status)
{
    jn_log(JN_LOG_ERROR, "%s: %s", what, jn_status_text(status));
    uint64_t words[JN_WORDS_REG] = {125};
    jn_status_t ignored = jn_invoke(JN_CAP_LOG, JN_OP_CONSOLE_SHUTDOWN, words);
    (void)ignored;
    for (;;)
        __builtin_trap();
}

static void must(const char *what, jn_status_t status)
{
    if (status != JN_OK)
        root_fail(what, status);
}

/* The boot image is the module after this program. */
static void open_image(void)
{
    if (root_boot->magic != JN_BOOT_MAGIC)
        root_fail("boot information", JN_BAD_ARG);
    if (root_boot->module_count < 2)
        root_fail("the boot loader brought no boot image", JN_NOT_FOUND);
    root_image_base = root_boot->modules[1].base;
    root_image_bytes = (root_boot->modules[1].size + RAM_PAGE - 1) & ~(RAM_PAGE - 1);
    must("boot image", bootimage_open((const void *)root_image_base, root_boot->modules[1].size,
                                      &root_image));
}

static void start_pager(uint64_t frames, cap_t gate)
{
    cap_t client;
    root_task_make(&root_pager, frames);
    must("pager", jn_gate_mint(root_gate, ROOT_LABEL_PAGER, JN_RIGHT_SEND | JN_RIGHT_COPY,
                               &client));
    root_task_give(&root_pager, client, JN_CAP_SUPERVISOR, JN_RIGHT_SEND);
    root_task_give(&root_pager, gate, JN_CAP_SELF_GATE, JN_RIGHT_ALL & ~JN_RIGHT_DESTROY);
    root_task_run(&root_pager, ROOT_LABEL_FAULTS);
}

/* bootstrap sees the boot image and the boot information, both read-only. */
static void show_image(void)
{
    uint64_t page, done;
    must("boot image", jn_task_map(root_bootstrap.task, (void *)root_image_base,
                                   BOOTSTRAP_IMAGE_WINDOW + root_image_base,
                                   root_image_bytes / RAM_PAGE, JN_R | JN_X, false, &done));
    must("boot information", root_zero_page(&page));
    memcpy((void *)page, root_boot, sizeof *root_boot);
    must("boot information", jn_task_map(root_bootstrap.task, (void *)page, JN_BOOT_ADDRESS, 1,
                                         JN_R, false, &done));
}

static void start_bootstrap(uint64_t frames, cap_t pager_gate)
{
    cap_t client, admin, pager;
    root_task_make(&root_bootstrap, frames);
    must("bootstrap", jn_gate_mint(root_gate, ROOT_LABEL_BOOTSTRAP, JN_RIGHT_SEND | JN_RIGHT_COPY,
                                   &client));
    must("bootstrap", jn_gate_mint(pager_gate, PAGER_LABEL_ADMIN, JN_RIGHT_SEND | JN_RIGHT_COPY,
                                   &admin));
    must("bootstrap", jn_gate_mint(pager_gate, PAGER_LABEL_BOOTSTRAP,
                                   JN_RIGHT_SEND | JN_RIGHT_COPY, &pager));
    root_task_give(&root_bootstrap, client, JN_CAP_SUPERVISOR, JN_RIGHT_SEND);
    root_task_give(&root_bootstrap, pager, JN_CAP_PAGER, JN_RIGHT_SEND);
    root_task_give(&root_bootstrap, admin, BOOT_CAP_PAGER_ADMIN, JN_RIGHT_SEND | JN_RIGHT_COPY);
    root_task_give(&root_bootstrap, JN_CAP_IRQ_CONTROL, JN_CAP_IRQ_CONTROL, JN_RIGHT_ALL);
    root_task_give(&root_bootstrap, JN_CAP_IOPORTS, JN_CAP_IOPORTS, JN_RIGHT_ALL);
    show_image();
    /* The copies that bootstrap has are the only ones, so that the pager hears of its end. */
    jn_cap_delete(client);
    jn_cap_delete(admin);
    jn_cap_delete(pager);
    root_task_run(&root_bootstrap, ROOT_LABEL_FAULTS + 1);
}

int main(void)
{
    cap_t pager_gate, label_pool;
    uint64_t owned, free_frames, bytes;
    jn_log_set_name("root");
    open_image();
    root_memory_init();
    must("kernel memory", jn_pool_info(JN_CAP_POOL, &owned, &free_frames, &bytes));
    must("gate", jn_gate_create(JN_CAP_POOL, &root_gate));
    /* Shares of the kernel's memory: the pager's own tables; labels of its clients; a little for
     * root itself; the rest for bootstrap and, through it, for all others. */
    uint64_t share = free_frames / 16;
    must("label pool", jn_pool_create(JN_CAP_POOL, share, &label_pool));
    must("pager gate", jn_gate_create(label_pool, &pager_gate));
    start_pager(share, pager_gate);
    must("kernel memory", jn_pool_info(JN_CAP_POOL, &owned, &free_frames, &bytes));
    start_bootstrap(free_frames - free_frames / 16, pager_gate);
    jn_log(JN_LOG_INFO, "%lu MiB of RAM, %lu KiB of kernel memory, boot image of %lu KiB",
           root_ram.free_pages >> 8, root_boot->kernel_frames << 2, root_image_bytes >> 10);
    root_serve();
}
