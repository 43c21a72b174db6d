/* Victims that share pipes and files. */
#include "win_kills.h"

/* ---- anonymous pipes: the victim writes, and the victim reads ---- */

static HANDLE own_end;
static const char *trouble;

#define NUMBERS 64 /* the same, in one write */

static void fill(uint32_t *numbers, uint32_t number)
{
    for (int i = 0; i < NUMBERS; i++)
        numbers[i] = number;
}

static int holds(const uint32_t *numbers, uint32_t number)
{
    return numbers[0] == number && !memcmp(numbers, numbers + 1, (NUMBERS - 1) * sizeof *numbers);
}

static void each_writer(void)
{
    CreatePipe(&own_end, &shared->handles[0], NULL, 0);
    inherited(shared->handles[0]);
}

static void live_writer(void)
{
    uint32_t numbers[NUMBERS];
    DWORD n;
    for (uint32_t number = 0;; number++) {
        fill(numbers, number);
        WriteFile(shared->handles[0], numbers, sizeof numbers, &n, NULL);
    }
}

static void beside_reader(HANDLE victim)
{
    uint32_t numbers[NUMBERS], expected = 0;
    DWORD n = 0;
    (void)victim;
    CloseHandle(shared->handles[0]); /* its number stays, for the victim */
    while (ReadFile(own_end, numbers, sizeof numbers, &n, NULL) && n == sizeof numbers)
        if (!holds(numbers, expected++))
            trouble = "a number is missing";
    if (GetLastError() != ERROR_BROKEN_PIPE)
        trouble = "a part of a write";
    CloseHandle(own_end);
}

static void each_reader(void)
{
    CreatePipe(&shared->handles[0], &own_end, NULL, 0);
    inherited(shared->handles[0]);
}

static void live_reader(void)
{
    uint32_t numbers[NUMBERS];
    DWORD n;
    for (uint32_t next = 0; ReadFile(shared->handles[0], numbers, sizeof numbers, &n, NULL); next++)
        if (n != sizeof numbers || !holds(numbers, next))
            ExitProcess(3);
    ExitProcess(4);
}

static void beside_writer(HANDLE victim)
{
    uint32_t numbers[NUMBERS], number = 0;
    DWORD n;
    (void)victim;
    CloseHandle(shared->handles[0]); /* its number stays, for the victim */
    do
        fill(numbers, number++);
    while (WriteFile(own_end, numbers, sizeof numbers, &n, NULL));
    if (GetLastError() != ERROR_NO_DATA && GetLastError() != ERROR_BROKEN_PIPE)
        trouble = "no end is seen";
    CloseHandle(own_end);
}

static const char *check_pipe(void)
{
    const char *found = trouble;
    trouble = NULL;
    shared->handles[0] = NULL;
    return found;
}

/* ---- a named pipe of messages: the parent serves, victims come and go ---- */

#define PIPE "\\\\.\\pipe\\janus-kills"

static HANDLE server;
static OVERLAPPED operation;

static void prepare_server(void)
{
    operation.hEvent = CreateEventA(NULL, TRUE, FALSE, NULL);
    server = CreateNamedPipeA(PIPE, PIPE_ACCESS_DUPLEX | FILE_FLAG_OVERLAPPED,
                              PIPE_TYPE_MESSAGE | PIPE_READMODE_MESSAGE | PIPE_WAIT, 1, 4096, 4096, 0,
                              NULL);
}

static void live_client(void)
{
    char block[BLOCK], answer[BLOCK];
    DWORD n, mode = PIPE_READMODE_MESSAGE;
    for (unsigned byte = 0;; byte++) {
        WaitNamedPipeA(PIPE, 1000);
        HANDLE client =
            CreateFileA(PIPE, GENERIC_READ | GENERIC_WRITE, 0, NULL, OPEN_EXISTING, 0, NULL);
        if (client == INVALID_HANDLE_VALUE)
            continue;
        SetNamedPipeHandleState(client, &mode, NULL, NULL);
        for (int i = 0; i < 4; i++) {
            memset(block, (int)byte, sizeof block);
            TransactNamedPipe(client, block, sizeof block, answer, sizeof answer, &n, NULL);
        }
        CloseHandle(client);
    }
}

/* An operation on the server's end is over: its bytes; -1: it failed; -2: the victim has ended before. */
static int finished(BOOL done, HANDLE victim)
{
    HANDLE list[] = {operation.hEvent, victim};
    DWORD n = 0, count = victim ? 2 : 1;
    if (!done && GetLastError() == ERROR_PIPE_CONNECTED)
        return 0;
    if (!done && GetLastError() != ERROR_IO_PENDING)
        return -1;
    if (!done && WaitForMultipleObjects(count, list, FALSE, PATIENCE) != WAIT_OBJECT_0) {
        CancelIo(server);
        GetOverlappedResult(server, &operation, &n, TRUE);
        return -2;
    }
    return GetOverlappedResult(server, &operation, &n, TRUE) ? (int)n : -1;
}

/* One client, from its coming to its end. 0: nobody comes any more. */
static int serve(HANDLE victim)
{
    char block[BLOCK * 2];
    int n = finished(ConnectNamedPipe(server, &operation), victim);
    if (n == -2)
        return 0;
    while ((n = finished(ReadFile(server, block, sizeof block, NULL, &operation), NULL)) > 0) {
        if (n != BLOCK || !uniform(block, BLOCK))
            trouble = "a torn message";
        if (finished(WriteFile(server, block, (DWORD)n, NULL, &operation), NULL) < 0)
            break;
    }
    if (n == -2)
        trouble = "a client's end is not seen";
    DisconnectNamedPipe(server);
    return 1;
}

static void beside_server(HANDLE victim)
{
    while (serve(victim))
        ;
}

static DWORD WINAPI serve_once(void *unused)
{
    (void)unused;
    return (DWORD)serve(NULL);
}

static const char *check_server(void)
{
    char block[BLOCK], answer[BLOCK] = "";
    DWORD n = 0;
    memset(block, 'c', sizeof block);
    HANDLE thread = CreateThread(NULL, 0, serve_once, NULL, 0, NULL);
    const char *wrong = NULL;
    if (!CallNamedPipeA(PIPE, block, sizeof block, answer, sizeof answer, &n, PATIENCE) ||
        n != BLOCK || memcmp(block, answer, BLOCK))
        wrong = "the named pipe does not work";
    else if (WaitForSingleObject(thread, PATIENCE) != WAIT_OBJECT_0)
        wrong = "the named pipe's server hangs";
    CloseHandle(thread);
    return wrong ? wrong : check_pipe();
}

/* ---- locks, share modes, files that go with their handles ---- */

static char path[MAX_PATH + 32];

static HANDLE open_file(const char *name, DWORD sharing, DWORD how, DWORD flags)
{
    snprintf(path, sizeof path, "%s%s", shared->folder, name);
    return CreateFileA(path, GENERIC_READ | GENERIC_WRITE | DELETE, sharing, NULL, how,
                       flags | FILE_ATTRIBUTE_NORMAL, NULL);
}

#define SHARE_ALL (FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE)

static void prepare_locks(void)
{
    shared->handles[0] =
        open_file("kills-locks", SHARE_ALL, CREATE_ALWAYS, FILE_FLAG_DELETE_ON_CLOSE);
}

static void live_locks(void)
{
    DWORD n;
    for (unsigned round = 0;; round++) {
        OVERLAPPED at = {.Offset = round % 5 * 7}, far_away = {.Offset = 1000};
        HANDLE file = open_file("kills-locks", SHARE_ALL, OPEN_EXISTING, 0);
        HANDLE alone = open_file("kills-alone", 0, OPEN_ALWAYS, 0);
        HANDLE gone = open_file("kills-gone", FILE_SHARE_READ | FILE_SHARE_DELETE, CREATE_ALWAYS,
                                FILE_FLAG_DELETE_ON_CLOSE);
        LockFileEx(file, LOCKFILE_EXCLUSIVE_LOCK, 0, 10, 0, &at);
        WriteFile(file, "x", 1, &n, &at);
        LockFileEx(file, LOCKFILE_FAIL_IMMEDIATELY, 0, 10, 0, &far_away);
        WriteFile(gone, "y", 1, &n, NULL);
        UnlockFileEx(file, 0, 10, 0, &at);
        CloseHandle(gone);
        CloseHandle(alone);
        CloseHandle(file);
    }
}

static const char *check_locks(void)
{
    OVERLAPPED start = {0};
    if (!LockFileEx(shared->handles[0], LOCKFILE_EXCLUSIVE_LOCK | LOCKFILE_FAIL_IMMEDIATELY, 0,
                    5000, 0, &start))
        return "a lock stays";
    UnlockFileEx(shared->handles[0], 0, 5000, 0, &start);
    HANDLE alone = open_file("kills-alone", 0, OPEN_ALWAYS, FILE_FLAG_DELETE_ON_CLOSE);
    if (alone == INVALID_HANDLE_VALUE)
        return "a share mode stays";
    CloseHandle(alone);
    HANDLE gone = open_file("kills-gone", 0, CREATE_NEW, FILE_FLAG_DELETE_ON_CLOSE);
    if (gone == INVALID_HANDLE_VALUE)
        return "a file stays that goes with its handle";
    CloseHandle(gone);
    return NULL;
}

const struct kind kinds_of_files[] = {
    {"win-pipe-writer", NULL, each_writer, live_writer, beside_reader, check_pipe},
    {"win-pipe-reader", NULL, each_reader, live_reader, beside_writer, check_pipe},
    {"win-named-pipe", prepare_server, NULL, live_client, beside_server, check_server},
    {"win-locks", prepare_locks, NULL, live_locks, NULL, check_locks},
    {0},
};
