/* Files, directories, links, times, descriptors. */
#include "t.h"
#include <dirent.h>
#include <sys/uio.h>

static int by_name(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static void list(const char *path)
{
    struct dirent **entries;
    int n = scandir(path, &entries, NULL, by_name);

    for (int i = 0; i < n; i++)
        printf(" %s/%d", entries[i]->d_name, entries[i]->d_type);
    printf(" (%d)\n", n);
}

int main(void)
{
    char text[64] = "";
    struct stat status;
    int fd, fd2;

    umask(022);
    SAY(mkdir("d", 0777));
    SAY(mkdir("d", 0777));
    SAY(chdir("d"));
    SAY(open("missing", O_RDONLY));
    fd = open("f", O_RDWR | O_CREAT | O_EXCL, 0666);
    SAY(open("f", O_RDWR | O_CREAT | O_EXCL, 0666));
    SAY(write(fd, "hello world", 11));
    SAY(lseek(fd, -5, SEEK_END));
    SAY(read(fd, text, 60));
    printf("%s\n", text);
    SAY(lseek(fd, -1, SEEK_SET));
    SAY(lseek(fd, 100, SEEK_SET));
    SAY(write(fd, "!", 1));
    fstat(fd, &status);
    printf("%o %ld %ld\n", status.st_mode, (long)status.st_size, (long)status.st_nlink);
    SAY(pread(fd, text, 3, 50));
    printf("%d\n", text[1]);
    SAY(ftruncate(fd, 5));
    struct iovec parts[2] = {{text, 2}, {text + 10, 30}};
    SAY(preadv(fd, parts, 2, 0));
    fd2 = dup(fd);
    SAY(lseek(fd, 2, SEEK_SET));
    SAY(lseek(fd2, 0, SEEK_CUR));
    SAY(dup2(fd, 77));
    SAY(fcntl(77, F_GETFD));
    SAY(fcntl(fd, F_DUPFD_CLOEXEC, 50));
    SAY(fcntl(50, F_GETFD));
    SAY(fcntl(fd, F_GETFL) & O_ACCMODE);
    SAY(close(77));
    SAY(close(77));
    SAY(link("f", "g"));
    SAY(symlink("f", "s"));
    SAY(symlink("loop", "loop"));
    SAY(open("loop", O_RDONLY));
    SAY(open("s", O_RDONLY | O_NOFOLLOW));
    SAY(readlink("s", text, sizeof text));
    SAY(readlink("f", text, sizeof text));
    stat("g", &status);
    printf("%ld\n", (long)status.st_nlink);
    SAY(rename("g", "h"));
    SAY(rename("f", "no/such"));
    SAY(mkdir("sub", 0700));
    SAY(rename("f", "sub"));
    SAY(rename("sub", "f"));
    SAY(rename("sub", "sub/inside"));
    SAY(unlink("sub"));
    SAY(rmdir("f"));
    SAY(open("sub", O_WRONLY));
    SAY(open("f/x", O_RDONLY));
    SAY(mkfifo("p", 0600));
    list(".");
    SAY(chmod("f", 0640));
    SAY(access("f", R_OK | W_OK));
    struct timespec times[2] = {{1000000000, 1}, {1234567890, 123456789}};
    SAY(utimensat(AT_FDCWD, "f", times, 0));
    stat("f", &status);
    printf("%o %ld.%09ld\n", status.st_mode & 07777, (long)status.st_mtim.tv_sec,
           status.st_mtim.tv_nsec);
    int directory = open(".", O_RDONLY | O_DIRECTORY);
    SAY(openat(directory, "missing", O_RDONLY));
    SAY(faccessat(directory, "h", F_OK, 0));
    SAY(unlinkat(directory, "sub", AT_REMOVEDIR));
    SAY(fchdir(directory));
    printf("%s\n", strrchr(getcwd(text, sizeof text), '/'));
    /* A file that was unlinked lives on. */
    unlink("h");
    unlink("f");
    fstat(fd, &status);
    printf("%ld links, size %ld\n", (long)status.st_nlink, (long)status.st_size);
    SAY(pread(fd, text, 5, 0));
    SAY(write(open("f", O_WRONLY | O_CREAT, 0600), "abc", 3));
    fd = open("f", O_WRONLY | O_APPEND);
    SAY(lseek(fd, 0, SEEK_SET));
    SAY(write(fd, "def", 3));
    stat("f", &status);
    printf("%ld\n", (long)status.st_size);
    SAY(read(fd, text, 1));
    SAY(write(open("f", O_RDONLY), "x", 1));
    SAY(open("f", O_RDONLY | O_DIRECTORY));
    SAY(mkdir("x/y/z", 0777));
    SAY(rmdir("."));
    SAY(open("", O_RDONLY));
    char name[300];
    memset(name, 'n', 299);
    name[299] = 0;
    SAY(open(name, O_RDONLY | O_CREAT, 0600));
    /* Holes and large offsets. */
    fd = open("sparse", O_RDWR | O_CREAT, 0600);
    SAY(pwrite(fd, "end", 3, 1l << 20));
    SAY(pread(fd, text, 4, (1l << 20) - 1));
    printf("%d%.3s\n", text[0], text + 1);
    unlink("sparse");
    /* /dev */
    fd = open("/dev/full", O_WRONLY);
    SAY(write(fd, "x", 1));
    fd = open("/dev/null", O_RDWR);
    SAY(write(fd, "x", 1));
    SAY(read(fd, text, 1));
    fd = open("/dev/zero", O_RDONLY);
    SAY(read(fd, text, 4));
    fd = open("/dev/urandom", O_RDONLY);
    SAY(read(fd, text, 16));
    SAY(open("/dev/nosuch", O_RDONLY));
    list("/proc/self/fd/../task/nosuch");
    return 0;
}
