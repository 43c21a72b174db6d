/* NtCreateUserProcess: what its files share. `a` is the service's arguments everywhere. */
#ifndef WIN32_NT_CREATE_H
#define WIN32_NT_CREATE_H

#include "nt_job.h"
#include "nt_remote.h"

/* PS_ATTRIBUTE_LIST. */
struct nt_create {
    struct nt_text image; /* NT path */
    uint64_t client_id, image_information, teb_address; /* where results go */
    uint64_t handles[64];
    uint32_t handle_count;
    bool has_list;
    uint64_t jobs[16]; /* handles of jobs that it starts in */
    uint32_t job_count;
};

/* An ELF program or script: another personality runs it (nt_create_foreign.c). */
nt_status nt_create_foreign(struct nt_thread *t, const uint64_t *a, struct nt_create *r,
                            struct nt_parameters *q, const struct nt_path *path,
                            struct world_open program);
/* A process of this core (nt_create_near.c). */
nt_status nt_create_near(struct nt_thread *t, const uint64_t *a, struct nt_create *r,
                         struct nt_parameters *q, const struct nt_path *path);
/* A process of another core (nt_create_far.c); HELD until that has answered. */
nt_status nt_create_far(struct nt_thread *t, const uint64_t *a, struct nt_create *r,
                        struct nt_parameters *q, const struct nt_path *path,
                        struct world_open program, uint32_t place);
/* Whether the handle value is one that the child inherits. */
bool nt_create_inherits(const struct nt_create *r, const struct nt_handle *entry, uint64_t handle);
/* Gives the caller its handles and what it wants to know. */
nt_status nt_create_answer(struct nt_thread *t, const uint64_t *a, const struct nt_create *r,
                           struct nt_process_object *process, struct nt_thread_object *thread,
                           const struct nt_section_image_information *information, uint64_t teb);

#endif
