/* One run, from the first frame to EXIT, as a state machine over an abstract world.
 *
 * The core owns the protocol: frames, credit, who may still send what, and the order of the end. The
 * world owns everything outside: the channel's port, pipes, terminal, files, processes. No operation
 * of the world waits. One that cannot proceed answers WORLD_BLOCKED and promises that core_event is
 * called when trying again is worth while.
 *
 * docs/channel.md is the authority for every rule here.
 */
#ifndef SESSION_CORE_H
#define SESSION_CORE_H

#include "janus/channel.h"
#include "record.h"

enum {
    CORE_WINDOW = 256 * 1024, /* credit that the guest gives for streams 0 and 3 */
    CORE_INPUT = 4 * CHANNEL_MAX_FRAME,
    CORE_OUTPUT = 8 * CHANNEL_MAX_FRAME,
    CORE_DRAIN_MS = 3000,     /* an output may stay open and silent so long after the end */
    CORE_CONTROL_ROOM = 4096, /* of the output, kept free of data frames */
};

enum world_status {
    WORLD_OK = 0,
    WORLD_BLOCKED = 1, /* core_event follows */
    WORLD_GONE = -1,   /* the other end is gone: no reader, end of file, hang-up */
};

struct world {
    /* The channel's port. */
    enum world_status (*channel_read)(void *context, void *bytes, size_t capacity, size_t *done);
    enum world_status (*channel_write)(void *context, const void *bytes, size_t length,
                                       size_t *done);
    /* A stream's end in the guest. put: streams 0 and 3; get: 1, 2 and 3. */
    enum world_status (*put)(void *context, unsigned stream, const void *bytes, size_t length,
                             size_t *done);
    enum world_status (*get)(void *context, unsigned stream, void *bytes, size_t capacity,
                             size_t *done);
    void (*close_input)(void *context, unsigned stream);  /* no more input; tty: hang up */
    void (*close_output)(void *context, unsigned stream); /* nobody reads it any more */
    /* Files carried in. An error ends the run with FATAL and its text. */
    const char *(*file_begin)(void *context, const struct channel_file *file);
    const char *(*file_data)(void *context, const void *bytes, size_t length);
    const char *(*file_end)(void *context);
    /* Starts the program. False: *kind, *value, *text say how EXIT is to be filled, or kind
     * WORLD_FATAL: FATAL with the text. True: the streams are open and core_ended will follow. */
    bool (*start)(void *context, const struct run_record *record, uint32_t *kind, uint32_t *value,
                  const char **text);
    void (*resize)(void *context, const struct channel_winsize *size);
    void (*signal)(void *context, uint32_t number); /* every process of the session */
    void (*set_timer)(void *context, uint64_t after_ms); /* core_timeout follows; 0: none */
    void (*kill_rest)(void *context); /* whatever still runs */
    /* The next change of the shared tree as frames appended through core_append_*; false: none left
     * (SHARE_END was not sent by the world). Only called when the output is nearly empty. */
    bool (*share_next)(void *context);
    /* The same for frames of a trace, which come after all that the program has done. NULL: none. */
    bool (*trace_next)(void *context);
    void (*finished)(void *context); /* EXIT or FATAL is delivered */
};
#define WORLD_FATAL 0xffffffffu

enum core_state {
    CORE_WAITING,  /* for RUN */
    CORE_RUNNING,
    CORE_DRAINING, /* the program has ended, its output is on the way */
    CORE_SHARING,  /* changes of the shared tree go back */
    CORE_TRACING,  /* a trace goes out */
    CORE_LEAVING,  /* EXIT or FATAL is in the output */
    CORE_DONE,
};

struct core_input {  /* from the host to the guest: streams 0 and 3 */
    bool used, blocked, ended, closed; /* ended: EOF came; closed: nobody reads it */
    uint32_t start, count;             /* in bytes[], a ring */
    uint32_t granted;                  /* credit that the host has left */
    uint8_t *bytes;                    /* CORE_WINDOW */
};

struct core_output { /* from the guest to the host: streams 1, 2 and 3 */
    bool used, blocked, ended, closed; /* ended: EOF was sent; closed: the host's reader went */
    uint64_t credit;
};

struct core {
    const struct world *world;
    void *context;
    enum core_state state;
    bool channel_read_blocked, channel_write_blocked, greeted;
    struct core_input inputs[CHANNEL_STREAM_END];
    struct core_output outputs[CHANNEL_STREAM_END];
    struct run_record record;
    uint8_t *run_bytes;
    size_t run_length, run_capacity;
    bool in_file;
    uint32_t early_signal; /* came before the program was there */
    uint32_t exit_kind, exit_value;
    char exit_text[512];
    uint8_t *in, *out; /* CORE_INPUT, CORE_OUTPUT bytes */
    size_t in_start, in_end, out_start, out_end;
};

/* Allocates the buffers. False: no memory. */
bool core_init(struct core *core, const struct world *world, void *context);
void core_free(struct core *core);

/* Does whatever can be done now. */
void core_run(struct core *core);

/* Something that was blocked may go on. */
enum core_event { CORE_CHANNEL_READ, CORE_CHANNEL_WRITE, CORE_INPUT_READY, CORE_OUTPUT_READY };
void core_event(struct core *core, enum core_event event, unsigned stream);

/* The program has ended: CHANNEL_EXITED or CHANNEL_SIGNALED. */
void core_ended(struct core *core, uint32_t kind, uint32_t value);
void core_timeout(struct core *core);

/* For share_next: a frame, payload at most CHANNEL_MAX_PAYLOAD. */
void core_append_frame(struct core *core, enum channel_type type, uint16_t stream,
                       const void *payload, size_t length);
/* Room for a payload that is filled in place; core_commit with its true length. */
uint8_t *core_reserve(struct core *core);
void core_commit(struct core *core, enum channel_type type, uint16_t stream, size_t length);

/* Ends the run with FATAL. */
void core_fatal(struct core *core, const char *text);

#endif
