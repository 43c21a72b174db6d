/* Acting on another process: memory, threads, handles in every direction, ends. Run without arguments
 * it starts itself as "remote child". */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <windows.h>

static volatile LONG apc_ran;

static VOID CALLBACK apc(ULONG_PTR value)
{
    apc_ran = (LONG)value;
}

/* Sleeps alertably until it is ended; prints what came in between. */
static int child(HANDLE ready, HANDLE go)
{
    SetEvent(ready);
    WaitForSingleObject(go, INFINITE);
    while (!apc_ran)
        SleepEx(INFINITE, TRUE);
    printf("child: apc %ld\n", apc_ran);
    fflush(stdout);
    SetEvent(ready);
    Sleep(INFINITE);
    return 1;
}

static void views(HANDLE process)
{
    typedef LONG map_t(HANDLE, HANDLE, void **, ULONG_PTR, SIZE_T, LARGE_INTEGER *, SIZE_T *, int,
                       ULONG, ULONG);
    typedef LONG unmap_t(HANDLE, void *);
    HMODULE ntdll = GetModuleHandleA("ntdll.dll");
    map_t *map = (map_t *)(void *)GetProcAddress(ntdll, "NtMapViewOfSection");
    unmap_t *unmap = (unmap_t *)(void *)GetProcAddress(ntdll, "NtUnmapViewOfSection");
    HANDLE section = CreateFileMappingA(INVALID_HANDLE_VALUE, NULL, PAGE_READWRITE, 0, 0x20000, NULL);
    char *own = MapViewOfFile(section, FILE_MAP_ALL_ACCESS, 0, 0, 0), text[16] = "";
    LARGE_INTEGER offset = {.QuadPart = 0x10000};
    void *base = NULL;
    SIZE_T size = 0, n;

    strcpy(own + 0x10010, "written here");
    printf("map %lx", (unsigned long)map(section, process, &base, 0, 0, &offset, &size, 1, 0,
                                         PAGE_READWRITE));
    printf(" %d %lx\n", base != NULL, (unsigned long)size);
    CloseHandle(section);
    printf("view %d %s\n", ReadProcessMemory(process, (char *)base + 0x10, text, 13, &n), text);
    printf("view %d %s\n", WriteProcessMemory(process, (char *)base + 0x18, "there", 6, &n),
           own + 0x10010);
    printf("unmap %lx\n", (unsigned long)unmap(process, base));
    printf("unmapped %d\n", ReadProcessMemory(process, base, text, 4, &n));
    UnmapViewOfFile(own);
}

int main(int argc, char **argv)
{
    SECURITY_ATTRIBUTES inherit = {sizeof inherit, NULL, TRUE};
    STARTUPINFOA startup = {sizeof startup};
    PROCESS_INFORMATION info;
    HANDLE ready, go, theirs = NULL, back = NULL, thread, process, event;
    char line[256], name[256], text[64] = {0};
    MEMORY_BASIC_INFORMATION basic;
    CONTEXT context;
    SIZE_T n;
    DWORD code, tid;
    BYTE *memory;

    if (argc > 2)
        return child((HANDLE)(ULONG_PTR)strtoull(argv[1], NULL, 16),
                     (HANDLE)(ULONG_PTR)strtoull(argv[2], NULL, 16));
    setvbuf(stdout, NULL, _IONBF, 0);
    if (argc > 1) /* where the child runs: only Janus looks at it */
        SetEnvironmentVariableA("JANUS_PLACE", argv[1]);
    ready = CreateEventA(&inherit, FALSE, FALSE, NULL);
    go = CreateEventA(&inherit, FALSE, FALSE, NULL);
    GetModuleFileNameA(NULL, name, sizeof name);
    sprintf(line, "remote %llx %llx", (unsigned long long)(ULONG_PTR)ready,
            (unsigned long long)(ULONG_PTR)go);
    if (!CreateProcessA(name, line, NULL, NULL, TRUE, CREATE_SUSPENDED, NULL, NULL, &startup, &info))
        return printf("no child: %lu\n", GetLastError()), 1;
    printf("suspended %lu\n", WaitForSingleObject(ready, 100));
    printf("resume %lu\n", ResumeThread(info.hThread));
    printf("ready %lu\n", WaitForSingleObject(ready, 10000));

    /* a section of this process in the other */
    views(info.hProcess);

    /* memory */
    memory = VirtualAllocEx(info.hProcess, NULL, 0x20000, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
    printf("alloc %d\n", memory != NULL);
    printf("write %d", WriteProcessMemory(info.hProcess, memory + 0xffe, "over a page", 12, &n));
    printf(" %d\n", (int)n);
    printf("read %d %s\n", ReadProcessMemory(info.hProcess, memory + 0xffe, text, 12, &n), text);
    static BYTE big[0x18000];
    memset(big, 0x5a, sizeof big);
    printf("big %d", WriteProcessMemory(info.hProcess, memory, big, sizeof big, &n));
    printf(" %d\n", n == sizeof big);
    memset(big, 0, sizeof big);
    printf("big %d", ReadProcessMemory(info.hProcess, memory, big, sizeof big, &n));
    printf(" %d %d\n", n == sizeof big, big[0x17fff] == 0x5a);
    printf("protect %d", VirtualProtectEx(info.hProcess, memory, 0x1000, PAGE_READONLY, &code));
    printf(" %lx\n", code);
    printf("query %d", VirtualQueryEx(info.hProcess, memory, &basic, sizeof basic) == sizeof basic);
    printf(" %lx %lx\n", basic.Protect, (DWORD)basic.RegionSize);
    printf("free %d\n", VirtualFreeEx(info.hProcess, memory, 0, MEM_RELEASE));
    printf("gone %d", ReadProcessMemory(info.hProcess, memory, text, 1, &n));
    printf(" %lu\n", GetLastError());

    /* handles: to the child, back, and closed there */
    event = CreateEventA(NULL, TRUE, FALSE, NULL);
    printf("give %d\n", DuplicateHandle(GetCurrentProcess(), event, info.hProcess, &theirs, 0, FALSE,
                                        DUPLICATE_SAME_ACCESS));
    printf("take %d\n", DuplicateHandle(info.hProcess, theirs, GetCurrentProcess(), &back, 0, FALSE,
                                        DUPLICATE_SAME_ACCESS | DUPLICATE_CLOSE_SOURCE));
    SetEvent(back);
    printf("same %lu\n", WaitForSingleObject(event, 0));
    printf("closed %d\n", DuplicateHandle(info.hProcess, theirs, GetCurrentProcess(), &back, 0, FALSE,
                                          DUPLICATE_SAME_ACCESS));

    /* a thread there: it ends with what it was given */
    thread = CreateRemoteThread(info.hProcess, NULL, 0,
                                (LPTHREAD_START_ROUTINE)(void *)GetProcAddress(
                                    GetModuleHandleA("ntdll"), "RtlExitUserThread"),
                                (void *)0x1234, 0, &tid);
    printf("thread %d\n", thread != NULL && tid);
    printf("ends %lu", WaitForSingleObject(thread, 10000));
    printf(" %d", GetExitCodeThread(thread, &code));
    printf(" %lx\n", code);
    CloseHandle(thread);

    /* its first thread: suspended, looked at, resumed; an APC */
    thread = OpenThread(THREAD_ALL_ACCESS, FALSE, info.dwThreadId);
    printf("open %d\n", thread != NULL);
    printf("suspend %lu", SuspendThread(thread));
    printf(" %lu\n", SuspendThread(thread));
    context.ContextFlags = CONTEXT_CONTROL;
    printf("context %d", GetThreadContext(thread, &context));
    printf(" %d\n", context.Rip != 0 && context.SegCs == 0x33);
    printf("resume %lu", ResumeThread(thread));
    printf(" %lu\n", ResumeThread(thread));
    printf("apc %d\n", QueueUserAPC(apc, thread, 42) != 0);
    SetEvent(go);
    printf("ran %lu\n", WaitForSingleObject(ready, 10000));

    /* ends */
    process = OpenProcess(PROCESS_ALL_ACCESS, FALSE, info.dwProcessId);
    printf("process %d\n", process != NULL);
    printf("running %lu\n", WaitForSingleObject(process, 0));
    printf("end %d\n", TerminateProcess(process, 0x12345678));
    printf("ended %lu", WaitForSingleObject(info.hProcess, 10000));
    GetExitCodeProcess(process, &code);
    printf(" %lx", code);
    printf(" %lu\n", WaitForSingleObject(info.hThread, 10000));
    printf("late %d\n", VirtualAllocEx(process, NULL, 4096, MEM_COMMIT, PAGE_READWRITE) != NULL);
    return 0;
}
