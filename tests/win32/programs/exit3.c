/* Ends with 3, or with the 32-bit status given. */
#include <stdlib.h>
#include <windows.h>

int main(int argc, char **argv)
{
    if (argc > 1)
        ExitProcess(strtoul(argv[1], NULL, 0));
    return 3;
}
