/* Sleeps for the milliseconds given; "spin" as a second argument: computes instead. */
#include <stdlib.h>
#include <windows.h>

int main(int argc, char **argv)
{
    DWORD limit = argc > 1 ? strtoul(argv[1], NULL, 10) : 1000;
    ULONGLONG end = GetTickCount64() + limit;

    if (argc < 3)
        Sleep(limit);
    while (GetTickCount64() < end)
        ;
    return 0;
}
