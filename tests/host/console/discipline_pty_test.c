/* The line discipline against its oracle: the same settings, keys and output go through a real
 * Linux pseudo-terminal and through servers/console/discipline*.c; what master and slave read has
 * to be the same. Seeds are fixed; `discipline_pty_test SEED` runs one case and shows it. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "../../../servers/console/discipline.h"

enum { CASES = 600, STEPS = 14, SCREEN = 1 << 16, LOG = 1 << 17 };

/* What a case observed, as text, so that two runs compare with strcmp. */
struct observation {
    char text[LOG];
    size_t length;
};

static void note(struct observation *to, const char *label, const uint8_t *bytes, ssize_t count)
{
    to->length += (size_t)snprintf(to->text + to->length, LOG - to->length, "%s %zd:", label, count);
    for (ssize_t i = 0; i < count; i++)
        to->length += (size_t)snprintf(to->text + to->length, LOG - to->length,
                                       bytes[i] > 32 && bytes[i] < 127 ? "%c" : "<%02x>", bytes[i]);
    to->length += (size_t)snprintf(to->text + to->length, LOG - to->length, "\n");
}

/* ---- the model as a pair ---- */

struct model {
    struct discipline d;
    uint8_t screen[SCREEN];
    size_t shown;
};

static size_t model_room(void *context)
{
    return SCREEN - ((struct model *)context)->shown;
}

static void model_put(void *context, const uint8_t *bytes, size_t count)
{
    struct model *m = context;

    if (count > SCREEN - m->shown)
        abort();
    memcpy(m->screen + m->shown, bytes, count);
    m->shown += count;
}

static void model_signal(void *context, int number)
{
    (void)context;
    (void)number;
}

static void model_nothing(void *context)
{
    (void)context;
}

static void model_flow(void *context, bool stopped)
{
    (void)context;
    (void)stopped;
}

static const struct discipline_sink model_sink = {
    .room = model_room, .put = model_put, .signal = model_signal,
    .flush_output = model_nothing, .input_flushed = model_nothing, .flow = model_flow,
};

/* ---- both sides of a case behind one face ---- */

struct side {
    struct model *model; /* or the pty: */
    int master, slave, delay_us;
};

static void settle(const struct side *s)
{
    struct pollfd wait[2] = {{.fd = s->slave, .events = POLLIN}, {.fd = s->master, .events = POLLIN}};

    if (s->model)
        return;
    /* The kernel passes bytes on from a work queue; poll flushes it where nothing is there yet. */
    poll(wait, 2, 0);
    usleep((useconds_t)s->delay_us);
    poll(wait, 2, 0);
}

static void side_attributes(struct side *s, const struct attributes *a)
{
    struct termios t;

    if (s->model) {
        discipline_set_attributes(&s->model->d, a);
        return;
    }
    tcgetattr(s->slave, &t);
    t.c_iflag = a->input;
    t.c_oflag = a->output;
    t.c_lflag = a->local;
    memcpy(t.c_cc, a->cc, 19);
    tcsetattr(s->slave, TCSANOW, &t);
    settle(s);
}

static void side_type(struct side *s, const uint8_t *keys, size_t count)
{
    if (s->model) {
        if (discipline_receive(&s->model->d, keys, count) != count)
            abort();
    } else {
        if (write(s->master, keys, count) != (ssize_t)count)
            abort();
        settle(s);
    }
}

static void side_print(struct side *s, const uint8_t *bytes, size_t count, struct observation *to)
{
    ssize_t n = s->model ? (ssize_t)discipline_write(&s->model->d, bytes, count)
                         : write(s->slave, bytes, count);

    if (!s->model && n < 0)
        n = 0;
    settle(s);
    note(to, "print", NULL, n > 0 ? 0 : n);
    to->length += (size_t)snprintf(to->text + to->length, LOG - to->length, "%zd\n", n);
}

static void side_read(struct side *s, size_t count, struct observation *to)
{
    uint8_t bytes[8192];
    ssize_t n;
    int waiting = 0;

    if (s->model) {
        size_t spent;

        waiting = (int)discipline_input_bytes(&s->model->d);
        if (discipline_readable(&s->model->d, 1)) {
            n = (ssize_t)discipline_peek(&s->model->d, bytes, count, &spent);
            discipline_take(&s->model->d, spent);
        } else {
            n = -1;
        }
    } else {
        ioctl(s->slave, FIONREAD, &waiting);
        n = read(s->slave, bytes, count);
        settle(s);
    }
    to->length += (size_t)snprintf(to->text + to->length, LOG - to->length, "waiting %d ", waiting);
    note(to, "read", bytes, n);
}

static void side_screen(struct side *s, struct observation *to)
{
    static uint8_t bytes[SCREEN];
    ssize_t n = 0;

    if (s->model) {
        note(to, "screen", s->model->screen, (ssize_t)s->model->shown);
        s->model->shown = 0;
        discipline_echo_pending(&s->model->d);
        return;
    }
    for (;;) {
        ssize_t got = read(s->master, bytes + n, sizeof bytes - (size_t)n);

        if (got <= 0)
            break;
        n += got;
    }
    note(to, "screen", bytes, n);
}

/* ---- cases ---- */

static uint64_t random_state;

static uint32_t random_below(uint32_t n)
{
    random_state = random_state * 6364136223846793005ull + 1442695040888963407ull;
    return (uint32_t)(random_state >> 33) % n;
}

static uint32_t flip_some(uint32_t bits, const uint32_t *choices, size_t count, uint32_t one_in)
{
    for (size_t i = 0; i < count; i++)
        if (random_below(one_in) == 0)
            bits ^= choices[i];
    return bits;
}
#define FLIP(bits, one_in, ...)                                                                  \
    flip_some(bits, (uint32_t[]){__VA_ARGS__},                                                   \
              sizeof((uint32_t[]){__VA_ARGS__}) / sizeof(uint32_t), one_in)

static void random_attributes(struct attributes *a, uint32_t one_in)
{
    a->input = FLIP(a->input, one_in, IN_PARMRK, IN_ISTRIP, IN_INLCR, IN_IGNCR, IN_ICRNL, IN_IUCLC,
                    IN_IXON, IN_IXANY, IN_IUTF8);
    a->output = FLIP(a->output, one_in, OUT_OPOST, OUT_OLCUC, OUT_ONLCR, OUT_OCRNL, OUT_ONOCR,
                     OUT_ONLRET, OUT_XTABS);
    a->local = FLIP(a->local, one_in, LOC_ISIG, LOC_ICANON, LOC_ECHO, LOC_ECHOE, LOC_ECHOK,
                    LOC_ECHONL, LOC_NOFLSH, LOC_ECHOCTL, LOC_ECHOPRT, LOC_ECHOKE, LOC_IEXTEN);
    if (random_below(8) == 0)
        a->cc[CC_EOL] = random_below(2) ? ';' : 0;
    if (random_below(8) == 0)
        a->cc[CC_EOL2] = random_below(2) ? 0xff : 0;
    if (random_below(12) == 0)
        a->cc[CC_ERASE] = random_below(2) ? '\b' : 0x7f;
}

static bool is_signal_key(const struct attributes *a, uint8_t c)
{
    uint8_t folded = a->input & IN_ISTRIP ? c & 0x7f : c;

    return folded == a->cc[CC_INTR] || folded == a->cc[CC_QUIT] || folded == a->cc[CC_SUSP];
}

static size_t random_keys(const struct attributes *a, uint8_t *keys, size_t capacity)
{
    static const uint8_t often[] = "ab_X9 .\t\n\r\x7f\x7f\x15\x17\x12\x16\x04\x11\x13;\\";
    size_t count = 1 + random_below(24);

    if (random_below(20) == 0)
        count = capacity;
    for (size_t i = 0; i < count; i++) {
        switch (random_below(12)) {
        case 0:
            keys[i] = (uint8_t)random_below(256);
            break;
        case 1: /* a two- or three-byte character */
            if (i + 3 <= count) {
                memcpy(keys + i, random_below(2) ? "\xe2\x82\xac" : "\xc3\xa4z", 3);
                i += 2;
                break;
            } /* fall through */
        default:
            keys[i] = often[random_below(sizeof often - 1)];
        }
        /* A signal key flushes output that may or may not be on its way: only alone. */
        if (i < count && is_signal_key(a, keys[i]))
            keys[i] = '*';
    }
    if (random_below(12) == 0) {
        keys[0] = a->cc[random_below(2) ? CC_INTR : CC_SUSP];
        count = 1;
    }
    return count;
}

static void run_case(struct side *s, uint64_t seed, struct observation *to, bool show)
{
    struct attributes a;
    uint8_t bytes[600];

    random_state = seed * 0x9e3779b97f4a7c15ull + 1;
    to->length = 0;
    attributes_default(&a);
    random_attributes(&a, 6);
    side_attributes(s, &a);
    for (int step = 0; step < STEPS; step++) {
        uint32_t what = random_below(16);

        if (what < 7) {
            size_t n = random_keys(&a, bytes, sizeof bytes);

            if (show)
                note(to, "type", bytes, (ssize_t)n);
            side_type(s, bytes, n);
            side_screen(s, to);
        } else if (what < 12) {
            side_read(s, random_below(3) ? sizeof bytes : 1 + random_below(9), to);
        } else if (what < 14) {
            size_t n = 1 + random_below(40);

            for (size_t i = 0; i < n; i++)
                bytes[i] = random_below(3) ? (uint8_t)(32 + random_below(96))
                                           : (uint8_t)"\n\r\t\b\a\xc3\xa4"[random_below(7)];
            if (show)
                note(to, "output", bytes, (ssize_t)n);
            side_print(s, bytes, n, to);
            side_screen(s, to);
        } else {
            random_attributes(&a, 10);
            side_attributes(s, &a);
            side_screen(s, to);
        }
    }
    for (int i = 0; i < 8; i++)
        side_read(s, sizeof bytes, to);
}

static bool open_pair(struct side *s)
{
    s->master = posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK);
    if (s->master < 0 || grantpt(s->master) != 0 || unlockpt(s->master) != 0)
        return false;
    s->slave = ioctl(s->master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_NONBLOCK);
    return s->slave >= 0;
}

static bool compare_case(uint64_t seed, bool show)
{
    static struct observation expected, got;
    static struct model model;
    struct side ours = {.model = &model};

    memset(&model, 0, sizeof model);
    discipline_init(&model.d, &model_sink, &model);
    run_case(&ours, seed, &got, show);
    /* A busy machine may deliver late: a difference counts when patience does not mend it. */
    for (int delay = 150; delay <= 15000; delay *= 10) {
        struct side linux_side = {.delay_us = delay};

        if (!open_pair(&linux_side)) {
            fprintf(stderr, "no pseudo-terminal: %s\n", strerror(errno));
            exit(1);
        }
        run_case(&linux_side, seed, &expected, show);
        close(linux_side.slave);
        close(linux_side.master);
        if (strcmp(expected.text, got.text) == 0)
            break;
    }
    if (show)
        printf("---- ours\n%s---- Linux\n%s", got.text, expected.text);
    return strcmp(expected.text, got.text) == 0;
}

int main(int argc, char **argv)
{
    int failed = 0;

    if (argc > 1)
        return !compare_case(strtoull(argv[1], NULL, 0), true);
    for (uint64_t seed = 1; seed <= CASES; seed++)
        if (!compare_case(seed, false)) {
            fprintf(stderr, "case %llu differs from Linux\n", (unsigned long long)seed);
            failed++;
        }
    return failed != 0;
}
