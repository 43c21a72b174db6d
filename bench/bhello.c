/* bhello.c - the Win32 program whose start and end system.hello_pe counts. */
#include <stdio.h>

int main(void)
{
    puts("hello");
    return 0;
}
