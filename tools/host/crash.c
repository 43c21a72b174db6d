/* Crash reports in the boot log become backtraces: tools/crash does it, a program of its own. */
#include "host.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

static const char mark[] = "crash: ", last[] = "crash: end";

/* So many reports of one run are worth the time; a guest may crash all day. */
enum { REPORTS = 32 };

/* The reports that are not complete yet. */
static char *pending;
static size_t pending_length, pending_size;

static _Noreturn void reporter_exec(int in, int out)
{
    const struct options *options = &host.options;
    const char *words[8 + 3 * 8] = {"/usr/bin/python3", "-IB"};
    char *script;
    sigset_t none;
    size_t n = 4;

    if (asprintf(&script, "%s/tools/crash", options->reporter) < 0)
        _exit(127);
    words[2] = script;
    words[3] = options->reporter;
    if (options->share) {
        words[n++] = "--share";
        words[n++] = options->share;
    }
    for (size_t i = 0; i + 1 < options->carried.count && n + 4 < sizeof words / sizeof *words;
         i += 2) {
        words[n++] = "--carry";
        words[n++] = options->carried.items[i];
        words[n++] = options->carried.items[i + 1];
    }
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    if (dup2(in, 0) >= 0 && dup2(out, 1) >= 0 && dup2(out, 2) >= 0)
        execv(words[0], (char **)words);
    _exit(127);
}

char *crash_translate(const char *text, size_t length, size_t *result)
{
    int in = memfd_create("log", MFD_CLOEXEC), out = memfd_create("text", MFD_CLOEXEC);
    char *translated = NULL;
    int status = -1;
    pid_t child;

    if (host.options.reporter && in >= 0 && out >= 0 &&
        write(in, text, length) == (ssize_t)length && lseek(in, 0, SEEK_SET) == 0) {
        child = fork();
        if (child == 0)
            reporter_exec(in, out);
        while (child > 0 && waitpid(child, &status, 0) < 0)
            ;
        off_t size = lseek(out, 0, SEEK_END);
        if (child > 0 && status == 0 && size > 0 && (translated = malloc((size_t)size)))
            *result = (size_t)pread(out, translated, (size_t)size, 0);
    }
    close(in);
    close(out);
    return translated;
}

static bool line_has(const char *line, size_t length, const char *text)
{
    return memmem(line, length, text, strlen(text));
}

void crash_flush(void (*show)(const char *text, size_t length))
{
    size_t length;
    char *text;

    if (!pending_length)
        return;
    text = crash_translate(pending, pending_length, &length);
    show(text ? text : pending, text ? length : pending_length);
    free(text);
    pending_length = 0;
}

bool crash_take(const char *line, size_t length, void (*show)(const char *text, size_t length))
{
    static unsigned reports;

    if (!host.options.reporter || reports >= REPORTS || !line_has(line, length, mark))
        return false;
    if (pending_length + length > pending_size) {
        char *larger = realloc(pending, pending_size = 2 * (pending_length + length));
        if (!larger)
            host_fail("out of memory");
        pending = larger;
    }
    memcpy(pending + pending_length, line, length);
    pending_length += length;
    if (line_has(line, length, last)) {
        reports++;
        crash_flush(show);
    }
    return true;
}
