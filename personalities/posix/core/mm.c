#include "mm.h"

#include <stdlib.h>

#include "janus/backend/process.h"
#include "janus/runtime.h"
#include "linux/memory.h"
#include "placement.h"

/* Frames that a Pool which ran dry gets at once: page tables for 128 MiB of scattered touches. */
#define FUND_STEP 64

static struct mm *allocate(struct process *owner, cap_t kernel_task, cap_t pool, cap_t pager)
{
    struct mm *mm = calloc(1, sizeof *mm);
    if (!mm)
        return NULL;
    mm->users = 1;
    mm->owner = owner;
    mm->kernel_task = kernel_task;
    mm->pool = pool;
    mm->pager = pager;
    mm->fs = owner->clients.fs;
    return mm;
}

static jn_status_t make_map(struct mm *mm, struct mm **result)
{
    mm->map = region_map_create(mm->space.ops, mm->space.context, LX_MMAP_MIN, LX_TASK_SIZE);
    if (!mm->map) {
        backend_space_close(&mm->space);
        free(mm);
        return JN_NO_MEMORY;
    }
    *result = mm;
    return JN_OK;
}

jn_status_t mm_again(const struct mm *before, struct mm **result)
{
    struct mm *mm = allocate(before->owner, before->kernel_task, before->pool, before->pager);
    if (!mm)
        return JN_NO_MEMORY;
    jn_status_t status = backend_space_again(&before->space, &mm->space);
    if (status == JN_OK)
        return make_map(mm, result);
    free(mm);
    return status;
}

jn_status_t mm_create(struct process *owner, cap_t kernel_task, cap_t pool, cap_t pager,
                      struct mm **result)
{
    struct mm *mm = allocate(owner, kernel_task, pool, pager);
    if (!mm)
        return JN_NO_MEMORY;
    jn_status_t status = backend_space_open(pager, mm->fs, kernel_task, &mm->space);
    if (status == JN_OK)
        return make_map(mm, result);
    free(mm);
    return status;
}

jn_status_t mm_clone(const struct mm *from, struct process *owner, cap_t kernel_task, cap_t pool,
                     cap_t pager, struct mm **result)
{
    struct mm *mm = allocate(owner, kernel_task, pool, pager);
    if (!mm)
        return JN_NO_MEMORY;
    jn_status_t status =
        backend_space_clone(&from->space, pager, mm->fs, kernel_task, &mm->space);
    if (status != JN_OK)
        goto fail;
    status = region_map_clone(from->map, mm->space.context, &mm->map);
    if (status != JN_OK) {
        backend_space_close(&mm->space);
        goto fail;
    }
    mm->brk_start = from->brk_start, mm->brk = from->brk;
    mm->code_start = from->code_start, mm->code_end = from->code_end;
    mm->data_start = from->data_start, mm->data_end = from->data_end;
    mm->stack_start = from->stack_start, mm->mmap_top = from->mmap_top;
    mm->vdso = from->vdso;
    mm->arg_start = from->arg_start, mm->arg_end = from->arg_end, mm->env_end = from->env_end;
    *result = mm;
    return JN_OK;
fail:
    free(mm);
    return status;
}

void mm_release(struct mm *mm, bool close_files)
{
    if (!mm || --mm->users)
        return;
    region_map_destroy(mm->map, close_files);
    backend_space_close(&mm->space);
    backend_cap_drop(mm->pager);
    backend_cap_drop(mm->kernel_task);
    backend_cap_drop(mm->pool);
    free(mm);
}

void mm_drop_unseen(struct mm *mm)
{
    region_map_close_memory(mm->map);
    mm_release(mm, true);
}

bool mm_vacate(struct mm *mm)
{
    jn_status_t status = region_map_vacate(mm->map);
    if (status != JN_OK)
        jn_log(JN_LOG_ERROR, "an image is not gone: %d", status);
    mm_drop_unseen(mm);
    return status == JN_OK;
}

void mm_reattach(struct mm *mm)
{
    backend_space_attach(&mm->space);
}

jn_status_t mm_resolve(struct mm *mm, uint64_t address, uint32_t access,
                       struct backend_thread *thread)
{
    cap_t reply = thread ? thread->reply : JN_CAP_NULL;
    if (access & (JN_R | JN_W))
        placement_memory_shown(mm->owner, address);
    if (thread && !reply && (access & JN_W)) {
        /* The first write to a private file page copies what the program sees there. */
        const struct region *region = region_map_find(mm->map, address);
        if (region && region->kind == REGION_FILE_PRIVATE && backend_thread_hold(thread) == JN_OK)
            reply = thread->reply;
    }
    for (int attempt = 0;; attempt++) {
        jn_status_t status = region_map_resolve(mm->map, address, access, reply);
        uint64_t got = 0;
        if (attempt == 8) {
            jn_log(JN_LOG_DEBUG, "page %#lx of process %lu: %d, again and again",
                   (unsigned long)address, (unsigned long)mm->owner->pid, status);
            return status;
        }
        if (status == JN_NO_MEMORY) {
            jn_status_t funded =
                backend_process_fund(mm->owner->clients.task, FUND_STEP, &got);
            if (funded != JN_OK || !got) {
                jn_log(JN_LOG_DEBUG, "no kernel memory for process %lu: %d",
                       (unsigned long)mm->owner->pid, funded);
                return status;
            }
        } else if (status != JN_RETRY) {
            return status;
        }
    }
}
