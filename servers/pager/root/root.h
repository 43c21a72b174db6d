/* The root pager's parts. */
#ifndef PAGER_ROOT_ROOT_H
#define PAGER_ROOT_ROOT_H

#include "janus/boot_layout.h"
#include "janus/loader.h"
#include "ram.h"

/* A task that root started. */
struct root_task {
    const char *path; /* in the boot image */
    cap_t pool, task, thread;
    const uint8_t *file;
    uint64_t file_size;
};

extern const struct jn_boot *const root_boot;
extern struct ram root_ram;
extern struct bootimage root_image;
extern uint64_t root_image_base, root_image_bytes; /* of the module, whole pages */
extern cap_t root_gate;
extern struct root_task root_pager, root_bootstrap;

/* main.c: says why on the log and leaves the machine. */
_Noreturn void root_fail(const char *what, jn_status_t status);

/* memory.c: the free list from the boot information. */
void root_memory_init(void);
JN_CHECKED jn_status_t root_zero_page(uint64_t *base);

/* start.c: makes the task, without capabilities and not yet running. */
void root_task_make(struct root_task *task, uint64_t frames);
/* A copy of an own capability in its table. */
void root_task_give(struct root_task *task, cap_t source, cap_t slot, uint32_t rights);
void root_task_run(struct root_task *task, uint64_t fault_label);

/* service.c: serves for ever. */
_Noreturn void root_serve(void);

#endif
