/* The first task and thread, and what they find in their capability table. */
#include "boot/boot.h"
#include "cpu.h"
#include "memory/pool.h"
#include "platform/ports.h"
#include "task/task.h"
#include "thread/thread.h"

/* Objects that are part of the kernel: in no Pool, never destroyed. */
static struct object console, irq_control;
static struct ioports all_ports = {.first = 0, .count = 0x10000};

static void give(struct task *task, uint64_t handle, struct object *object)
{
    struct cap *slot;

    if (task_slot_empty(task, handle, &slot))
        panic("root task: no slot %lx", handle);
    cap_create(slot, object, JN_RIGHT_ALL);
}

_Noreturn void kernel_start_root(void)
{
    struct task *task;
    struct thread *thread;
    uint64_t entry, stack;

    captable_init();
    object_init(&console, JN_TYPE_CONSOLE, NULL, 0);
    object_init(&irq_control, JN_TYPE_IRQ_CONTROL, NULL, 0);
    object_init(&all_ports.object, JN_TYPE_IOPORTS, NULL, 0);
    if (task_create(&root_pool, 0, &task))
        panic("root task: no memory");
    if (boot_fill_root_space(&task->space, &entry, &stack))
        panic("root task: its memory cannot be mapped");
    if (thread_create(&root_pool, task, JN_ROOT_UTCB, NULL, 0, &thread))
        panic("root task: no thread");
    give(task, JN_CAP_TASK, &task->object);
    give(task, JN_CAP_THREAD, &thread->object);
    give(task, JN_CAP_POOL, &root_pool.object);
    give(task, JN_CAP_LOG, &console);
    give(task, JN_CAP_IRQ_CONTROL, &irq_control);
    give(task, JN_CAP_IOPORTS, &all_ports.object);

    thread->rip = entry;
    thread->rsp = stack;
    thread->r[JN_REG_RDI] = JN_BOOT_ADDRESS;
    sched_set_priority(&thread->own, PRIORITY_MAX);
    thread->state = STATE_RUN;
    sched_ready(thread);
    __asm__ volatile("jmp leave_kernel");
    __builtin_unreachable();
}
