/* stat of what was asked about often, while others change it. Oracle: Linux. */
#include "t.h"

#include <pthread.h>
#include <sys/syscall.h>

#define OFTEN 5

static struct stat st;

/* Often enough that an adapter keeps it; the last answer. */
static int hot(const char *path)
{
    int result = 0;
    for (int i = 0; i < OFTEN; i++) {
        memset(&st, 0x55, sizeof st);
        result = stat(path, &st);
    }
    return result;
}

static int hot_link(const char *path)
{
    int result = 0;
    for (int i = 0; i < OFTEN; i++)
        result = lstat(path, &st);
    return result;
}

static int hot_fd(int fd)
{
    int result = 0;
    for (int i = 0; i < OFTEN; i++) {
        memset(&st, 0x55, sizeof st);
        result = fstat(fd, &st);
    }
    return result;
}

static void show(const char *what, int result)
{
    if (result)
        printf("%s: -1 %d\n", what, errno);
    else
        printf("%s: mode %o links %ld size %ld owner %d\n", what, st.st_mode, (long)st.st_nlink,
               S_ISDIR(st.st_mode) ? 0 : (long)st.st_size, st.st_uid);
}

/* Another process does it. */
#define ELSEWHERE(statement)                                                                       \
    do {                                                                                           \
        if (!fork()) {                                                                             \
            statement;                                                                             \
            _exit(0);                                                                              \
        }                                                                                          \
        wait(NULL);                                                                                \
    } while (0)

static void make(const char *name, const char *text)
{
    int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC, 0644);
    write(fd, text, strlen(text));
    close(fd);
}

static void others(void)
{
    mkdir("top", 0755), mkdir("top/in", 0755);
    make("top/in/file", "0123456789");
    hot("top/in/file");
    ELSEWHERE(chmod("top/in/file", 0600));
    show("chmod", stat("top/in/file", &st));
    hot("top/in/file");
    ELSEWHERE(truncate("top/in/file", 3));
    show("truncate", stat("top/in/file", &st));
    hot("top/in/file");
    ELSEWHERE(make("top/in/file", "four"));
    show("write", stat("top/in/file", &st));
    hot("top/in/file");
    ELSEWHERE(link("top/in/file", "top/other"));
    show("link", stat("top/in/file", &st));
    hot("top/in/file");
    ELSEWHERE(unlink("top/other"));
    show("unlink of the other", stat("top/in/file", &st));
    hot("top/in/file");
    ELSEWHERE(rename("top", "moved"));
    show("rename of a parent", stat("top/in/file", &st));
    show("its new place", hot("moved/in/file"));
    ELSEWHERE(rename("moved", "top"));
    show("and back", stat("top/in/file", &st));
    show("the place before", stat("moved/in/file", &st));
    hot("top/in/file");
    ELSEWHERE(unlink("top/in/file"));
    show("unlink", stat("top/in/file", &st));
    ELSEWHERE(make("top/in/file", "made again"));
    show("made again", hot("top/in/file"));
    ELSEWHERE((make("new", "moved over"), rename("new", "top/in/file")));
    show("replaced", stat("top/in/file", &st));
    hot("top/in");
    ELSEWHERE(mkdir("top/in/more", 0700));
    show("a directory in it", stat("top/in", &st));
    hot("top/in/more");
    ELSEWHERE(rmdir("top/in/more"));
    show("removed", stat("top/in/more", &st));
    ELSEWHERE(chown("top/in/file", 12, 34));
    show("chown", stat("top/in/file", &st));
    hot("top/in/file");
    struct timespec times[2] = {{1000, 5}, {2000, 6}};
    ELSEWHERE(utimensat(AT_FDCWD, "top/in/file", times, 0));
    stat("top/in/file", &st);
    printf("times %ld.%ld %ld.%ld\n", st.st_atim.tv_sec, st.st_atim.tv_nsec, st.st_mtim.tv_sec,
           st.st_mtim.tv_nsec);
}

static void links(void)
{
    make("one", "1"), make("two", "22");
    symlink("one", "to");
    hot("to"), hot_link("to");
    ELSEWHERE((unlink("to"), symlink("two", "to")));
    show("link", stat("to", &st));
    show("itself", lstat("to", &st));
    printf("one file: %d\n", lstat("one", &st) || hot_link("one") || hot("one"));
    ELSEWHERE((unlink("one"), symlink("two", "one")));
    show("became a link", stat("one", &st));
    show("itself", lstat("one", &st));
    mkdir("a", 0755), mkdir("b", 0755);
    make("a/f", "a"), make("b/f", "bb");
    symlink("a", "d");
    hot("d/f");
    ELSEWHERE((unlink("d"), symlink("b", "d")));
    show("through", stat("d/f", &st));
    hot("a/../b/f");
    ELSEWHERE((unlink("a/f"), rmdir("a")));
    show("by way of nothing", stat("a/../b/f", &st));
}

static void descriptors(void)
{
    make("open", "12345");
    int fd = open("open", O_RDWR);
    show("fstat", hot_fd(fd));
    ELSEWHERE(make("open", "7777777"));
    show("written", fstat(fd, &st));
    hot_fd(fd);
    write(fd, "123456789", 9);
    show("by itself", fstat(fd, &st));
    hot_fd(fd);
    ftruncate(fd, 2);
    show("cut", fstat(fd, &st));
    hot_fd(fd);
    ELSEWHERE(unlink("open"));
    show("unlinked", fstat(fd, &st));
    hot_fd(fd);
    close(fd);
    show("closed", fstat(fd, &st));
    make("open", "another");
    int again = open("open", O_RDONLY);
    printf("same number %d\n", again == fd);
    show("reused", fstat(again, &st));
    hot_fd(again);
    int directory = open("top", O_RDONLY | O_DIRECTORY);
    dup2(directory, again);
    show("replaced", fstat(again, &st));
    int path = open("open", O_PATH);
    show("path", hot_fd(path));
    ELSEWHERE(chmod("open", 0640));
    show("path", fstat(path, &st));
    show("empty path", syscall(SYS_newfstatat, path, "", &st, AT_EMPTY_PATH));
    show("empty", syscall(SYS_newfstatat, path, "", &st, 0));
    show("not a directory", syscall(SYS_newfstatat, path, "x", &st, 0));
    show("in it", syscall(SYS_newfstatat, directory, "in/file", &st, 0));
    int pipes[2];
    pipe(pipes);
    show("pipe", hot_fd(pipes[0]) || (st.st_size = 0));
}

static void *closes(void *fds)
{
    for (int i = 0; i < 2000; i++) {
        int fd = open(i & 1 ? "one-byte" : "two-bytes", O_RDONLY);
        if (fd >= 0)
            close(fd);
    }
    return NULL;
}

/* What begins somewhere else, or may no longer look. */
static void places(void)
{
    mkdir("p", 0755), mkdir("q", 0755);
    make("p/x", "p"), make("q/x", "qq"), make("x", "here");
    show("x", hot("x"));
    chdir("p");
    show("in p", hot("x"));
    int pid = vfork();
    if (!pid) {
        chdir("../q");
        hot("x");
        _exit(st.st_size == 2 ? 0 : 1);
    }
    int status;
    waitpid(pid, &status, 0);
    printf("vfork %d\n", status);
    show("in p", stat("x", &st));
    chdir("..");
    show("back", stat("x", &st));
    mkdir("secret", 0755), make("secret/x", "s");
    if (!fork()) {
        hot("secret/x");
        ELSEWHERE(chmod("secret", 0700));
        show("root", stat("secret/x", &st));
        hot("secret/x");
        setuid(1234);
        show("user", stat("secret/x", &st));
        hot("x");
        _exit(0);
    }
    wait(NULL);
    if (!fork()) {
        chmod("secret", 0755);
        setuid(1234);
        show("may", hot("secret/x"));
        hot("secret/x");
        _exit(0);
    }
    wait(NULL);
    hot("/x");
    if (!fork()) {
        chroot("q");
        show("chroot", stat("/x", &st));
        _exit(0);
    }
    wait(NULL);
    /* One thread opens and closes, the other asks: either answer is whole. */
    make("one-byte", "1"), make("two-bytes", "22");
    pthread_t thread;
    pthread_create(&thread, NULL, closes, NULL);
    int fd = open("one-byte", O_RDONLY), wrong = 0;
    close(fd);
    for (int i = 0; i < 4000; i++) {
        memset(&st, 0, sizeof st);
        if (!fstat(fd, &st) && st.st_size != 1 && st.st_size != 2)
            wrong++;
        stat("one-byte", &st);
        if (st.st_size != 1)
            wrong++;
    }
    pthread_join(thread, NULL);
    printf("threads %d\n", wrong);
}

static void addresses(void)
{
    char *two = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    munmap(two + 4096, 4096);
    for (int length = 1; length <= 40; length++) {
        char *path = two + 4096 - length - 1;
        memset(path, '/', length), path[length] = 0;
        if (hot(path))
            printf("%d at the page's end: %d\n", length, errno);
    }
    memset(two + 4000, '/', 96);
    show("no end", hot(two + 4000));
    char shifted[64];
    for (int i = 0; i < 9; i++) {
        strcpy(shifted + i, "./one-byte");
        if (hot(shifted + i) || st.st_size != 1)
            printf("shifted %d\n", i);
    }
    hot("one-byte");
    show("buffer", syscall(SYS_stat, "one-byte", (void *)8));
    show("half a buffer", syscall(SYS_stat, "one-byte", (void *)(two + 4096 - 40)));
    show("non-canonical", syscall(SYS_stat, "one-byte", (void *)0x8000000000000000));
    show("path", stat((void *)0x8000000000000000, &st));
    show("fstat", (hot_fd(0), syscall(SYS_fstat, 0, (void *)8)));
    char path[400] = "";
    while (strlen(path) < 190)
        strcat(path, "./");
    strcat(path, "x");
    for (int i = 0; i < 4; i++) {
        show("long", hot(path));
        memmove(path + 2, path, strlen(path) + 1);
        memcpy(path, i & 1 ? "./" : "//", 2);
        memcpy(path, "./", 2);
    }
    show("prefix", hot("one-byt"));
    show("slash", hot("one-byte/"));
    show("slash", hot("top/"));
    printf("proc %d\n", hot("/proc/self"));
}

int main(void)
{
    setvbuf(stdout, NULL, _IONBF, 0);
    umask(022);
    mkdir("stat.dir", 0755);
    chdir("stat.dir");
    others();
    links();
    descriptors();
    places();
    addresses();
    return 0;
}
