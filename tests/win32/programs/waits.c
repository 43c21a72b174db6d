/* Threads that wait, and what others do to them: each wait is made several times, since a personality may
 * do the later ones in another way than the first. */
#include <windows.h>
#include <stdio.h>

static HANDLE event, manual, semaphore, answer;
static volatile LONG count, stop;
static volatile LONG word;

static void check(const char *what, int good)
{
    printf("%s: %s\n", what, good ? "yes" : "NO");
    fflush(stdout);
}

/* Waits until the thread has nothing to do any more: it waits. */
static void settle(void)
{
    Sleep(50);
}

static DWORD WINAPI wait_for(void *handle)
{
    while (WaitForSingleObject(handle, INFINITE) == WAIT_OBJECT_0 && !stop) {
        InterlockedIncrement(&count);
        SetEvent(answer);
    }
    return 7;
}

static HANDLE start(LPTHREAD_START_ROUTINE run, void *argument)
{
    HANDLE thread = CreateThread(NULL, 0, run, argument, 0, NULL);
    count = stop = 0;
    return thread;
}

static int next(HANDLE handle)
{
    LONG before = count;
    SetEvent(handle);
    return WaitForSingleObject(answer, 10000) == WAIT_OBJECT_0 && count == before + 1;
}

static int finish(HANDLE thread, HANDLE handle)
{
    DWORD code = 0;
    stop = 1;
    SetEvent(handle);
    WaitForSingleObject(thread, 10000);
    GetExitCodeThread(thread, &code);
    CloseHandle(thread);
    return code == 7;
}

static void suspended(void)
{
    HANDLE thread = start(wait_for, event);
    CONTEXT context = { .ContextFlags = CONTEXT_FULL }, again = { .ContextFlags = CONTEXT_FULL };
    HMODULE ntdll = GetModuleHandleA("ntdll.dll");
    MEMORY_BASIC_INFORMATION info;
    for (int i = 0; i < 3; i++)
        check("woken", next(event));
    settle();
    check("suspends", SuspendThread(thread) == 0 && SuspendThread(thread) == 1);
    check("context", GetThreadContext(thread, &context) && GetThreadContext(thread, &again) &&
                         context.Rip == again.Rip && context.Rsp == again.Rsp);
    VirtualQuery((void *)context.Rip, &info, sizeof info);
    check("stands in ntdll.dll", info.AllocationBase == ntdll);
    SetEvent(event);
    check("does not run", WaitForSingleObject(answer, 100) == WAIT_TIMEOUT && count == 3);
    check("resumes", ResumeThread(thread) == 2 && ResumeThread(thread) == 1);
    check("then it runs", WaitForSingleObject(answer, 10000) == WAIT_OBJECT_0 && count == 4);
    settle();
    for (int i = 0; i < 100; i++) {
        SuspendThread(thread);
        ResumeThread(thread);
    }
    check("woken again", next(event));
    check("ends", finish(thread, event));
}

static volatile LONG landed;

static void land(void)
{
    landed = 1;
    ExitThread(9);
}

/* The registers of a waiting thread can be set: it waits no longer. */
static void moved(void)
{
    HANDLE thread = start(wait_for, event);
    CONTEXT context = { .ContextFlags = CONTEXT_CONTROL };
    DWORD code = 0;
    check("woken", next(event) && next(event));
    settle();
    SuspendThread(thread);
    GetThreadContext(thread, &context);
    context.Rip = (DWORD64)(ULONG_PTR)land;
    context.Rsp = (context.Rsp & ~15ull) - 8;
    SetThreadContext(thread, &context);
    SetEvent(event);
    ResumeThread(thread);
    WaitForSingleObject(thread, 10000);
    GetExitCodeThread(thread, &code);
    check("was moved", landed == 1 && code == 9 && count == 2);
    CloseHandle(thread);
    ResetEvent(event);
}

static void terminated(void)
{
    HANDLE thread = start(wait_for, event);
    check("woken", next(event) && next(event));
    settle();
    check("ends by force", TerminateThread(thread, 3) && WaitForSingleObject(thread, 10000) == 0);
    CloseHandle(thread);
    SetEvent(event);
    check("nobody took it", WaitForSingleObject(event, 0) == WAIT_OBJECT_0);
    check("it is taken now", WaitForSingleObject(event, 0) == WAIT_TIMEOUT);
}

/* Each SetEvent counts while a thread waits for it. */
static void counted(void)
{
    HANDLE one = start(wait_for, event), two;
    check("woken", next(event) && next(event));
    settle();
    two = CreateThread(NULL, 0, wait_for, event, 0, NULL);
    settle();
    check("two wait", next(event) && next(event) && next(event));
    settle();
    SetEvent(event);
    SetEvent(event);
    settle();
    check("both were woken", count == 7);
    stop = 1;
    SetEvent(event);
    settle();
    SetEvent(event);
    check("both end", WaitForSingleObject(one, 10000) == 0 && WaitForSingleObject(two, 10000) == 0);
    CloseHandle(one);
    CloseHandle(two);
    ResetEvent(event);
    ResetEvent(answer);

    one = start(wait_for, event);
    check("woken", next(event) && next(event));
    settle();
    for (int i = 0; i < 5; i++) { /* the second finds it unset, whoever runs first */
        SetEvent(event);
        SetEvent(event);
        settle();
    }
    check("twice counts twice", count == 12);
    check("ends", finish(one, event));
    ResetEvent(answer);
}

static DWORD WINAPI wait_manual(void *handle)
{
    while (WaitForSingleObject(handle, INFINITE) == WAIT_OBJECT_0 && !stop) {
        InterlockedIncrement(&count);
        while (WaitForSingleObject(handle, 0) == WAIT_OBJECT_0)
            Sleep(1);
        SetEvent(answer);
    }
    return 7;
}

static void manual_reset(void)
{
    HANDLE thread = start(wait_manual, manual);
    for (int i = 0; i < 3; i++) {
        settle();
        SetEvent(manual);
        check("stays set", WaitForSingleObject(manual, 0) == WAIT_OBJECT_0);
        settle();
        ResetEvent(manual);
        check("woken", WaitForSingleObject(answer, 10000) == WAIT_OBJECT_0 && count == i + 1);
    }
    settle();
    SetEvent(manual);
    ResetEvent(manual);
    check("set and reset wakes", WaitForSingleObject(answer, 10000) == WAIT_OBJECT_0 && count == 4);
    settle();
    PulseEvent(manual);
    check("pulse wakes", WaitForSingleObject(answer, 10000) == WAIT_OBJECT_0 && count == 5);
    settle();
    PulseEvent(manual);
    check("and again", WaitForSingleObject(answer, 10000) == WAIT_OBJECT_0 && count == 6);
    check("ends", finish(thread, manual));
    ResetEvent(manual);
}

static void semaphores(void)
{
    LONG before = -1;
    HANDLE thread = start(wait_for, semaphore);
    for (int i = 0; i < 3; i++) {
        settle();
        ReleaseSemaphore(semaphore, 1, NULL);
        check("woken", WaitForSingleObject(answer, 10000) == WAIT_OBJECT_0 && count == i + 1);
    }
    settle();
    ReleaseSemaphore(semaphore, 3, NULL);
    settle();
    check("three at once", count == 6);
    ReleaseSemaphore(semaphore, 1, &before);
    settle();
    check("previous count", before == 0 && count == 7);
    check("limit", !ReleaseSemaphore(semaphore, 6, NULL) && GetLastError() == ERROR_TOO_MANY_POSTS);
    stop = 1;
    ReleaseSemaphore(semaphore, 1, NULL);
    check("ends", WaitForSingleObject(thread, 10000) == WAIT_OBJECT_0);
    CloseHandle(thread);
    ResetEvent(answer);
}

/* Alerts: WaitOnAddress and its kin. */
static DWORD WINAPI wait_word(void *unused)
{
    LONG seen = 0;
    (void)unused;
    while (!stop) {
        while (word == seen && !stop)
            WaitOnAddress(&word, &seen, sizeof seen, INFINITE);
        seen = word;
        InterlockedIncrement(&count);
        SetEvent(answer);
    }
    return 7;
}

static void addresses(void)
{
    HANDLE thread = start(wait_word, NULL);
    DWORD code = 0;
    int good = 1;
    for (int i = 0; i < 100; i++) {
        InterlockedIncrement(&word);
        WakeByAddressSingle((void *)&word);
        good &= WaitForSingleObject(answer, 10000) == WAIT_OBJECT_0 && count == i + 1;
    }
    check("address wakes", good);
    for (int i = 0; i < 10; i++) {
        settle();
        SuspendThread(thread);
        InterlockedIncrement(&word);
        WakeByAddressSingle((void *)&word);
        good &= WaitForSingleObject(answer, 20) == WAIT_TIMEOUT;
        ResumeThread(thread);
        good &= WaitForSingleObject(answer, 10000) == WAIT_OBJECT_0 && count == 101 + i;
    }
    check("suspended meanwhile", good);
    stop = 1;
    WakeByAddressAll((void *)&word);
    check("ends", WaitForSingleObject(thread, 10000) == WAIT_OBJECT_0 &&
                      GetExitCodeThread(thread, &code) && code == 7);
    CloseHandle(thread);
}

/* Who wakes is ended anywhere: what he has done still counts. */
static DWORD WINAPI set_for_ever(void *unused)
{
    (void)unused;
    for (;;) {
        SetEvent(event);
        WaitForSingleObject(answer, INFINITE);
    }
    return 0;
}

static void killed_wakers(void)
{
    HANDLE thread = start(wait_for, event);
    int good = 1;
    for (int i = 0; i < 20; i++) {
        HANDLE waker = CreateThread(NULL, 0, set_for_ever, NULL, 0, NULL);
        LONG before = count;
        for (int j = 0; j < 1000 && count < before + 3; j++)
            Sleep(1);
        good &= count >= before + 3;
        for (volatile int j = 0; j < i * 2931; j++)
            ;
        TerminateThread(waker, 0);
        WaitForSingleObject(waker, INFINITE);
        CloseHandle(waker);
        ResetEvent(answer);
    }
    check("wakers may end anywhere", good);
    stop = 1;
    check("ends", finish(thread, event));
}

int main(void)
{
    event = CreateEventA(NULL, FALSE, FALSE, NULL);
    manual = CreateEventA(NULL, TRUE, FALSE, NULL);
    answer = CreateEventA(NULL, FALSE, FALSE, NULL);
    semaphore = CreateSemaphoreA(NULL, 0, 5, NULL);
    suspended();
    moved();
    terminated();
    counted();
    manual_reset();
    semaphores();
    addresses();
    killed_wakers();
    return 0;
}
