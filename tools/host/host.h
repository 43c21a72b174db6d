/* The state of one run, shared by the files of the host's end of the channel.
 *
 * One thread, one poll loop. The caller's descriptors are only read or written when poll says so;
 * ours are non-blocking. Whatever ends the run goes through host_end(), which restores the terminal
 * and kills the machine.
 */
#ifndef JANUS_HOST_H
#define JANUS_HOST_H

#include <janus/channel.h>

#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/types.h>

enum {
    STATUS_TIMEOUT = 124,
    STATUS_FAILED = 125,
    STATUS_NOT_STARTABLE = 126,
    STATUS_NOT_FOUND = 127,
    STATUS_READER_GONE = 141,
    WINDOW = 1 << 20,   /* bytes of one stream that the guest may have under way */
    OUT_SIZE = 1 << 19, /* bytes waiting for the guest */
};

struct list {
    const char **items;
    size_t count;
};

/* What the command line (made by tools/command/runner.py) says. */
struct options {
    struct list machine; /* starts QEMU; {channel} and {serial} stand for descriptors */
    const char *machine_directory;
    struct list arguments;
    struct list environment;
    struct list carried; /* host path, guest path, host path, ... */
    const char *program; /* guest path, or NULL for PATH look-up */
    const char *directory;
    const char *share; /* host directory, or NULL */
    bool share_read_only;
    bool verbose;
    const char *reporter; /* the tree with tools/crash; NULL: crash reports stay as they are */
    bool notes;           /* copy NOTE frames to standard error, for bench */
    const char *trace;    /* where TRACE frames go, or NULL */
    double timeout;       /* seconds from QEMU's start; 0: none */
    uint64_t stdin_limit; /* a larger regular file is streamed, not carried */
};

struct buffer {
    uint8_t *data;
    size_t capacity, start, end;
};

/* A stream towards the caller. */
struct sink {
    int fd;         /* non-blocking where possible; -1: not used */
    bool may_block; /* no non-blocking description could be had: small writes only */
    bool reader_gone;
    bool at_eof;
    size_t granted; /* bytes that the guest may still send */
    size_t owed;    /* credit to return for bytes passed on */
    struct buffer held;
};

/* A stream from the caller. */
struct source {
    int fd; /* -1: not used, or at its end */
    uint16_t stream;
    uint64_t credit;
};

struct host {
    struct options options;
    int channel, serial, signals;
    pid_t machine;
    struct buffer in, out;
    struct sink sinks[CHANNEL_STREAM_END];
    struct source source;
    struct channel_fd fds[3];
    bool has_tty, started, guest_up, exited, machine_gone;
    int exit_status;   /* once `exited` */
    int forced_status; /* 0, or what the command ends with whatever the guest says */
    int64_t deadline;  /* ns, CLOCK_MONOTONIC; of --timeout, or of an ending under way; 0: none */
};

extern struct host host;

/* main.c */
int64_t now_ns(void);
_Noreturn void host_end(int status);
_Noreturn void host_fail(const char *format, ...) __attribute__((format(printf, 1, 2)));
void host_warn(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* options.c */
void options_parse(struct options *options, int argc, char **argv);

/* machine.c: QEMU and its boot log */
void machine_start(void);
void machine_kill(void);
void machine_read_log(void);
void machine_show_log_end(void);
/* What is left of the log, with --verbose. */
void machine_finish_log(void);

/* crash.c: reports of the boot log */
/* A line of the log, with its end: is it a report's? Then it is shown when the report is complete. */
bool crash_take(const char *line, size_t length, void (*show)(const char *text, size_t length));
void crash_flush(void (*show)(const char *text, size_t length));
/* The log with backtraces, to be freed; NULL: it cannot be had. */
char *crash_translate(const char *text, size_t length, size_t *result);

/* terminal.c */
void terminal_make_raw(void);
void terminal_restore(void);
bool terminal_is_ours(void);
struct channel_winsize terminal_size(int fd);

/* output.c: frames towards the guest. May run the loop until there is room. */
void output_reserve(size_t length);
void output_frame(enum channel_type type, uint16_t stream, const void *payload, size_t length);
void output_u32(enum channel_type type, uint16_t stream, unsigned count, const uint32_t *values);
void output_from_source(void);

/* streams.c: the caller's descriptors */
void streams_open(void);
void sink_take(uint16_t stream, const void *data, size_t length);
void sink_write(uint16_t stream);
void sink_eof(uint16_t stream);
bool sinks_are_empty(void);

/* carry.c: files towards the guest */
void carry_path(const char *from, const char *to, uint32_t mode);
void carry_fd(int fd, const char *to);
void carry_tree(const char *from, const char *to);

/* share.c: changes of the shared tree coming back */
void share_file(const struct channel_frame *frame);
void share_data(const struct channel_frame *frame);
void share_file_end(void);
void share_remove(const struct channel_frame *frame);
void share_end(void);
extern bool share_failed;

/* run_record.c */
void run_record_send(void);

/* loop.c */
void loop_step(void);
void loop_run(void);

#endif
