/* Hostile manifests and command lines into bootstrap's parser. */
#include "fuzz.h"

#include "manifest.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static unsigned long sum;

static void touch(struct text text)
{
    for (size_t i = 0; i < text.length; i++)
        sum += (unsigned char)text.at[i];
}

static void touch_list(const struct text_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        touch(list->items[i]);
}

int fuzz_one(const uint8_t *data, size_t length)
{
    struct manifest manifest;
    struct manifest_error error;
    struct text value;

    if (!manifest_parse((const char *)data, length, &manifest, &error)) {
        if (strnlen(error.text, sizeof error.text) == sizeof error.text)
            abort();
        return 0;
    }
    if (!manifest_override(&manifest, (const char *)data, length < 200 ? length : 200))
        abort();
    for (size_t i = 0; i < manifest.server_count; i++) {
        const struct manifest_server *server = &manifest.servers[i];
        touch(server->name);
        touch(server->path);
        touch(server->log);
        touch_list(&server->reach);
        touch_list(&server->publish);
        touch_list(&server->grants);
        manifest_includes(&manifest, server);
    }
    for (size_t i = 0; i < manifest.setting_count; i++) {
        touch(manifest.settings[i].key);
        touch(manifest.settings[i].value);
    }
    manifest_setting(&manifest, "posix", 5, &value);
    manifest_free(&manifest);
    return 0;
}

size_t fuzz_seed(unsigned number, uint8_t *data, size_t capacity)
{
    static char manifest[32768];
    static size_t length;
    static const char line[] = "posix=off win32=central x= =y  set=3";

    if (!length) {
        FILE *file = fopen(MANIFEST, "r");
        if (file) {
            length = fread(manifest, 1, sizeof manifest, file);
            fclose(file);
        }
    }
    size_t take = number % 5 && length ? length : sizeof line - 1;
    if (take > capacity / 2)
        take = capacity / 2;
    memcpy(data, take == length ? manifest : line, take);
    return take;
}
