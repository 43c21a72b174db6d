/* Finding out what a program file is; scripts (execve(2), "Interpreter scripts"). */
#include <stdlib.h>
#include <string.h>

#include "image.h"
#include "janus/backend/process.h"
#include "path.h"
#include "status.h"

#define SCRIPT_DEPTH 5
#define SCRIPT_LINE 256 /* BINPRM_BUF_SIZE */
#define STRINGS_FIRST 256 /* bytes: most have few, and a heap gets no pages for them */

long strings_add(struct strings *s, const char *text, size_t length)
{
    if (s->length + length + 1 > s->capacity) {
        size_t capacity = s->capacity ? s->capacity : STRINGS_FIRST;
        while (capacity < s->length + length + 1)
            capacity *= 2;
        char *bytes = realloc(s->bytes, capacity);
        if (!bytes)
            return -LX_ENOMEM;
        s->bytes = bytes;
        s->capacity = capacity;
    }
    memcpy(s->bytes + s->length, text, length);
    s->length += length;
    s->bytes[s->length++] = 0;
    s->count++;
    return 0;
}

struct image *image_begin(struct process *process)
{
    static struct image image;
    image.process = process;
    image.file = (struct backend_open){0};
    image.path[0] = image.script[0] = image.server[0] = 0;
    image.arguments = image.environment = (struct strings){0};
    image.head_length = 0;
    image.is_other = false;
    return &image;
}

void image_done(struct image *image)
{
    strings_free(&image->arguments);
    strings_free(&image->environment);
}

void strings_free(struct strings *s)
{
    free(s->bytes);
    *s = (struct strings){0};
}

long strings_replace_first(struct strings *s, uint32_t drop, const struct strings *by)
{
    struct strings new = {0};
    const char *rest = s->bytes;
    uint32_t count = s->count;
    while (drop && count) {
        rest += strlen(rest) + 1;
        drop--, count--;
    }
    size_t rest_length = count ? (size_t)(s->bytes + s->length - rest) : 0;
    new.capacity = by->length + rest_length + 1;
    new.bytes = malloc(new.capacity);
    if (!new.bytes)
        return -LX_ENOMEM;
    memcpy(new.bytes, by->bytes, by->length);
    if (rest_length)
        memcpy(new.bytes + by->length, rest, rest_length);
    new.length = by->length + rest_length;
    new.count = by->count + count;
    strings_free(s);
    *s = new;
    return 0;
}

static long open_file(struct image *image, const struct backend_path *path)
{
    struct process *p = image->process;
    struct io_stat stat;
    long error = path_open(p, path, FS_OPEN_PROGRAM, IO_ACCESS_READ | IO_ACCESS_EXECUTE,
                           &image->file);
    if (error) {
        image->file.server = BACKEND_NONE;
        return error == -LX_EISDIR || error == -LX_ENXIO ? -LX_EACCES : error;
    }
    if (backend_io_stat(&p->clients, image->file, &stat) != JN_OK ||
        (stat.mode & LX_S_IFMT) != LX_S_IFREG)
        error = -LX_EACCES;
    else
        image->identity = image_identity(&stat);
    uint64_t done = 0;
    if (!error)
        error = errno_of(backend_io_read(&p->clients, image->file, 0, sizeof image->head, 0, 0,
                                         backend_window(image->head, sizeof image->head), &done));
    image->head_length = done;
    if (error)
        image_close(image);
    return error;
}

void image_close(struct image *image)
{
    if (image->file.server != BACKEND_NONE)
        backend_io_close(&image->process->clients, image->file);
    image->file.server = BACKEND_NONE;
}

static bool blank(char c)
{
    return c == ' ' || c == '\t';
}

/* Splits "#! interpreter [argument]"; both point into `line`. -ENOEXEC as Linux's load_script. */
static long split_line(char *line, size_t length, char **interpreter, char **argument)
{
    size_t limit = length < SCRIPT_LINE ? length : SCRIPT_LINE;
    char *end = memchr(line, '\n', limit);
    if (!end) {
        /* Without a line end the name must at least be complete. */
        end = line + limit;
        char *name = line + 2;
        while (name < end && blank(*name))
            name++;
        while (name < end && !blank(*name) && *name)
            name++;
        if (name == end && limit == SCRIPT_LINE)
            return -LX_ENOEXEC;
    }
    while (end > line + 2 && blank(end[-1]))
        end--;
    char *at = line + 2;
    while (at < end && blank(*at))
        at++;
    if (at == end || !*at)
        return -LX_ENOEXEC;
    *end = 0;
    *interpreter = at;
    *argument = NULL;
    while (*at && !blank(*at))
        at++;
    if (*at) {
        *at++ = 0;
        while (blank(*at))
            at++;
        if (*at)
            *argument = at;
    }
    return 0;
}

static long follow_script(struct image *image)
{
    char line[SCRIPT_LINE + 1], *interpreter, *argument;
    size_t length = image->head_length < SCRIPT_LINE ? image->head_length : SCRIPT_LINE;
    memcpy(line, image->head, length);
    line[length] = 0;
    long error = split_line(line, length, &interpreter, &argument);
    image_close(image);
    if (error)
        return error;
    struct strings first = {0};
    error = strings_add(&first, interpreter, strlen(interpreter));
    if (!error && argument)
        error = strings_add(&first, argument, strlen(argument));
    if (!error)
        error = strings_add(&first, image->path, strlen(image->path));
    if (!error)
        error = strings_replace_first(&image->arguments, 1, &first);
    strings_free(&first);
    if (error)
        return error;
    if (strlen(interpreter) >= sizeof image->path)
        return -LX_ENAMETOOLONG;
    strcpy(image->path, interpreter);
    return 0;
}

long image_open(struct image *image, const struct backend_path *path)
{
    long error = open_file(image, path);
    for (int depth = 0; !error; depth++) {
        const char *head = image->head;
        if (image->head_length >= 2 && head[0] == 'M' && head[1] == 'Z') {
            image->is_other = true;
            strcpy(image->server, "svc/win32");
            return 0;
        }
        if (image->head_length < 2 || head[0] != '#' || head[1] != '!') {
            image->is_other = memcmp(head, "\177ELF", 4) &&
                              backend_process_personality_of(head, image->head_length,
                                                             image->server, sizeof image->server);
            return 0;
        }
        if (depth == SCRIPT_DEPTH) {
            image_close(image);
            return -LX_ELOOP;
        }
        error = follow_script(image);
        if (error)
            return error;
        struct backend_path next = {image->process->directory, image->path, strlen(image->path),
                                    0};
        error = open_file(image, &next);
    }
    return error;
}
