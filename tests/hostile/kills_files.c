/* Victims that share files and pipes. */
#include <poll.h>
#include <sys/file.h>
#include <sys/uio.h>

#include "kills.h"

static int many[2];    /* a pipe with many writers, this process one of them */
static int file = -1;  /* records, appended */
static int locked = -1;
static int single[2];  /* a pipe of which each has one end */
static char name[64], data[64], lockname[64];

static void make(char *path, const char *what)
{
    snprintf(path, 64, "/tmp/kills-%s-%d", what, (int)getpid());
}

/* ---- many writers ---- */

static void prepare_many(void)
{
    pipe2(many, O_NONBLOCK);
}

static void live_many(void)
{
    char block[BLOCK];
    fcntl(many[1], F_SETFL, 0);
    for (unsigned byte = 0;; byte++) {
        memset(block, (int)byte, sizeof block);
        write(many[1], block, sizeof block);
    }
}

static const char *check_many(void)
{
    char block[BLOCK];
    ssize_t n;
    fcntl(many[0], F_SETFL, O_NONBLOCK);
    fcntl(many[1], F_SETFL, O_NONBLOCK);
    while ((n = read(many[0], block, sizeof block)) > 0)
        if (n != sizeof block || !kills_uniform(block, sizeof block))
            return "a torn record";
    if (n != -1 || errno != EAGAIN)
        return "the pipe does not read";
    if (write(many[1], block, sizeof block) != sizeof block ||
        read(many[0], block, sizeof block) != sizeof block)
        return "the pipe does not work";
    return NULL;
}

/* ---- O_APPEND ---- */

#define RECORD 100

static void prepare_append(void)
{
    make(name, "append");
    file = open(name, O_RDWR | O_CREAT | O_TRUNC | O_APPEND, 0600);
}

static void live_append(void)
{
    char block[RECORD];
    int own = open(name, O_RDWR | O_APPEND);
    for (unsigned byte = 0;; byte++) {
        memset(block, (int)byte, sizeof block);
        struct iovec parts[] = {{block, 60}, {block + 60, sizeof block - 60}};
        write(byte & 1 ? own : file, block, sizeof block);
        writev(byte & 1 ? own : file, parts, 2);
    }
}

static const char *check_append(void)
{
    char block[RECORD];
    off_t at = 0;
    ssize_t n;
    write(file, memset(block, '.', sizeof block), sizeof block);
    while ((n = pread(file, block, sizeof block, at)) == sizeof block) {
        if (!kills_uniform(block, sizeof block))
            return "a torn record";
        at += n;
    }
    if (n || block[0] != '.')
        return "a part of a record";
    return ftruncate(file, 0) ? "the file does not shrink" : NULL;
}

/* ---- locks ---- */

static void prepare_locks(void)
{
    make(lockname, "lock");
    locked = open(lockname, O_RDWR | O_CREAT, 0600);
}

static void set_lock(int fd, int command, int type, off_t start)
{
    struct flock lock = {.l_type = (short)type, .l_start = start, .l_len = 10};
    fcntl(fd, command, &lock);
}

static void live_locks(void)
{
    int own = open(lockname, O_RDWR);
    for (int i = 0;; i++) {
        set_lock(own, F_SETLK, F_WRLCK, i % 7 * 5);
        flock(own, LOCK_EX);
        set_lock(own, F_OFD_SETLK, F_WRLCK, 1000);
        pwrite(own, "x", 1, 0);
        flock(own, i & 1 ? LOCK_UN : LOCK_SH);
        set_lock(own, F_OFD_SETLKW, F_UNLCK, 1000);
        set_lock(own, F_SETLKW, F_RDLCK, 3);
        if (i % 8 == 7) {
            close(own);
            own = open(lockname, O_RDWR);
        }
    }
}

static const char *check_locks(void)
{
    struct flock all = {.l_type = F_WRLCK};
    if (fcntl(locked, F_SETLK, &all))
        return "a record lock stays";
    all.l_type = F_UNLCK;
    fcntl(locked, F_SETLK, &all);
    if (flock(locked, LOCK_EX | LOCK_NB) || flock(locked, LOCK_UN))
        return "a file lock stays";
    return NULL;
}

/* ---- leases of files ---- */

static void prepare_leases(void)
{
    char block[4096];
    make(data, "data");
    int made = open(data, O_RDWR | O_CREAT | O_TRUNC, 0600);
    for (int i = 0; i < 8; i++)
        write(made, memset(block, 'a' + i, sizeof block), sizeof block);
    close(made);
}

static int no_fork;

static void live_leases(void)
{
    char block[64];
    for (unsigned round = 0;; round++) {
        int own = open(data, O_RDWR);
        for (int i = 0; i < 12; i++)
            read(own, block, sizeof block);
        lseek(own, 4096, SEEK_SET);
        for (int i = 0; i < 8; i++)
            write(own, "bbbb", 4);
        if (round % 3 == 0) { /* the lease ends */
            int second = dup(own);
            read(second, block, 8);
            read(own, block, 8);
            close(second);
        }
        if (round % 3 == 1 && !no_fork) {
            pid_t child = fork();
            if (child == 0) {
                read(own, block, 8);
                _exit(0);
            }
            read(own, block, 8);
            waitpid(child, NULL, 0);
        }
        lseek(own, 0, SEEK_CUR);
        close(own);
    }
}

static void live_leases_alone(void)
{
    no_fork = 1;
    live_leases();
}

static const char *check_leases(void)
{
    char block[4096];
    int own = open(data, O_RDWR);
    for (int i = 0; i < 8; i++)
        if (read(own, block, sizeof block) != sizeof block || block[0] != 'a' + i ||
            !kills_uniform(block, sizeof block)) {
            close(own);
            return "the file's contents";
        }
    int more = read(own, block, 1) != 0 || pwrite(own, "a", 1, 0) != 1;
    close(own);
    return more ? "the file's end" : NULL;
}

/* ---- leases of pipes: the victim writes, and the victim reads ---- */

static uint32_t expected;
static const char *torn;

#define NUMBERS 64 /* the same, in one write */

static void each_single(void)
{
    expected = 0;
    torn = NULL;
    pipe(single);
}

static void fill(uint32_t *numbers, uint32_t number)
{
    for (int i = 0; i < NUMBERS; i++)
        numbers[i] = number;
}

static int holds(const uint32_t *numbers, uint32_t number)
{
    return numbers[0] == number && !memcmp(numbers, numbers + 1, (NUMBERS - 1) * sizeof *numbers);
}

static void live_writer(void)
{
    uint32_t numbers[NUMBERS];
    close(single[0]);
    for (uint32_t number = 0;; number++) {
        fill(numbers, number);
        write(single[1], numbers, sizeof numbers);
    }
}

static void beside_reader(void)
{
    uint32_t numbers[NUMBERS];
    ssize_t n;
    close(single[1]);
    while ((n = read(single[0], numbers, sizeof numbers)) == sizeof numbers)
        if (!holds(numbers, expected++))
            torn = "a number is missing";
    if (n)
        torn = "a part of a write";
    close(single[0]);
}

static const char *check_single(void)
{
    return torn;
}

static void live_reader(void)
{
    uint32_t numbers[NUMBERS];
    close(single[1]);
    for (uint32_t next = 0; read(single[0], numbers, sizeof numbers) == sizeof numbers; next++)
        if (!holds(numbers, next))
            _exit(3);
    _exit(4);
}

static void beside_writer(void)
{
    uint32_t numbers[NUMBERS], number = 0;
    close(single[0]);
    signal(SIGPIPE, SIG_IGN);
    do
        fill(numbers, number++);
    while (write(single[1], numbers, sizeof numbers) == sizeof numbers);
    if (errno != EPIPE)
        torn = "no end is seen";
    close(single[1]);
}

const struct kind kinds_of_files[] = {
    {"many-writers", prepare_many, NULL, live_many, NULL, check_many},
    {"append", prepare_append, NULL, live_append, NULL, check_append},
    {"locks", prepare_locks, NULL, live_locks, NULL, check_locks},
    {"leases", prepare_leases, NULL, live_leases, NULL, check_leases},
    {"leases-alone", prepare_leases, NULL, live_leases_alone, NULL, check_leases},
    {"pipe-writer", NULL, each_single, live_writer, beside_reader, check_single},
    {"pipe-reader", NULL, each_single, live_reader, beside_writer, check_single},
    {0},
};

void kills_remove_files(void)
{
    unlink(name);
    unlink(data);
    unlink(lockname);
}
