/* CreateProcessW of whatever is given: spawn COMMAND-LINE; prints the child's 32-bit status. With -p
 * its output comes through CreatePipe. */
#include <stdio.h>
#include <string.h>
#include <windows.h>

int main(int argc, char **argv)
{
    STARTUPINFOW startup = {.cb = sizeof startup};
    PROCESS_INFORMATION process;
    wchar_t line[1024];
    HANDLE reading = NULL, writing = NULL;
    SECURITY_ATTRIBUTES inherit = {sizeof inherit, NULL, TRUE};
    int piped = argc > 2 && strcmp(argv[1], "-p") == 0;
    DWORD code;

    if (argc < 2)
        return 99;
    MultiByteToWideChar(CP_ACP, 0, argv[piped + 1], -1, line, 1024);
    if (piped) {
        CreatePipe(&reading, &writing, &inherit, 0);
        SetHandleInformation(reading, HANDLE_FLAG_INHERIT, 0);
        startup.dwFlags = STARTF_USESTDHANDLES;
        startup.hStdInput = GetStdHandle(STD_INPUT_HANDLE);
        startup.hStdOutput = writing;
        startup.hStdError = GetStdHandle(STD_ERROR_HANDLE);
    }
    if (!CreateProcessW(NULL, line, NULL, NULL, TRUE, 0, NULL, NULL, &startup, &process)) {
        printf("error %lu\n", GetLastError());
        return 1;
    }
    if (piped) {
        char text[256];
        DWORD n, total = 0;
        CloseHandle(writing);
        while (ReadFile(reading, text, sizeof text, &n, NULL) && n) {
            total += n;
            fwrite(text, 1, n, stdout);
        }
        code = GetLastError();
        printf("%lu bytes, then %lu\n", total, code);
    }
    printf("wait %lx\n", WaitForSingleObject(process.hProcess, INFINITE));
    GetExitCodeProcess(process.hProcess, &code);
    printf("status %lx\n", code);
    printf("ids %d %d\n", process.dwProcessId % 4 == 0, process.dwThreadId % 4 == 0);
    return 0;
}
