/* Prints its arguments with printf; the status is their number. */
#include <stdio.h>

int main(int argc, char **argv)
{
    printf("hello, world\n");
    for (int i = 1; i < argc; i++)
        printf("%d: [%s] %5d|%-5d|%05.1f|%x|%lld\n", i, argv[i], i, i, i * 1.5, i + 254,
               123456789012LL * i);
    return argc - 1;
}
