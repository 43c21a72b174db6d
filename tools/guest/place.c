/* place central|library CMD...: runs CMD with its core in the placement that is named. What stands in
 * JANUS_PLACE is inherited, and judged by exec: EINVAL for anything else. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    if (argc < 3) {
        fputs("usage: place central|library CMD...\n", stderr);
        return 125;
    }
    if (setenv("JANUS_PLACE", argv[1], 1)) {
        perror("place");
        return 125;
    }
    execvp(argv[2], argv + 2);
    fprintf(stderr, "place: %s: %s\n", argv[2], strerror(errno));
    return errno == ENOENT ? 127 : 126;
}
