/* Environment and current directory. Usage: env [NAME...] prints NAME=value or NAME unset. */
#include <stdio.h>
#include <stdlib.h>
#include <windows.h>

int main(int argc, char **argv)
{
    char text[1024];
    DWORD n;

    for (int i = 1; i < argc; i++) {
        n = GetEnvironmentVariableA(argv[i], text, sizeof text);
        if (n || GetLastError() != ERROR_ENVVAR_NOT_FOUND)
            printf("%s=%s\n", argv[i], n ? text : "");
        else
            printf("%s unset\n", argv[i]);
    }
    SetEnvironmentVariableA("ENV_TEST", "set");
    n = GetEnvironmentVariableA("ENV_TEST", text, sizeof text);
    printf("%lu %s\n", n, text);
    SetEnvironmentVariableA("ENV_TEST", NULL);
    SetLastError(0);
    n = GetEnvironmentVariableA("ENV_TEST", text, sizeof text);
    printf("%lu %lu\n", n, GetLastError());
    n = ExpandEnvironmentStringsA("<%NO_SUCH_NAME%>", text, sizeof text);
    printf("%lu %s\n", n, text);
    GetCurrentDirectoryA(sizeof text, text);
    printf("in %s\n", text);
    if (!SetCurrentDirectoryA("C:\\windows"))
        printf("chdir: %lu\n", GetLastError());
    GetCurrentDirectoryA(sizeof text, text);
    printf("in %s\n", text);
    n = SetCurrentDirectoryA("C:\\no\\such");
    printf("no such: %lu %lu\n", n, GetLastError());
    printf("%s\n", getenv("ENV_TEST") ? "there" : "not there");
    return 0;
}
