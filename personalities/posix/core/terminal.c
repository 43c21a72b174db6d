/* ioctl(2): terminals are servers/console's; this turns Linux's codes and structures into its own
 * (ioctl_tty(2), idl/console.idl). */
#include <string.h>

#include "descriptors.h"
#include "janus/runtime.h"
#include "linux/file.h"
#include "status.h"
#include "syscalls.h"
#include "user.h"
#include "wait.h"

struct control {
    struct thread *t;
    struct descriptor *d;
    uint64_t argument;
};

static const struct jn_window nothing;

/* One control operation, with job control around it (console.idl, CONSOLE_FORCE). */
static long control(const struct control *c, uint32_t code, uint64_t argument,
                    struct jn_window input, struct jn_window output, uint64_t *result)
{
    struct thread *t = c->t;
    uint64_t ignored;
    jn_status_t status = backend_io_control(&t->process->clients, c->d->open, code, argument,
                                            t->handle, input, output, result ? result : &ignored);
    if (status == JN_BACKGROUND) {
        long error = process_background(t, LX_SIGTTOU);
        if (error != -LX_EIO)
            return error;
        /* An orphaned group gets EIO; an ignored or blocked SIGTTOU lets it through. */
        if (!process_ignores_stop(t, LX_SIGTTOU))
            return -LX_EIO;
        status = backend_io_control(&t->process->clients, c->d->open, code | CONSOLE_FORCE,
                                    argument, t->handle, input, output,
                                    result ? result : &ignored);
    }
    if (status == JN_WOULD_BLOCK) {
        wait_armed(t, c->d->open.server);
        return wait_for(t, WAIT_FOREVER, -LX_ERESTARTSYS);
    }
    return errno_of(status);
}

static long get_attributes(const struct control *c, struct console_attributes *attributes)
{
    memset(attributes, 0, sizeof *attributes);
    return control(c, CONSOLE_GET_ATTRIBUTES, 0, nothing,
                   backend_window(attributes, sizeof *attributes), NULL);
}

static long set_attributes(const struct control *c, const struct console_attributes *attributes,
                           uint64_t when)
{
    return control(c, CONSOLE_SET_ATTRIBUTES, when,
                   backend_window(attributes, sizeof *attributes), nothing, NULL);
}

static long tcgets(const struct control *c, bool extended)
{
    struct console_attributes from;
    struct lx_termios2 to;
    long error = get_attributes(c, &from);
    if (error)
        return error;
    to = (struct lx_termios2){.base = {from.input, from.output, from.control, from.local,
                                       from.line, {0}},
                              .c_ispeed = from.speed_in, .c_ospeed = from.speed_out};
    memcpy(to.base.c_cc, from.cc, sizeof to.base.c_cc);
    return user_write(c->t, c->argument, &to, extended ? sizeof to : sizeof to.base);
}

static long tcsets(const struct control *c, bool extended, uint64_t when)
{
    struct console_attributes to;
    struct lx_termios2 from;
    if (user_read(c->t, &from, c->argument, extended ? sizeof from : sizeof from.base))
        return -LX_EFAULT;
    long error = get_attributes(c, &to);
    if (error)
        return error;
    to.input = from.base.c_iflag, to.output = from.base.c_oflag;
    to.control = from.base.c_cflag, to.local = from.base.c_lflag;
    to.line = from.base.c_line;
    memcpy(to.cc, from.base.c_cc, sizeof from.base.c_cc);
    if (extended)
        to.speed_in = from.c_ispeed, to.speed_out = from.c_ospeed;
    return set_attributes(c, &to, when);
}

/* struct termio of System V: 16-bit flags, eight characters. */
struct termio {
    uint16_t iflag, oflag, cflag, lflag;
    uint8_t line, cc[8], pad;
};

static long tcgeta(const struct control *c)
{
    struct console_attributes from;
    long error = get_attributes(c, &from);
    if (error)
        return error;
    struct termio to = {(uint16_t)from.input, (uint16_t)from.output, (uint16_t)from.control,
                        (uint16_t)from.local, from.line, {0}, 0};
    memcpy(to.cc, from.cc, sizeof to.cc);
    return user_write(c->t, c->argument, &to, sizeof to);
}

static long tcseta(const struct control *c, uint64_t when)
{
    struct console_attributes to;
    struct termio from;
    if (user_read(c->t, &from, c->argument, sizeof from))
        return -LX_EFAULT;
    long error = get_attributes(c, &to);
    if (error)
        return error;
    to.input = (to.input & ~0xffffu) | from.iflag, to.output = (to.output & ~0xffffu) | from.oflag;
    to.control = (to.control & ~0xffffu) | from.cflag;
    to.local = (to.local & ~0xffffu) | from.lflag;
    to.line = from.line;
    memcpy(to.cc, from.cc, sizeof from.cc);
    return set_attributes(c, &to, when);
}

static long get_size(const struct control *c)
{
    struct console_size from = {0};
    long error = control(c, CONSOLE_GET_SIZE, 0, nothing, backend_window(&from, sizeof from), NULL);
    if (error)
        return error;
    struct lx_winsize to = {(uint16_t)from.rows, (uint16_t)from.columns,
                            (uint16_t)from.width_pixels, (uint16_t)from.height_pixels};
    return user_write(c->t, c->argument, &to, sizeof to);
}

static long set_size(const struct control *c)
{
    struct lx_winsize from;
    if (user_read(c->t, &from, c->argument, sizeof from))
        return -LX_EFAULT;
    struct console_size to = {from.ws_row, from.ws_col, from.ws_xpixel, from.ws_ypixel};
    return control(c, CONSOLE_SET_SIZE, 0, backend_window(&to, sizeof to), nothing, NULL);
}

static long get_word(const struct control *c, uint32_t code)
{
    uint64_t result = 0;
    long error = control(c, code, 0, nothing, nothing, &result);
    return error ? error : user_write32(c->t, c->argument, (uint32_t)result);
}

static long set_word(const struct control *c, uint32_t code)
{
    int32_t value;
    if (user_read(c->t, &value, c->argument, sizeof value))
        return -LX_EFAULT;
    return control(c, code, (uint64_t)(int64_t)value, nothing, nothing, NULL);
}

static long open_peer(const struct control *c)
{
    struct process *p = c->t->process;
    struct descriptor peer = {.kind = DESCRIPTOR_OPEN,
                              .close_on_exec = !!(c->argument & LX_O_CLOEXEC),
                              .access = IO_ACCESS_READ | IO_ACCESS_WRITE};
    jn_status_t status =
        backend_console_open_peer(&p->clients, c->d->open, peer.access, &peer.open);
    if (status != JN_OK)
        return errno_of(status);
    long fd = descriptor_add(p, &peer, 0);
    if (fd < 0)
        backend_io_close(&p->clients, peer.open);
    return fd;
}

static long set_nonblocking(const struct control *c)
{
    int32_t on;
    if (user_read(c->t, &on, c->argument, sizeof on))
        return -LX_EFAULT;
    return descriptor_set_nonblocking(c->t->process, c->d, on != 0);
}

static long readable_bytes(const struct control *c)
{
    uint64_t result = 0;
    struct io_stat stat;
    int64_t position;
    const struct backend_clients *clients = &c->t->process->clients;
    if (backend_io_stat(clients, c->d->open, &stat) == JN_OK &&
        (stat.mode & LX_S_IFMT) == LX_S_IFREG) {
        if (backend_io_seek(clients, c->d->open, 0, IO_SEEK_CUR, &position) != JN_OK)
            return -LX_EINVAL;
        result = stat.size - (uint64_t)position;
    } else {
        long error = control(c, IO_CONTROL_READABLE_BYTES, 0, nothing, nothing, &result);
        if (error)
            return error;
    }
    return user_write32(c->t, c->argument, (uint32_t)result);
}

static long terminal_control(const struct control *c, uint32_t code)
{
    switch (code) {
    case LX_TCGETS:
        return tcgets(c, false);
    case LX_TCGETS2:
        return tcgets(c, true);
    case LX_TCSETS:
    case LX_TCSETSW:
    case LX_TCSETSF:
        return tcsets(c, false, code - LX_TCSETS);
    case LX_TCSETS2:
    case LX_TCSETSW2:
    case LX_TCSETSF2:
        return tcsets(c, true, code - LX_TCSETS2);
    case LX_TCGETA:
        return tcgeta(c);
    case LX_TCSETA:
    case LX_TCSETAW:
    case LX_TCSETAF:
        return tcseta(c, code - LX_TCSETA);
    case LX_TIOCGWINSZ:
        return get_size(c);
    case LX_TIOCSWINSZ:
        return set_size(c);
    case LX_TIOCGPGRP:
        return get_word(c, CONSOLE_GET_GROUP);
    case LX_TIOCSPGRP:
        return set_word(c, CONSOLE_SET_GROUP);
    case LX_TIOCGSID:
        return get_word(c, CONSOLE_GET_SESSION);
    case LX_TIOCSCTTY:
        return control(c, CONSOLE_SET_CONTROLLING, c->argument, nothing, nothing, NULL);
    case LX_TIOCNOTTY:
        return control(c, CONSOLE_DROP_CONTROLLING, 0, nothing, nothing, NULL);
    case LX_TCSBRK: /* with an argument: tcdrain */
        return control(c, c->argument ? CONSOLE_DRAIN : CONSOLE_BREAK, 0, nothing, nothing, NULL);
    case LX_TCSBRKP:
        return control(c, CONSOLE_BREAK, c->argument, nothing, nothing, NULL);
    case LX_TCXONC:
        return control(c, CONSOLE_FLOW, c->argument, nothing, nothing, NULL);
    case LX_TCFLSH:
        return control(c, CONSOLE_FLUSH, c->argument, nothing, nothing, NULL);
    case LX_TIOCOUTQ:
        return get_word(c, CONSOLE_OUTPUT_BYTES);
    case LX_TIOCGPTN:
        return get_word(c, CONSOLE_GET_NUMBER);
    case LX_TIOCSPTLCK:
        return set_word(c, CONSOLE_SET_LOCK);
    case LX_TIOCGPTLCK:
        return get_word(c, CONSOLE_GET_LOCK);
    case LX_TIOCPKT:
        return set_word(c, CONSOLE_SET_PACKET);
    case LX_TIOCGPTPEER:
        return open_peer(c);
    case LX_TIOCEXCL:
    case LX_TIOCNXCL:
        return control(c, CONSOLE_SET_EXCLUSIVE, code == LX_TIOCEXCL, nothing, nothing, NULL);
    case LX_TIOCGETD: {
        struct console_attributes attributes;
        long error = get_attributes(c, &attributes);
        return error ? error : user_write32(c->t, c->argument, attributes.line);
    }
    case LX_TIOCSTI:
        return -LX_EIO;
    default:
        return -LX_ENOTTY;
    }
}

long sys_ioctl(struct thread *t, const uint64_t *a)
{
    struct descriptor *d = descriptor_io(t->process, a[0]);
    uint32_t code = (uint32_t)a[1];
    if (!d)
        return -LX_EBADF;
    struct control c = {t, d, a[2]};
    switch (code) {
    case LX_FIOCLEX:
        d->close_on_exec = 1;
        return 0;
    case LX_FIONCLEX:
        d->close_on_exec = 0;
        return 0;
    case LX_FIONBIO:
        return set_nonblocking(&c);
    case LX_FIONREAD:
        return d->kind == DESCRIPTOR_OPEN || d->kind == DESCRIPTOR_PAIR ? readable_bytes(&c)
                                                                        : -LX_ENOTTY;
    case LX_FICLONE: /* as tmpfs: cp(1) then copies, without a word */
        return descriptor_io(t->process, a[2]) ? -LX_EOPNOTSUPP : -LX_EBADF;
    default:
        break;
    }
    if (d->kind != DESCRIPTOR_OPEN || d->open.server != BACKEND_CONSOLE)
        return -LX_ENOTTY;
    return terminal_control(&c, code);
}
