/* A filter: standard input to standard output in capitals, bytes untouched otherwise. */
#include <ctype.h>
#include <fcntl.h>
#include <io.h>
#include <stdio.h>

int main(void)
{
    int c;

    _setmode(0, _O_BINARY);
    _setmode(1, _O_BINARY);
    while ((c = getchar()) != EOF)
        if (putchar(c < 128 ? toupper(c) : c) == EOF)
            return 2;
    return fflush(stdout) ? 2 : 0;
}
