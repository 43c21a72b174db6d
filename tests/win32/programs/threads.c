/* Threads with events, mutexes, semaphores, critical sections, condition variables and TLS. */
#include <stdio.h>
#include <windows.h>

enum { THREADS = 4, ROUNDS = 1000 };

static CRITICAL_SECTION section;
static CONDITION_VARIABLE condition = CONDITION_VARIABLE_INIT;
static HANDLE mutex, semaphore, start_event, turn[2];
static long in_section, in_mutex, atomic, turns, queue;
static DWORD slot;

static DWORD WINAPI count(void *argument)
{
    TlsSetValue(slot, argument);
    WaitForSingleObject(start_event, INFINITE);
    for (int i = 0; i < ROUNDS; i++) {
        EnterCriticalSection(&section);
        in_section++;
        LeaveCriticalSection(&section);
        InterlockedIncrement(&atomic);
        if (i % 10 == 0) {
            WaitForSingleObject(mutex, INFINITE);
            in_mutex++;
            ReleaseMutex(mutex);
        }
    }
    return (DWORD)(ULONG_PTR)TlsGetValue(slot);
}

static DWORD WINAPI ping(void *argument)
{
    int me = (int)(ULONG_PTR)argument;

    for (int i = 0; i < 100; i++) {
        WaitForSingleObject(turn[me], INFINITE);
        turns++;
        SetEvent(turn[!me]);
    }
    return 0;
}

static DWORD WINAPI consume(void *argument)
{
    long sum = 0;

    (void)argument;
    for (int i = 0; i < 50; i++) {
        EnterCriticalSection(&section);
        while (queue == 0)
            SleepConditionVariableCS(&condition, &section, INFINITE);
        queue--;
        sum++;
        LeaveCriticalSection(&section);
    }
    return (DWORD)sum;
}

static void CALLBACK called(ULONG_PTR argument)
{
    printf("apc %d\n", (int)argument);
}

static DWORD WINAPI alertable(void *argument)
{
    SetEvent((HANDLE)argument);
    return SleepEx(INFINITE, TRUE);
}

int main(void)
{
    HANDLE threads[THREADS], ready;
    DWORD code;

    InitializeCriticalSection(&section);
    mutex = CreateMutexA(NULL, FALSE, NULL);
    start_event = CreateEventA(NULL, TRUE, FALSE, NULL);
    slot = TlsAlloc();
    for (int i = 0; i < THREADS; i++)
        threads[i] = CreateThread(NULL, 0, count, (void *)(ULONG_PTR)(i + 10), 0, NULL);
    printf("%lx\n", WaitForMultipleObjects(THREADS, threads, FALSE, 50));
    SetEvent(start_event);
    printf("%lx\n", WaitForMultipleObjects(THREADS, threads, TRUE, INFINITE));
    for (int i = 0; i < THREADS; i++) {
        GetExitCodeThread(threads[i], &code);
        printf("%lu ", code);
        CloseHandle(threads[i]);
    }
    printf("\n%ld %ld %ld\n", in_section, in_mutex, atomic);

    turn[0] = CreateEventA(NULL, FALSE, TRUE, NULL);
    turn[1] = CreateEventA(NULL, FALSE, FALSE, NULL);
    for (int i = 0; i < 2; i++)
        threads[i] = CreateThread(NULL, 0, ping, (void *)(ULONG_PTR)i, 0, NULL);
    WaitForMultipleObjects(2, threads, TRUE, INFINITE);
    printf("%ld\n", turns);

    threads[0] = CreateThread(NULL, 0, consume, NULL, 0, NULL);
    for (int i = 0; i < 50; i++) {
        EnterCriticalSection(&section);
        queue++;
        LeaveCriticalSection(&section);
        WakeConditionVariable(&condition);
    }
    WaitForSingleObject(threads[0], INFINITE);
    GetExitCodeThread(threads[0], &code);
    printf("%lu\n", code);

    semaphore = CreateSemaphoreA(NULL, 2, 3, NULL);
    for (int i = 0; i < 3; i++)
        printf("%lx ", WaitForSingleObject(semaphore, 0));
    code = ReleaseSemaphore(semaphore, 3, NULL);
    printf("%lu ", code);
    code = ReleaseSemaphore(semaphore, 1, NULL);
    printf("%lu %lu\n", code, GetLastError());

    ready = CreateEventA(NULL, FALSE, FALSE, NULL);
    threads[0] = CreateThread(NULL, 0, alertable, ready, 0, NULL);
    WaitForSingleObject(ready, INFINITE);
    QueueUserAPC(called, threads[0], 7);
    WaitForSingleObject(threads[0], INFINITE);
    GetExitCodeThread(threads[0], &code);
    printf("%lx\n", code);

    threads[0] = CreateThread(NULL, 0, count, NULL, CREATE_SUSPENDED, NULL);
    printf("%lx ", WaitForSingleObject(threads[0], 20));
    printf("%lu ", ResumeThread(threads[0]));
    printf("%lx\n", WaitForSingleObject(threads[0], INFINITE));
    ResetEvent(start_event);
    threads[0] = CreateThread(NULL, 0, count, NULL, 0, NULL);
    Sleep(20);
    TerminateThread(threads[0], 77);
    printf("%lx ", WaitForSingleObject(threads[0], INFINITE));
    GetExitCodeThread(threads[0], &code);
    printf("%lu\n", code);
    return 0;
}
