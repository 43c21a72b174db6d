/* Crashes in the way that is named, below a function of the C library. Built for Linux and Windows. */
#include <stdlib.h>
#include <string.h>

static const char *how;

__attribute__((noinline)) int leaf(volatile int *nowhere, int divisor)
{
    if (!strcmp(how, "write"))
        *nowhere = 1;
    if (!strcmp(how, "divide")) {
        volatile int quotient = 7 / divisor;
        return quotient;
    }
    if (!strcmp(how, "abort"))
        abort();
    if (!strcmp(how, "instruction"))
        __asm__ volatile("ud2");
    return *nowhere + 1;
}

__attribute__((noinline)) int compare(const void *left, const void *right)
{
    int difference = *(const int *)left - *(const int *)right;
    return leaf((volatile int *)0x10, difference - difference) + difference;
}

int main(int count, char **words)
{
    int numbers[2] = {2, 1};
    how = count > 1 ? words[1] : "read";
    qsort(numbers, 2, sizeof numbers[0], compare);
    return numbers[0] & 1;
}
