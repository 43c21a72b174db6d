/* kills TIMES [SEED [KIND]]: victims of each kind are ended at instructions chosen at random, most of them
 * somewhere in their adapter or while a server works for it; after each the others go on with what was
 * shared. Under the central placement, where nothing of the personality is in the process, the parent
 * ends it after a random time. Prints a line for each kind, where the victims stood, and how many
 * frames of memory are missing at the end. Oracle: Linux, where it passes as well. */
#include <setjmp.h>
#include <sys/prctl.h>

#include "draw.h"
#include "kills.h"
#include "sampler.h"

#define SPAN 400000 /* instructions within which a victim ends */
#define WARM 8      /* victims before memory is counted */

uint64_t kills_deadline;
const char *kills_program;

void kills_remove_files(void);

static struct sampler *sampler; /* shared with all victims */
static uint64_t seed = 1;

static uint64_t draw(void)
{
    return draw_next(&seed) >> 11;
}

static struct jn_utcb *utcb(void)
{
    struct jn_utcb *found;
    __asm__("movq %%gs:1016, %0" : "=r"(found));
    return found;
}

static sigjmp_buf nothing_there;

static void fault(int number)
{
    siglongjmp(nothing_there, number);
}

/* Shared memory is where an exec finds it again: a file that stays open. */
#define SHARED_FD 100
#define SHARED_AT ((void *)0x10000000)

static void share(int make)
{
    if (make) {
        int file = memfd_create("kills", 0);
        ftruncate(file, sizeof *sampler);
        dup2(file, SHARED_FD);
        close(file);
    }
    sampler = mmap(SHARED_AT, sizeof *sampler, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED,
                   SHARED_FD, 0);
    if (make && !sigsetjmp(nothing_there, 1)) {
        signal(SIGSEGV, fault);
        sampler->call = inside_find();
    }
    signal(SIGSEGV, SIG_DFL);
}

static void arm(uint64_t deadline)
{
    if (!sampler->call)
        return;
    int32_t status = sampler_arm(sampler, utcb(), deadline);
    if (status)
        _exit(100 - status);
}

static uint64_t counter(const char *path, const char *name)
{
    char text[2048];
    int file = open(path, O_RDONLY);
    ssize_t n = read(file, text, sizeof text - 1);
    close(file);
    text[n > 0 ? n : 0] = 0;
    char *at = strstr(text, name);
    return at ? strtoull(at + strlen(name), NULL, 10) : 0;
}

static uint64_t memory_free(void)
{
    /* What ended is cleared away by servers in their own time. */
    struct timespec moment = {0, 50000000};
    nanosleep(&moment, NULL);
    return counter("/proc/meminfo", "MemFree:");
}

static const char *one(const struct kind *kind)
{
    int status;
    static char strange[40];
    if (kind->each)
        kind->each();
    uint64_t delay = draw() % SPAN;
    pid_t victim = fork();
    if (victim == 0) {
        kills_deadline = now() + delay;
        sampler->priority = SAMPLER_PRIORITY;
        arm(kills_deadline);
        kind->live();
        _exit(6);
    }
    if (!sampler->call) {
        struct timespec time = {0, (long)delay};
        nanosleep(&time, NULL);
        kill(victim, SIGKILL);
    }
    if (kind->beside)
        kind->beside();
    waitpid(victim, &status, 0);
    if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGKILL) {
        snprintf(strange, sizeof strange, "its status is %#x", status);
        return strange;
    }
    return kind->check();
}

static void run(const struct kind *kind, unsigned times)
{
    unsigned bad = 0;
    const char *first = NULL;
    uint64_t before = 0;
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    if (kind->prepare)
        kind->prepare();
    for (unsigned i = 0; i < times + WARM; i++) {
        if (i == WARM)
            before = memory_free();
        alarm(60); /* by the machine's clock: who waits for ever is found */
        const char *wrong = one(kind);
        while (wait(NULL) > 0) /* the victim's children, which run only when nobody else does (sampler.h) */
            ;
        alarm(0);
        bad += wrong != NULL;
        if (wrong && !first)
            first = wrong;
    }
    int64_t missing = (int64_t)(before - memory_free()) / 4;
    printf("%s: %u killed, %u left something unusable%s%s; missing %lld\n", kind->name, times, bad,
           first ? ": " : "", first ? first : "", (long long)missing);
    fflush(stdout);
}

/* Each list in a process of its own: one of them leads a session. */
static void run_all(const struct kind *list, const char *wanted, unsigned times)
{
    pid_t child = fork();
    if (child == 0) {
        for (const struct kind *kind = list; kind->name; kind++)
            if (!wanted || !strcmp(wanted, kind->name))
                run(kind, times);
        kills_remove_files();
        exit(0);
    }
    int status;
    waitpid(child, &status, 0);
    if (status)
        printf("a parent ended with %#x\n", status);
    fflush(stdout);
}

int main(int argc, char **argv)
{
    if (argc > 1 && !strcmp(argv[1], "nothing"))
        return 0;
    if (argc > 3 && !strcmp(argv[1], "exec")) {
        share(0);
        kills_program = argv[3];
        kills_deadline = strtoull(argv[2], NULL, 10);
        if (sampler->call)
            sampler_disarm(sampler);
        arm(kills_deadline);
        kinds_of_processes[1].live();
    }
    static char program[256];
    kills_program = program;
    readlink("/proc/self/exe", program, sizeof program - 1);
    unsigned times = argc > 1 ? (unsigned)atoi(argv[1]) : 8;
    seed = argc > 2 ? strtoull(argv[2], NULL, 10) * 2654435761u + 1 : 1;
    const char *wanted = argc > 3 ? argv[3] : NULL;
    share(1);
    run_all(kinds_of_files, wanted, times);
    run_all(kinds_of_processes, wanted, times);
    run_all(kinds_of_terminals, wanted, times);
    if (wanted)
        run_all(kinds_by_name, wanted, times);
    printf("found: %llu in a fast path, %llu in a handler, %llu in a server, %llu in the program\n",
           (unsigned long long)sampler->found[IN_FAST_PATH],
           (unsigned long long)sampler->found[IN_HANDLER],
           (unsigned long long)sampler->found[IN_SERVER],
           (unsigned long long)sampler->found[IN_PROGRAM]);
    return 0;
}
