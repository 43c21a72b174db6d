/* ntcalls [-n COUNT] [NAME...]: what each NT system service of a list costs; output as calls.c's. The
 * services are called through ntdll's exports. */
#include <windows.h>

#include "counts.h"

typedef LONG NTSTATUS;
typedef struct { USHORT Length, MaximumLength; PWSTR Buffer; } UNICODE;
typedef struct { ULONG Length; HANDLE Root; UNICODE *Name; ULONG Attributes; PVOID a, b; } ATTRIBUTES;
typedef struct { NTSTATUS Status; ULONG_PTR Information; } STATUS_BLOCK;
typedef NTSTATUS(WINAPI *service)(ULONG_PTR, ...);

static HANDLE event, mutant, semaphore, file, key;
static char buffer[4096];
static STATUS_BLOCK io;
static LARGE_INTEGER zero_time, start;
static WCHAR file_name[] = L"\\??\\C:\\windows\\temp\\ntcalls.tmp";
static WCHAR key_name[] = L"\\Registry\\Machine\\Software", value_name[] = L"Absent";
static UNICODE file_string = {sizeof file_name - 2, sizeof file_name, file_name};
static UNICODE key_string = {sizeof key_name - 2, sizeof key_name, key_name};
static UNICODE value_string = {sizeof value_name - 2, sizeof value_name, value_name};
static ATTRIBUTES file_attributes = {sizeof file_attributes, NULL, &file_string, 0x40, NULL, NULL};
static ATTRIBUTES key_attributes = {sizeof key_attributes, NULL, &key_string, 0x40, NULL, NULL};
static HANDLE made;
static PVOID memory;
static SIZE_T size;

#define A(x) ((ULONG_PTR)(x))
#define SELF A(-1)
#define THREAD A(-2)
#define LIST(X) \
    X(NtQueryPerformanceCounter, (A(buffer), A(buffer + 8))) \
    X(NtQuerySystemTime, (A(buffer))) \
    X(NtYieldExecution, (0)) \
    X(NtDelayExecution, (0, A(&zero_time))) \
    X(NtSetEvent, (A(event), 0)) \
    X(NtResetEvent, (A(event), 0)) \
    X(NtQueryEvent, (A(event), 0, A(buffer), 8, 0)) \
    X(NtWaitForSingleObject, (A(event), 0, A(&zero_time))) \
    X(NtReleaseSemaphore, (A(semaphore), 1, 0)) \
    X(NtQueryInformationProcess, (SELF, 0, A(buffer), 48, 0)) \
    X(NtQueryInformationThread, (THREAD, 0, A(buffer), 48, 0)) \
    X(NtQueryVirtualMemory, (SELF, A(buffer), 0, A(buffer), 48, 0)) \
    X(NtQuerySystemInformation, (0, A(buffer), 64, 0)) \
    X(NtQueryInformationFile, (A(file), A(&io), A(buffer), 24, 5)) \
    X(NtQueryAttributesFile, (A(&file_attributes), A(buffer))) \
    X(NtReadFile, (A(file), 0, 0, 0, A(&io), A(buffer), 64, A(&start), 0)) \
    X(NtWriteFile, (A(file), 0, 0, 0, A(&io), A(buffer), 64, A(&start), 0)) \
    X(NtFlushBuffersFile, (A(file), A(&io))) \
    X(NtQueryValueKey, (A(key), A(&value_string), 2, A(buffer), 512, A(buffer + 1024))) \
    X(NtQueryKey, (A(key), 0, A(buffer), 512, A(buffer + 1024))) \
    X(NtClose, (A(0x7ffc)))

#define X(name, arguments) static service name;
LIST(X)
X(NtReleaseMutant, )
X(NtCreateEvent, )
X(NtDuplicateObject, )
X(NtCreateSection, )
X(NtOpenKey, )
X(NtOpenFile, )
X(NtAllocateVirtualMemory, )
X(NtFreeVirtualMemory, )
X(NtProtectVirtualMemory, )
#undef X
#define X(name, arguments) static void run_##name(long n) { while (n--) name arguments; }
LIST(X)
#undef X

static void run_empty(long n)
{
    while (n--)
        __asm__ volatile("" : : "r"(n));
}

static void close_made(void)
{
    NtClose(A(made));
}

/* Pairs that leave nothing behind. */
static void run_event(long n)
{
    for (; n--; close_made())
        NtCreateEvent(A(&made), 0x1f0003, 0, 1, 0);
}

static void run_mutant(long n)
{
    while (n--) {
        NtWaitForSingleObject(A(mutant), 0, 0);
        NtReleaseMutant(A(mutant), 0);
    }
}

static void run_duplicate(long n)
{
    for (; n--; close_made())
        NtDuplicateObject(SELF, A(event), SELF, A(&made), 0, 0, 2);
}

static void run_section(long n)
{
    LARGE_INTEGER length = {.QuadPart = 65536};
    for (; n--; close_made())
        NtCreateSection(A(&made), 0xf001f, 0, A(&length), 4, 0x8000000, 0);
}

static void run_open_key(long n)
{
    for (; n--; close_made())
        NtOpenKey(A(&made), 0x20019, A(&key_attributes));
}

static void run_open_file(long n)
{
    for (; n--; close_made())
        NtOpenFile(A(&made), 0x80100000, A(&file_attributes), A(&io), 7, 0x20);
}

static void run_memory(long n)
{
    while (n--) {
        memory = NULL, size = 65536;
        NtAllocateVirtualMemory(SELF, A(&memory), 0, A(&size), 0x3000, 4);
        size = 0;
        NtFreeVirtualMemory(SELF, A(&memory), A(&size), 0x8000);
    }
}

static void run_protect(long n)
{
    static char page[8192];
    while (n--) {
        memory = page + 4096 - (ULONG_PTR)page % 4096, size = 4096;
        NtProtectVirtualMemory(SELF, A(&memory), A(&size), 4, A(buffer));
    }
}

#define X(name, arguments) {#name, run_##name},
static const struct {
    const char *name;
    void (*run)(long);
} rows[] = {
    LIST(X)
    {"NtCreateEvent+NtClose", run_event},
    {"NtWaitForSingleObject+NtReleaseMutant", run_mutant},
    {"NtDuplicateObject+NtClose", run_duplicate},
    {"NtCreateSection+NtClose", run_section},
    {"NtOpenKey+NtClose", run_open_key},
    {"NtOpenFile+NtClose", run_open_file},
    {"NtAllocateVirtualMemory+NtFree", run_memory},
    {"NtProtectVirtualMemory", run_protect},
};
#undef X

static void measure(void (*run)(long), long n, struct counts *total)
{
    struct counts before, after;
    run(10);
    counts_take(&before);
    run(n);
    counts_take(&after);
    counts_subtract(&after, &before, total);
}

int main(int argc, char **argv)
{
    long n = 300;
    int first = 1;
    struct counts empty, total;
    HMODULE ntdll = GetModuleHandleA("ntdll.dll");
    if (argc > 2 && !strcmp(argv[1], "-n"))
        n = atol(argv[2]), first = 3;
#define X(name, arguments) \
    if (!(name = (service)(void *)GetProcAddress(ntdll, #name))) \
        return 125;
    LIST(X)
    X(NtReleaseMutant, ) X(NtCreateEvent, ) X(NtDuplicateObject, ) X(NtCreateSection, )
    X(NtOpenKey, ) X(NtOpenFile, ) X(NtAllocateVirtualMemory, ) X(NtFreeVirtualMemory, )
    X(NtProtectVirtualMemory, )
#undef X
    event = CreateEventA(NULL, TRUE, TRUE, NULL), mutant = CreateMutexA(NULL, FALSE, NULL);
    semaphore = CreateSemaphoreA(NULL, 0, 0x7fffffff, NULL);
    file = CreateFileA("C:\\windows\\temp\\ntcalls.tmp", GENERIC_READ | GENERIC_WRITE, 7, NULL,
                       CREATE_ALWAYS, FILE_FLAG_DELETE_ON_CLOSE, NULL);
    if (file == INVALID_HANDLE_VALUE || !event || !mutant || !semaphore ||
        NtOpenKey(A(&key), 0x20019, A(&key_attributes)))
        return 125;
    NtWriteFile(A(file), 0, 0, 0, A(&io), A(buffer), 4096, A(&start), 0);
    measure(run_empty, n, &empty);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        int wanted = first == argc;
        for (int j = first; j < argc; j++)
            wanted |= !strcmp(argv[j], rows[i].name);
        if (!wanted)
            continue;
        measure(rows[i].run, n, &total);
        counts_print(rows[i].name, n, &total, &empty);
    }
    return 0;
}
