/* Its arguments, one a line, as the C library split them; with -w as wide characters in hex. */
#include <stdio.h>
#include <string.h>
#include <windows.h>
#include <shellapi.h>

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "-w") == 0) {
        int n;
        wchar_t **words = CommandLineToArgvW(GetCommandLineW(), &n);
        for (int i = 2; i < n; i++) {
            for (wchar_t *p = words[i]; *p; p++)
                printf("%04x ", *p);
            printf("\n");
        }
        return 0;
    }
    for (int i = 1; i < argc; i++)
        printf("[%s]\n", argv[i]);
    return 0;
}
