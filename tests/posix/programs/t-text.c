/* Programs that read, copy, change or make code, after every call site in it was used so often that an adapter
 * may have redirected it: nobody but the processor sees that. Oracle: Linux. */
#define _GNU_SOURCE
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <setjmp.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "t.h"

#define OFTEN 5000

/* Two sites of our own, made so that a jump fits: with room behind them. */
long site_getpid(void);
long site_read(int fd, void *buffer, size_t length);
extern const char site_begin[], site_end[];
__asm__(".text\n"
        ".balign 64\n"
        "site_begin:\n"
        "site_getpid: mov $39, %eax\n"
        "syscall\n"
        "ret\n"
        "nop\nnop\nnop\nnop\nnop\nnop\nnop\nnop\n"
        ".balign 64\n"
        "site_read: mov $0, %eax\n"
        "syscall\n"
        "ret\n"
        "nop\nnop\nnop\nnop\nnop\nnop\nnop\nnop\n"
        ".balign 64\n"
        "site_end:\n");

static const unsigned char *text;
static size_t text_size;
static uint64_t before;
static int zero;

static uint64_t sum(const unsigned char *at, size_t size)
{
    uint64_t s = 14695981039346656037u;
    for (size_t i = 0; i < size; i++)
        s = (s ^ at[i]) * 1099511628211u;
    return s;
}

static void find_text(void)
{
    const Elf64_Phdr *ph = (const Elf64_Phdr *)getauxval(AT_PHDR);
    uint64_t count = getauxval(AT_PHNUM), base = 0;
    for (uint64_t i = 0; i < count; i++)
        if (ph[i].p_type == PT_PHDR)
            base = (uint64_t)ph - ph[i].p_vaddr;
    for (uint64_t i = 0; i < count; i++)
        if (ph[i].p_type == PT_LOAD && ph[i].p_flags & PF_X) {
            text = (const unsigned char *)(base + ph[i].p_vaddr);
            text_size = ph[i].p_filesz;
        }
}

/* Every site that is used is used often. */
static int use_times(int times)
{
    int wrong = 0;
    pid_t pid = getpid();
    for (int i = 0; i < times; i++) {
        char c = 1;
        wrong += site_getpid() != pid;
        wrong += site_read(zero, &c, 1) != 1 || c;
        wrong += getpid() != pid;
        c = 1;
        wrong += read(zero, &c, 1) != 1 || c;
        wrong += write(zero, "x", 1) != 1;
        wrong += lseek(zero, 0, SEEK_CUR) != 0;
        wrong += (pid_t)syscall(SYS_getpid) != pid;
        wrong += getuid() != geteuid();
    }
    return wrong;
}

static int use(void)
{
    return use_times(OFTEN);
}

static int same(void)
{
    return sum(text, text_size) == before;
}

/* ---- the ways of reading ---- */

static int by_loads(void)
{
    return same();
}

/* What comes out of the pipe, summed by the parent. */
static int by_write(void)
{
    int end[2], status;
    static unsigned char buffer[65536];
    if (pipe(end))
        return 0;
    pid_t pid = fork();
    if (!pid) {
        uint64_t s = 14695981039346656037u;
        ssize_t n;
        close(end[1]);
        while ((n = read(end[0], buffer, sizeof buffer)) > 0)
            for (ssize_t i = 0; i < n; i++)
                s = (s ^ buffer[i]) * 1099511628211u;
        _exit(s != before);
    }
    close(end[0]);
    for (size_t done = 0; done < text_size;) {
        size_t part = done < 8192 ? 64 : text_size - done;
        ssize_t n = write(end[1], text + done, part);
        if (n <= 0)
            return 0;
        done += (size_t)n;
    }
    close(end[1]);
    waitpid(pid, &status, 0);
    return !status;
}

static int by_file(void)
{
    char name[] = "/tmp/t-text-XXXXXX";
    int fd = mkstemp(name);
    unlink(name);
    struct iovec pieces[2] = {{(void *)text, 100}, {(void *)(text + 100), text_size - 100}};
    if (writev(fd, pieces, 2) != (ssize_t)text_size)
        return 0;
    const unsigned char *there = mmap(NULL, text_size, PROT_READ, MAP_PRIVATE, fd, 0);
    return there != MAP_FAILED && sum(there, text_size) == before;
}

static int by_name(void)
{
    /* Whatever the text begins with, it is no name of anything; the kernel has to read it to know. */
    char name[64] = "/tmp/", *copy = name + 5;
    int fd = open((const char *)site_begin, O_RDONLY);
    int error = errno;
    strncpy(copy, (const char *)site_begin, 40);
    return fd < 0 && error == ENOENT && copy[0] == (char)0xb8 && copy[1] == 39 && same();
}

static int by_child(void)
{
    int status;
    pid_t pid = fork();
    if (!pid) {
        int wrong = use();
        _exit(!same() || wrong || use());
    }
    waitpid(pid, &status, 0);
    return !status && !use() && same();
}

static volatile int stop;

static void *caller(void *unused)
{
    long wrong = 0;
    while (!stop)
        wrong += use_times(20);
    return unused ? NULL : (void *)wrong;
}

static int by_threads(void)
{
    pthread_t callers[3];
    int fine = 1;
    stop = 0;
    for (int i = 0; i < 3; i++)
        pthread_create(&callers[i], NULL, caller, NULL);
    for (int i = 0; i < 4; i++) {
        fine &= !use_times(300);
        fine &= same();
    }
    stop = 1;
    for (int i = 0; i < 3; i++) {
        void *wrong;
        pthread_join(callers[i], &wrong);
        fine &= !wrong;
    }
    return fine;
}

/* ---- copied, changed and made code ---- */

static unsigned char *code_page(void)
{
    return mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

static int copied(void)
{
    unsigned char *copy = code_page();
    size_t size = (size_t)(site_end - site_begin);
    memcpy(copy, site_begin, size);
    long (*there)(void) = (long (*)(void))(copy + ((const char *)site_getpid - site_begin));
    int fine = !memcmp(copy, site_begin, size) && copy[5] == 0x0f && copy[6] == 0x05;
    for (int i = 0; i < OFTEN; i++)
        fine &= there() == getpid();
    return fine && same() && !memcmp(copy, site_begin, size);
}

static int made(void)
{
    static const unsigned char code[] = {0xb8, 39, 0, 0, 0, 0x0f, 0x05, 0xc3};
    unsigned char *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    long (*call)(void) = (long (*)(void))page;
    int fine = 1;
    for (int round = 0; round < 3; round++) {
        memset(page, 0x90, 64);
        memcpy(page, code, sizeof code);
        page[1] = round == 1 ? 102 : 39; /* getuid */
        mprotect(page, 4096, PROT_READ | PROT_EXEC);
        for (int i = 0; i < OFTEN; i++)
            fine &= call() == (round == 1 ? (long)getuid() : getpid());
        fine &= page[5] == 0x0f && page[6] == 0x05 && page[7] == 0xc3 && page[8] == 0x90;
        mprotect(page, 4096, PROT_READ | PROT_WRITE);
        fine &= page[5] == 0x0f && page[6] == 0x05;
    }
    return fine;
}

/* The program's own text, made writable, changed while it is used, and changed back. */
static int changed(void)
{
    uintptr_t page = (uintptr_t)site_begin & ~4095ul;
    unsigned char *at = (unsigned char *)(uintptr_t)site_getpid;
    int fine = !mprotect((void *)page, 8192, PROT_READ | PROT_WRITE | PROT_EXEC);
    fine &= at[5] == 0x0f && at[6] == 0x05 && at[7] == 0xc3;
    for (int round = 0; round < 4; round++) {
        at[1] = round % 2 ? 39 : 102;
        for (int i = 0; i < OFTEN; i++)
            fine &= site_getpid() == (round % 2 ? (long)getpid() : (long)getuid());
        fine &= at[5] == 0x0f && at[6] == 0x05 && at[7] == 0xc3;
    }
    fine &= !mprotect((void *)page, 8192, PROT_READ | PROT_EXEC);
    return fine && !use() && same();
}

static int mapped_anew(void)
{
    uintptr_t page = (uintptr_t)site_begin & ~4095ul;
    int fine = !madvise((void *)page, 8192, MADV_DONTNEED);
    fine &= !use() && !madvise((void *)page, 8192, MADV_DONTNEED);
    return fine && same() && !use() && same();
}

/* A write to text is a fault as ever, with the address, whatever was done to the page. */
static void *fault_address;
static int fault_code;
static sigjmp_buf *back;
static void on_fault(int number, siginfo_t *info, void *context)
{
    (void)number, (void)context;
    fault_address = info->si_addr;
    fault_code = info->si_code;
    siglongjmp(*back, 1);
}

static int written(void)
{
    sigjmp_buf here;
    struct sigaction action = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO};
    sigaction(SIGSEGV, &action, NULL);
    back = &here;
    if (!sigsetjmp(here, 1)) {
        *(volatile char *)(uintptr_t)site_getpid = 0;
        return 0;
    }
    return fault_address == (void *)(uintptr_t)site_getpid && fault_code == SEGV_ACCERR && same() && !use();
}

static void run(const char *name, int (*way)(void))
{
    int status;
    fflush(stdout);
    pid_t pid = fork();
    if (!pid) {
        int wrong = use();
        int fine = way();
        _exit(wrong ? 2 : !fine);
    }
    waitpid(pid, &status, 0);
    printf("%s: %s %#x\n", name, status ? "differs" : "same", (unsigned)status);
}

int main(int argc, char **argv)
{
    find_text();
    before = sum(text, text_size);
    zero = open("/dev/zero", O_RDWR);
    if (argc > 1) { /* after exec */
        printf("%s: %s\n", argv[1], !use() && same() && !use() && same() ? "same" : "differs");
        return 0;
    }
    run("loads", by_loads);
    run("write to a pipe", by_write);
    run("write to a file", by_file);
    run("a name", by_name);
    run("a child", by_child);
    run("threads", by_threads);
    run("copied", copied);
    run("made", made);
    run("changed", changed);
    run("mapped anew", mapped_anew);
    run("written", written);
    fflush(stdout);
    execl("/proc/self/exe", "t-text", "exec", (char *)NULL);
    return 1;
}
