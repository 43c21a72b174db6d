/* NtCreateUserProcess of an ELF program or script: the other personality runs it. */
#include "nt_create.h"

#include <stdlib.h>
#include <string.h>

nt_status nt_create_foreign(struct nt_thread *t, const uint64_t *a, struct nt_create *r,
                            struct nt_parameters *q, const struct nt_path *path,
                            struct world_open program)
{
    struct nt_process *p = t->process;
    struct world_foreign_start start = {.path = path->path, .program = program};
    struct nt_path directory = {0};
    struct nt_process_object *process;
    struct nt_thread_object *thread;
    uint16_t *name = NULL;
    char *arguments = NULL, *environment = NULL;
    uint64_t pid = 0;
    nt_status status = NT_NO_MEMORY;

    arguments = nt_line_to_arguments(q->command_line.units, q->command_line.length,
                                     &start.arguments_length, &start.argument_count);
    environment = nt_block_to_environment(q->environment.units, q->environment.length,
                                          &start.environment_length, &start.environment_count);
    name = malloc((q->directory.length + 5) * 2);
    if (!arguments || !environment || !name)
        goto out;
    static const uint16_t prefix[] = {'\\', '?', '?', '\\'};
    memcpy(name, prefix, sizeof prefix);
    memcpy(name + 4, q->directory.units, q->directory.length * 2);
    if (NT_FAILED(nt_path_translate(name, q->directory.length + 4, &directory)))
        directory.path = strdup("/");
    if (strpbrk(arguments, "\\:")) { /* a DOS path is no name for what runs there */
        size_t old = strlen(arguments) + 1, fresh = strlen(path->path) + 1;
        char *named = malloc(start.arguments_length - old + fresh);
        if (!named)
            goto out;
        memcpy(named, path->path, fresh);
        memcpy(named + fresh, arguments + old, start.arguments_length - old);
        start.arguments_length = start.arguments_length - old + fresh;
        free(arguments);
        arguments = named;
    }
    start.arguments = arguments;
    start.environment = environment;
    start.directory = directory.path ? directory.path : "/";
    for (int i = 0; i < 3; i++) {
        struct nt_handle *entry = nt_handle_entry(p, q->standard[i]);
        if (q->standard[i] && entry && entry->object->type == NT_TYPE_FILE) {
            struct nt_file *file = (struct nt_file *)entry->object;
            start.standard[i] = file->open;
            if (file->kind == NT_FILE_NULL && !file->open.server) {
                bool created;
                if (world_file_open(p->world, "/dev/null", 9, 0, WORLD_READ | WORLD_WRITE, 7, 0,
                                    &file->open, &created) == JN_OK)
                    start.standard[i] = file->open;
            }
        }
    }
    status = nt_job_status(world_process_start_foreign(p->world, &start, &pid));
    if (NT_FAILED(status))
        goto out;
    status = nt_job_assign_all(t, r->jobs, r->job_count, pid);
    if (NT_FAILED(status)) {
        (void)world_process_terminate(p->world, pid, status);
        goto out;
    }
    process = nt_object_create(p, NT_TYPE_PROCESS, sizeof *process);
    thread = nt_object_create(p, NT_TYPE_THREAD, sizeof *thread);
    if (!process || !thread) {
        status = NT_NO_MEMORY;
        goto out;
    }
    process->pid = thread->pid = thread->tid = pid;
    process->foreign = thread->foreign = true;
    nt_list_init(&thread->watch_link);
    struct nt_section_image_information information = {.machine = 0x8664, .subsystem = 3};
    status = nt_create_answer(t, a, r, process, thread, &information, 0);
    nt_object_release(&process->object);
    nt_object_release(&thread->object);
    if (!NT_FAILED(status) && !((uint32_t)a[7] & 1))
        status = nt_status_from(world_process_resume(p->world, pid));
out:
    free(arguments);
    free(environment);
    free(name);
    nt_path_free(&directory);
    return status;
}
