/* The manifest's statements, its errors with their lines, overriding; and the real manifest. */
#undef NDEBUG
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "manifest.h"

static struct manifest manifest;
static struct manifest_error error;

static bool parse(const char *text)
{
    return manifest_parse(text, strlen(text), &manifest, &error);
}

static void bad(const char *text, uint32_t line, const char *what)
{
    assert(!parse(text));
    assert(error.line == line && strstr(error.text, what));
}

static void statements(void)
{
    struct text value;
    assert(parse("# nothing\n"
                 "personality posix = central\n"
                 "set processes 100\n"
                 "server fs\n"
                 "    path sbin/other # here\n"
                 "    priority 7\n"
                 "    memory 3K\n"
                 "    kernel 40%\n"
                 "    labels 1M\n"
                 "    restart always\n"
                 "    essential\n"
                 "    reach svc/a svc/b:own\n"
                 "    reach svc/c\n"
                 "    grant image\n"
                 "server posix\n"
                 "    for posix\n"
                 "    memory 50%\n"));
    const struct manifest_server *fs = &manifest.servers[0];
    assert(manifest.server_count == 2 && text_is(fs->name, "fs") && fs->priority == 7);
    assert(text_is(fs->path, "sbin/other") && fs->memory_pages == 1 && fs->kernel_percent == 40);
    assert(manifest.servers[1].memory_percent == 50 && fs->memory_percent == 0);
    assert(fs->label_pages == 256 && fs->restarts == MANIFEST_ALWAYS && fs->essential);
    assert(fs->reach.count == 3 && text_is(fs->reach.items[1], "svc/b:own"));
    assert(fs->grants.count == 1 && !fs->log.length);
    assert(manifest_includes(&manifest, &manifest.servers[1]));
    const char *line = "posix=off  processes=5 quiet x=";
    assert(manifest_override(&manifest, line, strlen(line)));
    assert(!manifest_includes(&manifest, &manifest.servers[1]));
    assert(manifest_setting(&manifest, "processes", 9, &value) && text_is(value, "5"));
    assert(manifest_setting(&manifest, "x", 1, &value) && value.length == 0);
    assert(!manifest_setting(&manifest, "quiet", 5, &value));
    manifest_free(&manifest);
}

static void errors(void)
{
    bad("priority 3\n", 1, "no server");
    bad("server a\nserver a\n", 2, "twice");
    bad("server A\n", 1, "not a name");
    bad("server\n", 1, "one name");
    bad("server a\n\n colour red\n", 3, "unknown");
    bad("server a\npriority 256\n", 2, "priority");
    bad("server a\nmemory 12\n", 2, "not a size");
    bad("server a\nmemory 99999999999999999999G\n", 2, "not a size");
    bad("server a\nkernel 0%\n", 2, "percentage");
    bad("server a\nrestart often\n", 2, "restart");
    bad("server a\nreach\n", 2, "missing");
    bad("personality posix = nowhere\n", 1, "placement");
    bad("personality posix off\n", 1, "wanted");
    bad("set a\n", 1, "key");
}

int main(int argc, char **argv)
{
    static char text[1 << 16];
    statements();
    errors();
    for (int i = 1; i < argc; i++) {
        FILE *file = fopen(argv[i], "r");
        assert(file);
        size_t length = fread(text, 1, sizeof text, file);
        fclose(file);
        if (!manifest_parse(text, length, &manifest, &error)) {
            fprintf(stderr, "%s, line %u: %s\n", argv[i], error.line, error.text);
            return 1;
        }
        manifest_free(&manifest);
    }
    puts("manifest: good");
    return 0;
}
