/* argv and command lines, environments of both kinds (PERSONALITIES 17). The rules of command lines
 * are those of the Microsoft C runtime: backslashes are literal unless a quote follows. */
#include <stdlib.h>
#include <string.h>

#include "core.h"

struct buffer {
    char *bytes;
    size_t length, capacity;
    bool failed;
};

static void add(struct buffer *b, const void *bytes, size_t length)
{
    if (b->length + length > b->capacity) {
        size_t capacity = (b->length + length) * 2 + 64;
        char *grown = realloc(b->bytes, capacity);
        if (!grown) {
            b->failed = true;
            return;
        }
        b->bytes = grown;
        b->capacity = capacity;
    }
    memcpy(b->bytes + b->length, bytes, length);
    b->length += length;
}

static void add_byte(struct buffer *b, char byte)
{
    add(b, &byte, 1);
}

static void *finish(struct buffer *b)
{
    if (b->failed) {
        free(b->bytes);
        return NULL;
    }
    return b->bytes;
}

/* The program's name is read by other rules: up to a quote or blank, without escapes. */
static void quote_first(struct buffer *b, const char *argument)
{
    bool quotes = !*argument || strpbrk(argument, " \t");

    if (quotes)
        add_byte(b, '"');
    for (const char *s = argument; *s; s++)
        if (*s != '"')
            add_byte(b, *s);
    if (quotes)
        add_byte(b, '"');
}

static void quote(struct buffer *b, const char *argument)
{
    size_t slashes = 0;
    bool quotes = !*argument || strpbrk(argument, " \t\n\v\"");

    if (!quotes) {
        add(b, argument, strlen(argument));
        return;
    }
    add_byte(b, '"');
    for (const char *s = argument; *s; s++) {
        if (*s == '\\') {
            slashes++;
            continue;
        }
        if (*s == '"')
            slashes = slashes * 2 + 1;
        while (slashes) {
            add_byte(b, '\\');
            slashes--;
        }
        add_byte(b, *s);
    }
    for (slashes *= 2; slashes; slashes--)
        add_byte(b, '\\');
    add_byte(b, '"');
}

uint16_t *nt_arguments_to_line(const char *arguments, size_t count, size_t *units)
{
    struct buffer line = {0};
    uint16_t *result;

    for (size_t i = 0; i < count; i++) {
        /* Backslashes right before a quote that ends the argument are doubled by quote(). */
        if (i) {
            add_byte(&line, ' ');
            quote(&line, arguments);
        } else {
            quote_first(&line, arguments);
        }
        arguments += strlen(arguments) + 1;
    }
    if (line.failed) {
        free(line.bytes);
        return NULL;
    }
    result = nt_text_from_utf8(line.bytes ? line.bytes : "", line.length, units);
    free(line.bytes);
    return result;
}

char *nt_line_to_arguments(const uint16_t *units, size_t length, size_t *bytes, size_t *count)
{
    struct buffer out = {0};
    size_t n;
    char *line = nt_text_to_utf8(units, length, &n), *s = line;
    bool quoted = false;

    *count = 0;
    if (!line)
        return NULL;
    /* The program: quotes toggle, nothing escapes. */
    for (; *s && (quoted || (*s != ' ' && *s != '\t')); s++) {
        if (*s == '"')
            quoted = !quoted;
        else
            add_byte(&out, *s);
    }
    add_byte(&out, 0);
    ++*count;
    for (;;) {
        size_t slashes;
        while (*s == ' ' || *s == '\t')
            s++;
        if (!*s)
            break;
        quoted = false;
        for (;;) {
            for (slashes = 0; *s == '\\'; s++)
                slashes++;
            if (*s == '"') {
                for (size_t i = 0; i < slashes / 2; i++)
                    add_byte(&out, '\\');
                if (slashes & 1) {
                    add_byte(&out, '"');
                } else if (quoted && s[1] == '"') {
                    add_byte(&out, '"'); /* two quotes inside quotes are one */
                    s++;
                } else {
                    quoted = !quoted;
                }
                s++;
                continue;
            }
            while (slashes--)
                add_byte(&out, '\\');
            if (!*s || (!quoted && (*s == ' ' || *s == '\t')))
                break;
            add_byte(&out, *s++);
        }
        add_byte(&out, 0);
        ++*count;
    }
    free(line);
    *bytes = out.length;
    return finish(&out);
}

/* ---- environments ---- */
static bool name_is(const char *variable, const char *name)
{
    size_t n = strlen(name);

    for (size_t i = 0; i < n; i++)
        if ((variable[i] | 32) != (name[i] | 32))
            return false;
    return variable[n] == '=';
}

/* A list of tree paths as a list of DOS paths; relative ones stay. */
static void path_to_dos(struct buffer *b, const char *list, char separator)
{
    for (;;) {
        size_t length = separator ? strcspn(list, ":") : strlen(list), units, bytes;
        if (*list == '/') {
            uint16_t *dos = nt_path_to_dos(list, length, &units);
            char *utf8 = dos ? nt_text_to_utf8(dos, units, &bytes) : NULL;
            if (utf8)
                add(b, utf8, bytes);
            else
                b->failed = true;
            free(dos);
            free(utf8);
        } else {
            add(b, list, length);
        }
        if (!list[length])
            return;
        add_byte(b, ';');
        list += length + 1;
    }
}

static void path_to_tree(struct buffer *b, const char *list, bool many)
{
    for (;;) {
        size_t length = many ? strcspn(list, ";") : strlen(list);
        char drive = length >= 2 && list[1] == ':' ? (char)(list[0] & ~32) : 0;
        if (drive == 'C' || drive == 'Z') {
            size_t start = b->length;
            if (drive == 'C')
                add(b, "/c", 2);
            for (size_t i = 2; i < length; i++)
                add_byte(b, list[i] == '\\' ? '/' : list[i]);
            while (b->length > start + 1 && b->bytes[b->length - 1] == '/')
                b->length--;
            if (b->length == start)
                add_byte(b, '/');
        } else {
            for (size_t i = 0; i < length; i++)
                add_byte(b, list[i] == '\\' ? '/' : list[i]);
        }
        if (!list[length])
            return;
        add_byte(b, ':');
        list += length + 1;
    }
}

static const char *const defaults[] = {
    "ALLUSERSPROFILE=C:\\ProgramData",
    "APPDATA=C:\\users\\root\\AppData\\Roaming",
    "CommonProgramFiles=C:\\Program Files\\Common Files",
    "COMPUTERNAME=JANUS",
    "ComSpec=C:\\windows\\system32\\cmd.exe",
    "HOMEDRIVE=C:",
    "HOMEPATH=\\users\\root",
    "LOCALAPPDATA=C:\\users\\root\\AppData\\Local",
    "OS=Windows_NT",
    "PATHEXT=.COM;.EXE;.BAT;.CMD;.VBS;.VBE;.JS;.JSE;.WSF;.WSH;.MSC;.",
    "PROCESSOR_ARCHITECTURE=AMD64",
    "PROCESSOR_LEVEL=6",
    "ProgramData=C:\\ProgramData",
    "ProgramFiles=C:\\Program Files",
    "ProgramW6432=C:\\Program Files",
    "PUBLIC=C:\\users\\Public",
    "SystemDrive=C:",
    "SystemRoot=C:\\windows",
    "TEMP=C:\\users\\root\\AppData\\Local\\Temp",
    "TMP=C:\\users\\root\\AppData\\Local\\Temp",
    "USERNAME=root",
    "USERPROFILE=C:\\users\\root",
    "windir=C:\\windows",
};

static const char system_path[] = "C:\\windows\\system32;C:\\windows";

struct variable {
    char *text;
    size_t length;
};

/* By name, upper case, as RtlSetEnvironmentVariable keeps them. */
static int compare_variables(const void *left, const void *right)
{
    const char *a = ((const struct variable *)left)->text;
    const char *b = ((const struct variable *)right)->text;

    for (;; a++, b++) {
        int x = *a == '=' || !*a ? 0 : *a >= 'a' && *a <= 'z' ? *a - 32 : (uint8_t)*a;
        int y = *b == '=' || !*b ? 0 : *b >= 'a' && *b <= 'z' ? *b - 32 : (uint8_t)*b;
        if (x != y || !x)
            return x - y;
    }
}

uint16_t *nt_environment_to_block(const char *variables, size_t count, size_t *units)
{
    size_t limit = count + sizeof defaults / sizeof *defaults + 1, used = 0;
    struct variable *list = calloc(limit, sizeof *list);
    uint16_t *block = NULL;
    struct buffer all = {0};
    bool has_path = false, failed = !list;

    for (size_t i = 0; i < count && !failed; i++) {
        struct buffer one = {0};
        const char *v = variables;
        variables += strlen(variables) + 1;
        const char *equals = strchr(v, '=');
        if (!equals || equals == v)
            continue; /* Windows has no variables without a name */
        if (name_is(v, "PATH")) {
            has_path = true;
            /* The system's own programs come first, as on every Windows: cmd.exe finds programs
             * without an extension too (PATHEXT has "."), and the tree has a find and a sort. */
            add(&one, v, 5);
            add(&one, system_path, sizeof system_path - 1);
            if (v[5])
                add_byte(&one, ';');
            path_to_dos(&one, v + 5, 1);
        } else if (name_is(v, "TMP") || name_is(v, "TEMP")) {
            add(&one, v, (size_t)(equals + 1 - v));
            path_to_dos(&one, equals + 1, 0);
        } else {
            add(&one, v, strlen(v));
        }
        add_byte(&one, 0);
        failed = one.failed;
        list[used++] = (struct variable){one.bytes, one.length - 1};
    }
    size_t own = used;
    for (size_t i = 0; i < sizeof defaults / sizeof *defaults && !failed; i++) {
        bool found = false;
        struct variable candidate = {(char *)defaults[i], strlen(defaults[i])};
        for (size_t j = 0; j < own && !found; j++)
            found = !compare_variables(&list[j], &candidate);
        if (found)
            continue;
        candidate.text = strdup(defaults[i]);
        failed = !candidate.text;
        list[used++] = candidate;
    }
    if (!has_path && !failed) {
        char *path = strdup("PATH=C:\\windows\\system32;C:\\windows");
        failed = !path;
        list[used++] = (struct variable){path, path ? strlen(path) : 0};
    }
    if (!failed) {
        qsort(list, used, sizeof *list, compare_variables);
        for (size_t i = 0; i < used; i++) {
            /* Names that differ in case only: the first one stays. */
            if (i && !compare_variables(&list[i - 1], &list[i]))
                continue;
            add(&all, list[i].text, list[i].length + 1);
        }
        add_byte(&all, 0);
        if (!all.failed)
            block = nt_text_from_utf8(all.bytes, all.length, units);
    }
    for (size_t i = 0; list && i < used; i++)
        free(list[i].text);
    free(list);
    free(all.bytes);
    return block;
}

char *nt_block_to_environment(const uint16_t *block, size_t units, size_t *bytes, size_t *count)
{
    struct buffer out = {0};
    size_t at = 0;

    *count = 0;
    while (at < units && block[at]) {
        size_t end = at, n;
        while (end < units && block[end])
            end++;
        char *v = nt_text_to_utf8(block + at, end - at, &n);
        at = end + 1;
        if (!v) {
            out.failed = true;
            break;
        }
        if (v[0] == '=') { /* "=C:=C:\dir": of Windows only */
            free(v);
            continue;
        }
        if (name_is(v, "PATH")) {
            add(&out, "PATH=", 5);
            path_to_tree(&out, v + 5, true);
        } else if (name_is(v, "TMP") || name_is(v, "TEMP")) {
            const char *equals = strchr(v, '=');
            add(&out, v, (size_t)(equals + 1 - v));
            path_to_tree(&out, equals + 1, false);
        } else {
            add(&out, v, n);
        }
        add_byte(&out, 0);
        ++*count;
        free(v);
    }
    *bytes = out.length;
    if (!out.bytes && !out.failed)
        add_byte(&out, 0);
    return finish(&out);
}
