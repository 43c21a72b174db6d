/* The command line of janus-host: an interface between two parts of Janus, not for users. */
#include "host.h"

#include <stdlib.h>
#include <string.h>

static void append(struct list *list, const char *item)
{
    list->items = realloc(list->items, (list->count + 2) * sizeof *list->items);
    if (!list->items)
        host_fail("out of memory");
    list->items[list->count++] = item;
    list->items[list->count] = NULL;
}

/* OPTIONS... --machine N WORD*N -- ARGUMENT... */
void options_parse(struct options *options, int argc, char **argv)
{
    int i = 1;

    options->directory = "/root";
    while (i < argc && strcmp(argv[i], "--") != 0) {
        const char *name = argv[i++];
        if (strcmp(name, "--verbose") == 0) {
            options->verbose = true;
            continue;
        }
        if (strcmp(name, "--notes") == 0) {
            options->notes = true;
            continue;
        }
        if (strcmp(name, "--share-read-only") == 0) {
            options->share_read_only = true;
            continue;
        }
        if (i == argc)
            host_fail("janus-host: %s wants a value", name);
        const char *value = argv[i++];
        if (strcmp(name, "--trace") == 0) {
            options->trace = value;
        } else if (strcmp(name, "--machine") == 0) {
            for (long n = atol(value); n > 0 && i < argc; n--)
                append(&options->machine, argv[i++]);
        } else if (strcmp(name, "--machine-directory") == 0) {
            options->machine_directory = value;
        } else if (strcmp(name, "--reporter") == 0) {
            options->reporter = value;
        } else if (strcmp(name, "--env") == 0) {
            append(&options->environment, value);
        } else if (strcmp(name, "--carry") == 0 && i < argc) {
            append(&options->carried, value);
            append(&options->carried, argv[i++]);
        } else if (strcmp(name, "--program") == 0) {
            options->program = value;
        } else if (strcmp(name, "--directory") == 0) {
            options->directory = value;
        } else if (strcmp(name, "--share") == 0) {
            options->share = value;
        } else if (strcmp(name, "--timeout") == 0) {
            options->timeout = strtod(value, NULL);
        } else if (strcmp(name, "--stdin-limit") == 0) {
            options->stdin_limit = strtoull(value, NULL, 10);
        } else {
            host_fail("janus-host: unknown option %s", name);
        }
    }
    for (i++; i < argc; i++)
        append(&options->arguments, argv[i]);
    if (options->machine.count == 0 || options->arguments.count == 0)
        host_fail("janus-host: no machine or no program");
}
