/* What the core asks of the world: files, memory, threads, tasks, objects, the registry and time.
 *
 * The central server implements this over the servers' interfaces (server/world_*.c), the host
 * harness over Linux (tests/host/win32). Nothing else of the core knows where it runs.
 *
 * Numbers of opens are those of the process's clients; a `cookie` is a thread's number (nt_thread
 * .cookie): the world calls nt_core_woken(cookie) when trying again is worth while. Every call
 * answers a Janus status. None waits.
 */
#ifndef WIN32_WORLD_H
#define WIN32_WORLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "janus/abi/status.h"
#include "janus/abi/utcb.h"

typedef int32_t world_status;

struct world_process;
struct world_thread;

enum world_server { WORLD_FS = 1, WORLD_CONSOLE = 2, WORLD_OBJECT = 3 };

/* An open file description. access: WORLD_READ.. (IO_ACCESS_..). */
struct world_open {
    uint32_t server;
    uint32_t access;
    uint64_t number;
};

#define WORLD_READ 1u
#define WORLD_WRITE 2u
#define WORLD_EXECUTE 4u
#define WORLD_DELETE 8u

/* world_file_open flags */
#define WORLD_OPEN_CREATE 1u
#define WORLD_OPEN_EXCLUSIVE 2u
#define WORLD_OPEN_TRUNCATE 4u
#define WORLD_OPEN_DIRECTORY 8u
#define WORLD_OPEN_PATH 16u
#define WORLD_OPEN_NOT_DIRECTORY 32u
#define WORLD_OPEN_DELETE_ON_CLOSE 64u
#define WORLD_OPEN_MAKE_DIRECTORY 512u

struct world_stat {
    uint64_t device, inode;
    uint32_t mode; /* of Linux: S_IFMT and permission bits */
    uint32_t link_count;
    uint64_t size, blocks;
    uint32_t attributes; /* NT attribute bits that the file server stores */
    int64_t access_ns, modify_ns, change_ns, birth_ns; /* since 1970 */
};
#define WORLD_IFMT 0170000u
#define WORLD_IFIFO 0010000u
#define WORLD_IFCHR 0020000u
#define WORLD_IFDIR 0040000u
#define WORLD_IFREG 0100000u
#define WORLD_IFLNK 0120000u

struct world_entry {
    uint64_t inode;
    uint32_t mode;
    uint32_t attributes;
    uint64_t size;
    int64_t modify_ns, birth_ns;
    uint32_t name_length;
    char name[256];
};

/* ---- files: all names are absolute UTF-8 paths, looked up without regard to case ---- */
world_status world_file_open_node(struct world_process *p, const char *path, size_t length,
                                  uint32_t flags, uint32_t access, uint32_t share, uint64_t cookie,
                                  struct world_open *open, bool *created, uint32_t *node_mode);
static inline world_status world_file_open(struct world_process *p, const char *path, size_t length,
                                           uint32_t flags, uint32_t access, uint32_t share,
                                           uint64_t cookie, struct world_open *open, bool *created)
{
    uint32_t node_mode;

    return world_file_open_node(p, path, length, flags, access, share, cookie, open, created,
                                &node_mode);
}
world_status world_file_stat_path(struct world_process *p, const char *path, size_t length,
                                  struct world_stat *stat);
/* What the core is about to say of the file that has this path, asked for by this NT name: the world may say
 * it again by itself, to the same question of the same process, while what it was made from stands. */
struct nt_file_network_open;
void world_answer_keep(struct world_process *p, const uint16_t *name, size_t length,
                       const char *path, size_t path_length,
                       const struct nt_file_network_open *answer);
world_status world_file_stat(struct world_process *p, struct world_open open,
                             struct world_stat *stat);
/* Entries in the directory's order; *next is the position for the following call; *count 0: end. */
world_status world_file_list(struct world_process *p, struct world_open open, uint64_t position,
                             struct world_entry *entries, size_t capacity, size_t *count,
                             uint64_t *next);
world_status world_file_path(struct world_process *p, struct world_open open, char *path,
                             size_t capacity, size_t *length);
world_status world_file_set_delete(struct world_process *p, struct world_open open, bool on);
world_status world_file_rename(struct world_process *p, struct world_open open, const char *path,
                               size_t length, bool replace);
world_status world_file_link(struct world_process *p, struct world_open open, const char *path,
                             size_t length);
/* attributes or times of ~0 / INT64_MIN stay as they are. READONLY is the lack of write permission. */
world_status world_file_set_attributes(struct world_process *p, struct world_open open,
                                       uint32_t attributes, int64_t access_ns, int64_t modify_ns,
                                       int64_t birth_ns);
world_status world_file_space(struct world_process *p, struct world_open open, uint64_t *block,
                              uint64_t *total, uint64_t *available);
/* messages: each write is one message (world_io_get_message). */
world_status world_file_pipe(struct world_process *p, bool messages, struct world_open *reading,
                             struct world_open *writing);

/* ---- interface io ---- */
/* From or to the program's memory at `address`; offset -1: the description's position. A fault
 * of the program's memory that cannot be mended answers JN_FAULT. */
world_status world_io_read(struct world_process *p, struct world_open open, int64_t offset,
                           uint64_t address, uint64_t length, bool peek, uint64_t cookie,
                           uint64_t *done);
world_status world_io_write(struct world_process *p, struct world_open open, int64_t offset,
                            uint64_t address, uint64_t length, bool append, uint64_t cookie,
                            uint64_t *done);
/* The same with a buffer of the core. */
world_status world_io_get(struct world_process *p, struct world_open open, int64_t offset,
                          void *buffer, uint64_t length, bool peek, uint64_t cookie,
                          uint64_t *done);
/* Of one message only; *more: it goes on. HANGUP: nobody is left to write. */
world_status world_io_get_message(struct world_process *p, struct world_open open, void *buffer,
                                  uint64_t length, bool peek, uint64_t cookie, uint64_t *done,
                                  bool *more);
/* What is left of the first message. */
world_status world_io_message_bytes(struct world_process *p, struct world_open open,
                                    uint64_t *bytes);
world_status world_io_put(struct world_process *p, struct world_open open, int64_t offset,
                          const void *buffer, uint64_t length, uint64_t cookie, uint64_t *done);
world_status world_io_seek(struct world_process *p, struct world_open open, int64_t offset,
                           uint32_t whence, int64_t *position);
world_status world_io_truncate(struct world_process *p, struct world_open open, uint64_t size);
world_status world_io_sync(struct world_process *p, struct world_open open);
world_status world_io_poll(struct world_process *p, struct world_open open, uint32_t events,
                           uint64_t cookie, uint32_t *ready);
#define WORLD_READABLE 1u
#define WORLD_WRITABLE 4u
#define WORLD_ERROR 8u
#define WORLD_HANGUP 16u
world_status world_io_lock(struct world_process *p, struct world_open open, uint32_t kind,
                           uint64_t start, uint64_t length, uint64_t cookie);
world_status world_io_duplicate(struct world_process *p, struct world_open open,
                                struct world_open *copy);
void world_io_close(struct world_process *p, struct world_open open);
/* The same description as an open of another process. */
world_status world_io_transfer(struct world_process *p, struct world_open open,
                               struct world_process *target, struct world_open *copy);
world_status world_io_readable_bytes(struct world_process *p, struct world_open open,
                                     uint64_t *bytes);
/* A control code of Wine's ConDrv device on a terminal; buffers of the core. */
world_status world_console_control(struct world_process *p, struct world_open open, uint32_t code,
                                   const void *input, uint32_t input_length, void *output,
                                   uint32_t capacity, uint64_t cookie, uint32_t *output_length);
world_status world_console_open(struct world_process *p, struct world_open *input,
                                struct world_open *output);
/* Takes back every arming of the cookie, everywhere. */
void world_disarm(struct world_process *p, uint64_t cookie);

/* ---- memory of a process: regions of whole pages; protection is JN_R | JN_W | JN_X ---- */
enum world_backing_kind {
    WORLD_BACK_ZERO,    /* anonymous memory */
    WORLD_BACK_PRIVATE, /* a file's bytes [offset, +file_length), zeroes after; copied on write.
                         * offset need not be a multiple of the page size */
    WORLD_BACK_SHARED,  /* a file's pages themselves; offset is a multiple of the page size */
    WORLD_BACK_SECTION, /* a shared dataspace: `section` */
};
struct world_backing {
    enum world_backing_kind kind;
    struct world_open file; /* must stay open while regions use it */
    uint64_t section;
    uint64_t offset;
    uint64_t file_length;
};
world_status world_memory_map(struct world_process *p, uint64_t address, uint64_t length,
                              uint32_t protection, const struct world_backing *backing);
world_status world_memory_unmap(struct world_process *p, uint64_t address, uint64_t length);
world_status world_memory_protect(struct world_process *p, uint64_t address, uint64_t length,
                                  uint32_t protection);
/* Contents become zeroes (anonymous memory) again. */
/* Writable pages that were mapped and committed just now: for a world that makes some at once. */
void world_memory_committed(struct world_process *p, uint64_t address, uint64_t length);
world_status world_memory_discard(struct world_process *p, uint64_t address, uint64_t length);
/* Charges (or gives back) committed pages: QUOTA when the account cannot pay for them. */
world_status world_memory_commit(struct world_process *p, int64_t pages);
/* Brings in the page at address for the access (JN_R, JN_W or JN_X), if its protection allows. */
world_status world_memory_resolve(struct world_process *p, uint64_t address, uint32_t access);
/* Copies; both mend faults through nt_core_resolve. JN_FAULT: *done bytes were copied before. */
world_status world_memory_read(struct world_process *p, uint64_t address, void *buffer,
                               size_t length, size_t *done);
world_status world_memory_write(struct world_process *p, uint64_t address, const void *buffer,
                                size_t length, size_t *done);
/* Writes below the protection (the loader's own patches); the page becomes private. */
world_status world_memory_patch(struct world_process *p, uint64_t address, const void *buffer,
                                size_t length);
/* Contents of whole pages of private mappings that nothing has touched yet. */
world_status world_memory_fill(struct world_process *p, uint64_t address, const void *buffer,
                               size_t length);
/* Whole pages that will be used soon are brought in, as far as they can be. */
void world_memory_populate(struct world_process *p, uint64_t address, uint64_t length);
world_status world_section_create(struct world_process *p, uint64_t size, uint64_t *section);
world_status world_section_share(struct world_process *p, uint64_t section,
                                 struct world_process *target, uint64_t *copy);
void world_section_close(struct world_process *p, uint64_t section);

/* ---- threads: foreign threads of a process; all stop in the core's entries of core.h ---- */
/* Made with its registers, not running. */
world_status world_thread_create(struct world_process *p, uint64_t cookie, uint64_t tid,
                                 const struct jn_state *state, struct world_thread **thread);
/* The id that programs know it by, for traces. */
void world_thread_number(struct world_thread *thread, uint64_t tid);
world_status world_thread_start(struct world_thread *thread);
/* Ends the wait of a thread that stopped in the core. */
void world_thread_answer(struct world_thread *thread, uint64_t rax); /* a system call */
void world_thread_resume(struct world_thread *thread);               /* a fault */
void world_thread_resume_with(struct world_thread *thread, const struct jn_state *state);
/* The registers of a thread that is stopped in the core or frozen; rax of a call is its number. */
world_status world_thread_state(struct world_thread *thread, struct jn_state *state);
world_status world_thread_set_state(struct world_thread *thread, const struct jn_state *state);
/* The thread executes nothing from now on until it is thawed. An entry of it into the core may
 * still arrive, and may be answered; it then stays where it is. */
void world_thread_freeze(struct world_thread *thread);
void world_thread_thaw(struct world_thread *thread);
/* The thread executes nothing more; the pointer is void. */
void world_thread_destroy(struct world_thread *thread);
/* A fault that cannot be mended, in a service that runs on the thread itself (the library placement): true,
 * and the call comes to the core after all. False: the fault is the program's. */
bool world_thread_abort_fast(struct world_thread *thread);
world_status world_thread_times(struct world_thread *thread, uint64_t *user_ns);
/* It runs on these processors only (a mask, not 0); a new one on all of world_cpus(). */
world_status world_thread_set_cpus(struct world_thread *thread, uint64_t cpus);
/* Where it runs or ran last. */
uint32_t world_thread_cpu(struct world_thread *thread);

/* ---- processes ---- */
/* A new process, child of p, with empty memory and no opens (p's root and credentials). */
world_status world_process_create(struct world_process *p, uint64_t cookie, uint64_t *pid,
                                  struct world_process **child);
/* Its image is complete. */
world_status world_process_commit(struct world_process *p);
/* Takes the process away again before it ran, or drops what the core held after its end. */
void world_process_release(struct world_process *p);
/* The process ends for everybody: all its threads are gone. kind: 1 exited, 2 signalled. */
void world_process_exit(struct world_process *p, uint32_t kind, uint32_t code);
/* WOULD_BLOCK while it runs (cookie is armed). kind and code as above. */
world_status world_process_watch(struct world_process *p, uint64_t pid, uint64_t cookie,
                                 uint32_t *kind, uint32_t *code);
/* Reports of job control. */
void world_process_stopped(struct world_process *p, uint32_t number);
void world_process_continued(struct world_process *p);
/* SIGTTIN or SIGTTOU for the process's group: it used the terminal from the background. */
void world_process_background(struct world_process *p, uint32_t number);
world_status world_process_kill(struct world_process *p, uint64_t pid);
#define WORLD_PERSONALITY_WIN32 2u
struct world_process_info {
    uint64_t pid, parent, group, session;
    uint64_t start_ns, user_ns, system_ns, resident_pages, virtual_pages;
    uint32_t threads, state, uid, personality;
    char name[32];
};
/* The process with the least pid >= from. */
world_status world_process_next(struct world_process *p, uint64_t from,
                                struct world_process_info *info);
world_status world_process_info(struct world_process *p, uint64_t pid,
                                struct world_process_info *info);
world_status world_thread_id(struct world_process *p, uint64_t *tid);
void world_thread_id_free(struct world_process *p, uint64_t tid);
/* What other programs see of the process: its name, path and command line, strings in UTF-8. */
void world_process_describe(struct world_process *p, const char *path, const char *arguments,
                            size_t arguments_length);
/* A child that another personality runs (ELF): the record's parts. stdio: opens of p's clients.
 * suspended: it waits for world_process_resume. */
struct world_foreign_start {
    const char *path;
    const char *arguments; /* strings, each with its zero */
    size_t arguments_length, argument_count;
    const char *environment;
    size_t environment_length, environment_count;
    const char *directory;
    struct world_open standard[3]; /* of p; server 0: none */
    struct world_open program;     /* of p, lent; the file itself */
};
world_status world_process_start_foreign(struct world_process *p,
                                         const struct world_foreign_start *start, uint64_t *pid);
world_status world_process_resume(struct world_process *p, uint64_t pid);
/* Where a PE program with this environment (strings, each with its zero) is to run: `near`, in this core,
 * or handed over to `place`. BAD_ARG: JANUS_PLACE has a value that is none (logged). */
world_status world_process_place(struct world_process *p, const char *environment, size_t count,
                                 uint32_t *place, bool *near);
/* A child that another core of this personality runs: made, and handed over with the block as its own part
 * of the record, suspended. Errors are those of its start; then there is no child. */
struct world_birth {
    const char *path;
    struct world_open program; /* of p, lent */
    const void *block;
    size_t length;
    uint32_t place;
};
world_status world_process_hand_over(struct world_process *p, const struct world_birth *birth,
                                     uint64_t *pid);

/* ---- servers/object ---- */
world_status world_object_create(struct world_process *p, uint32_t kind, uint32_t flags,
                                 uint64_t initial, uint64_t limit, uint64_t owner,
                                 const char *name, size_t length, uint64_t *object, bool *existed);
void world_object_close(struct world_process *p, uint64_t object);
world_status world_object_duplicate(struct world_process *p, uint64_t object, uint64_t *copy);
world_status world_object_transfer(struct world_process *p, uint64_t object,
                                   struct world_process *target, uint64_t *copy);
world_status world_object_operate(struct world_process *p, uint64_t object, uint32_t operation,
                                  uint64_t value, uint64_t tid, uint64_t *previous);
world_status world_object_wait(struct world_process *p, bool all, uint64_t tid, uint64_t cookie,
                               const uint64_t *objects, uint32_t count, uint32_t *index);
world_status world_object_query(struct world_process *p, uint64_t object, uint32_t *kind,
                                uint64_t *value, uint64_t *limit, uint64_t *owner,
                                uint64_t *count);
world_status world_object_set_timer(struct world_process *p, uint64_t object, uint64_t deadline,
                                    uint64_t interval);

/* Completion ports (kind OBJECT_COMPLETION). take: up to `most`, at least one; WOULD_BLOCK: none, the cookie is
 * armed. */
#define WORLD_COMPLETIONS_MOST 14u
struct world_completion {
    uint64_t key, value, status, information;
};
world_status world_completion_post(struct world_process *p, uint64_t object,
                                   const struct world_completion *record);
world_status world_completion_take(struct world_process *p, uint64_t object, uint64_t cookie,
                                   struct world_completion *records, uint32_t most,
                                   uint32_t *count);

/* Names for what lives elsewhere (idl/object.idl, publish): kind is OBJECT_SECTION .. as there. data is
 * at most WORLD_DATA_MAX bytes; found has room for as many. */
#define WORLD_DATA_MAX 128u
#define WORLD_MUST_EXIST 2u
#define WORLD_OPEN_OR_MAKE 1u
#define WORLD_CASELESS 8u
#define WORLD_INSTANCE 16u
#define WORLD_INSTANCES_SHIFT 16u /* above: how many of the name there may be; 0: any number */
enum world_published {
    WORLD_SECTION = 5,
    WORLD_DIRECTORY = 6,
    WORLD_SYMLINK = 7,
    WORLD_JOB = 8,
    WORLD_PIPE = 9,
};
world_status world_publish(struct world_process *p, uint32_t kind, uint32_t flags,
                           const void *data, size_t length, const char *name, size_t name_length,
                           uint64_t *object, bool *existed, void *found, size_t *found_length);
/* Takes an instance of a WORLD_PIPE that nobody has; look: only reads its data. word: only the one whose
 * data begin with it (0: any). BUSY: all are taken. */
world_status world_claim(struct world_process *p, bool look, uint64_t word, const char *name,
                         size_t name_length, void *found, size_t *found_length);
/* Whether there is one that nobody has; else the cookie is armed. found: the data of any. */
world_status world_await(struct world_process *p, const char *name, size_t name_length,
                         uint64_t cookie, bool *free, void *found, size_t *found_length);
world_status world_republish(struct world_process *p, uint64_t object, const void *data,
                             size_t length);
/* The next part of a name below `directory` after `after`; NOT_FOUND: no more. */
world_status world_next_name(struct world_process *p, const char *directory,
                             size_t directory_length, const char *after, size_t after_length,
                             uint32_t *kind, char *part, size_t *part_length);

/* ---- between processes that need not be of one core ---- */
/* A word with which another process takes the same open, section or object (client.offer). move: the
 * open is closed here and kept for one taker (files only). */
world_status world_offer(struct world_process *p, struct world_open open, bool move,
                         uint64_t *token);
world_status world_accept(struct world_process *p, uint32_t server, uint64_t token,
                          struct world_open *open);
world_status world_section_offer(struct world_process *p, uint64_t section, uint64_t *token);
world_status world_section_accept(struct world_process *p, uint64_t token, uint64_t *section);
/* Requests to the process that runs another process's threads (task.post). The cookie's entry comes with
 * the answer; collect: WOULD_BLOCK before that, NO_PROCESS when the other has ended. A request
 * to a process of this world enters through nt_core_request. */
#define WORLD_REQUEST_MAX 65536u
world_status world_request_post(struct world_process *p, uint64_t pid, uint64_t cookie,
                                const void *data, size_t length, uint64_t *id);
world_status world_request_collect(struct world_process *p, uint64_t id, void *data,
                                   size_t capacity, size_t *length);
void world_request_withdraw(struct world_process *p, uint64_t id);
void world_request_answer(struct world_process *p, uint64_t id, const void *data, size_t length);
/* Ends another process with this code. */
world_status world_process_terminate(struct world_process *p, uint64_t pid, uint32_t code);
/* The process that has a thread of this id. */
world_status world_thread_owner(struct world_process *p, uint64_t tid, uint64_t *pid);

/* ---- jobs: numbers at servers/task ---- */
struct world_job_info {
    uint32_t flags, active, total, killed;
    uint64_t cpu_ns;
    uint64_t listed; /* ids that were written */
    uint8_t data[144]; /* of world_job_limit */
};
world_status world_job_create(struct world_process *p, uint64_t *job);
/* The job of a word of world_job_offer. */
world_status world_job_open(struct world_process *p, uint64_t token, uint64_t *job);
void world_job_close(struct world_process *p, uint64_t job);
world_status world_job_offer(struct world_process *p, uint64_t job, uint64_t *token);
world_status world_job_assign(struct world_process *p, uint64_t job, uint64_t pid);
/* flags, processes: as in JOBOBJECT_BASIC_LIMIT_INFORMATION; data: at most 144 bytes, kept. */
world_status world_job_limit(struct world_process *p, uint64_t job, uint32_t flags,
                             uint32_t processes, const void *data, size_t length);
world_status world_job_terminate(struct world_process *p, uint64_t job, uint32_t code);
/* job 0: the process's own. pids: room for capacity. */
world_status world_job_query(struct world_process *p, uint64_t job, uint64_t *pids,
                             uint32_t capacity, struct world_job_info *info);
/* job 0: any. */
world_status world_job_contains(struct world_process *p, uint64_t job, uint64_t pid, bool *is);
/* message: JOB_OBJECT_MSG_..; WOULD_BLOCK: there is none, the cookie is armed. */
world_status world_job_next(struct world_process *p, uint64_t job, uint64_t cookie,
                            uint32_t *message, uint64_t *pid);
/* Until it was terminated and is empty. */
world_status world_job_wait(struct world_process *p, uint64_t job, uint64_t cookie);
/* Whether the children that p makes from now on leave its job, if that lets them. */
void world_process_breakaway(struct world_process *p, bool on);

/* ---- the registry: keys are numbers in the process's client; 0 is the root ---- */
world_status world_key_open(struct world_process *p, uint64_t key, bool create, const char *path,
                            size_t length, uint64_t *result, bool *created);
void world_key_close(struct world_process *p, uint64_t key);
world_status world_key_duplicate(struct world_process *p, uint64_t key, uint64_t *copy);
world_status world_key_query_value(struct world_process *p, uint64_t key, const char *name,
                                   size_t name_length, void *data, size_t capacity, uint32_t *type,
                                   uint64_t *length);
world_status world_key_set_value(struct world_process *p, uint64_t key, const char *name,
                                 size_t name_length, uint32_t type, const void *data,
                                 size_t length);
world_status world_key_delete_value(struct world_process *p, uint64_t key, const char *name,
                                    size_t name_length);
world_status world_key_enumerate_value(struct world_process *p, uint64_t key, uint32_t index,
                                       void *data, size_t capacity, uint32_t *type,
                                       uint64_t *length, char *name, size_t name_capacity,
                                       size_t *name_length);
world_status world_key_enumerate(struct world_process *p, uint64_t key, uint32_t index, char *name,
                                 size_t name_capacity, size_t *name_length, int64_t *write_time);
world_status world_key_delete(struct world_process *p, uint64_t key);
world_status world_key_transfer(struct world_process *p, uint64_t key,
                                struct world_process *target, uint64_t *copy);
struct world_key_info {
    uint32_t subkeys, values, longest_name, longest_value_name;
    uint64_t longest_value;
    int64_t write_time;
};
world_status world_key_query(struct world_process *p, uint64_t key, struct world_key_info *info,
                             char *name, size_t name_capacity, size_t *name_length);
world_status world_key_path(struct world_process *p, uint64_t key, char *path, size_t capacity,
                            size_t *length);

/* ---- time, chance, the machine, the log ---- */
uint64_t world_time_monotonic(void); /* ns */
int64_t world_time_real(void);       /* ns since 1970 */
void world_random(void *buffer, size_t length);
uint64_t world_cpus(void); /* mask of those that programs get without asking */
uint32_t world_cpu_count(void);
uint64_t world_ram_pages(void);
uint64_t world_ram_free_pages(void);
/* The address at which KUSER_SHARED_DATA's frame is mapped into every process by the world, and behind it,
 * at NT_DISPATCHER_ADDRESS, what stubs call if that data says so. */
world_status world_map_shared_data(struct world_process *p, uint64_t address);
void world_log(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
