/* Which file is the program: a path of the guest, a drive path, or a name on PATH; and whose it is,
 * by its first bytes: "\177ELF" and "#!" are for posix, "MZ" for win32, others as the manifest says. */
#include <stdlib.h>
#include <string.h>

#include "janus/idl/fs.h"
#include "janus/idl/io.h"
#include "janus/idl/supervisor.h"
#include "janus/runtime.h"
#include "process.h"

enum {
    FORMAT = 0170000, REGULAR = 0100000, EXECUTABLE = 0111,
    ERRNO_NOT_FOUND = 2, ERRNO_NO_EXEC = 8, ERRNO_ACCESS = 13, ERRNO_NO_PERSONALITY = 38,
    SHARE_ALL = IO_ACCESS_READ | IO_ACCESS_WRITE | IO_ACCESS_EXECUTE | IO_ACCESS_DELETE,
};

static bool is_drive_path(const char *path)
{
    return ((path[0] >= 'a' && path[0] <= 'z') || (path[0] >= 'A' && path[0] <= 'Z')) &&
           path[1] == ':';
}

/* C:\x is /c/x, Z:\x is /x; other drives do not exist. NULL: no memory or no such drive. */
static char *drive_to_path(const char *path)
{
    char letter = path[0] | 0x20;
    size_t length = strlen(path);
    char *result;

    if (letter != 'c' && letter != 'z')
        return NULL;
    result = malloc(length + 4);
    if (!result)
        return NULL;
    strcpy(result, letter == 'c' ? "/c" : "");
    if (path[2] != '\\' && path[2] != '/')
        strcat(result, "/");
    strcat(result, path + 2);
    for (char *at = result; *at; at++)
        if (*at == '\\')
            *at = '/';
    return result;
}

struct search {
    cap_t fs;
    uint32_t lookup;
    bool found, forbidden;
};

/* Is this path a file that may be executed? */
static bool try_path(struct search *search, const char *path)
{
    struct io_stat stat;
    size_t length = strlen(path);

    if (fs_stat_path(search->fs, 0, length, search->lookup, jn_window(path, length), &stat) != JN_OK)
        return false;
    if ((stat.mode & FORMAT) != REGULAR || !(stat.mode & EXECUTABLE)) {
        search->forbidden = true;
        return false;
    }
    search->found = true;
    return true;
}

static char *search_path(struct search *search, const char *path_list, const char *name)
{
    while (path_list) {
        const char *end = strchr(path_list, ':');
        size_t length = end ? (size_t)(end - path_list) : strlen(path_list);
        char *candidate = malloc(length + strlen(name) + 3);

        if (!candidate)
            return NULL;
        memcpy(candidate, path_list, length);
        candidate[length] = 0;
        if (length == 0)
            strcpy(candidate, ".");
        strcat(candidate, "/");
        strcat(candidate, name);
        if (try_path(search, candidate))
            return candidate;
        free(candidate);
        path_list = end ? end + 1 : NULL;
    }
    return NULL;
}

/* A path relative to the starting directory. */
static char *join(const char *directory, const char *name)
{
    char *path = malloc(strlen(directory) + strlen(name) + 2);

    if (!path)
        return NULL;
    strcpy(path, directory);
    strcat(path, "/");
    strcat(path, name);
    return path;
}

static char *candidate_of(struct search *search, const struct run_record *record)
{
    const char *name = record->program ? record->program : record->arguments.bytes;
    char *path;

    if (is_drive_path(name)) {
        search->lookup = FS_LOOKUP_CASELESS;
        path = drive_to_path(name);
    } else if (name[0] == '/') {
        path = strdup(name);
    } else if (record->program || strchr(name, '/')) {
        path = join(record->directory, name);
    } else {
        const char *list = string_list_value(&record->environment, "PATH");

        return name[0] ? search_path(search, list ? list : "/bin:/usr/bin", name) : NULL;
    }
    if (path && !try_path(search, path)) {
        free(path);
        return NULL;
    }
    return path;
}

static bool fail(uint32_t exit_kind, uint32_t errno_value, const char *message, uint32_t *kind,
                 uint32_t *value, const char **text)
{
    *kind = exit_kind;
    *value = errno_value;
    *text = message;
    return false;
}

static bool personality_of(const unsigned char *head, size_t length, char *name)
{
    char setting[256];
    size_t setting_length;

    name[0] = 0;
    if (length >= 2 && head[0] == 'M' && head[1] == 'Z')
        strcpy(name, "win32");
    else if ((length >= 4 && memcmp(head, "\177ELF", 4) == 0) ||
             (length >= 2 && memcmp(head, "#!", 2) == 0))
        strcpy(name, "posix");
    else if (supervisor_setting(JN_CAP_SUPERVISOR, "programs", 8, setting, sizeof setting,
                                &setting_length) == JN_OK)
        return handover_program_of(setting, setting_length, head, length, name, HANDOVER_NAME_MAX);
    return name[0] != 0;
}

bool program_find(struct session *s, cap_t fs, const struct run_record *record,
                  struct program *program, uint32_t *kind, uint32_t *value, const char **text)
{
    const char *typed = record->arguments.bytes;
    struct search search = {.fs = fs};
    unsigned char head[16] = {0};
    uint32_t open_kind, created, node_mode;
    uint64_t device, done = 0;
    jn_status_t status;

    (void)s;
    *program = (struct program){0};
    program->path = candidate_of(&search, record);
    if (!program->path && search.forbidden)
        return fail(CHANNEL_NOT_STARTABLE, ERRNO_ACCESS,
                    session_text("%s: Permission denied", typed), kind, value, text);
    if (!program->path)
        return fail(CHANNEL_NOT_FOUND, ERRNO_NOT_FOUND, session_text("%s: not found", typed), kind,
                    value, text);
    status = fs_open(fs, 0, strlen(program->path), search.lookup, FS_OPEN_NOT_DIRECTORY,
                     IO_ACCESS_READ | IO_ACCESS_EXECUTE, SHARE_ALL, 0, 0,
                     jn_window(program->path, strlen(program->path)), &program->open, &open_kind,
                     &created, &device, &node_mode);
    if (status == JN_OK)
        status = io_read(fs, program->open, 0, sizeof head, 0, 0, jn_window(head, sizeof head),
                         &done);
    if (status != JN_OK)
        return fail(CHANNEL_NOT_STARTABLE, ERRNO_ACCESS,
                    session_text("%s: %s", typed, jn_status_text(status)), kind, value, text);
    if (personality_of(head, done, program->personality))
        return true;
    return fail(CHANNEL_NOT_STARTABLE, ERRNO_NO_EXEC, session_text("%s: Exec format error", typed),
                kind, value, text);
}
