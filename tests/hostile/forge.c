/* forge MESSAGES [SEED [SERVER]]: processes of user 1000 send messages to every server that their adapter holds a
 * capability of: each request of idl/ with arguments that could be meant, changed at random, with
 * capabilities and pages that were never asked for; many of them wait for no answer. Their parent
 * checks its file, pipe, terminal and memory throughout. Prints what was sent and what was wrong. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "draw.h"
#include "inside.h"
#include "shapes.h"

#define SHAPES (sizeof idl_shapes / sizeof *idl_shapes)
#define LANDING (31000ull * JN_CAP_STEP)
#define EACH 4000 /* messages of one process */

static struct account {
    volatile uint64_t sent, answered, succeeded, timed_out;
    volatile uint64_t method; /* of the last request */
} *account;

static uint64_t seed = 1, only = 5; /* server to send to; 5: all */
static inside_syscall *call;
static char memory[65536] __attribute__((aligned(4096)));

static uint64_t draw(void)
{
    return draw_next(&seed) >> 8;
}

static uint64_t value(void)
{
    switch (draw() % 10) {
    case 0:
        return 0;
    case 1:
        return 1;
    case 2:
    case 3:
        return draw() % 12; /* opens, kinds, flags */
    case 4:
        return draw() % 300;
    case 5:
        return 1ull << draw() % 64;
    case 6:
        return -(draw() % 4097);
    case 7:
        return (uint64_t)(uintptr_t)memory + draw() % sizeof memory;
    case 8:
        return draw() % 65536;
    default:
        return draw() * draw();
    }
}

static void text(char *to, uint64_t length)
{
    static const char *const some[] = {"/tmp/forge/a", "/tmp", "/proc/self/status", "/dev/null", "..",
                                       "/dev/ptmx", "/proc/1/environ", "a", "/", "\\BaseNamedObjects\\x"};
    const char *from = some[draw() % 10];
    for (uint64_t i = 0; i < length; i++)
        to[i] = *from ? *from++ : (char)draw();
}

/* One request into r and the UTCB: the tag's low half. */
static uint64_t compose(const struct idl_shape *shape, struct jn_utcb *utcb, uint64_t *words)
{
    static const uint64_t held[] = {JN_CAP_TASK, JN_CAP_THREAD, JN_CAP_POOL, JN_CAP_PAGER, JN_CAP_LOG,
                                    ADAPTER_CAP_CLIENT_TASK, ADAPTER_CAP_CLIENT_FS,
                                    ADAPTER_CAP_CLIENT_CONSOLE, ADAPTER_CAP_CLIENT_OBJECT,
                                    ADAPTER_CAP_EMPTY_PAGER, LANDING};
    unsigned count = 0, items = shape->caps, windows = shape->windows;
    for (const uint16_t *field = shape->fields; *field && count < JN_WORDS_MAX; field++) {
        if (!(*field & 0x8000)) {
            words[count++] = value();
            continue;
        }
        uint64_t limit = *field & 0x7fff, length = draw() % (limit + 1);
        words[count++] = draw() % 16 ? length : value();
        if (length > (JN_WORDS_MAX - count) * 8)
            length = (JN_WORDS_MAX - count) * 8;
        text((char *)&words[count], length);
        count += (unsigned)(length + 7) / 8;
    }
    if (draw() % 16 == 0)
        count = (unsigned)(draw() % (JN_WORDS_MAX + 1));
    if (draw() % 16 == 0)
        items = (unsigned)(draw() % 4);
    if (draw() % 16 == 0)
        windows = (unsigned)(draw() % 3);
    for (unsigned i = 0; i < items; i++) {
        if (draw() % 8) {
            utcb->items[i].what = JN_ITEM_CAP | draw() % 128 << JN_ITEM_CAP_RIGHTS_SHIFT;
            utcb->items[i].where = held[draw() % (sizeof held / sizeof *held)];
        } else {
            utcb->items[i].what = JN_ITEM_MAP | draw() % 8 << JN_ITEM_RIGHTS_SHIFT |
                                  12ull << JN_ITEM_ORDER_SHIFT;
            utcb->items[i].where = (uint64_t)(uintptr_t)memory;
            utcb->item_offset[i] = value() & ~4095ull;
        }
    }
    for (unsigned i = 0; i < windows; i++) {
        utcb->windows[i] = (struct jn_window){(uint64_t)(uintptr_t)memory, draw() % sizeof memory,
                                              JN_R | JN_W, 0};
        if (draw() % 16 == 0)
            utcb->windows[i] = (struct jn_window){value(), value(), (uint32_t)value(),
                                                  (uint32_t)(draw() % 3)};
        if (draw() % 4 == 0)
            text(memory, 256);
    }
    uint64_t tag = count | items << JN_TAG_ITEMS_SHIFT | windows << JN_TAG_WINDOWS_SHIFT;
    return draw() % 64 ? tag : tag ^ 1ull << draw() % 32;
}

static void send_one(struct jn_utcb *utcb)
{
    static const uint64_t to[] = {ADAPTER_CAP_CLIENT_TASK, ADAPTER_CAP_CLIENT_FS,
                                  ADAPTER_CAP_CLIENT_CONSOLE, ADAPTER_CAP_CLIENT_OBJECT, JN_CAP_PAGER};
    const struct idl_shape *shape;
    do
        shape = &idl_shapes[draw() % SHAPES];
    while ((shape->number == TASK_METHOD_EXIT || shape->number == CLIENT_METHOD_END) && draw() % 64);
    uint64_t words[JN_WORDS_MAX + 16] = {0};
    struct inside_registers r = {.tag = 0};
    uint64_t tag = compose(shape, utcb, words);
    uint64_t method = draw() % 64 ? shape->number : draw() % 8192;
    memcpy(r.words, words, sizeof r.words);
    memcpy(&utcb->words[JN_WORDS_REG], &words[JN_WORDS_REG],
           (JN_WORDS_MAX - JN_WORDS_REG) * sizeof *words);
    r.tag = tag | method << JN_TAG_METHOD_SHIFT;
    account->method = method;
    account->sent++;
    utcb->recv_cap_base = LANDING;
    utcb->recv_cap_count = 8;
    utcb->recv_deadline = now() + (draw() % 8 ? 1000000 : draw() % 20000);
    int64_t result = call(JN_CALL | JN_RECV_UNTIL, to[only < 5 ? only : draw() % 5], &r);
    account->answered += result == 0;
    account->timed_out += result == JN_TIMEOUT;
    account->succeeded += result == 0 && !(r.tag >> JN_TAG_METHOD_SHIFT);
    if (result == 0 && r.tag & JN_TAG_ITEMS)
        for (unsigned i = 0; i < 8; i++) {
            r = (struct inside_registers){.words = {LANDING + i * JN_CAP_STEP}};
            inside_invoke(call, JN_CAP_TASK, JN_OP_CAP_DELETE, &r);
        }
}

/* ---- the victim ---- */

static int file, ends[2], master, slave;
static char *own;

static void forge(uint64_t until)
{
    struct jn_utcb *utcb;
    seed = (seed + account->sent) * 0x9e3779b97f4a7c15 | 1;
    /* What it holds is its own to spoil: nothing of the victim's, nor the file that the output goes to. */
    int inherited[] = {file, ends[0], ends[1], master, slave, 0, 1, 2};
    for (size_t i = 0; i < sizeof inherited / sizeof *inherited; i++)
        close(inherited[i]);
    setsid();
    if (setgid(1000) || setuid(1000))
        _exit(2);
    chdir("/tmp/forge");
    signal(SIGHUP, SIG_IGN);
    __asm__("movq %%gs:1016, %0" : "=r"(utcb));
    while (account->sent < until)
        send_one(utcb);
    _exit(0);
}

static void prepare(void)
{
    int unlock = 0, number = 0;
    char path[32], block[4096];
    mkdir("/root/forge", 0700);
    mkdir("/tmp/forge", 0777);
    chmod("/tmp/forge", 0777);
    file = open("/root/forge/file", O_RDWR | O_CREAT | O_TRUNC, 0600);
    write(file, memset(block, 'v', sizeof block), sizeof block);
    pipe(ends);
    master = open("/dev/ptmx", O_RDWR | O_NOCTTY);
    ioctl(master, TIOCSPTLCK, &unlock);
    ioctl(master, TIOCGPTN, &number);
    snprintf(path, sizeof path, "/dev/pts/%d", number);
    slave = open(path, O_RDWR | O_NOCTTY);
    own = mmap(NULL, sizeof block, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    memset(own, 'm', sizeof block);
}

static int reads(int fd, const char *wanted, size_t length)
{
    char block[4096];
    struct pollfd list = {fd, POLLIN, 0};
    return poll(&list, 1, 5000) == 1 && read(fd, block, sizeof block) == (ssize_t)length &&
           !memcmp(block, wanted, length);
}

static const char *check(void)
{
    char block[4096];
    if (pread(file, block, sizeof block, 0) != sizeof block || block[0] != 'v' ||
        memcmp(block, block + 1, sizeof block - 1))
        return "the file";
    if (write(ends[1], "pipe", 4) != 4 || !reads(ends[0], "pipe", 4))
        return "the pipe";
    write(master, "ping\n", 5);
    if (!reads(slave, "ping\n", 5) || !reads(master, "ping\r\n", 6))
        return "the terminal";
    if (own[0] != 'm' || memcmp(own, own + 1, 4095))
        return "its memory";
    return NULL;
}

static uint64_t memory_free(void)
{
    char line[2048] = "";
    /* Files that were made are the file system's contents, not a leak. */
    system("rm -rf /tmp/forge; mkdir -m 777 /tmp/forge");
    usleep(100000);
    int info = open("/proc/meminfo", O_RDONLY);
    read(info, line, sizeof line - 1);
    close(info);
    char *at = strstr(line, "MemFree:");
    return at ? strtoull(at + 8, NULL, 10) / 4 : 0;
}

int main(int argc, char **argv)
{
    uint64_t messages = argc > 1 ? strtoull(argv[1], NULL, 10) : 10000, before = 0;
    unsigned processes = 0, stuck = 0, wrong = 0;
    seed = (argc > 2 ? strtoull(argv[2], NULL, 10) : 1) * 2654435761u + 1;
    only = argc > 3 ? strtoull(argv[3], NULL, 10) : 5;
    account = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    call = inside_find();
    prepare();
    while (account->sent < messages) {
        uint64_t until = account->sent + EACH, last = 0;
        struct account kept = *account;
        draw();
        pid_t child = fork();
        if (child == 0)
            forge(until);
        if (child < 0) {
            wrong++;
            printf("wrong after process %u, method %#llx: no fork, %s\n", processes,
                   (unsigned long long)account->method, strerror(errno));
            break;
        }
        processes++;
        int idle = 0, status;
        while (!waitpid(child, &status, WNOHANG)) {
            struct timespec moment = {0, 5000000};
            nanosleep(&moment, NULL);
            idle = account->sent == last ? idle + 1 : 0;
            last = account->sent;
            if (idle == 100) {
                stuck++;
                kill(child, SIGKILL);
            }
        }
        if (account->sent < kept.sent || account->sent > until) { /* it wrote here, and only harmed itself */
            kept.sent = until;
            *account = kept;
        }
        const char *bad = check();
        if (bad) {
            wrong++;
            printf("wrong after process %u, method %#llx: %s\n", processes,
                   (unsigned long long)account->method, bad);
        }
        if (processes == 8)
            before = memory_free();
        if (getenv("FORGE_VERBOSE"))
            fprintf(stderr, "%u: sent %llu, status %#x, method %#llx\n", processes,
                    (unsigned long long)account->sent, status, (unsigned long long)account->method);
    }
    long long missing = before ? (long long)(before - memory_free()) : 0;
    printf("%llu sent by %u processes, %llu answered, %llu done, %llu abandoned; %u had to be killed; "
           "%u times the victim was harmed; missing %lld\n",
           (unsigned long long)account->sent, processes, (unsigned long long)account->answered,
           (unsigned long long)account->succeeded, (unsigned long long)account->timed_out, stuck,
           wrong, missing);
    return wrong != 0;
}
