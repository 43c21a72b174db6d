/* Processes as servers/task knows them: ids, family, groups, sessions, pending signals, status.
 *
 * Everything belongs to the one event loop of this server; there are no locks. A process lives until
 * it has ended, was reaped, and the last capability with its label is gone.
 */
#ifndef TASK_PROCESS_H
#define TASK_PROCESS_H

#include "janus/idl/task.h"
#include "janus/labels.h"
#include "janus/ring.h"

#include "janus/list.h"

#define PID_INIT 1      /* this server: parent of orphans */
#define PID_STEP 4      /* ids are multiples of four, as Win32 wants them (PERSONALITIES 16) */
#define PID_MAX 4194304 /* as Linux on 64 bits */
#define SIGNALS 64
#define INFO_FIELDS 8

/* A readiness ring and those who use it. */
struct ring {
    struct jn_ring ring;  /* without memory: only its Signal is raised, until its opener opens it wholly */
    uint64_t opener;      /* label */
    uint32_t users;
    struct list overflow; /* struct process.ring_due: events that found the ring full */
    struct list link;     /* in all rings: one a personality server */
};

struct session {
    uint64_t id;
    uint32_t processes;
    bool leader_ended;
};

struct group {
    uint64_t id;
    struct session *session;
    struct list members; /* struct process.group_link */
    uint32_t linked;     /* members whose parent is in another group of the session: not orphaned */
};

/* A queued real-time signal, or the information of a pending standard one. */
struct pending {
    struct list link;
    struct task_siginfo info;
    uint64_t tid; /* in thread_queue: for whom */
};

/* Somebody who waits in wait or watch. */
struct waiter {
    struct list link;   /* in the waiting process's `waiters`, or the watched one's `watchers` */
    struct list client; /* in the arming client's `armed` */
    struct process *owner;
    uint64_t cookie;
    bool watch;
};

enum process_state { PROCESS_ALIVE, PROCESS_STOPPED, PROCESS_ZOMBIE, PROCESS_REAPED };

struct process {
    uint64_t pid;
    uint64_t label; /* 0: no capability names it */
    enum process_state state;
    uint32_t personality;
    struct process *parent;
    struct list children, sibling;  /* live and zombie children */
    struct list zombies, zombie;    /* ended children that were not reaped, in order */
    struct list changed, change;    /* children with an unreported stop or continuation */
    struct group *group;
    struct list group_link;
    struct task_credentials credentials;
    int32_t nice;
    uint32_t death_signal; /* that it gets when its parent ends; 0: none */
    uint64_t death_of;     /* while it is in the list of those to be told: the parent that was */
    struct list death_link;
    bool subreaper; /* orphans among its descendants become its children */

    /* kernel objects: the pool pays for the task and its threads; destroying it ends everything */
    cap_t pool, task;
    cap_t new_pool, new_task; /* between prepare and commit */
    bool shares_task; /* its memory is the parent's, as after vfork, until it commits one */
    uint64_t funded;          /* frames given to `pool` */

    /* signals */
    uint64_t pending_mask; /* bit n-1 */
    struct list queue;     /* struct pending, oldest first */
    struct list thread_queue; /* the same, for single threads, until the personality takes it */
    uint32_t queued;          /* in both */
    struct ring *ring;
    uint64_t cookie;
    uint32_t events; /* posted or due, not yet taken by the personality */
    struct list ring_due;

    /* status for the parent */
    uint32_t exit_kind, exit_code;
    uint32_t change_kind, change_code; /* TASK_STOPPED or TASK_CONTINUED, unreported */
    struct list waiters;  /* own waits */
    struct list watchers; /* waits of others for this process's end */
    struct list armed;    /* struct waiter.client: all that this client armed */
    struct list requests; /* of others, that this process has not answered (request.c) */
    struct list asked;    /* own requests to others */
    uint32_t asked_count;
    struct job *job; /* it is in (job.c); NULL: none */
    struct list job_link;
    struct list jobs; /* numbers of jobs that it holds */
    uint32_t jobs_held;

    /* accounting and /proc */
    uint64_t start_ns, user_ns, system_ns, resident_pages, child_user_ns, child_system_ns;
    uint64_t last_cpu_ns; /* of tasks that exec has replaced, and at the end */
    uint32_t threads;
    struct {
        char *data;
        size_t length;
    } info[INFO_FIELDS];
};

/* ---- ids.c: who has which id ---- */
jn_status_t id_allocate(void *owner, uint64_t *id);
void id_free(uint64_t id);
struct process *process_find(uint64_t pid);      /* NULL: no such process */
/* Also one that was reaped while a capability still names it. */
struct process *process_find_ended(uint64_t pid);
struct process *process_next(uint64_t from);     /* least pid >= from */
jn_status_t thread_id_allocate(struct process *process, uint64_t *id);
jn_status_t thread_id_free(struct process *process, uint64_t id);
/* Those of all its threads but the first, whose id is the process's; looks at the whole table. */
void thread_ids_drop(struct process *process);
/* Of a thread's or a process's id; NULL: of none. */
struct process *thread_owner(uint64_t id);

/* ---- process.c ---- */
extern struct process init_process;
extern uint32_t process_count, process_limit;
void process_init(void);
/* flags: TASK_FORK, _BREAKAWAY. */
jn_status_t process_create(struct process *parent, uint32_t flags, struct process **out);
jn_status_t process_prepare(struct process *process);
/* More kernel memory for this server's Pool (main.c); true: try again. */
bool kernel_memory_more(uint64_t frames);
/* Its kernel tasks are named for traces and reports: "PID NAME". */
void process_name(const struct process *process);
void process_abandon(struct process *process);
jn_status_t process_commit(struct process *process);
/* Ends it: kernel objects go, children go to pid 1, the parent hears of it. */
void process_end(struct process *process, uint32_t kind, uint32_t code);
void process_reap(struct process *process);
/* Frees what nobody can name any more. */
void process_collect(struct process *process);
uint64_t process_cpu_ns(const struct process *process);

/* ---- client.c ---- */
extern struct jn_labels server_labels;
struct process *client_process(uint64_t label); /* NULL: not a process's label */
jn_status_t client_mint(struct process *process, cap_t *out);
void client_gone(uint64_t label);
/* The handler of the process's adapter raised an exception. */
void client_adapter_failed(uint64_t label, const uint64_t *words);
/* The process that a capability of this server names; takes the capability over. */
jn_status_t client_identify(cap_t cap, struct process **out);
extern const struct client_ops client_operations;
void ring_release(struct process *process);
/* Tells the personality; never lost. */
void process_post(struct process *process, uint32_t events);
/* Posts what found a ring full, as far as its reader has read meanwhile. */
void rings_drain(void);

/* ---- group.c ---- */
void group_join(struct process *process, struct group *group);
void group_leave(struct process *process);
struct group *group_find(uint64_t id);
struct group *group_create(uint64_t id, struct session *session);
bool group_orphaned(const struct group *group);
/* Call before and after a change of parent, group or life; sends SIGHUP and SIGCONT to a group that
 * became orphaned with a stopped member. */
void group_changed(struct group *group, bool was_orphaned);
struct session *session_create(uint64_t id);
jn_status_t group_set(struct process *caller, uint64_t pid, uint64_t group);
jn_status_t session_set(struct process *process, uint64_t *id);

/* ---- signal.c ---- */
/* kill(2)'s rule, SIGCONT's exception apart. */
bool signal_allowed(const struct process *sender, const struct process *target);
jn_status_t signal_post(struct process *process, const struct task_siginfo *info);
jn_status_t signal_send(struct process *sender, int64_t pid, uint32_t number, bool from_kernel,
                        const struct task_siginfo *info);
/* To one thread; pid 0: whoever has it. */
jn_status_t signal_send_thread(struct process *sender, uint64_t pid, uint64_t tid, uint32_t number,
                               bool force, const struct task_siginfo *info);
void signal_group(struct group *group, uint32_t number);
void signal_take(struct process *process, uint64_t accept, struct task_siginfo *info);
/* The oldest one for a thread; info->number 0: none. */
void signal_take_thread(struct process *process, uint64_t *tid, struct task_siginfo *info);
void signal_flush(struct process *process);

/* ---- nice.c: getpriority(2), setpriority(2); which: TASK_NICE_.. ---- */
jn_status_t nice_get(const struct process *caller, uint32_t which, uint64_t who, int32_t *nice);
jn_status_t nice_set(const struct process *caller, uint32_t which, uint64_t who, int32_t nice);

/* ---- wait.c ---- */
jn_status_t wait_child(struct process *process, int64_t which, uint32_t options, uint64_t cookie,
                       uint64_t *pid, uint32_t *kind, uint32_t *code, uint32_t *uid,
                       struct task_usage *usage);
jn_status_t wait_watch(struct process *process, uint64_t pid, uint64_t cookie, uint32_t *kind,
                       uint32_t *code);
void wait_wake_parent(struct process *child);
void wait_wake_watchers(struct process *process);
/* Arms the cookie in a list of struct waiter; WOULD_BLOCK is success. */
jn_status_t wait_arm(struct process *owner, struct list *list, uint64_t cookie);
/* Tells all of such a list. */
void wait_wake_list(struct list *list);
void wait_disarm(struct process *process, uint64_t cookie);
void wait_disarm_all(struct process *process);
void wait_report_change(struct process *process, uint32_t kind, uint32_t code);
void wait_forget_change(struct process *process);

/* ---- request.c: requests of one personality to another's process ---- */
jn_status_t request_post(struct jn_call *call, struct process *asker, uint64_t pid,
                         uint64_t cookie, uint64_t length, uint64_t *id);
jn_status_t request_next(struct jn_call *call, struct process *target, uint64_t capacity,
                         uint64_t *id, uint64_t *from, uint64_t *length);
jn_status_t request_answer(struct jn_call *call, struct process *target, uint64_t id,
                           uint64_t length);
jn_status_t request_collect(struct jn_call *call, struct process *asker, uint64_t id,
                            uint64_t capacity, uint64_t *length);
jn_status_t request_withdraw(struct process *asker, uint64_t id);
/* The ring of the process changes: what it armed is forgotten. */
void request_disarm_all(struct process *asker);
/* The process has ended: its own requests go, those to it are told. */
void request_drop_all(struct process *process);

/* ---- hangup.c: sessions whose leader ended, for servers/console ---- */
void hangup_subscribe(cap_t signal, uint64_t bits);
void hangup_add(uint64_t session, uint64_t leader);
jn_status_t hangup_next(uint64_t *session, uint64_t *leader);

/* ---- info.c ---- */
jn_status_t info_set(struct jn_call *call, struct process *process, uint32_t field,
                     uint64_t length);
jn_status_t info_get(struct jn_call *call, struct process *process, uint32_t field,
                     uint64_t capacity, uint64_t *length);
void info_copy(struct process *to, const struct process *from);
void info_free(struct process *process);
void info_status(const struct process *process, struct task_status *status);

/* ---- task.c ---- */
extern const struct task_ops task_operations;

#endif
