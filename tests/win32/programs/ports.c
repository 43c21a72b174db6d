/* A completion port and a section that two processes have: duplicated, inherited, named. ports
 * central|library chooses where the child runs (which only Janus looks at). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <windows.h>

static PROCESS_INFORMATION start(const char *role, HANDLE handle)
{
    STARTUPINFOA startup = {.cb = sizeof startup};
    PROCESS_INFORMATION process = {0};
    char line[400], path[300];

    fflush(stdout);
    GetModuleFileNameA(NULL, path, sizeof path);
    snprintf(line, sizeof line, "\"%s\" %s %lu", path, role, (unsigned long)(ULONG_PTR)handle);
    if (!CreateProcessA(NULL, line, NULL, NULL, TRUE, 0, NULL, NULL, &startup, &process))
        printf("no child: %lu\n", GetLastError());
    return process;
}

static void end(PROCESS_INFORMATION process)
{
    DWORD code = 0xdead;

    WaitForSingleObject(process.hProcess, 60000);
    GetExitCodeProcess(process.hProcess, &code);
    printf("child %lu\n", code);
}

static void next(const char *what, HANDLE port, DWORD timeout)
{
    DWORD bytes = 99;
    ULONG_PTR key = 99;
    OVERLAPPED *overlapped = NULL;
    BOOL good = GetQueuedCompletionStatus(port, &bytes, &key, &overlapped, timeout);

    printf("%s: %d", what, good);
    if (good)
        printf(" %lu %lu %lu\n", bytes, (unsigned long)key, (unsigned long)(ULONG_PTR)overlapped);
    else
        printf(" error %lu\n", GetLastError());
    fflush(stdout);
}

static DWORD WINAPI wait_in_thread(void *port)
{
    next("thread", port, 60000);
    return 0;
}

static void post(HANDLE port, DWORD bytes, ULONG_PTR key, ULONG_PTR value)
{
    if (!PostQueuedCompletionStatus(port, bytes, key, (OVERLAPPED *)value))
        printf("post: %lu\n", GetLastError());
}

static void ports(void)
{
    HANDLE port = CreateIoCompletionPort(INVALID_HANDLE_VALUE, NULL, 0, 0), back, thread;
    HANDLE inherited = CreateIoCompletionPort(INVALID_HANDLE_VALUE, NULL, 0, 0), gate;
    PROCESS_INFORMATION process;
    OVERLAPPED_ENTRY entries[4];
    ULONG count;

    gate = CreateEventA(NULL, FALSE, FALSE, "janus-test-ports-gate");
    SetHandleInformation(inherited, HANDLE_FLAG_INHERIT, HANDLE_FLAG_INHERIT);
    post(port, 1, 2, 3);
    post(port, 4, 5, 6);
    post(inherited, 7, 8, 9);
    thread = CreateThread(NULL, 0, wait_in_thread, port, 0, NULL); /* it takes the first */
    WaitForSingleObject(thread, INFINITE);
    thread = NULL;
    process = start("ports", inherited);
    WaitForSingleObject(gate, 60000);
    if (!DuplicateHandle(GetCurrentProcess(), port, process.hProcess, &back, 0, FALSE,
                         DUPLICATE_SAME_ACCESS))
        printf("duplicate: %lu\n", GetLastError());
    post(inherited, 10, (ULONG_PTR)back, 11); /* tells the child which handle it is */
    WaitForSingleObject(gate, 60000);
    next("second", port, 60000); /* the child took the first of two */
    next("none", port, 30);
    post(inherited, 12, 13, 14);
    for (int i = 0; i < 5;) { /* three entries came before these */
        if (!GetQueuedCompletionStatusEx(port, entries, 4, &count, 60000, FALSE)) {
            printf("ex: %lu\n", GetLastError());
            break;
        }
        for (ULONG k = 0; k < count; k++, i++)
            printf("entry %lu %lu\n", entries[k].dwNumberOfBytesTransferred,
                   (unsigned long)entries[k].lpCompletionKey);
    }
    thread = CreateThread(NULL, 0, wait_in_thread, port, 0, NULL);
    Sleep(20);
    post(inherited, 15, 16, 17);
    WaitForSingleObject(thread, INFINITE);
    end(process);
}

static int ports_child(HANDLE inherited)
{
    HANDLE gate = OpenEventA(EVENT_ALL_ACCESS, FALSE, "janus-test-ports-gate"), port;
    OVERLAPPED *overlapped;
    ULONG_PTR key;
    DWORD bytes;

    next("child", inherited, 60000);
    SetEvent(gate);
    if (!GetQueuedCompletionStatus(inherited, &bytes, &key, &overlapped, 60000))
        return 3;
    port = (HANDLE)key;
    next("child's first", port, 60000);
    post(port, 20, 21, 22);
    SetEvent(gate);
    next("child", inherited, 60000);
    for (int i = 0; i < 5; i++)
        post(port, (DWORD)i, 30, 0);
    next("child", inherited, 60000);
    post(port, 40, 41, 42);
    return 0;
}

/* Views of one section in both processes show the same bytes at once; so do those of a file. */
static void sections(void)
{
    HANDLE section = CreateFileMappingA(INVALID_HANDLE_VALUE, NULL, PAGE_READWRITE, 0, 3 * 65536, NULL);
    HANDLE turn = CreateEventA(NULL, FALSE, FALSE, "janus-test-ports-turn"), copy, file, mapped;
    HANDLE reply = CreateEventA(NULL, FALSE, FALSE, "janus-test-ports-reply");
    volatile unsigned *view, *far_view, *file_view;
    PROCESS_INFORMATION process;
    HANDLE box = CreateIoCompletionPort(INVALID_HANDLE_VALUE, NULL, 0, 0);
    DWORD done;

    file = CreateFileA("ports.bin", GENERIC_READ | GENERIC_WRITE, FILE_SHARE_READ | FILE_SHARE_WRITE,
                       NULL, CREATE_ALWAYS, 0, NULL);
    WriteFile(file, "0123456789abcdef", 16, &done, NULL);
    mapped = CreateFileMappingA(file, NULL, PAGE_READWRITE, 0, 65536, "janus-test-ports-file");
    view = MapViewOfFile(section, FILE_MAP_ALL_ACCESS, 0, 0, 0);
    far_view = MapViewOfFile(section, FILE_MAP_ALL_ACCESS, 0, 65536, 4096);
    file_view = MapViewOfFile(mapped, FILE_MAP_ALL_ACCESS, 0, 0, 0);
    printf("file %x %x\n", file_view[0], file_view[4]);
    SetHandleInformation(box, HANDLE_FLAG_INHERIT, HANDLE_FLAG_INHERIT);
    process = start("sections", box);
    DuplicateHandle(GetCurrentProcess(), section, process.hProcess, &copy, 0, FALSE,
                    DUPLICATE_SAME_ACCESS);
    CloseHandle(section); /* the views and the child's handle keep it */
    PostQueuedCompletionStatus(box, 0, (ULONG_PTR)copy, NULL);
    for (unsigned i = 1; i < 200; i++) {
        view[0] = i;
        far_view[7] = i + 1;
        file_view[100] = i + 2;
        SetEvent(turn);
        if (WaitForSingleObject(reply, 60000)) {
            printf("round %u: no answer\n", i);
            break;
        }
        if (view[1] != i * 2 || far_view[8] != i * 3 || file_view[101] != i * 4) {
            printf("round %u: %u %u %u\n", i, view[1], far_view[8], file_view[101]);
            break;
        }
    }
    view[0] = 0;
    SetEvent(turn);
    end(process);
    SetFilePointer(file, 404, NULL, FILE_BEGIN);
    unsigned word = 0;
    ReadFile(file, &word, 4, &done, NULL);
    printf("in the file %u\n", word);
    printf("after it ended %u\n", view[2]);
    UnmapViewOfFile((void *)file_view);
    CloseHandle(mapped);
    CloseHandle(file);
    DeleteFileA("ports.bin");
}

static int sections_child(HANDLE box)
{
    HANDLE turn = OpenEventA(EVENT_ALL_ACCESS, FALSE, "janus-test-ports-turn");
    HANDLE reply = OpenEventA(EVENT_ALL_ACCESS, FALSE, "janus-test-ports-reply"), section, mapped;
    volatile unsigned *view, *far_view, *file_view;
    OVERLAPPED *overlapped;
    ULONG_PTR key;
    DWORD bytes;

    GetQueuedCompletionStatus(box, &bytes, &key, &overlapped, 60000);
    section = (HANDLE)key;
    view = MapViewOfFile(section, FILE_MAP_ALL_ACCESS, 0, 0, 0);
    far_view = view ? view + 65536 / 4 : NULL;
    mapped = OpenFileMappingA(FILE_MAP_ALL_ACCESS, FALSE, "janus-test-ports-file");
    file_view = MapViewOfFile(mapped, FILE_MAP_ALL_ACCESS, 0, 0, 4096);
    if (!view || !file_view)
        return 4;
    for (;;) {
        if (WaitForSingleObject(turn, 60000))
            return 5;
        if (!view[0])
            break;
        if (far_view[7] != view[0] + 1 || file_view[100] != view[0] + 2)
            return 6;
        view[1] = view[0] * 2;
        far_view[8] = view[0] * 3;
        file_view[101] = view[0] * 4;
        SetEvent(reply);
    }
    view[2] = 4711;
    return 0;
}

int main(int argc, char **argv)
{
    if (argc > 2) {
        HANDLE handle = (HANDLE)(ULONG_PTR)strtoul(argv[2], NULL, 10);
        return !strcmp(argv[1], "ports") ? ports_child(handle) : sections_child(handle);
    }
    if (argc > 1)
        SetEnvironmentVariableA("JANUS_PLACE", argv[1]);
    ports();
    sections();
    return 0;
}
