/* measure PROGRAM [ARG...]: time-stamp ticks from before fork to after wait, on standard error as
 * "ticks N status S"; without a program: "ticks N" now, which is the instructions since reset under
 * -icount shift=0. */
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    unsigned long long from = __builtin_ia32_rdtsc();
    int status;

    if (argc < 2) {
        fprintf(stderr, "ticks %llu\n", from);
        return 0;
    }
    pid_t child = fork();
    if (child == 0) {
        execvp(argv[1], argv + 1);
        _exit(127);
    }
    if (child < 0 || waitpid(child, &status, 0) != child)
        return 125;
    fprintf(stderr, "ticks %llu status %d\n", __builtin_ia32_rdtsc() - from,
            WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
    return 0;
}
