/* Wild pointers into system calls, unknown calls, bad arguments: the error Linux gives. */
#include "t.h"
#include <poll.h>
#include <sys/select.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/utsname.h>

int main(void)
{
    void *bad[] = {NULL, (void *)8, (void *)0x7fffffffffff, (void *)0x800000000000,
                   (void *)-4096l, (void *)0xffff800000000000};
    int fds[2], null = open("/dev/zero", O_RDWR);
    int root = open("/", O_RDONLY);
    char *edge = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    munmap(edge + 4096, 4096);
    pipe(fds);
    for (unsigned i = 0; i < sizeof bad / sizeof *bad; i++) {
        void *p = bad[i];
        printf("-- %u\n", i);
        void *q = p ? p : (void *)8; /* where null is allowed */
        SAY(syscall(SYS_open, p, O_RDONLY));
        SAY(syscall(SYS_stat, p, p));
        SAY(syscall(SYS_stat, "/", p));
        SAY(syscall(SYS_newfstatat, AT_FDCWD, "/", p, 0));
        SAY(syscall(SYS_read, null, p, 10));
        SAY(syscall(SYS_write, fds[1], p, 10));
        SAY(syscall(SYS_pipe, p));
        SAY(syscall(SYS_execve, p, p, p));
        SAY(syscall(SYS_execve, "/bin/true", q, NULL));
        SAY(syscall(SYS_readlink, "/proc/self/exe", q, 10));
        SAY(syscall(SYS_getcwd, q, 100));
        SAY(syscall(SYS_nanosleep, q, NULL));
        SAY(syscall(SYS_uname, p));
        SAY(syscall(SYS_poll, p, 1, 0));
        SAY(syscall(SYS_readv, null, p, 1));
        SAY(syscall(SYS_rt_sigaction, SIGUSR1, q, NULL, 8));
        SAY(syscall(SYS_rt_sigprocmask, SIG_BLOCK, q, NULL, 8));
        SAY(syscall(SYS_clock_gettime, 1, q));
        SAY(syscall(SYS_wait4, -1, q, 0, q));
        SAY(syscall(SYS_futex, (char *)q + 1, 0, 0, NULL, NULL, 0));
        SAY(syscall(SYS_getdents64, root, p, 100));
        SAY(syscall(SYS_select, 1, q, NULL, NULL, NULL));
    }
    printf("-- others\n");
    SAY(read(null, edge + 4000, 200));
    SAY(write(fds[1], edge + 4090, 10));
    SAY(syscall(9999));
    SAY(syscall(-1));
    SAY(syscall(600));
    SAY(read(-1, edge, 1));
    SAY(read(99, edge, 1));
    SAY(dup2(0, 1 << 30));
    SAY(dup2(99, 5));
    SAY(close(-1));
    SAY(lseek(fds[0], 0, SEEK_SET));
    SAY(read(open("/", O_RDONLY), edge, 10));
    SAY(mmap(NULL, -1ul, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    SAY(munmap((void *)0xffff800000000000, 4096));
    SAY(mprotect((void *)0x10000, 4096, PROT_READ));
    SAY(fcntl(0, 12345, 0));
    SAY(waitpid(-1, NULL, 0x12345678));
    SAY(kill(0x7fffffff, SIGTERM));
    SAY(chdir("/bin/busybox"));
    SAY(execl("/", "x", NULL));
    SAY(execl("/etc/passwd", "x", NULL));
    SAY(syscall(SYS_select, -1, NULL, NULL, NULL, NULL));
    return 0;
}
