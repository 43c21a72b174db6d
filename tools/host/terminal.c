/* The caller's terminal: raw while the guest's line discipline does the work, then restored. */
#include "host.h"

#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

static struct termios before;
static bool is_raw;

bool terminal_is_ours(void)
{
    return isatty(STDIN_FILENO) && tcgetpgrp(STDIN_FILENO) == getpgrp();
}

/* Only a terminal whose keys we read is made raw: with `echo x | janus run tr a b` Ctrl-C remains
 * the caller's. A background job leaves the terminal alone until it comes to the foreground. */
void terminal_make_raw(void)
{
    struct termios raw;

    if (is_raw || host.source.stream != CHANNEL_TTY || !terminal_is_ours())
        return;
    if (tcgetattr(STDIN_FILENO, &before) < 0)
        return;
    raw = before;
    cfmakeraw(&raw);
    /* Output of our own is the guest's and complete. If it goes elsewhere, what others write to
     * this terminal (`janus run ls | cat`) is still to be processed. */
    if (host.fds[STDOUT_FILENO].kind != CHANNEL_FD_TTY)
        raw.c_oflag |= before.c_oflag & OPOST;
    raw.c_cc[VMIN] = 1;
    raw.c_cc[VTIME] = 0;
    is_raw = tcsetattr(STDIN_FILENO, TCSADRAIN, &raw) == 0;
}

void terminal_restore(void)
{
    if (is_raw && tcgetpgrp(STDIN_FILENO) == getpgrp())
        tcsetattr(STDIN_FILENO, TCSADRAIN, &before);
    is_raw = false;
}

struct channel_winsize terminal_size(int fd)
{
    struct winsize size = {.ws_row = 24, .ws_col = 80};

    ioctl(fd, TIOCGWINSZ, &size);
    return (struct channel_winsize){size.ws_row, size.ws_col, size.ws_xpixel, size.ws_ypixel};
}
