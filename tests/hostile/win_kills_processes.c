/* Victims that make processes and threads, and act on their parent. */
#include "win_kills.h"

/* ---- threads that wait in every way ---- */

static SRWLOCK lock = SRWLOCK_INIT;
static CONDITION_VARIABLE turn = CONDITION_VARIABLE_INIT;
static CRITICAL_SECTION section;
static HANDLE bell;
static volatile LONG count;

static DWORD WINAPI other(void *unused)
{
    (void)unused;
    for (;;) {
        AcquireSRWLockExclusive(&lock);
        count++;
        WakeConditionVariable(&turn);
        SleepConditionVariableSRW(&turn, &lock, 1, 0);
        ReleaseSRWLockExclusive(&lock);
        EnterCriticalSection(&section);
        SetEvent(bell);
        LeaveCriticalSection(&section);
    }
    return 0;
}

static void CALLBACK ring(ULONG_PTR unused)
{
    (void)unused;
    count++;
}

static DWORD WINAPI nothing(void *unused)
{
    (void)unused;
    return 0;
}

static void live_threads(void)
{
    LARGE_INTEGER soon = {.QuadPart = -200};
    HANDLE timer = CreateWaitableTimerA(NULL, FALSE, NULL);
    bell = CreateEventA(NULL, FALSE, FALSE, NULL);
    InitializeCriticalSection(&section);
    CreateThread(NULL, 0, other, NULL, 0, NULL);
    for (;;) {
        HANDLE both[] = {bell, timer};
        WaitForSingleObject(bell, INFINITE);
        SetWaitableTimer(timer, &soon, 0, NULL, NULL, FALSE);
        EnterCriticalSection(&section);
        LeaveCriticalSection(&section);
        WaitForMultipleObjects(2, both, FALSE, INFINITE);
        QueueUserAPC(ring, GetCurrentThread(), 0);
        SleepEx(1, TRUE);
        HANDLE thread = CreateThread(NULL, 0, nothing, NULL, 0, NULL);
        WaitForSingleObject(thread, INFINITE);
        CloseHandle(thread);
    }
}

/* ---- children, handles for them and from them ---- */

static void live_children(void)
{
    STARTUPINFOA startup = {.cb = sizeof startup};
    PROCESS_INFORMATION child;
    char line[MAX_PATH + 16];
    HANDLE event = inherited(CreateEventA(NULL, TRUE, FALSE, NULL)), theirs;
    for (unsigned round = 0;; round++) {
        snprintf(line, sizeof line, "\"%s\" nothing", shared->program);
        if (!CreateProcessA(shared->program, line, NULL, NULL, TRUE, round & 1 ? CREATE_SUSPENDED : 0,
                            NULL, NULL, &startup, &child))
            ExitProcess(5);
        DuplicateHandle(GetCurrentProcess(), event, child.hProcess, &theirs, 0, FALSE,
                        DUPLICATE_SAME_ACCESS);
        if (round % 4 == 3)
            TerminateProcess(child.hProcess, 1);
        ResumeThread(child.hThread);
        WaitForSingleObject(child.hProcess, INFINITE);
        CloseHandle(child.hThread);
        CloseHandle(child.hProcess);
    }
}

/* ---- what it does to its parent ---- */

#define THERE ((void *)0x30000000)
static char board[64];

static void live_peer(void)
{
    HANDLE parent = OpenProcess(PROCESS_ALL_ACCESS, FALSE, shared->parent);
    HANDLE event = CreateEventA(NULL, TRUE, FALSE, NULL), theirs;
    char text[64];
    SIZE_T n;
    if (!parent)
        ExitProcess(6);
    for (;;) {
        void *memory =
            VirtualAllocEx(parent, THERE, 65536, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
        WriteProcessMemory(parent, memory, "written", 8, &n);
        ReadProcessMemory(parent, memory, text, sizeof text, &n);
        VirtualFreeEx(parent, memory, 0, MEM_RELEASE);
        WriteProcessMemory(parent, board, "on the board", 13, &n);
        DuplicateHandle(GetCurrentProcess(), event, parent, &theirs, 0, FALSE,
                        DUPLICATE_SAME_ACCESS);
        DuplicateHandle(parent, theirs, NULL, NULL, 0, FALSE, DUPLICATE_CLOSE_SOURCE);
        HANDLE thread = CreateRemoteThread(parent, NULL, 0, nothing, NULL, 0, NULL);
        WaitForSingleObject(thread, INFINITE);
        CloseHandle(thread);
    }
}

static const char *check_peer(void)
{
    VirtualFree(THERE, 0, MEM_RELEASE);
    if (*board && strcmp(board, "on the board"))
        return "half of what it wrote";
    void *memory = VirtualAlloc(THERE, 65536, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
    if (memory != THERE)
        return "memory that it took stays";
    return VirtualFree(memory, 0, MEM_RELEASE) ? NULL : "memory is not given back";
}

const struct kind kinds_of_processes[] = {
    {"win-threads", NULL, NULL, live_threads, NULL, NULL},
    {"win-children", NULL, NULL, live_children, NULL, NULL},
    {"win-peer", NULL, NULL, live_peer, NULL, check_peer},
    {"win-birth", NULL, NULL, NULL, NULL, NULL}, /* ended by its parent, while it starts */
    {0},
};
