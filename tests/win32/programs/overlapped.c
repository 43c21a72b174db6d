/* Overlapped reads and writes on named pipes: with events, with APCs, through a completion port;
 * both directions; cancellation; the end of a pipe. */
#include <stdio.h>
#include <string.h>
#include <windows.h>

static const wchar_t name[] = L"\\\\.\\pipe\\overlapped-test";
static DWORD apc_bytes, apc_error;

static VOID CALLBACK done(DWORD error, DWORD bytes, LPOVERLAPPED overlapped)
{
    (void)overlapped;
    apc_error = error;
    apc_bytes = bytes;
}

static DWORD WINAPI client(LPVOID unused)
{
    char text[32] = {0};
    DWORD n;
    HANDLE pipe = CreateFileW(name, GENERIC_READ | GENERIC_WRITE, 0, NULL, OPEN_EXISTING, 0, NULL);

    (void)unused;
    if (pipe == INVALID_HANDLE_VALUE)
        return GetLastError();
    Sleep(20);
    WriteFile(pipe, "first", 5, &n, NULL);
    ReadFile(pipe, text, sizeof text, &n, NULL);
    WriteFile(pipe, "second", 6, &n, NULL);
    Sleep(20);
    WriteFile(pipe, "third", 5, &n, NULL);
    CloseHandle(pipe);
    return strcmp(text, "reply") ? 1 : 0;
}

int main(void)
{
    HANDLE pipe, thread, port;
    OVERLAPPED o = {0}, *which;
    char text[32];
    DWORD n, code;
    ULONG_PTR key;
    BOOL ok;

    pipe = CreateNamedPipeW(name, PIPE_ACCESS_DUPLEX | FILE_FLAG_OVERLAPPED, PIPE_TYPE_BYTE, 1, 4096,
                            4096, 0, NULL);
    printf("create %d\n", pipe != INVALID_HANDLE_VALUE);
    o.hEvent = CreateEventW(NULL, TRUE, FALSE, NULL);
    ok = ConnectNamedPipe(pipe, &o);
    printf("connect %d %lu\n", ok, GetLastError());
    thread = CreateThread(NULL, 0, client, NULL, 0, NULL);
    printf("wait %lu\n", WaitForSingleObject(o.hEvent, 5000));

    ok = ReadFile(pipe, text, sizeof text, NULL, &o);
    ok = GetOverlappedResult(pipe, &o, &n, TRUE);
    printf("got %d %.*s\n", ok, (int)n, text);
    ok = WriteFile(pipe, "reply", 5, NULL, &o) || GetLastError() == ERROR_IO_PENDING;
    GetOverlappedResult(pipe, &o, &n, TRUE);
    printf("wrote %d %lu\n", ok, n);

    ok = ReadFileEx(pipe, text, sizeof text, &o, done);
    while (ok && !apc_bytes && !apc_error)
        SleepEx(1000, TRUE);
    printf("apc %lu %.*s\n", apc_error, (int)apc_bytes, text);

    o.hEvent = NULL;
    port = CreateIoCompletionPort(pipe, NULL, 7, 0);
    ok = ReadFile(pipe, text, sizeof text, NULL, &o) || GetLastError() == ERROR_IO_PENDING;
    ok = ok && GetQueuedCompletionStatus(port, &n, &key, &which, 5000);
    printf("port %d %.*s key %d same %d\n", ok, (int)n, text, (int)key, which == &o);
    ok = ReadFile(pipe, text, sizeof text, NULL, &o);
    code = GetLastError();
    if (!ok && code == ERROR_IO_PENDING) {
        ok = GetQueuedCompletionStatus(port, &n, &key, &which, 5000);
        code = GetLastError();
    }
    printf("end %d %lu\n", ok, code);
    WaitForSingleObject(thread, 5000);
    GetExitCodeThread(thread, &code);
    printf("client %lu\n", code);
    CloseHandle(pipe);

    pipe = CreateNamedPipeW(name, PIPE_ACCESS_INBOUND | FILE_FLAG_OVERLAPPED, PIPE_TYPE_BYTE, 1, 4096,
                            4096, 0, NULL);
    thread = CreateFileW(name, GENERIC_WRITE, 0, NULL, OPEN_EXISTING, 0, NULL);
    memset(&o, 0, sizeof o);
    o.hEvent = CreateEventW(NULL, TRUE, FALSE, NULL);
    ok = ReadFile(pipe, text, sizeof text, NULL, &o);
    printf("pending %d %lu\n", ok, GetLastError());
    printf("cancel %d\n", CancelIo(pipe));
    ok = GetOverlappedResult(pipe, &o, &n, TRUE);
    printf("cancelled %d %lu\n", ok, GetLastError());
    return 0;
}
