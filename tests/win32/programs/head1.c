/* Reads one line, prints it and leaves its writer without a reader. */
#include <stdio.h>

int main(void)
{
    char line[256];

    if (!fgets(line, sizeof line, stdin))
        return 1;
    fputs(line, stdout);
    return 0;
}
