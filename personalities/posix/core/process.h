/* Life of processes and threads. */
#ifndef POSIX_PROCESS_H
#define POSIX_PROCESS_H

#include "core.h"

/* A process without threads, memory or descriptors; takes nothing over. NULL: no memory. */
struct process *process_create(uint64_t pid);
/* Frees what is left of it; its threads and memory must be gone. */
void process_free(struct process *process);
struct process *process_find(uint64_t pid);

/* A thread that is not started, made in mm's Task. tid 0: the process's pid. */
long thread_create(struct process *process, uint64_t tid, struct thread **thread);
/* Removes it and its capabilities. kill: it may still exist in the kernel. */
void thread_destroy(struct thread *thread, bool kill);

/* The thread, which is new, gets the processors that the one it comes from had asked for, or 0. */
void affinity_inherit(struct thread *thread, uint64_t cpus);

/* Ends the process (TASK_EXITED or TASK_SIGNALLED); it and its threads are no more. */
void process_terminate(struct process *process, uint32_t kind, uint32_t code);
/* Somebody else (SIGKILL, quota) ended it already. */
void process_killed(struct process *process);
/* Ends all threads but one (exec, and before the end). */
void process_end_threads(struct process *process, struct thread *except);
/* One thread ends (exit); with the last one the process. */
void thread_exit(struct thread *thread, uint32_t code);

void process_stop(struct process *process, uint32_t number);
void process_continue(struct process *process);
/* While SIGCHLD is ignored Linux leaves no zombies: if it is, they go now, and the answer is true. */
bool process_child_ignored(struct process *process);
/* A vfork child got its own memory or ended: its parent goes on. */
void process_release_vfork(struct process *process);
/* The terminal that refused: sends `number` to the caller's group, or says why not (-EIO).
 * Gives the restart code. */
long process_background(struct thread *thread, uint32_t number);
/* The signal is ignored or blocked: SIGTTOU then lets the operation through. */
bool process_ignores_stop(struct thread *thread, uint32_t number);

const struct task_credentials *process_credentials(struct process *process);
void process_push_info(struct process *process, uint32_t field, const void *data, size_t length);
void process_push_name(struct process *process, const char *name);
/* Before servers/fs reads it: the region map as /proc/PID/maps shows it. */
void process_push_maps(struct process *process);
/* The same for descriptors and the current directory. */
void process_push_files(struct process *process);

/* What /proc/PID/fd/N shows as link target: its length, 0: nothing. */
struct descriptor;
size_t process_descriptor_name(struct process *process, const struct descriptor *descriptor,
                               char *name, size_t capacity);

/* What /proc shows of a process is what its core has given to servers/task. Another core is asked to renew it,
 * for a tenth of a second at most: 0 (go on), or CORE_WAITING. */
#define SHOW_MAPS 1u
#define SHOW_FILES 2u
long process_ask_to_show(struct thread *t, uint64_t pid, uint32_t what);
/* Does what other cores have asked for. */
void process_show(struct process *p);

#endif
