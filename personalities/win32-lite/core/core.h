/* The objects of the Win32 core: processes, threads, handles, dispatcher objects, views of memory.
 *
 * One event loop enters the core (nt_core_*); nothing here is locked. A service that cannot finish
 * answers NT_HELD after arming something; when the thread is woken its service runs again from its
 * beginning with the same arguments, so a service changes nothing before it can finish, or keeps
 * its progress in nt_thread.call.
 */
#ifndef WIN32_CORE_H
#define WIN32_CORE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "nt_status.h"
#include "nt_types.h"
#include "world.h"

#define NT_PAGE 4096ull
#define NT_GRANULARITY 0x10000ull
#define NT_LOWEST_ADDRESS 0x10000ull
#define NT_HIGHEST_ADDRESS 0x7ffffffeffffull
/* Where the adapter of a process in the library placement is: nobody's in both placements. */
#define NT_ADAPTER_BASE 0x7fff40000000ull
#define NT_ADAPTER_SIZE 0x40000000ull
#define NT_MASK_PAGE (NT_PAGE - 1)
#define NT_KUSER_ADDRESS 0x7ffe0000ull
#define NT_KUSER_SYSTEM_CALL 0x308u /* 1: the stubs call what NT_DISPATCHER_ADDRESS points to */
#define NT_KUSER_CLOCK_NUMBERS 0xff0u /* two service numbers, or ~0: for a world that answers them there */
#define NT_DISPATCHER_ADDRESS 0x7ffe1000ull

struct nt_list {
    struct nt_list *next, *previous;
};
static inline void nt_list_init(struct nt_list *list) { list->next = list->previous = list; }
static inline bool nt_list_empty(const struct nt_list *list) { return list->next == list; }
static inline void nt_list_append(struct nt_list *list, struct nt_list *item)
{
    item->previous = list->previous;
    item->next = list;
    list->previous->next = item;
    list->previous = item;
}
static inline void nt_list_remove(struct nt_list *item)
{
    item->previous->next = item->next;
    item->next->previous = item->previous;
    nt_list_init(item);
}
#define nt_container(pointer, type, member) ((type *)((char *)(pointer)-offsetof(type, member)))

struct nt_process;
struct nt_thread;
struct nt_object;

/* ---- objects ---- */
enum nt_type {
    NT_TYPE_NONE,
    NT_TYPE_EVENT,
    NT_TYPE_SEMAPHORE,
    NT_TYPE_MUTANT,
    NT_TYPE_TIMER,
    NT_TYPE_KEYED_EVENT,
    NT_TYPE_PROCESS,
    NT_TYPE_THREAD,
    NT_TYPE_FILE,
    NT_TYPE_SECTION,
    NT_TYPE_KEY,
    NT_TYPE_DIRECTORY,
    NT_TYPE_SYMLINK,
    NT_TYPE_TOKEN,
    NT_TYPE_JOB,
    NT_TYPE_COMPLETION,
    NT_TYPE_COUNT
};

/* One waiting thread at one object. */
struct nt_wait_entry {
    struct nt_list link;
    struct nt_thread *thread;
};

struct nt_object {
    enum nt_type type;
    uint32_t refs;
    struct nt_process *process; /* whose core state it belongs to */
    struct nt_list waiters;     /* of nt_wait_entry, in the order of arrival */
    struct nt_object *clone;    /* while handles are inherited: the child's object */
    uint64_t shared;            /* number at servers/object; 0: the state below is ours */
    uint64_t published;         /* number there that keeps the object's name; 0: none */
    bool leased;                /* its state stands in nt_leases (nt_lease.h) */
    uint32_t lease_handle;
    struct nt_list lease_link;
    uint16_t *name;             /* of NtQueryObject; UTF-16, name_length bytes, or NULL */
    uint32_t name_length;
};

struct nt_event {
    struct nt_object object;
    bool manual, set;
};
struct nt_semaphore {
    struct nt_object object;
    uint32_t count, limit;
};
struct nt_mutant {
    struct nt_object object;
    struct nt_thread *owner;
    uint32_t count; /* recursions */
    bool abandoned;
    struct nt_list owned; /* in owner->mutants */
};
struct nt_timer {
    struct nt_object object;
    bool manual, set, armed;
    uint64_t deadline, period; /* ns */
    struct nt_list armed_link;
    struct nt_thread *apc_thread;
    uint64_t apc, apc_argument;
};
struct nt_keyed_event {
    struct nt_object object;
    struct nt_list sleepers; /* of nt_thread.keyed_link */
};
struct nt_process_object { /* another process, or this one */
    struct nt_object object;
    uint64_t pid;
    bool foreign; /* another personality runs it */
    bool ended;
    uint32_t exit_code;
    bool start_pending; /* not resumed yet (foreign) */
};
struct nt_thread_object {
    struct nt_object object;
    struct nt_thread *thread; /* of this core; NULL: gone, or of a foreign process */
    uint64_t pid, tid;
    bool ended;
    uint32_t exit_code;
    bool foreign; /* another personality runs it */
    uint64_t watch_id, watch_cookie; /* request for its end, of another core's (nt_watch.c) */
    struct nt_list watch_link;
};

enum nt_file_kind {
    NT_FILE_DISK,
    NT_FILE_DIRECTORY,
    NT_FILE_PIPE,
    NT_FILE_CONSOLE,
    NT_FILE_NULL,
    NT_FILE_CHARACTER, /* other devices */
    NT_FILE_CONDRV,    /* connection or reference of the console device: control codes only */
};
struct nt_directory_state;
/* An operation of a handle without the synchronous options that could not end at once: it is tried
 * again when its own cookie comes (nt_async.c). */
struct nt_async {
    struct nt_list link; /* file->asyncs */
    struct nt_list hash_link;
    uint64_t cookie;
    struct nt_file *file;
    struct nt_thread *thread; /* who asked, for its APC; NULL: gone */
    struct nt_object *event;
    uint64_t apc, context, iosb, buffer;
    uint32_t length;
    enum { NT_ASYNC_READ, NT_ASYNC_WRITE, NT_ASYNC_LISTEN, NT_ASYNC_TRANSCEIVE } kind;
    uint64_t answer; /* transceive: where the answer goes */
    uint32_t answer_length;
    uint64_t progress;
};
struct nt_file {
    struct nt_object object;
    enum nt_file_kind kind;
    struct world_open open;
    uint32_t options;   /* of NtCreateFile */
    uint32_t access;    /* as granted at the open */
    uint32_t pipe_mode; /* nt_pipe.h */
    struct nt_file_ref *ref; /* owns `open` when sections share it */
    uint16_t *path;     /* NT path without "\??\", UTF-16, for names */
    uint32_t path_length; /* in units */
    struct nt_directory_state *directory;
    struct nt_completion *completion;
    uint64_t completion_key;
    uint32_t completion_flags;
    uint64_t pipe_name; /* server's end of a named pipe: its instance at servers/object */
    uint32_t pipe_share; /* of that: what the client may do */
    bool pipe_connected, pipe_idle; /* idle: disconnected, and not listening since */
    uint64_t pipe_timeout_ns;
    uint32_t pipe_instances, pipe_quota[2]; /* most of the name (0: any), sizes in and out */
    uint64_t pipe_tokens[2]; /* the client's opens, until somebody takes them */
    struct world_open write_open; /* of a pipe with two directions; `open` is for reading */
    struct nt_list asyncs; /* of nt_async */
    bool signaled;        /* the file object as event */
};
struct nt_section {
    struct nt_object object;
    uint64_t size;
    uint32_t protection, attributes;
    struct nt_file_ref *file; /* backing file */
    uint64_t section;         /* number of a shared dataspace */
    struct nt_image *image;
};
struct nt_key {
    struct nt_object object;
    uint64_t key;
};
struct nt_directory { /* \BaseNamedObjects and the like; names live in servers/object */
    struct nt_object object;
    char *path;
};
struct nt_symlink {
    struct nt_object object;
    uint16_t *target;
    uint32_t target_length; /* bytes */
};
struct nt_token {
    struct nt_object object;
    uint32_t kind; /* 1 primary, 2 impersonation */
};
struct nt_job {
    struct nt_object object;
    uint64_t job; /* number at servers/task */
    struct nt_completion *port; /* that its messages go to, with `key`; NULL: none */
    uint64_t key, cookie;
    struct nt_list link;
    bool emptied;
};
struct nt_completion_entry {
    struct nt_list link;
    uint64_t key, value, information;
    nt_status status;
};
struct nt_completion {
    struct nt_object object;
    struct nt_list entries; /* while it is not shared */
    uint32_t count;
};

/* ---- handles ---- */
#define NT_HANDLE_INHERIT 1u
#define NT_HANDLE_PROTECT 2u
struct nt_handle {
    struct nt_object *object; /* NULL: free; then `access` is the next free index + 1 */
    uint32_t access;
    uint32_t flags;
};
struct nt_handle_table {
    struct nt_handle *entries;
    uint32_t size, used, free_first; /* free_first: index + 1, 0 = none */
};

/* ---- memory ---- */
/* State of one page. */
#define NT_PG_READ 0x01u
#define NT_PG_WRITE 0x02u
#define NT_PG_EXEC 0x04u
#define NT_PG_WRITECOPY 0x08u
#define NT_PG_GUARD 0x10u
#define NT_PG_COMMITTED 0x20u

#define NT_CHUNK_PAGES 1024u
struct nt_view {
    uint64_t base, size;
    uint32_t type;       /* NT_MEM_PRIVATE, _MAPPED, _IMAGE */
    uint32_t protection; /* PAGE_.. at the allocation */
    uint8_t pages;       /* state of every page without a chunk */
    bool placeholder;
    bool system; /* TEB, KUSER_SHARED_DATA: not freed by programs */
    uint8_t **chunks;
    struct nt_image *image;
    struct nt_file_ref *file; /* keeps the backing open */
    uint64_t section;         /* number of a shared dataspace, closed with the view */
    uint64_t file_offset;
};
/* An open that several sections and views use. */
struct nt_file_ref {
    uint32_t refs;
    struct world_open open;
    uint64_t device, inode;
    uint16_t *path; /* NT path */
    uint32_t path_length;
};
struct nt_address_space {
    struct nt_view **views; /* by base */
    size_t count, capacity;
    uint64_t mapped_pages, committed_pages;
};

/* ---- threads ---- */
struct nt_apc {
    struct nt_list link;
    uint64_t function, arguments[3];
};

struct nt_call {
    uint32_t number;
    const struct nt_service *service;
    uint64_t arguments[18];
    uint64_t deadline; /* ns; 0 = not computed yet, UINT64_MAX = never */
    uint64_t progress; /* of the service itself */
    uint64_t scratch[2];
    bool active; /* inside a service, held or not */
    bool again;  /* this run is a repetition */
};

#define NT_WAIT_MAX 64u
enum nt_alert {
    NT_ALERT_NONE,
    NT_ALERT_SET,    /* sticky */
    NT_ALERT_WAITED, /* the thread waits without the core */
    NT_ALERT_HELD    /* it waits in the core */
};
enum nt_thread_stop { NT_STOP_NONE, NT_STOP_CALL, NT_STOP_FAULT };
struct nt_thread {
    struct nt_process *process;
    struct nt_list link; /* process->threads */
    struct world_thread *world;
    struct nt_thread_object *object;
    uint64_t cookie;
    uint64_t tid, teb, entry;
    uint64_t stack_base, stack_allocation;
    uint64_t stack_low; /* nothing below it was touched; only until `started` */
    enum nt_thread_stop stop; /* why it stands in the core, if it does */
    struct nt_call call;
    struct nt_wait_entry waits[NT_WAIT_MAX];
    uint32_t wait_count;
    bool held;         /* call waits */
    bool armed;        /* a cookie is armed at a server */
    bool wake_pending;
    struct nt_list ready_link;
    struct nt_list deadline_link;
    bool has_deadline;
    uint64_t deadline;
    _Atomic uint32_t *alert_word; /* of NtAlertThreadByThreadId: enum nt_alert, here or in the world */
    _Atomic uint32_t own_alert_word;
    bool alert;   /* NtAlertThread */
    struct nt_list apcs;
    struct nt_list mutants;
    struct nt_list keyed_link;
    uint64_t keyed_key;
    bool keyed_queued, keyed_release, keyed_done;
    struct nt_keyed_event *keyed_event;
    bool ended_by_force; /* by another thread */
    uint8_t waits_long;  /* for how many waits server/quick.c does not look */
    uint32_t suspend_count;
    bool started;
    bool frozen;
    bool answer_pending; /* suspended while its call or fault was finished */
    uint64_t answer;
    bool state_pending; /* saved_state is to be loaded when the call or fault is answered */
    struct jn_state *saved_state;
    uint32_t exit_code;
    uint16_t *name;
    uint32_t name_length;
    int32_t priority;
    uint64_t affinity;
    uint32_t event_signal; /* it serves a console event that this signal became */
    struct nt_crash *crash; /* its last exception that was an error (nt_crash.c) */
    struct nt_remote *remote;  /* it stands for a caller of another core (nt_remote.h) */
    uint64_t remote_id;        /* request to another core under way; 0: none */
    uint64_t remote_deadline;  /* ns: when that is given up */
    void *remote_parcel;       /* NtDuplicateObject between two others: what is on its way */
    size_t remote_parcel_length;
    struct nt_list watchers;   /* of other cores, that wait for its end */
    bool remote_born;          /* another core made it, and has not asked for its end yet */
};

/* ---- processes ---- */
struct nt_process {
    struct nt_list link;
    struct world_process *world;
    uint64_t pid, parent_pid, cookie;
    struct nt_list threads;
    uint32_t thread_count;
    struct nt_list ended_threads; /* whose end another core may still ask for (nt_remote_serve.c) */
    uint32_t ended_thread_count;
    struct nt_handle_table handles;
    struct nt_address_space space;
    struct nt_process_object *self; /* kept for waiters in this core */
    uint64_t peb, ntdll_base, image_base, unix_page;
    uint64_t entry_thunk, entry_exception, entry_apc, entry_start, entry_ctrl, entry_unix;
    struct nt_image *ntdll, *image;
    uint64_t stack_reserve, stack_commit;
    uint64_t nls[8]; /* locale.nls and sections already mapped: see nt_locale.c */
    struct nt_nls_view *nls_views;
    uint32_t hard_error_mode;
    uint32_t exit_code;
    bool exiting, ended, started, has_console;
    struct world_open console_input, console_output;
    uint64_t start_time;
    char *executable; /* UTF-8 path of the tree */
    uint16_t *image_path; /* NT path, "\??\C:\.." */
    uint32_t image_path_length;
    uint64_t affinity;
    uint32_t suspend_count;
    bool group_stopped;
    bool shared_mutants; /* servers/object may hold mutexes of its threads */
    bool background_wait; /* calls wait for the job to come to the foreground */
    bool ctrl_ignored;
    uint64_t kill_deadline; /* after CLOSE and SHUTDOWN events: when the process ends anyway */
    uint32_t kill_signal;
    uint32_t session_group;
    uint32_t named_counter;
};

/* ---- entries of the world (nt_core.c) ---- */
struct nt_syscall {
    uint64_t rax, r10, rdx, r8, r9, rip, rsp;
};
void nt_core_init(void);
void nt_core_syscall(struct nt_thread *thread, const struct nt_syscall *call);
/* access: JN_ACCESS_READ, _WRITE or _EXEC. */
void nt_core_fault(struct nt_thread *thread, uint64_t address, uint32_t access);
void nt_core_exception(struct nt_thread *thread, uint32_t vector, uint64_t error, uint64_t cr2);
/* A ring entry or watch with this cookie. */
void nt_core_woken(uint64_t cookie);
/* A process-directed signal arrived; how the world takes it: nt_signal_deliver. */
void nt_core_signal(struct nt_process *process, uint32_t number);
void nt_core_killed(struct nt_process *process);
/* Another process asks for something (nt_remote.h); answered through the world, now or later. */
void nt_core_request(struct nt_process *process, uint64_t id, uint64_t from, void *data,
                     size_t length);
void nt_core_run(void); /* runs what became ready */
uint64_t nt_core_deadline(void); /* ns, UINT64_MAX: none */
void nt_core_timeout(void);
/* For copies: mends a fault of `access` at address in the program's memory. */
bool nt_core_resolve(struct nt_process *process, struct nt_thread *thread, uint64_t address,
                     uint32_t access);
struct nt_thread *nt_thread_by_cookie(uint64_t cookie);
/* All threads, by the low 28 bits of their cookies; cookie 0: a free place. A world that looks at it by
 * itself (server/quick.c) is told when it moves. */
struct nt_thread_place {
    struct nt_thread *thread;
    uint64_t cookie;
};
extern struct nt_thread_place *nt_thread_places;
extern uint64_t nt_thread_place_count;
extern void (*nt_thread_places_moved)(void);

/* ---- crash reports (nt_crash.c) ---- */
/* Keeps what a report would need: whether somebody handles the exception is seen later. */
void nt_crash_remember(struct nt_thread *thread, const struct nt_exception_record *record,
                       const struct jn_state *state);
/* The thread ends its process with this status: if that is the exception which nobody handled, or
 * anyway (`sure`), the log has a report. */
void nt_crash_report(struct nt_thread *thread, uint32_t status, bool sure);

/* ---- starting programs (nt_start.c) ---- */
struct nt_text { /* UTF-16 */
    uint16_t *units;
    size_t length; /* units */
};
/* What goes into RTL_USER_PROCESS_PARAMETERS. */
struct nt_parameters {
    uint64_t standard[3], console; /* handles */
    uint32_t console_flags;
    struct nt_text image, command_line, directory, environment; /* environment: a whole block */
    struct nt_text title, desktop, shell_info;
    void *runtime;
    uint16_t runtime_length; /* bytes */
    uint32_t window[9];      /* dwX .. dwFlags, wShowWindow as they stand in the structure */
    uint32_t process_group;
    bool suspended;
};
/* An empty process of this core. */
struct nt_process *nt_process_new(struct world_process *world, uint64_t pid, uint64_t parent_pid);
/* Maps the program (an open of its file, taken over, and its path in the tree) and ntdll.dll. */
nt_status nt_process_load(struct nt_process *p, struct world_open program, const char *path);
/* Writes parameters and PEB and makes the first thread. */
nt_status nt_process_finish(struct nt_process *p, const struct nt_parameters *parameters,
                            struct nt_thread **thread);
/* A program that another personality starts (personality.take): all strings UTF-8. */
struct nt_start {
    const char *path; /* of the tree */
    struct world_open program; /* server 0: `path` is opened */
    const char *arguments, *environment; /* strings one after the other */
    size_t argument_count, environment_count;
    const char *directory; /* path of the tree */
    struct world_open standard[3]; /* server 0: none */
    bool has_console;
    struct world_open console_input, console_output;
    uint64_t pid, parent_pid;
    bool suspended;
};
nt_status nt_process_start(struct world_process *world, const struct nt_start *start,
                           struct nt_process **process);
/* The same of a process that another core made (nt_birth.h): of `start` only path, program, ids and
 * suspended count. */
nt_status nt_process_born(struct world_process *world, const struct nt_start *start,
                          const void *block, size_t length, struct nt_process **process);
void nt_parameters_free(struct nt_parameters *parameters);
/* A file of the tree as a handle of the process; takes the open over. */
nt_status nt_file_handle(struct nt_process *p, struct world_open open, uint32_t flags,
                         uint64_t *handle);
/* The object as an object of another process (inheritance, duplication). */
nt_status nt_object_clone(struct nt_object *object, struct nt_process *target,
                          struct nt_object **copy);

/* ---- services ---- */
struct nt_service {
    const char *name;
    nt_status (*run)(struct nt_thread *thread, const uint64_t *arguments);
    uint8_t count;
};
extern const struct nt_service nt_services[];
extern const size_t nt_service_count;
/* NULL: none of that name. */
const struct nt_service *nt_service_named(const char *name);
/* The number of a service in the ntdll.dll that is loaded; UINT32_MAX: none. */
uint32_t nt_service_number(const char *name);

/* ---- the program's memory (nt_user.c); each answers SUCCESS or ACCESS_VIOLATION ---- */
/* A service of this thread runs from here to there: it may find what was read with something else. */
void nt_user_begin(struct nt_thread *t);
void nt_user_end(void);
nt_status nt_read(struct nt_thread *t, uint64_t address, void *buffer, size_t length);
nt_status nt_write(struct nt_thread *t, uint64_t address, const void *buffer, size_t length);
nt_status nt_write_u32(struct nt_thread *t, uint64_t address, uint32_t value);
nt_status nt_write_u64(struct nt_thread *t, uint64_t address, uint64_t value);
nt_status nt_read_u64(struct nt_thread *t, uint64_t address, uint64_t *value);
nt_status nt_process_read(struct nt_process *p, uint64_t address, void *buffer, size_t length);
nt_status nt_process_write(struct nt_process *p, uint64_t address, const void *buffer,
                           size_t length);
/* The pattern of most queries: copies `length` bytes if they fit `capacity`, writes the length to
 * result_address (if not 0, u32 or u64 by `wide`). */
nt_status nt_write_result(struct nt_thread *t, uint64_t address, uint32_t capacity,
                          uint64_t result_address, const void *data, uint32_t length);
nt_status nt_write_exact(struct nt_thread *t, uint64_t address, uint32_t capacity,
                         uint64_t result_address, const void *data, uint32_t length);
nt_status nt_write_iosb(struct nt_thread *t, uint64_t address, nt_status status,
                        uint64_t information);

nt_status nt_read_unicode(struct nt_thread *t, uint64_t address, struct nt_text *text);
struct nt_attributes { /* OBJECT_ATTRIBUTES, read */
    bool present;
    uint64_t root;
    uint32_t flags;
    struct nt_text name;
};
nt_status nt_read_attributes(struct nt_thread *t, uint64_t address, struct nt_attributes *a);
void nt_attributes_free(struct nt_attributes *a);

/* ---- text (nt_text.c) ---- */
/* UTF-16 to UTF-8 and back; invalid input passes reversibly: lone surrogates as three bytes,
 * invalid bytes as lone low surrogates U+DC80..U+DCFF. Results are allocated, zero-terminated. */
char *nt_text_to_utf8(const uint16_t *units, size_t length, size_t *bytes);
/* One character, of one or two units, which are counted: at most three bytes a unit at out[*at]. */
size_t nt_text_encode(const uint16_t *units, size_t left, char *out, size_t *at);
uint16_t *nt_text_from_utf8(const char *bytes, size_t length, size_t *units);
uint16_t nt_text_upper(uint16_t unit);
void nt_text_set_upper_table(const void *l_intl, size_t length);
int nt_text_compare_caseless(const uint16_t *a, size_t a_length, const uint16_t *b,
                             size_t b_length);
bool nt_text_equal_ascii(const uint16_t *units, size_t length, const char *ascii);
uint16_t *nt_text_dup(const uint16_t *units, size_t length);

/* ---- objects and handles (nt_handle.c) ---- */
void *nt_object_create(struct nt_process *p, enum nt_type type, size_t size);
void nt_object_ref(struct nt_object *object);
void nt_object_release(struct nt_object *object);
nt_status nt_handle_insert(struct nt_process *p, struct nt_object *object, uint32_t access,
                           uint32_t flags, uint64_t *handle);
/* Puts the object under exactly this handle (inheritance). */
nt_status nt_handle_place(struct nt_process *p, uint64_t handle, struct nt_object *object,
                          uint32_t access, uint32_t flags);
struct nt_handle *nt_handle_entry(struct nt_process *p, uint64_t handle);
/* type NONE: any. Pseudo handles of process and thread included. No reference is taken. */
nt_status nt_handle_object(struct nt_thread *t, uint64_t handle, enum nt_type type,
                           uint32_t access, void *object);
nt_status nt_handle_close(struct nt_process *p, uint64_t handle);
void nt_handle_close_all(struct nt_process *p);
/* Inserts a new object and writes the handle to the program; releases the caller's reference. */
nt_status nt_handle_give(struct nt_thread *t, uint64_t address, void *object, uint32_t access,
                         uint32_t attribute_flags, nt_status status);
nt_status nt_object_promote(struct nt_object *object);
/* A new object of the type, or (kind, flags: nt_object_codes.h) the named one at servers/object. */
nt_status nt_named_create(struct nt_thread *t, enum nt_type type, size_t size, uint32_t kind,
                          uint32_t flags, uint64_t initial, uint64_t limit, uint64_t owner,
                          const struct nt_attributes *a, void *result);
/* The service NtOpen..: a named one that exists. */
nt_status nt_named_open(struct nt_thread *t, const uint64_t *a, enum nt_type type, size_t size,
                        uint32_t kind);
/* Its entries go to servers/object. */
void nt_completion_hand_over(struct nt_completion *c);
uint32_t nt_access_map(enum nt_type type, uint32_t access);

/* ---- waiting (nt_wait.c) ---- */
void nt_thread_hold_on(struct nt_thread *t, struct nt_object *object);
void nt_object_wake(struct nt_object *object);
void nt_thread_wake(struct nt_thread *t);
void nt_thread_unhold(struct nt_thread *t);
void nt_thread_set_deadline(struct nt_thread *t, uint64_t deadline);
/* The deadline of a held call from a LARGE_INTEGER timeout at address (0 = never). */
nt_status nt_call_deadline(struct nt_thread *t, uint64_t address);
bool nt_call_expired(struct nt_thread *t);
/* An alertable wait: SUCCESS, or NT_STATE when an APC is being delivered with USER_APC. */
nt_status nt_wait_alertable(struct nt_thread *t);
nt_status nt_wait_objects(struct nt_thread *t, struct nt_object **objects, uint32_t count,
                          bool any, bool alertable);
/* A thread has waited in the core: the world may let it wait without, next time. NULL: it cannot. */
extern void (*nt_wait_held)(struct nt_thread *t);
/* Wakes a thread whose alert word said WAITED. */
extern void (*nt_wait_alert)(struct nt_thread *t);
/* A wait for one object of this core's own state that is over at once; PENDING: it has to wait, or more
 * has to be looked at than the object. */
nt_status nt_wait_at_once(struct nt_thread *t, struct nt_object *object);
void nt_mutant_abandon_all(struct nt_thread *t);
nt_status NtAlertThreadByThreadId(struct nt_thread *t, const uint64_t *a);
void nt_timer_run(uint64_t now);
uint64_t nt_timer_next(void);
void nt_timer_forget(struct nt_timer *timer);

/* ---- threads (nt_thread.c, nt_context.c, nt_exception.c) ---- */
nt_status nt_thread_create(struct nt_process *p, uint64_t entry, uint64_t argument,
                           uint64_t stack_reserve, uint64_t stack_commit, bool suspended,
                           struct nt_thread **thread);
void nt_thread_finish(struct nt_thread *t, uint64_t result);
void nt_thread_end(struct nt_thread *t, uint32_t code);
void nt_process_end(struct nt_process *p, uint32_t code);
void nt_process_free(struct nt_process *p);
struct nt_process *nt_process_by_pid(uint64_t pid);
struct nt_process *nt_process_next(struct nt_process *p);
void nt_thread_suspend(struct nt_thread *t);
void nt_thread_resume(struct nt_thread *t);
/* The registers of a thread that stands in the core as the program will see them, `rax` put in. */
void nt_context_from_state(struct nt_context *context, const struct jn_state *state,
                           uint32_t flags);
void nt_context_to_state(const struct nt_context *context, struct jn_state *state,
                         uint32_t flags);
nt_status nt_exception_raise(struct nt_thread *t, const struct nt_exception_record *record,
                             struct jn_state *state);
bool nt_apc_deliver(struct nt_thread *t, struct jn_state *state);
/* The state that is loaded when the suspended thread goes on. */
/* It runs on these processors only. */
nt_status nt_thread_bind(struct nt_thread *t, uint64_t mask);
void nt_thread_keep_state(struct nt_thread *t, const struct jn_state *state);
void nt_apc_queue(struct nt_thread *t, uint64_t function, uint64_t a, uint64_t b, uint64_t c);

/* ---- memory (nt_view.c, nt_virtual.c, nt_image.c) ---- */
struct nt_view *nt_view_find(struct nt_process *p, uint64_t address);
nt_status nt_view_create(struct nt_process *p, uint64_t *base, uint64_t size, uint64_t low,
                         uint64_t high, uint64_t align, bool top_down, uint32_t type,
                         uint32_t protection, uint8_t pages, const struct world_backing *backing,
                         struct nt_view **view);
void nt_view_destroy(struct nt_process *p, struct nt_view *view);
uint8_t nt_view_page(const struct nt_view *view, uint64_t address);
nt_status nt_view_set_pages(struct nt_view *view, uint64_t address, uint64_t length, uint8_t clear,
                            uint8_t set);
uint32_t nt_page_protection(uint8_t page, bool image);
bool nt_page_from_protection(uint32_t protection, uint8_t *page);
uint32_t nt_page_rights(uint8_t page);
nt_status nt_view_protect(struct nt_process *p, struct nt_view *view, uint64_t address,
                          uint64_t length, uint8_t pages);
/* Decides a fault: SUCCESS (repeat), or the exception's code. */
nt_status nt_memory_fault(struct nt_process *p, struct nt_thread *t, uint64_t address,
                          uint32_t access);
/* Gives a new section its name (section), or opens the one of that name (NULL). *existing: the section
 * that had the name, a reference for the caller; NULL: there was none. */
nt_status nt_section_publish(struct nt_thread *t, struct nt_section *section,
                             const struct nt_attributes *a, struct nt_section **existing);
/* A view of the section in p. base, size: as asked for (0: any, all) and as it came out. */
struct nt_mapping {
    uint64_t offset, low, high;
    uint32_t type, protection;
};
nt_status nt_section_map(struct nt_process *p, struct nt_section *section,
                         const struct nt_mapping *wanted, uint64_t *base, uint64_t *size);
/* The file's open as something that outlives its handle; a reference for the caller. */
struct nt_file_ref *nt_file_ref_of(struct nt_file *file);
struct nt_file_ref *nt_file_ref_create(struct world_open open, const uint16_t *path,
                                       uint32_t path_length);
void nt_file_ref_get(struct nt_file_ref *ref);
void nt_file_ref_put(struct nt_process *p, struct nt_file_ref *ref);

struct nt_piece { /* of an image: pages with one protection */
    uint32_t rva, length;
    uint32_t file_offset, file_length;
    uint8_t pages;
    bool own;        /* private from the start, with contents out of own_bytes + own_at */
    uint32_t own_at;
};
struct nt_export;
struct nt_image {
    uint32_t refs;
    uint64_t preferred_base, entry, size, stack_reserve, stack_commit, file_size;
    uint32_t checksum, timestamp, headers_size;
    uint16_t machine, characteristics, dll_characteristics, subsystem, subsystem_major,
        subsystem_minor, os_major, os_minor, major_image, minor_image;
    uint32_t export_rva, export_size, reloc_rva, reloc_size, loader_flags, directories;
    uint32_t import_rva, com_rva;
    uint32_t contains_code;
    size_t piece_count;
    struct nt_piece *pieces;
    uint32_t base_offset; /* of OptionalHeader.ImageBase in the headers */
    uint64_t last_base;   /* where it was mapped last: same place in every process */
    uint32_t own_length;  /* of all own pieces; */
    uint8_t *own_bytes;   /* NULL: not read yet */
};
/* Reads and checks a PE file's headers. */
typedef nt_status (*nt_image_reader)(void *context, uint64_t offset, void *buffer, size_t length,
                                     size_t *done);
nt_status nt_image_parse(nt_image_reader read, void *context, uint64_t file_size,
                         struct nt_image **image);
void nt_image_put(struct nt_image *image);
nt_status nt_image_open(struct nt_process *p, struct nt_file_ref *file, struct nt_image **image);
nt_status nt_image_map(struct nt_process *p, struct nt_image *image, struct nt_file_ref *file,
                       uint64_t *base, struct nt_view **view);
nt_status nt_image_information(const struct nt_image *image, uint64_t base,
                               struct nt_section_image_information *information);
/* Addresses of exported names in a mapped image; 0: not there. */
struct nt_wanted_export {
    const char *name;
    uint64_t *address;
};
/* The table of services from the stubs of ntdll (0) and win32u (1), once; and exports that are wanted. */
void nt_service_load(struct nt_process *p, const struct nt_image *image, uint64_t base,
                     unsigned table, const struct nt_wanted_export *wanted, size_t count);
const struct nt_service *nt_service_find(uint32_t number, const char **name);
/* Called once the numbers of ntdll's services are known, if it is set. */
extern void (*nt_services_known)(void);

/* ---- names and files (nt_path.c, nt_file.c) ---- */
enum nt_path_kind {
    NT_PATH_FILE,
    NT_PATH_NULL,
    NT_PATH_CONSOLE_IN,
    NT_PATH_CONSOLE_OUT,
    NT_PATH_CONSOLE_BOTH,
    NT_PATH_CONDRV,
    NT_PATH_PIPE,
    NT_PATH_VOLUME, /* \??\C: itself */
};
struct nt_path {
    enum nt_path_kind kind;
    char *path; /* of the tree, UTF-8; of pipes and ConDrv the rest of the name */
    size_t length;
    bool directory; /* ended in a backslash */
    const uint16_t *nt; /* the name that was translated, without \??\; lives as long as that */
    uint32_t nt_length;
};
nt_status nt_path_translate(const uint16_t *name, size_t length, struct nt_path *path);
void nt_path_free(struct nt_path *path);
/* Paths of the tree to "C:\..": allocated UTF-16. */
uint16_t *nt_path_to_dos(const char *path, size_t length, size_t *units);
struct nt_file *nt_file_create(struct nt_process *p, enum nt_file_kind kind,
                               struct world_open open, uint32_t access, uint32_t options);
enum nt_file_kind nt_file_kind_of(struct nt_process *p, struct world_open open);
uint32_t nt_file_attributes(const struct world_stat *stat, const uint16_t *name, size_t length);
void nt_file_basic_of(const struct world_stat *stat, const struct nt_file *file,
                      struct nt_file_basic *basic);
/* Opens by NT name; the caller owns the new object. `a` may have lost its name afterwards. */
nt_status nt_file_open(struct nt_thread *t, struct nt_attributes *a, uint32_t access,
                       uint32_t attributes, uint32_t share, uint32_t disposition,
                       uint32_t options, struct nt_file **file, uint32_t *information);
/* The full NT name (with \\??\\) of OBJECT_ATTRIBUTES relative to their root, allocated; without a root
 * it is `a`'s own, which then has none any more. */
nt_status nt_attributes_path(struct nt_thread *t, struct nt_attributes *a,
                             uint16_t **name, size_t *length);
nt_status nt_pipe_open(struct nt_thread *t, const struct nt_path *path, uint32_t access,
                       uint32_t options, struct nt_file **file);
nt_status nt_console_open(struct nt_thread *t, const struct nt_path *path, uint32_t access,
                          uint32_t options, struct nt_file **file);
bool nt_name_matches(const uint16_t *name, size_t length, const uint16_t *mask,
                     size_t mask_length);
nt_status nt_file_finish(struct nt_thread *t, struct nt_file *file, const uint64_t *a,
                         nt_status status, uint64_t information);
#define NT_ASYNC_COOKIE (1ull << 60)
/* Starts it: PENDING, or the error. `a` as in NtReadFile: event, APC, context, iosb at 1 to 4. */
nt_status nt_async_start(struct nt_thread *t, struct nt_file *file, const uint64_t *a, int kind,
                         uint64_t buffer, uint32_t length);
/* FSCTL_PIPE_TRANSCEIVE: a message, and the one that answers it. */
nt_status nt_async_transceive(struct nt_thread *t, struct nt_file *file, const uint64_t *a);
void nt_async_woken(uint64_t cookie);
/* Ends those of the file (of the thread, with this iosb; 0 = any) as CANCELLED; how many. */
unsigned nt_async_cancel(struct nt_file *file, struct nt_thread *t, uint64_t iosb);
void nt_async_file_closed(struct nt_file *file);
void nt_async_thread_gone(struct nt_thread *t);
void nt_directory_state_free(struct nt_directory_state *state);
void nt_pipe_end_closed(struct nt_file *file);
/* Whether a client has taken the server's end; PENDING: not yet, the cookie is armed. */
nt_status nt_pipe_connected(struct nt_file *file, uint64_t cookie);
void nt_completion_add(struct nt_completion *c, uint64_t key, uint64_t value, nt_status status,
                       uint64_t information);

/* ---- command lines and environments (nt_arguments.c) ---- */
uint16_t *nt_arguments_to_line(const char *arguments, size_t count, size_t *units);
/* Strings each with its zero; *count arguments. */
char *nt_line_to_arguments(const uint16_t *line, size_t units, size_t *bytes, size_t *count);
/* PATH, TMP and TEMP are translated; what every Windows program expects is added. */
uint16_t *nt_environment_to_block(const char *variables, size_t count, size_t *units);
char *nt_block_to_environment(const uint16_t *block, size_t units, size_t *bytes, size_t *count);

/* ---- the rest ---- */
nt_status nt_console_control(struct nt_thread *t, struct nt_file *file, const uint64_t *a);
void nt_signal_deliver(struct nt_process *p, uint32_t number);
uint64_t nt_signal_next(void); /* when a process that was asked to end is ended */
void nt_signal_run(uint64_t now);
void nt_kuser_fill(void *page);
void nt_kuser_tick(void *page);
uint64_t nt_time_now(void);             /* 100 ns since 1601 */
uint64_t nt_time_from_ns(int64_t real); /* ns since 1970 */
int64_t nt_time_to_ns(uint64_t ticks);
uint32_t nt_exit_wait_status(uint32_t kind, uint32_t code);
/* A name of the object manager's tree for servers/object, from OBJECT_ATTRIBUTES; NULL: nameless.
 */
nt_status nt_object_path(struct nt_thread *t, const struct nt_attributes *a, char **path,
                         size_t *length);

#endif
