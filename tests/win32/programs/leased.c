/* Reads and writes often enough that the system does them the short way, and what must not differ by that: positions,
 * ends, other handles, locks, waits that are cancelled, suspended or have their handle closed, and bad addresses. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <windows.h>

#define TIMES 12

static HANDLE reading, writing, back_in, back_out;
static char buffer[200000];

static DWORD position(HANDLE h)
{
    return SetFilePointer(h, 0, NULL, FILE_CURRENT);
}

static void read_at(HANDLE h, const char *what, DWORD length)
{
    DWORD done = 12345;
    BOOL ok = ReadFile(h, buffer, length, &done, NULL);
    printf("%s: %d %lu %lu, then at %lu, '%.*s'\n", what, ok, ok ? 0 : GetLastError(), done, position(h),
           done > 6 ? 6 : (int)done, buffer);
}

static void files(void)
{
    HANDLE h = CreateFileA("leased.txt", GENERIC_READ | GENERIC_WRITE, 7, NULL, CREATE_ALWAYS, 0, NULL), same, other;
    OVERLAPPED at = {.Offset = 30};
    DWORD done, sum = 0;
    for (int i = 0; i < 1000; i++) {
        char line[16];
        WriteFile(h, line, snprintf(line, sizeof line, "line %04d\n", i), &done, NULL);
    }
    SetFilePointer(h, 0, NULL, FILE_BEGIN);
    for (int i = 0; i < TIMES; i++)
        if (ReadFile(h, buffer, 10, &done, NULL))
            sum += done + buffer[8];
    printf("lines: %lu at %lu\n", sum, position(h));
    read_at(h, "one", 10);
    printf("at 30: %d", ReadFile(h, buffer, 10, &done, &at));
    printf(" %lu '%.9s' at %lu\n", done, buffer, position(h));
    SetFilePointer(h, -25, NULL, FILE_END);
    read_at(h, "near the end", 1000);
    read_at(h, "at the end", 10);
    WriteFile(h, "more\n", 5, &done, NULL);
    SetFilePointer(h, -5, NULL, FILE_CURRENT);
    read_at(h, "what was written", 10);
    SetFilePointer(h, 5000, NULL, FILE_BEGIN);
    WriteFile(h, "LINE", 4, &done, NULL);
    read_at(h, "behind it", 6);
    SetFilePointer(h, 5000, NULL, FILE_BEGIN);
    read_at(h, "it", 6);
    DuplicateHandle(GetCurrentProcess(), h, GetCurrentProcess(), &same, 0, FALSE, DUPLICATE_SAME_ACCESS);
    for (int i = 0; i < TIMES; i++) {
        ReadFile(h, buffer, 10, &done, NULL);
        ReadFile(same, buffer, 10, &done, NULL);
    }
    read_at(same, "the same open", 10);
    CloseHandle(h);
    read_at(same, "the other handle", 10);
    other = CreateFileA("leased.txt", GENERIC_READ | GENERIC_WRITE, 7, NULL, OPEN_EXISTING, 0, NULL);
    for (int i = 0; i < TIMES; i++)
        ReadFile(same, buffer, 10, &done, NULL);
    LockFile(other, 0, 0, 20000, 0);
    read_at(same, "locked by another", 10);
    UnlockFile(other, 0, 0, 20000, 0);
    read_at(same, "unlocked", 10);
    for (int i = 0; i < TIMES; i++)
        ReadFile(same, buffer, 10, &done, NULL);
    SetFilePointer(other, 100, NULL, FILE_BEGIN);
    SetEndOfFile(other);
    read_at(same, "cut off", 10);
    SetFilePointer(same, 95, NULL, FILE_BEGIN);
    read_at(same, "what is left", 10);
    for (int i = 0; i < TIMES; i++) {
        SetFilePointer(same, 0, NULL, FILE_BEGIN);
        ReadFile(same, buffer, 10, &done, NULL);
    }
    SetFilePointer(same, 0, NULL, FILE_BEGIN);
    printf("bad buffer: %d", ReadFile(same, (void *)16, 10, &done, NULL));
    printf(" %lu, at %lu\n", GetLastError(), position(same));
    CloseHandle(same);
    CloseHandle(other);
    h = CreateFileA("leased.txt", GENERIC_WRITE, 7, NULL, OPEN_EXISTING, 0, NULL);
    for (int i = 0; i < TIMES; i++)
        done = ReadFile(h, buffer, 10, &done, NULL) ? 0 : GetLastError();
    printf("no right to read: %lu\n", done);
    CloseHandle(h);
    DeleteFileA("leased.txt");
}

static DWORD WINAPI answer(void *rounds)
{
    char c;
    DWORD done;
    for (long n = *(long *)rounds; n--;)
        if (!ReadFile(reading, &c, 1, &done, NULL) || !WriteFile(back_out, &c, 1, &done, NULL))
            return 1;
    return 0;
}

static DWORD WINAPI one_read(void *result)
{
    DWORD done = 0;
    *(DWORD *)result = ReadFile(reading, buffer, sizeof buffer, &done, NULL) ? done : 0x10000000 | GetLastError();
    return 0;
}

static void make_pipes(void)
{
    CreatePipe(&reading, &writing, NULL, 0);
    CreatePipe(&back_in, &back_out, NULL, 0);
}

static void close_pipes(void)
{
    CloseHandle(reading);
    CloseHandle(writing);
    CloseHandle(back_in);
    CloseHandle(back_out);
}

/* So many that both ends are worked on the short way. */
static void warm(void)
{
    DWORD done;
    char c = 'w';
    for (int i = 0; i < TIMES; i++) {
        WriteFile(writing, &c, 1, &done, NULL);
        ReadFile(reading, &c, 1, &done, NULL);
    }
}

static DWORD WINAPI pour(void *seed)
{
    unsigned x = 1;
    DWORD done, left = 3000000;
    static unsigned char block[70000];
    (void)seed;
    while (left) {
        DWORD n = (x = x * 1103515245 + 12345) % sizeof block + 1;
        if (n > left)
            n = left;
        for (DWORD i = 0; i < n; i++)
            block[i] = (unsigned char)((3000000 - left + i) * 7);
        if (!WriteFile(writing, block, n, &done, NULL) || done != n)
            return 1;
        left -= n;
    }
    CloseHandle(writing);
    return 0;
}

static void rounds(void)
{
    long n = 2000, sum = 0;
    DWORD done;
    make_pipes();
    HANDLE t = CreateThread(NULL, 0, answer, &n, 0, NULL);
    for (long i = 0; i < 2000; i++) {
        char c = (char)i;
        WriteFile(writing, &c, 1, &done, NULL);
        ReadFile(back_in, &c, 1, &done, NULL);
        sum += (unsigned char)c;
        if (i % 100 == 50) {
            SuspendThread(t);
            ResumeThread(t);
        }
    }
    WaitForSingleObject(t, INFINITE);
    CloseHandle(t);
    printf("rounds: %ld\n", sum);
    close_pipes();
}

static void stream(void)
{
    DWORD done, total = 0, wrong = 0, x = 1;
    make_pipes();
    warm();
    HANDLE t = CreateThread(NULL, 0, pour, NULL, 0, NULL);
    for (;;) {
        DWORD n = (x = x * 69069 + 1) % 90000 + 1;
        if (!ReadFile(reading, buffer, n, &done, NULL))
            break;
        for (DWORD i = 0; i < done; i++)
            wrong += (unsigned char)buffer[i] != (unsigned char)((total + i) * 7);
        total += done;
    }
    printf("stream: %lu, %lu wrong, then %lu\n", total, wrong, GetLastError());
    WaitForSingleObject(t, INFINITE);
    CloseHandle(t);
    writing = NULL;
    CloseHandle(reading);
    CloseHandle(back_in);
    CloseHandle(back_out);
}

static void waits(void)
{
    DWORD result = 0, done;
    HANDLE t, copy;
    /* suspended while it waits, and what came meanwhile */
    make_pipes();
    warm();
    t = CreateThread(NULL, 0, one_read, &result, 0, NULL);
    Sleep(20);
    SuspendThread(t);
    WriteFile(writing, "abc", 3, &done, NULL);
    result = WaitForSingleObject(t, 20);
    printf("suspended: %lu", result);
    ResumeThread(t);
    WaitForSingleObject(t, INFINITE);
    CloseHandle(t);
    printf(", then %lu '%.3s'\n", result, buffer);
    /* its context, while it waits */
    t = CreateThread(NULL, 0, one_read, &result, 0, NULL);
    Sleep(20);
    SuspendThread(t);
    CONTEXT context = {.ContextFlags = CONTEXT_CONTROL};
    GetThreadContext(t, &context);
    MEMORY_BASIC_INFORMATION info = {0};
    VirtualQuery((void *)context.Rip, &info, sizeof info);
    printf("stands in an image: %d\n", info.Type == MEM_IMAGE);
    ResumeThread(t);
    WriteFile(writing, "de", 2, &done, NULL);
    WaitForSingleObject(t, INFINITE);
    CloseHandle(t);
    printf("then %lu '%.2s'\n", result, buffer);
    /* cancelled */
    t = CreateThread(NULL, 0, one_read, &result, 0, NULL);
    Sleep(20);
    printf("cancelled: %d", CancelSynchronousIo(t));
    WaitForSingleObject(t, INFINITE);
    CloseHandle(t);
    printf(" %lx\n", result);
    /* ended while it waits; the pipe goes on */
    t = CreateThread(NULL, 0, one_read, &result, 0, NULL);
    Sleep(20);
    TerminateThread(t, 3);
    WaitForSingleObject(t, INFINITE);
    CloseHandle(t);
    WriteFile(writing, "fgh", 3, &done, NULL);
    one_read(&result);
    printf("after an end: %lu '%.3s'\n", result, buffer);
    /* two that wait at once */
    DWORD other = 0;
    t = CreateThread(NULL, 0, one_read, &result, 0, NULL);
    Sleep(20);
    HANDLE u = CreateThread(NULL, 0, one_read, &other, 0, NULL);
    Sleep(20);
    WriteFile(writing, "i", 1, &done, NULL);
    WaitForMultipleObjects(2, (HANDLE[]){t, u}, FALSE, INFINITE);
    WriteFile(writing, "jk", 2, &done, NULL);
    WaitForMultipleObjects(2, (HANDLE[]){t, u}, TRUE, INFINITE);
    printf("two: %lu\n", result + other);
    CloseHandle(t);
    CloseHandle(u);
    /* another handle of an end, then of the other one */
    DuplicateHandle(GetCurrentProcess(), reading, GetCurrentProcess(), &copy, 0, FALSE, DUPLICATE_SAME_ACCESS);
    WriteFile(writing, "lmno", 4, &done, NULL);
    DWORD n;
    ReadFile(copy, buffer, 2, &done, NULL);
    ReadFile(reading, buffer + 2, 2, &n, NULL);
    printf("two handles: %.4s\n", buffer);
    CloseHandle(reading);
    reading = copy;
    warm();
    printf("peek: %d", PeekNamedPipe(reading, NULL, 0, NULL, &done, NULL));
    WriteFile(writing, "pq", 2, &n, NULL);
    PeekNamedPipe(reading, buffer, 1, &n, &done, NULL);
    printf(" %lu %lu %c\n", n, done, buffer[0]);
    ReadFile(reading, buffer, 1, &done, NULL);
    /* bad addresses: nothing is lost, nothing comes twice */
    printf("bad: %d", ReadFile(reading, (void *)16, 1, &done, NULL));
    printf(" %lu", GetLastError());
    printf(" %d", WriteFile(writing, (void *)16, 1, &done, NULL));
    printf(" %lu", GetLastError());
    PeekNamedPipe(reading, NULL, 0, NULL, &done, NULL);
    ReadFile(reading, buffer, 5, &n, NULL);
    printf(" %lu, %lu %c\n", done, n, buffer[0]);
    /* without waiting */
    DWORD mode = PIPE_NOWAIT;
    SetNamedPipeHandleState(reading, &mode, NULL, NULL);
    printf("nothing: %d", ReadFile(reading, buffer, 1, &done, NULL));
    printf(" %lu\n", GetLastError());
    mode = PIPE_WAIT;
    SetNamedPipeHandleState(reading, &mode, NULL, NULL);
    warm();
    /* the ends of the ends */
    WriteFile(writing, "rest", 4, &done, NULL);
    t = CreateThread(NULL, 0, one_read, &result, 0, NULL);
    WaitForSingleObject(t, INFINITE);
    CloseHandle(t);
    t = CreateThread(NULL, 0, one_read, &other, 0, NULL);
    Sleep(20);
    CloseHandle(writing);
    WaitForSingleObject(t, INFINITE);
    CloseHandle(t);
    printf("closed: %lu then %lx\n", result, other);
    CloseHandle(reading);
    CreatePipe(&reading, &writing, NULL, 0);
    warm();
    CloseHandle(reading);
    printf("no reader: %d", WriteFile(writing, "x", 1, &done, NULL));
    printf(" %lu\n", GetLastError());
    CloseHandle(writing);
    CloseHandle(back_in);
    CloseHandle(back_out);
}

/* A child has the pipes' other ends: they are no longer one process's. */
static void child(char *self)
{
    SECURITY_ATTRIBUTES inherit = {sizeof inherit, NULL, TRUE};
    STARTUPINFOA si = {.cb = sizeof si, .dwFlags = STARTF_USESTDHANDLES};
    PROCESS_INFORMATION pi;
    char line[MAX_PATH + 20];
    DWORD done, sum = 0;
    CreatePipe(&reading, &writing, &inherit, 0);
    CreatePipe(&back_in, &back_out, &inherit, 0);
    warm();
    snprintf(line, sizeof line, "\"%s\" echo", self);
    si.hStdInput = reading;
    si.hStdOutput = back_out;
    si.hStdError = GetStdHandle(STD_ERROR_HANDLE);
    SetHandleInformation(writing, HANDLE_FLAG_INHERIT, 0);
    SetHandleInformation(back_in, HANDLE_FLAG_INHERIT, 0);
    if (!CreateProcessA(NULL, line, NULL, NULL, TRUE, 0, NULL, NULL, &si, &pi)) {
        printf("process: %lu\n", GetLastError());
        return;
    }
    CloseHandle(reading);
    CloseHandle(back_out);
    for (int i = 0; i < 500; i++) {
        char c = (char)i;
        if (!WriteFile(writing, &c, 1, &done, NULL) || !ReadFile(back_in, &c, 1, &done, NULL))
            printf("round %d: %lu\n", i, GetLastError());
        sum += (unsigned char)c;
    }
    CloseHandle(writing);
    WaitForSingleObject(pi.hProcess, INFINITE);
    printf("child: %lu, then %d", sum, ReadFile(back_in, buffer, 1, &done, NULL));
    printf(" %lu\n", GetLastError());
    CloseHandle(back_in);
    CloseHandle(pi.hProcess);
    CloseHandle(pi.hThread);
}

int main(int argc, char **argv)
{
    char self[MAX_PATH];
    setvbuf(stdout, NULL, _IONBF, 0);
    if (argc > 1) {
        HANDLE in = GetStdHandle(STD_INPUT_HANDLE), out = GetStdHandle(STD_OUTPUT_HANDLE);
        char c;
        DWORD done;
        while (ReadFile(in, &c, 1, &done, NULL) && done)
            WriteFile(out, &c, 1, &done, NULL);
        return 0;
    }
    (void)argv;
    GetModuleFileNameA(NULL, self, sizeof self);
    files();
    rounds();
    stream();
    waits();
    child(self);
    return 0;
}
