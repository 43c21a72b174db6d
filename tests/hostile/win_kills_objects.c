/* Victims that share objects: mutants, events, semaphores, sections, keys of the registry. */
#include "win_kills.h"

/* ---- mutants that say who died with them; the parent wants the same ---- */

static const char *trouble;

static void prepare_mutexes(void)
{
    shared->handles[0] = CreateMutexA(NULL, FALSE, "janus-kills-mutex");
    shared->handles[1] = inherited(CreateMutexA(NULL, FALSE, NULL));
}

static void live_mutexes(void)
{
    HANDLE both[] = {OpenMutexA(SYNCHRONIZE | MUTEX_MODIFY_STATE, FALSE, "janus-kills-mutex"),
                     shared->handles[1]};
    for (unsigned round = 0;; round++) {
        WaitForMultipleObjects(2, both, TRUE, INFINITE);
        shared->inside++;
        if (round % 4 == 0) { /* again, by the same thread */
            WaitForSingleObject(both[0], INFINITE);
            ReleaseMutex(both[0]);
        }
        shared->inside--;
        ReleaseMutex(both[0]);
        ReleaseMutex(both[1]);
        if (round % 3 == 0) {
            WaitForSingleObject(both[1], 0);
            ReleaseMutex(both[1]);
        }
    }
}

static void take(HANDLE mutex)
{
    DWORD result = WaitForSingleObject(mutex, PATIENCE);
    if (result == WAIT_ABANDONED)
        shared->inside = 0; /* both are, if it was inside */
    else if (result != WAIT_OBJECT_0)
        trouble = "the mutex of a dead owner";
    else if (shared->inside)
        trouble = "the mutex let in who was not alone";
    ReleaseMutex(mutex);
}

/* Who never waits would keep the victim from running: that has less priority while it is sampled. */
static void beside_mutexes(HANDLE victim)
{
    LARGE_INTEGER soon = {.QuadPart = -300};
    HANDLE timer = CreateWaitableTimerA(NULL, FALSE, NULL), list[] = {victim, timer};
    do {
        take(shared->handles[0]);
        SetWaitableTimer(timer, &soon, 0, NULL, NULL, FALSE);
    } while (WaitForMultipleObjects(2, list, FALSE, INFINITE) != WAIT_OBJECT_0);
    CloseHandle(timer);
}

static const char *check_mutexes(void)
{
    const char *found;
    take(shared->handles[0]);
    take(shared->handles[1]);
    found = trouble;
    trouble = NULL;
    shared->inside = 0;
    return found;
}

/* ---- events and semaphores, to and fro ---- */

static void prepare_events(void)
{
    shared->handles[0] = CreateEventA(NULL, FALSE, FALSE, "janus-kills-to");
    shared->handles[1] = CreateEventA(NULL, FALSE, FALSE, "janus-kills-fro");
    shared->handles[2] = inherited(CreateSemaphoreA(NULL, 0, 5, NULL));
}

static void live_events(void)
{
    HANDLE to = OpenEventA(EVENT_ALL_ACCESS, FALSE, "janus-kills-to");
    HANDLE fro = OpenEventA(EVENT_ALL_ACCESS, FALSE, "janus-kills-fro");
    HANDLE own = CreateEventA(NULL, TRUE, FALSE, "janus-kills-own"), copy;
    for (;;) {
        SetEvent(fro);
        WaitForSingleObject(to, 5);
        ReleaseSemaphore(shared->handles[2], 1, NULL);
        SetEvent(own);
        WaitForSingleObject(shared->handles[2], 0);
        DuplicateHandle(GetCurrentProcess(), own, GetCurrentProcess(), &copy, 0, TRUE,
                        DUPLICATE_SAME_ACCESS);
        CloseHandle(own);
        own = copy;
    }
}

static void beside_events(HANDLE victim)
{
    HANDLE list[] = {victim, shared->handles[1], shared->handles[2]};
    DWORD result;
    while ((result = WaitForMultipleObjects(3, list, FALSE, PATIENCE)) != WAIT_OBJECT_0) {
        SetEvent(shared->handles[0]);
        if (result == WAIT_TIMEOUT)
            trouble = "nobody is woken";
    }
}

static const char *check_events(void)
{
    const char *found = trouble;
    LONG before = -1;
    trouble = NULL;
    for (unsigned i = 0; i < 2; i++) {
        SetEvent(shared->handles[i]);
        if (WaitForSingleObject(shared->handles[i], 0) != WAIT_OBJECT_0 ||
            WaitForSingleObject(shared->handles[i], 0) != WAIT_TIMEOUT)
            return "the event";
    }
    while (WaitForSingleObject(shared->handles[2], 0) == WAIT_OBJECT_0)
        ;
    if (!ReleaseSemaphore(shared->handles[2], 5, &before) || before ||
        ReleaseSemaphore(shared->handles[2], 1, NULL))
        return "the semaphore";
    HANDLE own = CreateEventA(NULL, TRUE, FALSE, "janus-kills-own");
    if (!own || GetLastError() == ERROR_ALREADY_EXISTS)
        return "the name of an object that nobody has";
    CloseHandle(own);
    return found;
}

/* ---- sections: named ones, and those of files ---- */

static char path[MAX_PATH + 32];

static HANDLE open_file(const char *name, DWORD sharing, DWORD how, DWORD flags)
{
    snprintf(path, sizeof path, "%s%s", shared->folder, name);
    return CreateFileA(path, GENERIC_READ | GENERIC_WRITE | DELETE, sharing, NULL, how,
                       flags | FILE_ATTRIBUTE_NORMAL, NULL);
}

#define PAGES 4

static void prepare_sections(void)
{
    char block[4096];
    DWORD n;
    HANDLE file = open_file("kills-section", FILE_SHARE_READ | FILE_SHARE_WRITE, CREATE_ALWAYS,
                            FILE_FLAG_DELETE_ON_CLOSE);
    for (int i = 0; i < PAGES; i++)
        WriteFile(file, memset(block, 'a' + i, sizeof block), sizeof block, &n, NULL);
    shared->handles[0] = inherited(file);
}

static void live_sections(void)
{
    for (unsigned round = 0;; round++) {
        HANDLE section = CreateFileMappingA(shared->handles[0], NULL, PAGE_READWRITE, 0, 0, NULL);
        HANDLE named = CreateFileMappingA(INVALID_HANDLE_VALUE, NULL, PAGE_READWRITE, 0, 65536,
                                          "janus-kills-section");
        char *view = MapViewOfFile(section, FILE_MAP_WRITE, 0, 0, 0);
        char *own = MapViewOfFile(section, FILE_MAP_COPY, 0, 0, 4096);
        char *memory = MapViewOfFile(named, FILE_MAP_WRITE, 0, 0, 0);
        view[round % PAGES * 4096] = (char)('a' + round % PAGES);
        own[1] = 'x'; /* nobody else sees that */
        memory[round % 16 * 4096] = 1;
        if (round & 1)
            FlushViewOfFile(view, 0);
        UnmapViewOfFile(own);
        CloseHandle(section);
        UnmapViewOfFile(view);
        UnmapViewOfFile(memory);
        CloseHandle(named);
    }
}

static const char *check_sections(void)
{
    HANDLE section = CreateFileMappingA(shared->handles[0], NULL, PAGE_READWRITE, 0, 0, NULL);
    char *view = MapViewOfFile(section, FILE_MAP_WRITE, 0, 0, 0);
    const char *wrong = view ? NULL : "no view";
    for (int i = 0; view && i < PAGES; i++)
        if (view[i * 4096] != 'a' + i || !uniform(view + i * 4096, 4096))
            wrong = "the file's contents";
    UnmapViewOfFile(view);
    CloseHandle(section);
    section = CreateFileMappingA(INVALID_HANDLE_VALUE, NULL, PAGE_READWRITE, 0, 65536,
                                 "janus-kills-section");
    if (!section || GetLastError() == ERROR_ALREADY_EXISTS)
        wrong = "the name of a section that nobody has";
    CloseHandle(section);
    return wrong;
}

/* ---- the registry ---- */

#define KEY "Software\\janus-kills"

static void live_registry(void)
{
    HKEY key, below;
    char value[32], data[200];
    DWORD size;
    for (unsigned round = 0;; round++) {
        RegCreateKeyA(HKEY_CURRENT_USER, KEY, &key);
        snprintf(value, sizeof value, "v%u", round % 5);
        memset(data, (int)round, sizeof data);
        RegSetValueExA(key, value, 0, REG_BINARY, (BYTE *)data, sizeof data);
        RegCreateKeyA(key, round & 1 ? "one" : "two", &below);
        RegSetValueExA(below, NULL, 0, REG_SZ, (BYTE *)"text", 5);
        size = sizeof data;
        RegQueryValueExA(key, value, NULL, NULL, (BYTE *)data, &size);
        RegEnumKeyA(key, 0, data, sizeof data);
        RegCloseKey(below);
        if (round % 3 == 0)
            RegDeleteKeyA(key, "one");
        if (round % 7 == 0)
            RegDeleteValueA(key, value);
        RegCloseKey(key);
    }
}

static const char *check_registry(void)
{
    HKEY key;
    char name[32], data[256];
    if (RegCreateKeyA(HKEY_CURRENT_USER, KEY, &key))
        return "the key cannot be opened";
    const char *wrong = NULL;
    for (DWORD i = 0;; i++) {
        DWORD length = sizeof name, size = sizeof data, type;
        if (RegEnumValueA(key, i, name, &length, NULL, &type, (BYTE *)data, &size))
            break;
        if (type != REG_BINARY || size != 200 || !uniform(data, size))
            wrong = "half a value";
    }
    RegDeleteKeyA(key, "one");
    RegDeleteKeyA(key, "two");
    RegCloseKey(key);
    if (RegDeleteKeyA(HKEY_CURRENT_USER, KEY))
        return "the key cannot be deleted";
    return wrong;
}

const struct kind kinds_of_objects[] = {
    {"win-mutexes", prepare_mutexes, NULL, live_mutexes, beside_mutexes, check_mutexes},
    {"win-events", prepare_events, NULL, live_events, beside_events, check_events},
    {"win-sections", prepare_sections, NULL, live_sections, NULL, check_sections},
    {"win-registry", NULL, NULL, live_registry, NULL, check_registry},
    {0},
};
