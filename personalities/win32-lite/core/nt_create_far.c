/* NtCreateUserProcess of a program that another core runs: the process is handed over as a record
 * (nt_birth.h), suspended; then its core is asked for what the caller wants to know. */
#include <stdlib.h>
#include <string.h>

#include "nt_birth.h"

static nt_status hand_over(struct nt_thread *t, const uint64_t *a, struct nt_create *r,
                           struct nt_parameters *q, const struct nt_path *path,
                           struct world_open program, uint32_t place)
{
    struct world_birth birth = {.path = path->path, .program = program, .place = place};
    nt_status status;
    void *block;

    status = nt_birth_encode(t->process, r, q, (uint32_t)a[6] & 4, &block, &birth.length);
    if (NT_FAILED(status))
        return status;
    birth.block = block;
    status = nt_job_status(
        world_process_hand_over(t->process->world, &birth, &t->call.scratch[0]));
    free(block);
    if (NT_FAILED(status))
        return status;
    status = nt_job_assign_all(t, r->jobs, r->job_count, t->call.scratch[0]);
    if (NT_FAILED(status))
        (void)world_process_terminate(t->process->world, t->call.scratch[0], status);
    return status;
}

nt_status nt_create_far(struct nt_thread *t, const uint64_t *a, struct nt_create *r,
                        struct nt_parameters *q, const struct nt_path *path,
                        struct world_open program, uint32_t place)
{
    struct nt_section_image_information information;
    struct nt_process_object *process;
    struct nt_thread_object *thread;
    struct nt_remote_message *answer;
    uint64_t resume = !((uint32_t)a[7] & 1), pid, tid, teb;
    nt_status status;

    if (!t->call.progress) {
        status = hand_over(t, a, r, q, path, program, place);
        if (NT_FAILED(status))
            return status;
        t->call.progress = 1;
    }
    pid = t->call.scratch[0];
    status = nt_remote_ask(t, pid, NT_REMOTE_FIRST_THREAD, &resume, 1, NULL, 0, &answer);
    if (status != NT_SUCCESS) {
        if (status != NT_HELD)
            (void)world_process_terminate(t->process->world, pid, status);
        return status;
    }
    tid = answer->results[0];
    teb = answer->results[1];
    memset(&information, 0, sizeof information);
    if (answer->payload_length == sizeof information)
        memcpy(&information, nt_remote_payload(answer), sizeof information);
    free(answer);
    process = nt_object_create(t->process, NT_TYPE_PROCESS, sizeof *process);
    thread = nt_thread_object_of(t->process, pid, tid);
    status = NT_NO_MEMORY;
    if (process && thread) {
        process->pid = pid;
        status = nt_create_answer(t, a, r, process, thread, &information, teb);
    }
    if (process)
        nt_object_release(&process->object);
    if (thread)
        nt_object_release(&thread->object);
    return status;
}
