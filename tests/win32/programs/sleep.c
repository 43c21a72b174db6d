/* Sleeps for the milliseconds given; "spin" as a second argument: computes instead; "say": says first that it runs. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <windows.h>

int main(int argc, char **argv)
{
    DWORD limit = argc > 1 ? strtoul(argv[1], NULL, 10) : 1000;
    ULONGLONG end = GetTickCount64() + limit;

    if (argc > 2 && !strcmp(argv[2], "say")) {
        puts("running");
        fflush(stdout);
    }
    if (argc < 3 || strcmp(argv[2], "spin"))
        Sleep(limit);
    while (GetTickCount64() < end)
        ;
    return 0;
}
