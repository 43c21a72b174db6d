/* The process as servers/task keeps it (idl/task.idl): `task` is the process's own client there. */
#ifndef JANUS_BACKEND_PROCESS_H
#define JANUS_BACKEND_PROCESS_H

#include "janus/backend/clients.h"
#include "janus/idl/task.h"

JN_CHECKED jn_status_t backend_process_create(cap_t parent, uint32_t flags, uint64_t cookie,
                                              uint64_t *pid, cap_t *task);
/* A kernel Task to be filled, and the Pool that pays for its threads. */
JN_CHECKED jn_status_t backend_process_prepare(cap_t task, cap_t *kernel_task, cap_t *pool);
JN_CHECKED jn_status_t backend_process_commit(cap_t task, uint32_t personality);
void backend_process_abandon(cap_t task);
JN_CHECKED jn_status_t backend_process_fund(cap_t task, uint64_t frames, uint64_t *got);
JN_CHECKED jn_status_t backend_process_share_task(cap_t task, cap_t parent);
JN_CHECKED jn_status_t backend_process_set_cookie(cap_t task, uint64_t cookie);
JN_CHECKED jn_status_t backend_process_exit(cap_t task, uint32_t kind, uint32_t code);
/* number 0: none. */
JN_CHECKED jn_status_t backend_process_take_signal(cap_t task, uint64_t accept, uint32_t *number,
                                                   struct task_siginfo *info, uint64_t *pending);
JN_CHECKED jn_status_t backend_process_signal(cap_t task, int64_t pid, uint32_t number,
                                              const struct task_siginfo *info);
/* To one thread; pid 0: of whichever process. */
JN_CHECKED jn_status_t backend_process_signal_thread(cap_t task, uint64_t pid, uint64_t tid,
                                                     uint32_t number,
                                                     const struct task_siginfo *info);
/* One that somebody sent to a thread of this process; number 0: none. */
JN_CHECKED jn_status_t backend_process_take_thread_signal(cap_t task, uint64_t *tid,
                                                          uint32_t *number,
                                                          struct task_siginfo *info);
JN_CHECKED jn_status_t backend_process_stopped(cap_t task, uint32_t number);
JN_CHECKED jn_status_t backend_process_continued(cap_t task);
struct backend_wait_result {
    uint64_t pid;
    uint32_t kind, code, uid;
    struct task_usage usage;
};
JN_CHECKED jn_status_t backend_process_wait(cap_t task, int64_t which, uint32_t options,
                                            uint64_t cookie, struct backend_wait_result *result);
void backend_process_disarm(cap_t task, uint64_t cookie);
struct backend_ids {
    uint64_t pid, parent, group, session;
    uint32_t uid, gid, flags;
};
JN_CHECKED jn_status_t backend_process_ids(cap_t task, uint64_t pid, struct backend_ids *ids);
JN_CHECKED jn_status_t backend_process_set_group(cap_t task, uint64_t pid, uint64_t group);
JN_CHECKED jn_status_t backend_process_set_session(cap_t task, uint64_t *session);
/* which: TASK_NICE_..; who 0: the caller. */
JN_CHECKED jn_status_t backend_process_nice(cap_t task, uint32_t which, uint64_t who, int32_t *nice);
JN_CHECKED jn_status_t backend_process_set_nice(cap_t task, uint32_t which, uint64_t who,
                                                int32_t nice);
JN_CHECKED jn_status_t backend_process_set_death_signal(cap_t task, uint32_t number);
JN_CHECKED jn_status_t backend_process_death_signal(cap_t task, uint32_t *number);
JN_CHECKED jn_status_t backend_process_set_subreaper(cap_t task, bool on);
JN_CHECKED jn_status_t backend_process_subreaper(cap_t task, uint32_t *on);
JN_CHECKED jn_status_t backend_process_credentials(cap_t task, struct task_credentials *out);
JN_CHECKED jn_status_t backend_process_set_credentials(const struct backend_clients *clients,
                                                       const struct task_credentials *in);
JN_CHECKED jn_status_t backend_process_set_info(cap_t task, uint32_t field, const void *data,
                                                size_t length);
JN_CHECKED jn_status_t backend_process_get_info(cap_t task, uint64_t pid, uint32_t field,
                                                void *data, size_t capacity, size_t *length);
JN_CHECKED jn_status_t backend_process_status(cap_t task, uint64_t pid,
                                              struct task_status *status);
JN_CHECKED jn_status_t backend_process_next(cap_t task, uint64_t from, struct task_status *status);
JN_CHECKED jn_status_t backend_process_new_thread_id(cap_t task, uint32_t align, uint64_t *tid);
void backend_process_free_thread_id(cap_t task, uint64_t tid);
JN_CHECKED jn_status_t backend_process_report_usage(cap_t task, uint64_t user_ns,
                                                    uint64_t system_ns, uint64_t pages);
/* Whether the manifest says that a file beginning with `head` is a program of a personality other than
 * POSIX and Win32: its server's name, "svc/NAME". */
extern const char *backend_programs; /* the setting; NULL: the supervisor has it */
bool backend_process_personality_of(const void *head, size_t length, char *server,
                                    size_t capacity);
/* Requests between cores (idl/task.idl: post and so on). The asker's cookie is armed at WAIT_TASK's server. */
JN_CHECKED jn_status_t backend_process_post(cap_t task, uint64_t pid, uint64_t cookie,
                                            const void *data, size_t length, uint64_t *id);
JN_CHECKED jn_status_t backend_process_collect(cap_t task, uint64_t id);
void backend_process_withdraw(cap_t task, uint64_t id);
JN_CHECKED jn_status_t backend_process_next_request(cap_t task, void *data, size_t capacity,
                                                    uint64_t *id, uint64_t *length);
/* An answer without contents. */
JN_CHECKED jn_status_t backend_process_answer(cap_t task, uint64_t id);
/* Gives the process, with its clients, to another personality or placement (handover_taker says its
 * name). Failure leaves it with the caller; success takes all five capabilities over. TIMEOUT, from
 * svc/win32 only: it is busy, perhaps with a call to svc/posix; serve, and try again. */
JN_CHECKED jn_status_t backend_process_hand_over(const char *personality, const void *record,
                                                 size_t length,
                                                 const struct backend_clients *clients);

#endif
