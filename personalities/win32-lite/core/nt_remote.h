/* Between processes that need not be of one core: objects on their way (parcels), and what one
 * process does to another (requests).
 *
 * A process whose threads another core runs is acted on by that core: the service is written down with
 * what it reads of its caller's memory, goes through servers/task to the target, is run there by the
 * same function with a thread that stands for the caller, and what it wrote comes back. The asking
 * thread waits like in any other held call, with a time limit, so a target that does not answer costs
 * the asker an error and nobody else anything (PERSONALITIES 7).
 */
#ifndef WIN32_NT_REMOTE_H
#define WIN32_NT_REMOTE_H

#include "core.h"

/* ---- parcels: an object as bytes, with words for what servers keep ---- */
/* What follows: path_length units of UTF-16, then data_length bytes. */
struct nt_parcel {
    uint32_t type; /* enum nt_type */
    uint32_t kind; /* files: enum nt_file_kind; tokens: their kind */
    uint32_t server, write_server; /* of token and write_token */
    uint64_t token, write_token;
    uint32_t access, write_access; /* of the opens */
    uint32_t file_access, options, pipe_mode, protection, attributes, flags;
    uint64_t size, pid, tid, name_token;
    uint32_t path_length, data_length;
};
#define NT_PARCEL_MAX 8192u

/* The parcel is allocated. It holds as long as the object is open here. NOT_SUPPORTED: a kind that
 * does not pass to other processes (logged). */
nt_status nt_parcel_pack(struct nt_object *object, struct nt_parcel **parcel, size_t *length);
/* An object of p, with one reference for the caller. Checks what another process wrote. */
nt_status nt_parcel_unpack(struct nt_process *p, const void *parcel, size_t length,
                           struct nt_object **object);

/* ---- requests ---- */
enum nt_remote_operation {
    NT_REMOTE_SERVICE = 1,   /* run a service */
    NT_REMOTE_EXPORT,        /* arguments: handle, options of NtDuplicateObject -> parcel */
    NT_REMOTE_IMPORT,        /* arguments: access, flags; parcel -> handle */
    NT_REMOTE_CLOSE,         /* arguments: handle */
    NT_REMOTE_CREATE_THREAD, /* arguments: entry, argument, reserve, commit, suspended -> tid, teb */
    NT_REMOTE_NEXT_THREAD,   /* arguments: tid or 0 -> tid */
    NT_REMOTE_HAS_THREAD,    /* arguments: tid */
    NT_REMOTE_WATCH_THREAD,  /* arguments: tid -> its exit code, when it has ended */
    NT_REMOTE_MAP, /* arguments: base, size, offset, type, protection, low, high; a section -> base, size */
    NT_REMOTE_FIRST_THREAD,  /* arguments: resume it -> tid, teb; the image's information */
};

#define NT_REMOTE_RANGES 4u
struct nt_remote_range {
    uint64_t address, length; /* in the asker's memory */
    uint32_t dirty_from, dirty_to; /* of an answer: what was written */
};
/* A request, and an answer (status, results). Bytes of the ranges follow in order, then the parcel
 * (payload_length bytes). */
struct nt_remote_message {
    uint32_t operation;
    nt_status status;
    char service[48];
    uint64_t tid; /* the thread that a service is done to; 0: the process */
    uint64_t arguments[18];
    uint64_t results[4];
    uint32_t range_count, payload_length;
    struct nt_remote_range ranges[NT_REMOTE_RANGES];
};

/* The caller's memory of a thread that stands for an asker (nt_thread.remote). */
struct nt_remote {
    struct nt_remote_message *message;
    uint8_t *bytes; /* of the ranges */
};

/* The process of this core that is reached without a request; NULL: it is another core's, or gone. */
struct nt_process *nt_process_reach(struct nt_thread *t, uint64_t pid);
/* Whether t's call acts on another core's process, and so must go there. */
bool nt_remote_wanted(struct nt_thread *t, uint64_t *pid, uint64_t *tid);
/* Does it: HELD, or the service's answer. NT_REMOTE_GONE: the target has ended meanwhile. */
nt_status nt_remote_forward(struct nt_thread *t, uint64_t pid, uint64_t tid);
#define NT_REMOTE_GONE 0xfffffff0u
/* Whether other processes may ask for the service. */
bool nt_remote_has_shape(const struct nt_service *service);
/* Whether the counts of a message from another process fit its length. */
bool nt_remote_valid(const struct nt_remote_message *message, size_t length);
/* Asks with a message of the caller's; HELD the first time. Later *answer is allocated, with its
 * payload behind the ranges' bytes. The caller runs again from its start and must ask the same. */
nt_status nt_remote_ask(struct nt_thread *t, uint64_t pid, enum nt_remote_operation operation,
                        const uint64_t *arguments, uint32_t count, const void *payload,
                        uint32_t payload_length, struct nt_remote_message **answer);
const void *nt_remote_payload(const struct nt_remote_message *message);
/* The asking thread ends. */
void nt_remote_drop(struct nt_thread *t);
nt_status nt_remote_read(struct nt_thread *t, uint64_t address, void *buffer, size_t length);
nt_status nt_remote_write(struct nt_thread *t, uint64_t address, const void *buffer,
                          size_t length);

/* Threads of other cores as wait objects. */
#define NT_WATCH_COOKIE (1ull << 59)
void nt_watch_start(struct nt_process *p, struct nt_thread_object *thread);
void nt_watch_drop(struct nt_thread_object *thread);
void nt_watch_woken(uint64_t cookie);
/* Who waits for the end of this thread from elsewhere is told. */
void nt_watchers_tell(struct nt_thread *t, uint32_t code);
void nt_ended_threads_free(struct nt_process *p);
/* A thread of p as an object of another process: the same object if that is one of this core. */
struct nt_thread_object *nt_thread_object_of(struct nt_process *p, uint64_t pid, uint64_t tid);

/* A test of what is above in one core: processes are reached through requests only. */
extern bool nt_remote_always;

#endif
