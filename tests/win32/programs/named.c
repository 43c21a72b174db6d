/* Named objects, seen from a second process: named opens what its parent made. */
#include <stdio.h>
#include <string.h>
#include <windows.h>

static int child(void)
{
    HANDLE event = OpenEventA(EVENT_ALL_ACCESS, FALSE, "janus-test-event");
    HANDLE section = OpenFileMappingA(FILE_MAP_ALL_ACCESS, FALSE, "janus-test-section");
    char *view = MapViewOfFile(section, FILE_MAP_ALL_ACCESS, 0, 0, 0);

    if (!event || !view)
        return 9;
    printf("child sees %s\n", view);
    strcpy(view, "from the child");
    SetEvent(event);
    return 0;
}

int main(int argc, char **argv)
{
    STARTUPINFOA startup = {.cb = sizeof startup};
    PROCESS_INFORMATION process;
    char line[300];
    DWORD code;

    if (argc > 1)
        return child();
    HANDLE event = CreateEventA(NULL, TRUE, FALSE, "janus-test-event");
    HANDLE section = CreateFileMappingA(INVALID_HANDLE_VALUE, NULL, PAGE_READWRITE, 0, 8192,
                                        "janus-test-section");
    char *view = MapViewOfFile(section, FILE_MAP_ALL_ACCESS, 0, 0, 0);
    strcpy(view, "from the parent");
    snprintf(line, sizeof line, "\"%s\" child", argv[0]);
    if (!CreateProcessA(NULL, line, NULL, NULL, FALSE, 0, NULL, NULL, &startup, &process))
        return 1;
    printf("%lx\n", WaitForSingleObject(event, 20000));
    WaitForSingleObject(process.hProcess, INFINITE);
    GetExitCodeProcess(process.hProcess, &code);
    printf("%s, %lu\n", view, code);
    CreateEventA(NULL, TRUE, FALSE, "janus-test-event");
    printf("%lu\n", GetLastError());
    return 0;
}
