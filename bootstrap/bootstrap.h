/* The supervisor's parts. */
#ifndef BOOTSTRAP_BOOTSTRAP_H
#define BOOTSTRAP_BOOTSTRAP_H

#include "janus/loader.h"
#include "janus/server.h"
#include "manifest.h"

enum server_state {
    SERVER_LEFT_OUT, /* not in this boot */
    SERVER_IDLE,     /* not started yet */
    SERVER_RUNNING,  /* started, not ready */
    SERVER_READY,
    SERVER_GONE, /* ended for good */
};

/* One line of the manifest at work. The gate and its labels are made once and outlive the server's
 * tasks, so that callers wait while it is started again. */
struct server {
    const struct manifest_server *manifest;
    uint32_t index;
    enum server_state state;
    uint32_t starts;
    char name[33];
    cap_t gate_pool, gate;
    cap_t admin;  /* label 1 at the gate */
    cap_t client; /* the server's capability here */
    cap_t pool, task, thread; /* while it runs */
    uint64_t kernel_frames;   /* in its Pool */
};

extern struct manifest manifest;
extern struct server *servers;
extern size_t server_count;
extern struct bootimage boot_image;
extern uint64_t boot_image_bytes;
extern cap_t own_gate, end_signal;

/* Labels of the supervisor's clients, and of faults of their threads: + index of the server. */
#define LABEL_SERVER 16
/* Labels at other servers for `reach svc/X:own`; + starts << 16 + index. */
#define LABEL_OWN (1ull << 40)

/* main.c: log line, then leaves the machine. */
_Noreturn void leave(uint32_t code);
struct server *server_named(struct text name);
struct server *server_of_label(uint64_t label);

/* gates.c: what exists for a server before and after its tasks. */
JN_CHECKED jn_status_t server_make_gate(struct server *server);
/* Out of the own Pool, which takes RAM from the root pager when it is empty. NO_MEMORY. */
JN_CHECKED jn_status_t kernel_memory_pool(uint64_t frames, cap_t *pool);
JN_CHECKED jn_status_t kernel_memory_fund(cap_t pool, uint64_t frames);

/* inject.c: ends that the boot's settings ask for. The next time at which inject_run is wanted; 0: never. */
uint64_t inject_next(void);
void inject_run(void);

/* start.c */
JN_CHECKED jn_status_t server_start(struct server *server);
/* The path of its program in the boot image; its length. 0: it does not fit. */
size_t server_path(const struct server *server, char *path, size_t capacity);

/* names.c: the part of the name service that bootstrap arranges. Everything does nothing before the
 * name server is ready. */
JN_CHECKED jn_status_t names_open(void);
JN_CHECKED jn_status_t names_view(struct server *server, cap_t *view);
void names_publish(struct server *server);
void names_withdraw(struct server *server);

/* end.c: the server's task has ended or must end. */
void server_ended(struct server *server);
bool server_has_ended(const struct server *server);
jn_status_t report_fault(struct server *server, struct jn_call *call, uint32_t kind);

/* service.c */
extern const struct supervisor_ops bootstrap_ops;
bool server_is_granted(const struct server *server, const char *word, size_t length);

/* Called when a server says that it is ready. */
void server_ready(struct server *server);

#endif
