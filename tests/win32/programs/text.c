/* Text mode: what the C library does to line ends and to 0x1a, in both directions. */
#include <fcntl.h>
#include <io.h>
#include <stdio.h>

int main(void)
{
    int c, n = 0;

    while ((c = getchar()) != EOF)
        n++;
    printf("read %d\nend\n", n);
    fflush(stdout);
    _setmode(1, _O_BINARY);
    printf("binary\n");
    return 0;
}
