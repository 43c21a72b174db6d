/* Reading the manifest. One statement a line: words, '#' begins a comment. */
#include "manifest.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WORDS_MAX 64
#define PAGES_MAX (1ull << 40)

struct line {
    struct text words[WORDS_MAX];
    size_t count;
};

struct parser {
    struct manifest *manifest;
    struct manifest_error *error;
    struct manifest_server *server; /* the one whose statements follow, or NULL */
};

static bool fail(struct parser *parser, const char *what, struct text word)
{
    int length = word.length < 40 ? (int)word.length : 40;
    snprintf(parser->error->text, sizeof parser->error->text, "%s: \"%.*s\"", what, length,
             word.at ? word.at : "");
    return false;
}

bool text_is(struct text text, const char *string)
{
    return strlen(string) == text.length && memcmp(text.at, string, text.length) == 0;
}

static bool same(struct text a, struct text b)
{
    return a.length == b.length && memcmp(a.at, b.at, a.length) == 0;
}

/* One more element at the end of a growing array; NULL: no memory. */
static void *append(void **items, size_t *count, size_t size)
{
    if ((*count & (*count - 1)) == 0) { /* 0 or a power of two: full */
        void *grown = realloc(*items, (*count ? *count * 2 : 1) * size);
        if (!grown)
            return NULL;
        *items = grown;
    }
    void *item = (char *)*items + *count * size;
    memset(item, 0, size);
    ++*count;
    return item;
}

static bool add_text(struct parser *parser, struct text_list *list, struct text word)
{
    struct text *item = append((void **)&list->items, &list->count, sizeof *item);
    if (!item)
        return fail(parser, "no memory", word);
    *item = word;
    return true;
}

static bool set_setting(struct manifest *manifest, struct text key, struct text value)
{
    struct setting *setting = NULL;
    for (size_t i = 0; i < manifest->setting_count && !setting; i++)
        if (same(manifest->settings[i].key, key))
            setting = &manifest->settings[i];
    if (!setting)
        setting = append((void **)&manifest->settings, &manifest->setting_count, sizeof *setting);
    if (!setting)
        return false;
    *setting = (struct setting){key, value};
    return true;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

/* Words up to the end of the line or '#'. False: too many. */
static bool split(const char *at, const char *end, struct line *line)
{
    line->count = 0;
    while (at < end) {
        if (is_blank(*at)) {
            at++;
            continue;
        }
        if (*at == '#')
            return true;
        const char *begin = at;
        while (at < end && !is_blank(*at) && *at != '#')
            at++;
        if (line->count == WORDS_MAX)
            return false;
        line->words[line->count++] = (struct text){begin, (size_t)(at - begin)};
    }
    return true;
}

static bool number(struct text word, uint64_t most, uint64_t *value)
{
    *value = 0;
    for (size_t i = 0; i < word.length; i++) {
        if (word.at[i] < '0' || word.at[i] > '9')
            return false;
        *value = *value * 10 + (uint64_t)(word.at[i] - '0');
        if (*value > most)
            return false;
    }
    return word.length > 0;
}

/* "64K", "8M", "1G" in pages. */
static bool size(struct text word, uint64_t *pages)
{
    uint64_t value, unit;
    if (!word.length)
        return false;
    switch (word.at[word.length - 1]) {
    case 'K':
        unit = 1;
        break;
    case 'M':
        unit = 1024;
        break;
    case 'G':
        unit = 1024 * 1024;
        break;
    default:
        return false;
    }
    word.length--;
    if (!number(word, PAGES_MAX, &value))
        return false;
    *pages = (value * unit + 3) / 4;
    return *pages <= PAGES_MAX;
}

/* ---- statements about a server ---- */

static bool name_ok(struct text word)
{
    if (!word.length || word.length > 32)
        return false;
    for (size_t i = 0; i < word.length; i++) {
        char c = word.at[i];
        if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') && c != '-' && c != '_')
            return false;
    }
    return true;
}

/* "N%", or a size in pages (*percent 0). */
static bool share(struct parser *parser, struct text word, uint32_t *percent, uint64_t *pages)
{
    uint64_t value;
    *percent = 0;
    if (!word.length || word.at[word.length - 1] != '%')
        return size(word, pages) || fail(parser, "not a size", word);
    if (!number((struct text){word.at, word.length - 1}, 100, &value) || !value)
        return fail(parser, "not a percentage", word);
    *percent = (uint32_t)value;
    return true;
}

static bool restart(struct parser *parser, struct text word)
{
    uint64_t count;
    if (text_is(word, "never"))
        parser->server->restarts = 0;
    else if (text_is(word, "always"))
        parser->server->restarts = MANIFEST_ALWAYS;
    else if (number(word, 1000, &count))
        parser->server->restarts = (uint32_t)count;
    else
        return fail(parser, "restart is never, always or a number", word);
    return true;
}

static bool words_into(struct parser *parser, struct text_list *list, const struct line *line)
{
    for (size_t i = 1; i < line->count; i++)
        if (!add_text(parser, list, line->words[i]))
            return false;
    return line->count > 1 || fail(parser, "words are missing after", line->words[0]);
}

static bool server_statement(struct parser *parser, const struct line *line)
{
    struct manifest_server *server = parser->server;
    struct text word = line->words[0], value = line->count > 1 ? line->words[1] : (struct text){0};
    uint64_t priority;
    if (text_is(word, "reach"))
        return words_into(parser, &server->reach, line);
    if (text_is(word, "publish"))
        return words_into(parser, &server->publish, line);
    if (text_is(word, "grant"))
        return words_into(parser, &server->grants, line);
    if (text_is(word, "essential")) {
        server->essential = true;
        return line->count == 1 || fail(parser, "one word too many", value);
    }
    if (line->count != 2)
        return fail(parser, "one value is wanted after", word);
    if (text_is(word, "path"))
        server->path = value;
    else if (text_is(word, "for"))
        server->for_personality = value;
    else if (text_is(word, "priority")) {
        if (!number(value, 255, &priority))
            return fail(parser, "a priority is 0 to 255", value);
        server->priority = (uint32_t)priority;
    } else if (text_is(word, "memory"))
        return share(parser, value, &server->memory_percent, &server->memory_pages);
    else if (text_is(word, "labels"))
        return size(value, &server->label_pages) || fail(parser, "not a size", value);
    else if (text_is(word, "kernel"))
        return share(parser, value, &server->kernel_percent, &server->kernel_pages);
    else if (text_is(word, "restart"))
        return restart(parser, value);
    else if (text_is(word, "log"))
        server->log = text_is(value, "console") ? (struct text){0} : value;
    else
        return fail(parser, "unknown statement", word);
    return true;
}

static bool begin_server(struct parser *parser, struct text name)
{
    struct manifest *manifest = parser->manifest;
    if (!name_ok(name))
        return fail(parser, "not a name", name);
    for (size_t i = 0; i < manifest->server_count; i++)
        if (same(manifest->servers[i].name, name))
            return fail(parser, "this server stands twice", name);
    struct manifest_server *server =
        append((void **)&manifest->servers, &manifest->server_count, sizeof *server);
    if (!server)
        return fail(parser, "no memory", name);
    *server = (struct manifest_server){
        .name = name,
        .priority = 160,
        .memory_pages = MANIFEST_UNLIMITED,
        .kernel_pages = 256,
        .label_pages = 64,
    };
    parser->server = server;
    return true;
}

static bool personality(struct parser *parser, const struct line *line)
{
    if (line->count != 4 || !text_is(line->words[2], "="))
        return fail(parser, "wanted: personality NAME = central | library | off", line->words[0]);
    struct text name = line->words[1], place = line->words[3];
    if (!name_ok(name))
        return fail(parser, "not a name", name);
    if (!text_is(place, "central") && !text_is(place, "library") && !text_is(place, "off"))
        return fail(parser, "a placement is central, library or off", place);
    struct text *item = append((void **)&parser->manifest->personalities,
                               &parser->manifest->personality_count, sizeof *item);
    if (!item || !set_setting(parser->manifest, name, place))
        return fail(parser, "no memory", name);
    *item = name;
    return true;
}

static bool statement(struct parser *parser, const struct line *line)
{
    if (text_is(line->words[0], "server")) {
        if (line->count != 2)
            return fail(parser, "one name is wanted after", line->words[0]);
        return begin_server(parser, line->words[1]);
    }
    if (text_is(line->words[0], "personality"))
        return personality(parser, line);
    if (text_is(line->words[0], "set")) {
        if (line->count != 3)
            return fail(parser, "a key and a value are wanted after", line->words[0]);
        return set_setting(parser->manifest, line->words[1], line->words[2]) ||
               fail(parser, "no memory", line->words[1]);
    }
    if (!parser->server)
        return fail(parser, "no server was begun before", line->words[0]);
    return server_statement(parser, line);
}

bool manifest_parse(const char *source, size_t length, struct manifest *manifest,
                    struct manifest_error *error)
{
    struct parser parser = {.manifest = manifest, .error = error};
    const char *at = source, *end = source + length;
    *manifest = (struct manifest){0};
    *error = (struct manifest_error){0};
    while (at < end) {
        const char *line_end = memchr(at, '\n', (size_t)(end - at));
        if (!line_end)
            line_end = end;
        struct line line;
        error->line++;
        bool ok = split(at, line_end, &line) || fail(&parser, "too many words", line.words[0]);
        if (ok && line.count)
            ok = statement(&parser, &line);
        if (!ok) {
            manifest_free(manifest);
            return false;
        }
        at = line_end + (line_end < end);
    }
    return true;
}

void manifest_free(struct manifest *manifest)
{
    for (size_t i = 0; i < manifest->server_count; i++) {
        free(manifest->servers[i].reach.items);
        free(manifest->servers[i].publish.items);
        free(manifest->servers[i].grants.items);
    }
    free(manifest->servers);
    free(manifest->settings);
    free(manifest->personalities);
    *manifest = (struct manifest){0};
}

bool manifest_override(struct manifest *manifest, const char *source, size_t length)
{
    struct line line;
    const char *end = source + length;
    while (source < end) {
        const char *word_end = source;
        while (word_end < end && !is_blank(*word_end))
            word_end++;
        if (split(source, word_end, &line) && line.count == 1) {
            struct text word = {source, (size_t)(word_end - source)};
            const char *sign = memchr(word.at, '=', word.length);
            if (sign && sign > word.at &&
                !set_setting(manifest, (struct text){word.at, (size_t)(sign - word.at)},
                             (struct text){sign + 1, (size_t)(word_end - sign - 1)}))
                return false;
        }
        source = word_end + (word_end < end);
    }
    return true;
}

bool manifest_setting(const struct manifest *manifest, const char *key, size_t key_length,
                      struct text *value)
{
    for (size_t i = 0; i < manifest->setting_count; i++) {
        if (!same(manifest->settings[i].key, (struct text){key, key_length}))
            continue;
        *value = manifest->settings[i].value;
        return true;
    }
    return false;
}

bool manifest_includes(const struct manifest *manifest, const struct manifest_server *server)
{
    struct text place;
    if (!server->for_personality.length)
        return true;
    return manifest_setting(manifest, server->for_personality.at, server->for_personality.length,
                            &place) &&
           !text_is(place, "off");
}
