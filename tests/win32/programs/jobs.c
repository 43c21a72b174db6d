/* Job objects: who is in one, what a port hears, limits, ends. The processes in it are of this program; jobs
 * central|library chooses where they run (which only Janus looks at). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <windows.h>

static BOOL start_with(const char *role, DWORD flags, PROCESS_INFORMATION *process)
{
    STARTUPINFOA startup = {.cb = sizeof startup};
    char line[400], path[300];

    fflush(stdout);
    GetModuleFileNameA(NULL, path, sizeof path);
    snprintf(line, sizeof line, "\"%s\" role %s", path, role);
    return CreateProcessA(NULL, line, NULL, NULL, TRUE, flags, NULL, NULL, &startup, process);
}

static HANDLE start(const char *role, DWORD flags)
{
    PROCESS_INFORMATION process = {0};

    if (!start_with(role, flags, &process)) {
        printf("no child: %lu\n", GetLastError());
        return NULL;
    }
    CloseHandle(process.hThread);
    return process.hProcess;
}

static DWORD end_of(HANDLE process)
{
    DWORD code = 0xdead;

    if (WaitForSingleObject(process, 60000))
        return 0xbad;
    GetExitCodeProcess(process, &code);
    CloseHandle(process);
    return code;
}

static void counts(const char *what, HANDLE job)
{
    JOBOBJECT_BASIC_ACCOUNTING_INFORMATION info;

    if (!QueryInformationJobObject(job, JobObjectBasicAccountingInformation, &info, sizeof info, NULL))
        printf("%s: error %lu\n", what, GetLastError());
    else
        printf("%s: %lu active of %lu\n", what, info.ActiveProcesses, info.TotalProcesses);
}

static BOOL limit(HANDLE job, DWORD flags, DWORD processes)
{
    JOBOBJECT_EXTENDED_LIMIT_INFORMATION limits = {0};

    limits.BasicLimitInformation.LimitFlags = flags;
    limits.BasicLimitInformation.ActiveProcessLimit = processes;
    return SetInformationJobObject(job, JobObjectExtendedLimitInformation, &limits, sizeof limits);
}

static BOOL is_in(HANDLE process, HANDLE job)
{
    BOOL in = 7;

    return IsProcessInJob(process, job, &in) ? in : 9;
}

static void members(void)
{
    HANDLE job = CreateJobObjectA(NULL, NULL), other = CreateJobObjectA(NULL, NULL), first, second;
    struct {
        DWORD all, listed;
        ULONG_PTR ids[8];
    } list;
    JOBOBJECT_EXTENDED_LIMIT_INFORMATION limits;
    DWORD length = 0;

    first = start("sleep", 0);
    second = start("sleep", 0);
    counts("empty", job);
    printf("assign %d", AssignProcessToJobObject(job, first));
    printf(" %d\n", AssignProcessToJobObject(job, second));
    counts("two", job);
    printf("in %d %d %d\n", is_in(first, job), is_in(second, job), is_in(first, other));
    memset(&list, 0, sizeof list);
    if (QueryInformationJobObject(job, JobObjectBasicProcessIdList, &list, sizeof list, &length))
        printf("list %lu %lu: %d %d\n", list.all, list.listed,
               list.ids[0] == GetProcessId(first) || list.ids[0] == GetProcessId(second),
               list.ids[0] != list.ids[1]);
    limit(job, JOB_OBJECT_LIMIT_BREAKAWAY_OK | JOB_OBJECT_LIMIT_ACTIVE_PROCESS, 9);
    memset(&limits, 0, sizeof limits);
    printf("limits %d", QueryInformationJobObject(job, JobObjectExtendedLimitInformation, &limits,
                                                  sizeof limits, &length));
    printf(" %lu\n", length); /* Wine does not tell what was set */
    printf("bad limits %d", SetInformationJobObject(job, JobObjectExtendedLimitInformation, &limits, 8));
    printf(" %lu\n", GetLastError());
    /* one inside the other: an empty job goes inside, a used one does not */
    printf("inside %d\n", AssignProcessToJobObject(other, first));
    printf("in %d %d %d %d\n", is_in(first, job), is_in(first, other), is_in(second, job),
           is_in(second, other));
    counts("outer", job);
    counts("inner", other);
    printf("terminate %d\n", TerminateJobObject(other, 5));
    printf("code %lu\n", end_of(first));
    counts("outer", job);
    printf("terminate %d\n", TerminateJobObject(job, 6));
    printf("code %lu\n", end_of(second));
    counts("outer", job);
    CloseHandle(job);
    CloseHandle(other);
}

static void messages(void)
{
    JOBOBJECT_ASSOCIATE_COMPLETION_PORT association = {(void *)0x1234, NULL};
    HANDLE job = CreateJobObjectA(NULL, NULL), processes[2];
    DWORD ids[2], message;
    OVERLAPPED *id;
    ULONG_PTR key;

    association.CompletionPort = CreateIoCompletionPort(INVALID_HANDLE_VALUE, NULL, 0, 1);
    processes[0] = start("sleep", 0);
    AssignProcessToJobObject(job, processes[0]);
    printf("associate %d\n", SetInformationJobObject(job, JobObjectAssociateCompletionPortInformation,
                                                     &association, sizeof association));
    processes[1] = start("exit", CREATE_SUSPENDED); /* it is not in the job: nobody hears of it */
    for (int i = 0; i < 2; i++)
        ids[i] = GetProcessId(processes[i]);
    TerminateProcess(processes[1], 3);
    end_of(processes[1]);
    processes[1] = start("family", 0);
    ids[1] = GetProcessId(processes[1]);
    AssignProcessToJobObject(job, processes[1]);
    for (int i = 0, ended = 0; i < 20 && !ended; i++) {
        if (!GetQueuedCompletionStatus(association.CompletionPort, &message, &key, &id, 60000)) {
            printf("nothing: %lu\n", GetLastError());
            break;
        }
        printf("message %lu, key %lx, %s\n", message, (unsigned long)key,
               (ULONG_PTR)id == ids[0]   ? "first"
               : (ULONG_PTR)id == ids[1] ? "second"
               : id                      ? "its child"
                                         : "none");
        if (message == JOB_OBJECT_MSG_EXIT_PROCESS && (ULONG_PTR)id == ids[1])
            TerminateProcess(processes[0], 0);
        ended = message == JOB_OBJECT_MSG_ACTIVE_PROCESS_ZERO;
    }
    counts("all", job);
    CloseHandle(job);
}

static void kill_on_close(void)
{
    HANDLE job = CreateJobObjectA(NULL, "janus-test-job"), copy, process;

    limit(job, JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE, 0);
    copy = OpenJobObjectA(JOB_OBJECT_ALL_ACCESS, FALSE, "janus-test-job");
    printf("opened %d\n", copy != NULL);
    process = start("sleep", 0);
    printf("assign %d\n", AssignProcessToJobObject(copy, process));
    counts("named", job);
    CloseHandle(job);
    printf("alive %lx\n", WaitForSingleObject(process, 20));
    CloseHandle(copy);
    printf("code %lu\n", end_of(process));
}

/* The child's own children are in its job, and a job dies with its only holder. */
static void holder(void)
{
    HANDLE gate = CreateEventA(NULL, TRUE, FALSE, "janus-test-jobs-gate"), process, grandchild;
    DWORD *id = MapViewOfFile(CreateFileMappingA(INVALID_HANDLE_VALUE, NULL, PAGE_READWRITE, 0, 4096,
                                                 "janus-test-jobs-page"),
                              FILE_MAP_ALL_ACCESS, 0, 0, 0);

    process = start("holder", 0);
    WaitForSingleObject(gate, 60000);
    grandchild = OpenProcess(SYNCHRONIZE | PROCESS_QUERY_INFORMATION, FALSE, *id);
    TerminateProcess(process, 1);
    printf("holder %lu", end_of(process));
    printf(", its child %lu\n", end_of(grandchild));
}

static void inherited(void)
{
    HANDLE job = CreateJobObjectA(NULL, NULL), process;
    HANDLE gate = CreateEventA(NULL, TRUE, FALSE, "janus-test-jobs-gate");

    SetHandleInformation(job, HANDLE_FLAG_INHERIT, HANDLE_FLAG_INHERIT);
    limit(job, JOB_OBJECT_LIMIT_BREAKAWAY_OK, 0);
    process = start("wait", CREATE_SUSPENDED);
    AssignProcessToJobObject(job, process);
    TerminateProcess(process, 8);
    end_of(process);
    char role[40];
    snprintf(role, sizeof role, "join %lu", (unsigned long)(ULONG_PTR)job);
    ResetEvent(gate);
    process = start(role, 0);
    WaitForSingleObject(gate, 60000);
    counts("inherited", job);
    TerminateJobObject(job, 77);
    printf("code %lu\n", end_of(process));
}

static int role_of(char **argv)
{
    HANDLE gate = OpenEventA(EVENT_ALL_ACCESS, FALSE, "janus-test-jobs-gate");
    const char *role = argv[2];
    BOOL in;

    if (!strcmp(role, "family"))
        return (int)end_of(start("exit", 0));
    if (!strcmp(role, "exit"))
        return 0;
    if (!strcmp(role, "holder")) {
        HANDLE job = CreateJobObjectA(NULL, NULL), child = start("sleep", 0);
        limit(job, JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE, 0);
        AssignProcessToJobObject(job, child);
        *(DWORD *)MapViewOfFile(OpenFileMappingA(FILE_MAP_ALL_ACCESS, FALSE, "janus-test-jobs-page"),
                                FILE_MAP_ALL_ACCESS, 0, 0, 0) = GetProcessId(child);
        SetEvent(gate);
    }
    if (!strcmp(role, "join")) {
        HANDLE job = (HANDLE)(ULONG_PTR)strtoul(argv[3], NULL, 10), child;
        IsProcessInJob(GetCurrentProcess(), job, &in);
        printf("join %d %d", in, AssignProcessToJobObject(job, GetCurrentProcess()));
        IsProcessInJob(GetCurrentProcess(), job, &in);
        printf(" %d\n", in);
        child = start("sleep", CREATE_BREAKAWAY_FROM_JOB);
        printf("broke away %d\n", !is_in(child, job));
        TerminateProcess(child, 0);
        child = start("sleep", 0);
        printf("stayed %d\n", is_in(child, job));
        fflush(stdout);
        SetEvent(gate);
    }
    Sleep(60000);
    return 9;
}

int main(int argc, char **argv)
{
    if (argc > 2)
        return role_of(argv);
    if (argc > 1)
        SetEnvironmentVariableA("JANUS_PLACE", argv[1]);
    members();
    messages();
    kill_on_close();
    holder();
    inherited();
    return 0;
}
