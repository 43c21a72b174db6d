/* win_kills TIMES [SEED [KIND]]: victims of each kind are ended at instructions chosen at random, most of them
 * somewhere in their adapter or while a server works for it; after each the others go on with what was
 * shared. Where nothing of the personality is in the process (the central placement, Wine) the parent ends it
 * after a random time, and with KILLS_OUTSIDE in the environment everywhere. Prints a line for each kind, where the victims stood, and how many frames of memory are
 * missing at the end. Oracle: Wine, where it passes as well. */
#include <stdlib.h>

#include "draw.h"
#include "sampler.h"
#include "win_kills.h"

#define SPAN 400000 /* ns within which a victim ends that can do so itself */
#define WARM 8      /* victims before memory is counted */
#define KILLED 137

struct shared *shared;
static struct sampler *sampler; /* shared with all victims */
static uint64_t seed = 1;
static volatile LONG victims; /* that have ended */

static uint64_t draw(void)
{
    return draw_next(&seed) >> 11;
}

static void *share(const char *name, size_t size)
{
    HANDLE section =
        CreateFileMappingA(INVALID_HANDLE_VALUE, NULL, PAGE_READWRITE, 0, (DWORD)size, name);
    return MapViewOfFile(section, FILE_MAP_ALL_ACCESS, 0, 0, 0);
}

static int has_adapter(void)
{
    const struct adapter_header *header = (const void *)ADAPTER_BASE;
    return !IsBadReadPtr(header, sizeof *header) && header->magic == ADAPTER_MAGIC;
}

static uint64_t inside_now(void)
{
    const struct jn_info *info = (const void *)TASK_INFORMATION_PAGE;
    uint64_t sequence, time;
    do {
        sequence = info->sequence;
        unsigned __int128 ticks = __builtin_ia32_rdtsc() - info->tsc_base;
        time = info->mono_ns + (uint64_t)(ticks * info->tsc_mult >> info->tsc_shift);
    } while (sequence & 1 || info->sequence != sequence);
    return time;
}

static struct jn_utcb *utcb(void)
{
    struct jn_utcb *found;
    __asm__("movq %%gs:0x328, %0" : "=r"(found));
    return found;
}

static long long memory_free(void)
{
    char text[512] = "";
    DWORD n;
    /* What ended is cleared away by servers in their own time. */
    Sleep(100);
    HANDLE file = CreateFileA("Z:\\proc\\meminfo", GENERIC_READ, FILE_SHARE_READ, NULL,
                              OPEN_EXISTING, 0, NULL);
    ReadFile(file, text, sizeof text - 1, &n, NULL);
    CloseHandle(file);
    char *at = strstr(text, "MemFree:");
    return at ? strtoll(at + 8, NULL, 10) / 4 : 0;
}

/* A victim of the kind; everything that it makes goes with the job. */
static HANDLE start(const struct kind *kind, uint64_t delay, HANDLE job)
{
    STARTUPINFOA startup = {.cb = sizeof startup};
    PROCESS_INFORMATION victim;
    char line[MAX_PATH + 64];
    snprintf(line, sizeof line, "\"%s\" victim %s %llu", shared->program, kind->name,
             (unsigned long long)delay);
    if (!CreateProcessA(shared->program, line, NULL, NULL, TRUE, CREATE_SUSPENDED, NULL, NULL,
                        &startup, &victim))
        return NULL;
    AssignProcessToJobObject(job, victim.hProcess);
    ResumeThread(victim.hThread);
    CloseHandle(victim.hThread);
    return victim.hProcess;
}

static HANDLE make_job(void)
{
    JOBOBJECT_EXTENDED_LIMIT_INFORMATION limits = {0};
    HANDLE job = CreateJobObjectA(NULL, NULL);
    limits.BasicLimitInformation.LimitFlags = JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE;
    SetInformationJobObject(job, JobObjectExtendedLimitInformation, &limits, sizeof limits);
    return job;
}

static const char *one(const struct kind *kind, int born)
{
    static char strange[64];
    DWORD code = 0;
    uint64_t delay = draw() % SPAN;
    if (kind->each)
        kind->each();
    HANDLE job = make_job(), victim = start(kind, delay, job);
    if (!victim) {
        snprintf(strange, sizeof strange, "no process: %lu", GetLastError());
        return strange;
    }
    if (!born || !sampler->call) {
        Sleep((DWORD)(delay / 20000)); /* at most 20 ms */
        TerminateProcess(victim, KILLED);
    }
    if (kind->beside)
        kind->beside(victim);
    WaitForSingleObject(victim, INFINITE);
    GetExitCodeProcess(victim, &code);
    CloseHandle(victim);
    CloseHandle(job);
    if (code != KILLED) {
        snprintf(strange, sizeof strange, "its status is %#lx", code);
        return strange;
    }
    return kind->check ? kind->check() : NULL;
}

static void run(const struct kind *kind, unsigned times)
{
    unsigned bad = 0;
    char first[64] = "";
    long long before = 0;
    if (kind->prepare)
        kind->prepare();
    for (unsigned i = 0; i < times + WARM; i++) {
        if (i == WARM)
            before = memory_free();
        const char *wrong = one(kind, kind->live != NULL);
        victims++;
        bad += wrong != NULL;
        if (wrong && !*first)
            snprintf(first, sizeof first, ": %s", wrong);
    }
    for (unsigned i = 0; i < HANDLES; i++)
        if (shared->handles[i]) {
            CloseHandle(shared->handles[i]);
            shared->handles[i] = NULL;
        }
    printf("%s: %u killed, %u left something unusable%s; missing %lld\n", kind->name, times, bad,
           first, before - memory_free());
    fflush(stdout);
}

static const struct kind *const lists[] = {kinds_of_objects, kinds_of_files, kinds_of_processes};
#define LISTS (sizeof lists / sizeof *lists)

/* Not inlined into main: the compiler fails on a frame with calls of both conventions. */
static __attribute__((noinline)) void be_victim(const char *name, uint64_t delay)
{
    SetErrorMode(SEM_FAILCRITICALERRORS | SEM_NOGPFAULTERRORBOX);
    if (sampler->call) {
        int32_t status = sampler_arm(sampler, utcb(), inside_now() + delay);
        if (status)
            ExitProcess((UINT)(100 - status));
    }
    for (unsigned i = 0; i < LISTS; i++)
        for (const struct kind *kind = lists[i]; kind->name; kind++)
            if (!strcmp(name, kind->name) && kind->live)
                kind->live();
    Sleep(INFINITE);
}

/* By the machine's clock: who waits for ever is found. */
static DWORD WINAPI watch(void *unused)
{
    (void)unused;
    for (LONG seen = -1; seen != victims; Sleep(60000))
        seen = victims;
    printf("nothing goes on any more\n");
    fflush(stdout);
    ExitProcess(3);
}

int main(int argc, char **argv)
{
    if (argc > 1 && !strcmp(argv[1], "nothing"))
        return 0;
    shared = share("janus-kills", sizeof *shared);
    sampler = share("janus-kills-sampler", sizeof *sampler);
    if (!shared || !sampler)
        return 2;
    if (argc > 3 && !strcmp(argv[1], "victim"))
        be_victim(argv[2], strtoull(argv[3], NULL, 10));
    unsigned times = argc > 1 ? (unsigned)atoi(argv[1]) : 8;
    seed = argc > 2 ? strtoull(argv[2], NULL, 10) * 2654435761u + 1 : 1;
    GetModuleFileNameA(NULL, shared->program, sizeof shared->program);
    GetTempPathA(sizeof shared->folder, shared->folder);
    shared->parent = GetCurrentProcessId();
    if (has_adapter() && !getenv("KILLS_OUTSIDE"))
        sampler->call = inside_find();
    CloseHandle(CreateThread(NULL, 0, watch, NULL, 0, NULL));
    for (unsigned i = 0; i < LISTS; i++)
        for (const struct kind *kind = lists[i]; kind->name; kind++)
            if (argc <= 3 || !strcmp(argv[3], kind->name))
                run(kind, times);
    printf("found: %llu in a fast path, %llu in a handler, %llu in a server, %llu in the program\n",
           (unsigned long long)sampler->found[IN_FAST_PATH],
           (unsigned long long)sampler->found[IN_HANDLER],
           (unsigned long long)sampler->found[IN_SERVER],
           (unsigned long long)sampler->found[IN_PROGRAM]);
    return 0;
}
