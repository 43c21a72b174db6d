/* Named pipes: messages and their ends, waiting for an instance, asking in one call. The other end is a
 * process of this program; pipes central|library chooses where that runs (which only Janus looks at). */
#include <stdio.h>
#include <string.h>
#include <windows.h>

#define NAME "\\\\.\\pipe\\janus-test-pipes"

static void start(const char *role)
{
    STARTUPINFOA startup = {.cb = sizeof startup};
    PROCESS_INFORMATION process;
    char line[400], path[300];

    fflush(stdout);
    GetModuleFileNameA(NULL, path, sizeof path);
    snprintf(line, sizeof line, "\"%s\" role %s", path, role);
    if (!CreateProcessA(NULL, line, NULL, NULL, TRUE, 0, NULL, NULL, &startup, &process))
        printf("no child: %lu\n", GetLastError());
    CloseHandle(process.hThread);
    CloseHandle(process.hProcess);
}

static HANDLE server(DWORD mode, DWORD instances, DWORD overlapped)
{
    HANDLE pipe = CreateNamedPipeA(NAME, PIPE_ACCESS_DUPLEX | overlapped, mode, instances, 512, 1024,
                                   300, NULL);
    if (pipe == INVALID_HANDLE_VALUE)
        printf("server: %lu\n", GetLastError());
    return pipe;
}

static HANDLE client(DWORD read_mode)
{
    HANDLE pipe = CreateFileA(NAME, GENERIC_READ | GENERIC_WRITE, 0, NULL, OPEN_EXISTING, 0, NULL);

    if (pipe == INVALID_HANDLE_VALUE)
        printf("client: %lu\n", GetLastError());
    else if (!SetNamedPipeHandleState(pipe, &read_mode, NULL, NULL))
        printf("mode: %lu\n", GetLastError());
    return pipe;
}

static void read_some(HANDLE pipe, DWORD length)
{
    char buffer[5000];
    DWORD done = 77;
    BOOL good = ReadFile(pipe, buffer, length, &done, NULL);
    DWORD error = good ? 0 : GetLastError();

    printf("read %lu: %d, %lu bytes, error %lu: %.*s\n", length, good, done, error,
           done < 40 ? (int)done : 40, buffer);
}

static void send_text(HANDLE pipe, const char *text)
{
    DWORD done = 0;
    BOOL good = WriteFile(pipe, text, (DWORD)strlen(text), &done, NULL);

    printf("write: %d, %lu\n", good, done);
}

static void peek(HANDLE pipe, DWORD length)
{
    char buffer[100];
    DWORD done = 0, available = 0, left = 0;
    BOOL good = PeekNamedPipe(pipe, buffer, length, &done, &available, &left);

    printf("peek %lu: %d, %lu of %lu, left %lu, error %lu\n", length, good, done, available, left,
           good ? 0 : GetLastError());
}

/* The server's side of one end sends, the other reads in both modes. */
static void messages(void)
{
    HANDLE pipe = server(PIPE_TYPE_MESSAGE | PIPE_READMODE_MESSAGE, 4, 0), other;
    DWORD type, out, in, most, state, instances;

    other = client(PIPE_READMODE_MESSAGE);
    printf("connect: %d", ConnectNamedPipe(pipe, NULL));
    printf(" %lu\n", GetLastError());
    printf("info: %d", GetNamedPipeInfo(pipe, &type, &out, &in, &most));
    printf(" %lx %lu %lu %lu\n", type, out, in, most);
    printf("info: %d", GetNamedPipeInfo(other, &type, NULL, NULL, &most));
    printf(" %lx %lu\n", type, most);
    printf("state: %d", GetNamedPipeHandleStateA(other, &state, &instances, NULL, NULL, NULL, 0));
    printf(" %lx\n", state);
    send_text(pipe, "first");
    send_text(pipe, "");
    send_text(pipe, "the third is longer");
    peek(other, 0);
    peek(other, 3);
    peek(other, 50);
    read_some(other, 100);
    read_some(other, 100);
    peek(other, 4);
    read_some(other, 9);
    peek(other, 50);
    read_some(other, 4);
    read_some(other, 100);
    send_text(other, "one ");
    send_text(other, "two ");
    state = PIPE_READMODE_BYTE;
    SetNamedPipeHandleState(pipe, &state, NULL, NULL);
    read_some(pipe, 6);
    read_some(pipe, 100);
    send_text(pipe, "last");
    CloseHandle(pipe);
    read_some(other, 2);
    read_some(other, 100);
    read_some(other, 100);
    CloseHandle(other);
}

static void limits(void)
{
    DWORD mode = PIPE_READMODE_MESSAGE;
    HANDLE first = server(PIPE_TYPE_BYTE, 2, 0), second = server(PIPE_TYPE_BYTE, 2, 0), other;

    server(PIPE_TYPE_BYTE, 2, 0);
    printf("listening: ");
    read_some(first, 4);
    other = client(PIPE_READMODE_BYTE);
    if (!SetNamedPipeHandleState(other, &mode, NULL, NULL))
        printf("no messages: %lu\n", GetLastError());
    ConnectNamedPipe(first, NULL);
    mode = PIPE_NOWAIT;
    SetNamedPipeHandleState(other, &mode, NULL, NULL);
    read_some(other, 10);
    mode = PIPE_WAIT;
    SetNamedPipeHandleState(other, &mode, NULL, NULL);
    printf("disconnect: %d\n", DisconnectNamedPipe(first));
    printf("disconnected: ");
    read_some(first, 4);
    CloseHandle(second);
    printf("not listening: %d", WaitNamedPipeA(NAME, 50));
    printf(" %lu\n", GetLastError());
    CloseHandle(first);
    CloseHandle(other);
    printf("nobody: %d", WaitNamedPipeA(NAME, 50));
    printf(" %lu\n", GetLastError());
}

static DWORD WINAPI free_later(void *pipe)
{
    HANDLE gate = OpenEventA(EVENT_ALL_ACCESS, FALSE, "janus-test-pipes-event");

    WaitForSingleObject(gate, INFINITE);
    DisconnectNamedPipe(pipe);
    ConnectNamedPipe(pipe, NULL);
    return 0;
}

/* A busy instance, and a child that waits for it. */
static void waiting(void)
{
    HANDLE gate = CreateEventA(NULL, TRUE, FALSE, "janus-test-pipes-event");
    HANDLE pipe = server(PIPE_TYPE_MESSAGE | PIPE_READMODE_MESSAGE, 1, 0), other = client(2), thread;

    printf("busy: %d", WaitNamedPipeA(NAME, 30));
    printf(" %lu\n", GetLastError());
    printf("default: %d", WaitNamedPipeA(NAME, NMPWAIT_USE_DEFAULT_WAIT));
    printf(" %lu\n", GetLastError());
    thread = CreateThread(NULL, 0, free_later, pipe, 0, NULL);
    start("wait");
    WaitForSingleObject(thread, INFINITE);
    ResetEvent(gate); /* which the child has set */
    CloseHandle(other);
    read_some(pipe, 100);
    send_text(pipe, "an answer");
    fflush(stdout);
    SetEvent(gate); /* the child's line comes after this one's */
    read_some(pipe, 100);
    CloseHandle(pipe);
    CloseHandle(gate);
}

static void wait_role(void)
{
    HANDLE gate = OpenEventA(EVENT_ALL_ACCESS, FALSE, "janus-test-pipes-event");
    char answer[20] = "";
    DWORD done = 0;
    BOOL good;

    SetEvent(gate);
    if (!WaitNamedPipeA(NAME, NMPWAIT_WAIT_FOREVER))
        printf("child waited: %lu\n", GetLastError());
    HANDLE pipe = client(PIPE_READMODE_MESSAGE);
    good = TransactNamedPipe(pipe, "a question", 10, answer, 5, &done, NULL);
    WaitForSingleObject(gate, 60000);
    printf("transact: %d %lu, %lu bytes: %s\n", good, good ? 0 : GetLastError(), done, answer);
    fflush(stdout);
    read_some(pipe, 100);
    fflush(stdout);
    CloseHandle(pipe);
}

/* Overlapped ends: a server with two instances, asked by two processes. */
static void overlapped(void)
{
    OVERLAPPED calls[2] = {{0}};
    HANDLE pipes[2], events[2];
    char buffer[100];
    DWORD done;

    for (int i = 0; i < 2; i++) {
        pipes[i] = server(PIPE_TYPE_MESSAGE | PIPE_READMODE_MESSAGE, PIPE_UNLIMITED_INSTANCES,
                          FILE_FLAG_OVERLAPPED);
        events[i] = calls[i].hEvent = CreateEventA(NULL, TRUE, FALSE, NULL);
        printf("listen: %d", ConnectNamedPipe(pipes[i], &calls[i]));
        printf(" %lu\n", GetLastError());
    }
    start("call");
    for (int round = 0; round < 2; round++) {
        DWORD i = WaitForMultipleObjects(2, events, FALSE, 60000);
        GetOverlappedResult(pipes[i], &calls[i], &done, TRUE);
        ResetEvent(events[i]);
        if (!ReadFile(pipes[i], buffer, 4, &done, &calls[i]) && GetLastError() == ERROR_IO_PENDING)
            WaitForSingleObject(events[i], 60000);
        BOOL good = GetOverlappedResult(pipes[i], &calls[i], &done, TRUE);
        printf("request: %d %lu, %lu bytes\n", good, good ? 0 : GetLastError(), done);
        ReadFile(pipes[i], buffer, sizeof buffer, NULL, &calls[i]);
        GetOverlappedResult(pipes[i], &calls[i], &done, TRUE);
        printf("its rest: %lu bytes: %.*s\n", done, (int)done, buffer);
        WriteFile(pipes[i], "well", 4, NULL, &calls[i]);
        GetOverlappedResult(pipes[i], &calls[i], &done, TRUE);
        good = ReadFile(pipes[i], buffer, 4, NULL, &calls[i]); /* until the client has gone */
        if (!good && GetLastError() == ERROR_IO_PENDING)
            good = GetOverlappedResult(pipes[i], &calls[i], &done, TRUE);
        printf("then: %d %lu\n", good, good ? 0 : GetLastError());
        DisconnectNamedPipe(pipes[i]);
        ResetEvent(events[i]);
        ConnectNamedPipe(pipes[i], &calls[i]);
    }
}

static void call_role(void)
{
    char answer[20];
    DWORD done;

    for (int i = 0; i < 2; i++) {
        memset(answer, 0, sizeof answer);
        done = 0;
        BOOL good = CallNamedPipeA(NAME, i ? "second call" : "first call", i ? 11 : 10, answer, 10,
                                   &done, NMPWAIT_WAIT_FOREVER);
        if (!good || strcmp(answer, "well"))
            printf("call: %d %lu, %s\n", good, good ? 0 : GetLastError(), answer);
    }
    fflush(stdout);
}

int main(int argc, char **argv)
{
    if (argc > 2 && !strcmp(argv[1], "role")) {
        !strcmp(argv[2], "wait") ? wait_role() : call_role();
        return 0;
    }
    if (argc > 1)
        SetEnvironmentVariableA("JANUS_PLACE", argv[1]);
    messages();
    limits();
    waiting();
    overlapped();
    return 0;
}
