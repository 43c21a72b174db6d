/* The world of a run as it is: capabilities, streams, files, the process. One event loop, no locks. */
#ifndef SESSION_SESSION_H
#define SESSION_SESSION_H

#include "core.h"
#include "janus/ring.h"
#include "janus/types.h"

/* Bits of the one Signal, one a readiness ring. */
enum {
    BIT_CHANNEL = 1, BIT_FS = 2, BIT_CONSOLE = 4, BIT_TASK = 8,
    RING_ENTRIES = 64,
    SMALL_GET = 4096,    /* who writes more at a time is not slowed down */
    REST_NS = 2000000,
};

/* Cookies. At the channel: COOKIE_READ and COOKIE_WRITE; at fs and console: of a stream, below; at
 * task: COOKIE_ENDED. */
enum { COOKIE_READ = 1, COOKIE_WRITE = 2, COOKIE_ENDED = 3, COOKIE_STREAMS = 16 };

static inline uint64_t cookie_input(unsigned stream)
{
    return COOKIE_STREAMS + 2 * stream;
}

static inline uint64_t cookie_output(unsigned stream)
{
    return COOKIE_STREAMS + 2 * stream + 1;
}

/* The guest's end of a stream: an open of this server's own client. */
struct stream_end {
    bool open;
    cap_t server;
    uint64_t number;
};

struct program;
struct share;

struct session {
    struct core core;
    cap_t signal;
    cap_t channel;
    cap_t fs_admin, console_admin, task_admin, pager_admin, object_admin;
    cap_t fs, console, task; /* this server's own clients */
    struct jn_ring_reader channel_ring, fs_ring, console_ring, task_ring;
    struct stream_end inputs[CHANNEL_STREAM_END];  /* 0, 3 */
    struct stream_end outputs[CHANNEL_STREAM_END]; /* 1, 2, 3 */
    /* Ends that the program gets, until it is handed over. */
    struct stream_end theirs[CHANNEL_STREAM_END];
    /* Outputs that are ready and left alone for a moment, so that many small writes of a program
     * become one frame: bit n is stream n. */
    uint32_t resting;
    uint64_t rest_until;
    uint64_t last_get_ns[CHANNEL_STREAM_END]; /* when less than SMALL_GET bytes were read */
    uint64_t deadline; /* monotonic ns, 0: none */
    uint64_t file;     /* open of the file that arrives, 0: none */
    char *file_path;
    struct channel_file file_data;
    uint64_t pid;      /* of the first process, 0: none */
    cap_t process;     /* its client at task */
    struct share *share;
    bool finished;
};

/* ---- notes.c ---- */

void notes_begin(void);
void notes_send(struct session *s);

/* ---- trace.c: nothing, unless this boot has servers/trace ---- */
void trace_begin(void);
void trace_end(void);
/* The next frame of it is in the output; false: that was all. */
bool trace_next(struct session *s);

/* ---- world.c ---- */
extern const struct world session_world;
/* Answers a static text that is kept until the next call. */
const char *session_text(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* ---- streams.c ---- */
/* The pipes and the terminal that the record asks for. Answers NULL, or why not. */
const char *streams_open(struct session *s, const struct run_record *record);
/* The program has its own: this server's copies of their ends go. */
void streams_handed_over(struct session *s);
void streams_hang_up(struct session *s); /* what this server holds open for the program's sake */
enum world_status streams_put(struct session *s, unsigned stream, const void *bytes, size_t length,
                              size_t *done);
enum world_status streams_get(struct session *s, unsigned stream, void *bytes, size_t capacity,
                              size_t *done);
void streams_close(struct stream_end *end);
void streams_resize(struct session *s, const struct channel_winsize *size);

/* ---- files.c ---- */
const char *files_begin(struct session *s, const struct channel_file *file);
const char *files_data(struct session *s, const void *bytes, size_t length);
const char *files_end(struct session *s);
/* Opens a path with this server's client. */
JN_CHECKED jn_status_t files_open(struct session *s, const char *path, uint32_t lookup,
                                  uint32_t flags, uint32_t access, uint64_t *open);

/* ---- process.c ---- */
/* Makes the process and hands it over. As struct world.start. */
bool process_start(struct session *s, const struct run_record *record, uint32_t *kind,
                   uint32_t *value, const char **text);
void process_signal_session(struct session *s, uint32_t number);
void process_kill_all(struct session *s);
/* Its end, if it has come; armed otherwise. */
void process_check_end(struct session *s);

/* ---- share.c ---- */
/* Remembers the tree as it was carried in. Answers NULL, or why not. */
const char *share_snapshot(struct session *s, const struct run_record *record);
bool share_next(struct session *s);

#endif
