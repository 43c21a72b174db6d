/* probe LABEL FILE PROGRAM [ARG...]: runs a program and appends a line to FILE: what it cost from before
 * fork to after wait. Time-stamp ticks (instructions under -icount shift=0), exit status, the children's
 * largest resident set in KiB and, on Janus, what the kernel counted meanwhile for the whole machine
 * (/proc/janus); on Linux its  context switches. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static const char *const names[] = {"entries", "switches", "ipcs", "faults", "copied", "ctxt"};
#define NAMES (sizeof names / sizeof names[0])

/* Values of the lines "NAME VALUE"; what is not there stays. */
static void read_counts(int file, unsigned long long *values)
{
    char text[8192];
    ssize_t length = file < 0 ? 0 : pread(file, text, sizeof text - 1, 0);
    if (length <= 0)
        return;
    text[length] = 0;
    for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n"))
        for (size_t i = 0; i < NAMES; i++) {
            size_t n = strlen(names[i]);
            if (!strncmp(line, names[i], n) && line[n] == ' ')
                values[i] = strtoull(line + n, NULL, 10);
        }
}

int main(int argc, char **argv)
{
    unsigned long long before[NAMES] = {0}, after[NAMES] = {0}, from, ticks;
    struct rusage usage;
    int status = 0, counts = open("/proc/janus", O_RDONLY | O_CLOEXEC);
    if (argc < 4)
        return 125;
    int janus = counts >= 0;
    if (!janus)
        counts = open("/proc/stat", O_RDONLY | O_CLOEXEC);
    read_counts(counts, before);
    from = __builtin_ia32_rdtsc();
    pid_t child = fork();
    if (child == 0) {
        execvp(argv[3], argv + 3);
        _exit(127);
    }
    if (child < 0 || waitpid(child, &status, 0) != child)
        return 125;
    ticks = __builtin_ia32_rdtsc() - from;
    read_counts(counts, after);
    getrusage(RUSAGE_CHILDREN, &usage);
    status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    FILE *out = fopen(argv[2], "a");
    if (!out)
        return 125;
    fprintf(out, "probe %s ticks=%llu status=%d maxrss=%ld", argv[1], ticks, status,
            usage.ru_maxrss);
    for (size_t i = 0; i < NAMES; i++)
        if (janus ? i + 1 < NAMES : i + 1 == NAMES)
            fprintf(out, " %s=%llu", names[i], after[i] - before[i]);
    fprintf(out, "\n");
    fclose(out);
    return status;
}
