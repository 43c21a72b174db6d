/* A stand-in for the POSIX personality: one process, no program. argv[0] says what to do with
 * descriptors 0, 1 and 2, over the same interfaces that a personality uses. */
#include <stdlib.h>
#include <string.h>

#include "janus/handover.h"
#include "janus/idl/client.h"
#include "janus/idl/console.h"
#include "janus/idl/io.h"
#include "janus/idl/personality.h"
#include "janus/idl/supervisor.h"
#include "janus/idl/task.h"
#include "janus/object.h"
#include "janus/ring.h"
#include "janus/runtime.h"
#include "janus/server.h"

enum { BUFFER = 1 << 18, READ_COOKIE = 1, WRITE_COOKIE = 2 };

static struct {
    cap_t task, fs, console;
    struct handover_descriptor fd[3];
    char name[64];
    bool taken;
} process;

static cap_t signal;
static struct jn_ring_reader rings[2];
static char buffer[BUFFER];

static void check(jn_status_t status, const char *what)
{
    if (status != JN_OK)
        jn_panic("%s: %s", what, jn_status_text(status));
}


static jn_status_t op_take(struct jn_call *call, uint64_t length, cap_t task, cap_t pager, cap_t fs,
                           cap_t console, cap_t object)
{
    struct handover handover;
    void *record = malloc(length);
    size_t done;
    cap_t reply;
    jn_status_t status = record ? jn_copy_in(call, 0, 0, record, length, &done) : JN_NO_MEMORY;

    (void)pager, (void)object;
    if (status == JN_OK)
        status = handover_decode(record, length, &handover);
    if (status != JN_OK)
        return status;
    for (uint32_t i = 0; i < handover.header.descriptor_count; i++)
        if (handover.descriptors[i].fd < 3)
            process.fd[handover.descriptors[i].fd] = handover.descriptors[i];
    strncpy(process.name, handover.arguments, sizeof process.name - 1);
    process.task = task;
    process.fs = fs;
    process.console = console;
    process.taken = true;
    free(record);
    /* What follows never returns to the loop that would answer. */
    status = jn_call_hold(call, &reply);
    return status == JN_OK && personality_take_reply(reply, JN_OK) == JN_OK ? JN_HELD : status;
}

static cap_t server_of(int fd)
{
    return process.fd[fd].server == HANDOVER_CONSOLE ? process.console : process.fs;
}

static void wait_event(void)
{
    struct jn_ring_entry entry;
    uint64_t bits;

    for (;;) {
        if (jn_ring_next(&rings[0], &entry) || jn_ring_next(&rings[1], &entry))
            return;
        check(jn_signal_wait(signal, 0, &bits), "wait");
    }
}

static jn_status_t read_fd(int fd, void *bytes, size_t capacity, uint64_t *done)
{
    jn_status_t status;

    while ((status = io_read(server_of(fd), process.fd[fd].number, -1, capacity, 0, READ_COOKIE,
                             jn_window(bytes, capacity), done)) == JN_WOULD_BLOCK)
        wait_event();
    return status;
}

static jn_status_t write_fd(int fd, const char *bytes, size_t length)
{
    while (length > 0) {
        uint64_t done = 0;
        jn_status_t status = io_write(server_of(fd), process.fd[fd].number, -1, length, 0,
                                      WRITE_COOKIE, jn_window(bytes, length), &done);

        if (status == JN_WOULD_BLOCK)
            wait_event();
        else if (status != JN_OK)
            return status;
        bytes += done;
        length -= done;
    }
    return JN_OK;
}

static _Noreturn void leave(uint32_t kind, uint32_t code)
{
    check(client_end(process.fs), "fs client");
    check(client_end(process.console), "console client");
    check(task_exit(process.task, kind, code), "exit");
    for (;;) {
        uint64_t bits;
        jn_status_t status = jn_signal_wait(signal, 0, &bits);

        (void)status;
    }
}

static void open_rings(void)
{
    cap_t clients[2] = {process.fs, process.console};

    for (int i = 0; i < 2; i++) {
        cap_t raise;

        check(jn_cap_copy(signal, JN_RIGHT_SEND | JN_RIGHT_COPY, &raise), "signal");
        check(jn_ring_open(clients[i], 16, raise, 1, &rings[i]), "ring");
    }
}

static _Noreturn void run(void)
{
    uint64_t n = 0, total = 0;
    jn_status_t status = JN_OK;

    open_rings();
    if (strcmp(process.name, "true") == 0)
        leave(TASK_EXITED, 0);
    if (strcmp(process.name, "yes") == 0) {
        for (size_t i = 0; i + 2 <= sizeof buffer; i += 2)
            memcpy(buffer + i, "y\n", 2);
        while ((status = write_fd(1, buffer, 65536)) == JN_OK)
            ;
        leave(TASK_SIGNALLED, status == JN_BROKEN_PIPE ? 13 : 1);
    }
    if (strcmp(process.name, "head") == 0) { /* 64 MiB out */
        memset(buffer, 'x', sizeof buffer);
        for (int i = 0; i < 1024 && status == JN_OK; i++)
            status = write_fd(1, buffer, 65536);
        leave(TASK_EXITED, 0);
    }
    while ((status = read_fd(0, buffer, sizeof buffer, &n)) == JN_OK && n > 0) {
        total += n;
        if (strcmp(process.name, "wc") == 0)
            continue;
        status = write_fd(1, buffer, n);
        if (status != JN_OK)
            leave(TASK_SIGNALLED, 13);
    }
    if (strcmp(process.name, "wc") == 0) {
        char text[32];
        size_t at = sizeof text;

        text[--at] = '\n';
        do
            text[--at] = (char)('0' + total % 10);
        while (total /= 10);
        status = write_fd(1, text + at, sizeof text - at);
    }
    leave(TASK_EXITED, status == JN_OK ? 7 : 1);
}

static void before_wait(struct jn_server *server)
{
    (void)server;
    if (process.taken)
        run();
}

int main(void)
{
    static const struct personality_ops ops = {.take = op_take};
    struct jn_interface interfaces[1] = {personality_interface(&ops)};
    struct jn_server server = {
        .gate = JN_CAP_SELF_GATE, .interfaces = interfaces, .interface_count = 1,
        .before_wait = before_wait,
    };

    jn_log_set_name("native");
    check(jn_signal_create(JN_CAP_POOL, &signal), "signal");
    check(supervisor_ready(JN_CAP_SUPERVISOR), "ready");
    jn_server_run(&server);
}
