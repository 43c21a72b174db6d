/* Small checks for test programs: each says what it found; the oracle is what Linux says. */
#ifndef T_H
#define T_H

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* Prints "call = value" or "call = -1 (errno's name)". */
#define SAY(call)                                                                                  \
    do {                                                                                           \
        errno = 0;                                                                                 \
        long said = (long)(call);                                                                  \
        if (said == -1)                                                                            \
            printf("%s = -1 (%d)\n", #call, errno);                                                \
        else                                                                                       \
            printf("%s = %ld\n", #call, said);                                                     \
        fflush(stdout);                                                                            \
    } while (0)

static inline void say_status(const char *what, int status)
{
    if (WIFEXITED(status))
        printf("%s: exited %d\n", what, WEXITSTATUS(status));
    else if (WIFSIGNALED(status))
        printf("%s: signal %d\n", what, WTERMSIG(status));
    else if (WIFSTOPPED(status))
        printf("%s: stopped %d\n", what, WSTOPSIG(status));
    else if (WIFCONTINUED(status))
        printf("%s: continued\n", what);
    fflush(stdout);
}

#endif
