/* The console server's objects: clients have opens, opens are of terminals. One event loop, no locks. */
#ifndef CONSOLE_CONSOLE_H
#define CONSOLE_CONSOLE_H

#include "discipline.h"
#include "janus/idl/client.h"
#include "janus/idl/console.h"
#include "janus/idl/io.h"
#include "janus/labels.h"
#include "janus/offers.h"
#include "janus/list.h"
#include "janus/ring.h"
#include "janus/server.h"

enum {
    TERMINAL_SCREEN = 65536, /* bytes that the master has not read */
    TERMINAL_TYPED = 8192,   /* bytes from the master that the discipline has no room for */
    TERMINAL_KEPT = 4095,    /* of the screen: what a flush of output does not take back */
    TERMINALS_MAX = 4096,
    WAKE_ROOM = TERMINAL_SCREEN / 4, /* a terminal is writable with so much room */
};

enum side { SIDE_MASTER, SIDE_SLAVE, SIDES };

/* TIOCPKT's status bits, ioctl_tty(2). */
enum packet_status {
    PACKET_FLUSH_READ = 1, PACKET_FLUSH_WRITE = 2, PACKET_STOP = 4, PACKET_START = 8,
    PACKET_NO_STOP = 16, PACKET_DO_STOP = 32, PACKET_IOCTL = 64,
};

struct condrv; /* the Win32 view's own state, condrv.h */

struct terminal {
    uint32_t number;
    uint32_t references;      /* descriptions, of both sides */
    uint32_t opens[SIDES];    /* descriptions that are not hung up */
    bool slave_seen;          /* somebody has opened the slave since the last close of all */
    bool locked, exclusive, packet;
    bool dirty;               /* waiters have to be looked at */
    uint32_t packet_status;
    uint64_t session, foreground; /* 0: none */
    uint32_t uid, gid, mode;
    int64_t access_ns, modify_ns;
    uint64_t last_key_ns;     /* monotonic; VTIME counts from here */
    struct console_size size;
    struct discipline discipline;
    uint8_t *screen;          /* ring: slave to master */
    uint32_t screen_head, screen_tail;
    uint32_t typed_head, typed_tail;
    uint8_t typed[TERMINAL_TYPED]; /* ring: master to discipline */
    struct list waiters[SIDES];
    struct list descriptions;
    struct condrv *condrv;    /* NULL until a PE program asks */
};

enum open_kind { OPEN_MASTER, OPEN_SLAVE, OPEN_CONDRV_INPUT, OPEN_CONDRV_OUTPUT };

/* An open file description. */
struct description {
    uint32_t references;
    enum open_kind kind;
    uint32_t access, flags;
    bool hung_up;
    struct terminal *terminal;
    struct list link; /* in terminal->descriptions */
    uint64_t token;   /* of client.offer; 0: never offered */
};

struct ring_share {
    struct jn_ring ring;
    uint32_t users;
};

struct client {
    uint64_t label, pid;
    uint32_t uid, gid;
    uint64_t detached; /* session whose terminal this process has given up (TIOCNOTTY) */
    struct ring_share *ring;
    struct list armed; /* struct waiter.client_link */
    struct description **table; /* open n is at n - 1 */
    uint32_t size;
};

/* ---- client.c ---- */
extern struct jn_labels console_labels;
extern struct jn_offers console_offers;
extern const struct client_ops client_operations;
struct client *client_find(uint64_t label);
void client_gone(uint64_t label);

/* ---- open.c ---- */
extern const struct console_ops console_operations;
JN_CHECKED jn_status_t open_add(struct client *client, struct description *description,
                                uint64_t *open);
/* NULL: no such open. */
struct description *open_find(const struct client *client, uint64_t open);
JN_CHECKED jn_status_t open_close(struct client *client, uint64_t open);
void description_release(struct description *description);
/* A new description, not in any table yet. */
JN_CHECKED jn_status_t description_create(enum open_kind kind, struct terminal *terminal,
                                          uint32_t access, uint32_t flags,
                                          struct description **out);
static inline enum side description_side(const struct description *d)
{
    return d->kind == OPEN_MASTER ? SIDE_MASTER : SIDE_SLAVE;
}

/* ---- terminal.c ---- */
JN_CHECKED jn_status_t terminal_create(struct terminal **out);
void terminal_release(struct terminal *terminal);
struct terminal *terminal_find(uint64_t number);
struct terminal *terminal_next(uint64_t from); /* least number >= from, or NULL */
struct terminal *terminal_of_session(uint64_t session);
/* Keys that wait go on into the discipline as far as it has room. */
void terminal_pump(struct terminal *terminal);
/* The master types. Answers how many bytes were taken. */
size_t terminal_type(struct terminal *terminal, const uint8_t *bytes, size_t count);
size_t terminal_screen_count(const struct terminal *terminal);
/* The longest piece of the screen's bytes that stands in one place. */
size_t terminal_screen_peek(const struct terminal *terminal, const uint8_t **bytes);
void terminal_screen_take(struct terminal *terminal, size_t count);
void terminal_flush_screen(struct terminal *terminal);
void terminal_flush_typed(struct terminal *terminal);
void terminal_packet(struct terminal *terminal, uint32_t set, uint32_t clear);
/* All opens of the slave become useless, its session is gone, SIGHUP and SIGCONT are sent. */
void terminal_hang_up(struct terminal *terminal);
void terminal_set_attributes(struct terminal *terminal, const struct attributes *attributes);
void terminal_set_size(struct terminal *terminal, const struct console_size *size);
/* Looks at the waiters of every terminal that changed. */
void terminals_wake(void);
void terminal_changed(struct terminal *terminal);
/* What holds of `events` (IO_..) for this description; `need` bytes make it readable. */
uint32_t terminal_ready(const struct description *description, uint32_t events, size_t need);

/* ---- job.c ---- */
struct job_ids {
    uint64_t group, session;
    bool leader;
};
JN_CHECKED jn_status_t job_start(cap_t signal, uint64_t bits);
JN_CHECKED jn_status_t job_ids(const struct client *client, struct job_ids *ids);
void job_signal(const struct terminal *terminal, uint32_t number); /* to the foreground group */
void job_signal_group(uint64_t group, uint32_t number);
/* BACKGROUND if the terminal is the caller's controlling terminal and its group is not in front. */
JN_CHECKED jn_status_t job_check(const struct client *client, const struct terminal *terminal);
/* The controlling terminal of the client, or NULL. */
struct terminal *job_terminal(const struct client *client);
JN_CHECKED jn_status_t job_set_controlling(struct client *client, struct terminal *terminal,
                                           bool steal);
JN_CHECKED jn_status_t job_drop_controlling(struct client *client, struct terminal *terminal);
JN_CHECKED jn_status_t job_set_foreground(const struct client *client, struct terminal *terminal,
                                          uint64_t group);
/* After an open without O_NOCTTY. */
void job_opened(struct client *client, struct terminal *terminal);
/* Processes of the terminal's session: their number; the first `capacity` are listed. */
uint32_t job_processes(const struct terminal *terminal, uint32_t *pids, uint32_t capacity);
void job_hangups(void); /* sessions whose leader has ended */

/* ---- wait.c ---- */
/* Arms the cookie for `events`; need: bytes that a reader wants; deadline 0: none. Cookie 0 arms
 * nothing. Answers WOULD_BLOCK, or why it could not be armed. */
JN_CHECKED jn_status_t wait_arm(struct client *client, struct description *description,
                                uint64_t cookie, uint32_t events, size_t need, uint64_t deadline);
/* The read of this cookie ran out of time since it was armed: tells once. */
bool wait_expired(struct client *client, const struct description *description, uint64_t cookie);
void wait_disarm(struct client *client, uint64_t cookie);
void wait_disarm_client(struct client *client);
void wait_disarm_description(struct client *client, struct description *description);
void wait_wake(struct terminal *terminal);
uint64_t wait_deadline(void);
void wait_timeout(void);

/* ---- io_*.c, control.c ---- */
extern const struct io_ops io_operations;
JN_CHECKED jn_status_t read_open(struct jn_call *call, struct client *client,
                                 struct description *d, uint64_t length, uint32_t flags,
                                 uint64_t cookie, uint64_t *done);
JN_CHECKED jn_status_t write_open(struct jn_call *call, struct client *client,
                                  struct description *d, uint64_t length, uint32_t flags,
                                  uint64_t cookie, uint64_t *done);
JN_CHECKED jn_status_t control_open(struct jn_call *call, struct client *client,
                                    struct description *d, uint32_t code, uint64_t argument,
                                    uint64_t cookie, uint64_t *result);

#endif
