/* mmap, mprotect, mremap, brk, copy on write, shared mappings, file mappings. */
#include "t.h"
#include <setjmp.h>

static sigjmp_buf back;

static void fault(int number)
{
    siglongjmp(back, number);
}

static int touch(volatile char *at, int writing)
{
    int number = sigsetjmp(back, 1);
    if (number == 0) {
        if (writing)
            *at = 1;
        else
            (void)*at;
    }
    return number;
}

int main(void)
{
    int status;

    signal(SIGSEGV, fault);
    signal(SIGBUS, fault);
    char *area = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    printf("zero %d\n", area[12345]);
    memset(area, 7, 1 << 20);
    SAY(munmap(area + 4096, 8192));
    printf("%d %d %d %d\n", touch(area, 1), touch(area + 4096, 1), touch(area + 8192, 0),
           touch(area + 12288, 1));
    SAY(mprotect(area, 4096, PROT_READ));
    printf("%d %d\n", touch(area, 0), touch(area, 1));
    SAY(mprotect(area + 4096, 4096, PROT_READ));
    SAY(munmap(area + 1, 4096));
    char *fixed = mmap(area + 4096, 4096, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    printf("fixed %d\n", fixed == area + 4096);
    SAY(mmap(area, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0));
    char *moved = mremap(area + (1 << 19), 8192, 1 << 21, MREMAP_MAYMOVE);
    printf("moved %d %d\n", moved[0], moved[8192]);
    SAY(mmap(NULL, 0, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    SAY(mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, -1, 0));

    /* Copy on write, both ways. */
    char *page = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    char *shared = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    page[0] = 'a';
    page[4096] = 'b';
    int fds[2];
    pipe(fds);
    if (fork() == 0) {
        char byte;
        page[0] = 'c';
        shared[0] = 'd';
        read(fds[0], &byte, 1);
        shared[1] = page[4096];
        _exit(page[0]);
    }
    page[4096] = 'e';
    write(fds[1], "x", 1);
    wait(&status);
    printf("%c %c %c %c %c\n", page[0], page[4096], shared[0], shared[1], WEXITSTATUS(status));

    /* Files. */
    int fd = open("mapped", O_RDWR | O_CREAT | O_TRUNC, 0600);
    ftruncate(fd, 6000);
    pwrite(fd, "file", 4, 4094);
    char *map = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    printf("%.4s %d\n", map + 4094, map[6500]);
    memcpy(map + 100, "through", 7);
    char text[8] = "";
    pread(fd, text, 7, 100);
    printf("%s\n", text);
    pwrite(fd, "back", 4, 200);
    printf("%.4s\n", map + 200);
    char *private = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
    private[100] = 'T';
    pread(fd, text, 7, 100);
    printf("%.7s %s\n", private + 100, text);
    SAY(msync(map, 4096, MS_SYNC));
    ftruncate(fd, 100);
    printf("beyond the end %d\n", touch(map + 4096, 0));
    close(fd);
    printf("after close %d\n", map[50]);
    fd = open("mapped", O_RDONLY);
    SAY(mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0) == MAP_FAILED);
    unlink("mapped");

    /* 256 MiB reserved costs nothing; what is touched is there. */
    char *huge = mmap(NULL, 4ul << 30, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    printf("reserved %d\n", huge != MAP_FAILED);
    for (size_t at = 0; at < 4ul << 30; at += 256ul << 20)
        huge[at] = (char)(at >> 28);
    printf("%d %d\n", huge[256ul << 20], huge[3ul << 30]);
    SAY(madvise(huge, 4096, MADV_DONTNEED));
    printf("%d\n", huge[0]);
    char *heap = malloc(10 << 20);
    memset(heap, 1, 10 << 20);
    free(heap);
    /* The stack grows. */
    volatile char deep[2 << 20];
    deep[0] = 1;
    printf("deep %d\n", deep[0]);
    return 0;
}
