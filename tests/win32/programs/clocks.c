/* The clock's services, which need no other party: what they say, addresses that cannot be written, and
 * threads that are stopped and looked at anywhere in them. */
#include <windows.h>
#include <stdio.h>

typedef LONG NTSTATUS;
static NTSTATUS(WINAPI *counter)(LARGE_INTEGER *, LARGE_INTEGER *);
static NTSTATUS(WINAPI *system_time)(LARGE_INTEGER *);
static volatile LONG stop;
static volatile LONGLONG reads, backwards;

static void check(const char *what, int good)
{
    printf("%s: %s\n", what, good ? "yes" : "NO");
    fflush(stdout);
}

static DWORD WINAPI reader(void *unused)
{
    LARGE_INTEGER last = {{0}}, now;

    (void)unused;
    while (!stop) {
        counter(&now, NULL);
        backwards += now.QuadPart < last.QuadPart;
        last = now;
        system_time(&now);
        reads++;
    }
    return 7;
}

static void CALLBACK add(ULONG_PTR unused)
{
    (void)unused;
}

static int stopped(void)
{
    HANDLE thread = CreateThread(NULL, 0, reader, NULL, 0, NULL);
    DWORD code = 0;
    int good = thread != NULL;

    for (int i = 0; i < 300 && good; i++) {
        CONTEXT context;
        LONGLONG before = reads;
        context.ContextFlags = CONTEXT_FULL;
        while (reads == before)
            Sleep(0);
        good = SuspendThread(thread) == 0 && GetThreadContext(thread, &context) &&
               SetThreadContext(thread, &context);
        QueueUserAPC(add, thread, 0);
        good &= ResumeThread(thread) == 1;
    }
    stop = 1;
    WaitForSingleObject(thread, INFINITE);
    GetExitCodeThread(thread, &code);
    return good && code == 7 && !backwards;
}

int main(void)
{
    HMODULE ntdll = GetModuleHandleA("ntdll.dll");
    LARGE_INTEGER a, b, rate, bad[2];
    FILETIME file;
    char *page = VirtualAlloc(NULL, 4096, MEM_COMMIT, PAGE_READONLY);
    char *fresh = VirtualAlloc(NULL, 4096, MEM_COMMIT, PAGE_READWRITE);
    DWORD old;

    counter = (void *)GetProcAddress(ntdll, "NtQueryPerformanceCounter");
    system_time = (void *)GetProcAddress(ntdll, "NtQuerySystemTime");
    check("counts", counter(&a, NULL) == 0 && counter(&b, &rate) == 0 && b.QuadPart >= a.QuadPart &&
                        rate.QuadPart == 10000000);
    system_time(&a);
    GetSystemTimeAsFileTime(&file);
    system_time(&b);
    rate.LowPart = file.dwLowDateTime;
    rate.HighPart = (LONG)file.dwHighDateTime;
    /* The second may come from a cell that is renewed 64 times a second. */
    check("one time", b.QuadPart >= a.QuadPart && rate.QuadPart <= b.QuadPart &&
                          a.QuadPart - rate.QuadPart < 1000000);
    printf("no address: %lx\n", counter(NULL, NULL));
    printf("read-only: %lx %lx\n", counter((void *)page, NULL), system_time((void *)page));
    printf("nothing there: %lx %lx\n", counter((void *)0x1000, &bad[0]), system_time((void *)0x1000));
    check("untouched page", counter((void *)fresh, NULL) == 0 && *(LONGLONG *)fresh);
    VirtualProtect(page, 4096, PAGE_READWRITE, &old);
    check("writable now", counter((void *)page, NULL) == 0 && system_time((void *)page) == 0);
    check("stopped anywhere", stopped());
    return 0;
}
