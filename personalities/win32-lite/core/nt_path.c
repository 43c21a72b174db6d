/* NT names to paths of the tree and back: C: is /c, Z: is /, the other drives do not exist;
 * \??\NUL, CON, CONIN$, CONOUT$, pipes and \Device names are told apart here. */
#include <stdlib.h>
#include <string.h>

#include "core.h"

static bool starts(const uint16_t *name, size_t length, const char *prefix, size_t *used)
{
    size_t n = strlen(prefix);

    if (length < n || !nt_text_equal_ascii(name, n, prefix))
        return false;
    *used = n;
    return true;
}

/* The rest of a name behind "X:", with / for \, appended to root. Names with characters that no
 * Windows file name has are refused; trailing backslashes mean a directory. */
static nt_status file_path(const uint16_t *rest, size_t length, const char *root,
                           struct nt_path *path)
{
    size_t bytes, root_length = strlen(root), at;
    char *utf8;

    for (size_t i = 0; i < length; i++) {
        uint16_t c = rest[i];
        if (c < 32 || c == '<' || c == '>' || c == '"' || c == '|' || c == '?' || c == '*' ||
            c == '/' || c == ':')
            return NT_OBJECT_NAME_INVALID;
    }
    path->directory = length && rest[length - 1] == '\\';
    utf8 = nt_text_to_utf8(rest, length, &bytes);
    if (!utf8)
        return NT_NO_MEMORY;
    path->path = malloc(root_length + bytes + 3);
    if (!path->path) {
        free(utf8);
        return NT_NO_MEMORY;
    }
    memcpy(path->path, root, root_length);
    at = root_length;
    for (size_t i = 0; i < bytes;) {
        if (utf8[i] == '\\') {
            i++;
            continue;
        }
        path->path[at++] = '/';
        /* "." and ".." are plain names to NT; they are not resolved here, so they must not be
         * passed on as what they mean in the tree. */
        size_t start = i;
        while (i < bytes && utf8[i] != '\\')
            path->path[at++] = utf8[i++];
        if ((i - start == 1 && utf8[start] == '.') ||
            (i - start == 2 && utf8[start] == '.' && utf8[start + 1] == '.')) {
            free(utf8);
            return NT_OBJECT_NAME_INVALID;
        }
    }
    if (!at)
        path->path[at++] = '/';
    path->path[at] = 0;
    path->length = at;
    free(utf8);
    return NT_SUCCESS;
}

static nt_status special(struct nt_path *path, enum nt_path_kind kind, const uint16_t *rest,
                         size_t length)
{
    path->kind = kind;
    path->path = nt_text_to_utf8(rest, length, &path->length);
    return path->path ? NT_SUCCESS : NT_NO_MEMORY;
}

nt_status nt_path_translate(const uint16_t *name, size_t length, struct nt_path *path)
{
    size_t used;
    uint16_t drive;

    memset(path, 0, sizeof *path);
    if (!length || name[0] != '\\')
        return NT_OBJECT_PATH_SYNTAX_BAD;
    if (starts(name, length, "\\Device\\ConDrv", &used)) {
        if (used < length && name[used] == '\\')
            used++;
        return special(path, NT_PATH_CONDRV, name + used, length - used);
    }
    if (starts(name, length, "\\Device\\NamedPipe\\", &used))
        return special(path, NT_PATH_PIPE, name + used, length - used);
    if (starts(name, length, "\\Device\\Null", &used) && used == length)
        return special(path, NT_PATH_NULL, name, 0);
    if (!starts(name, length, "\\??\\", &used) && !starts(name, length, "\\DosDevices\\", &used) &&
        !starts(name, length, "\\GLOBAL??\\", &used))
        return NT_OBJECT_PATH_NOT_FOUND;
    name += used;
    length -= used;
    path->nt = nt_text_dup(name, length);
    path->nt_length = (uint32_t)length;
    if (!path->nt)
        return NT_NO_MEMORY;
    if (starts(name, length, "pipe\\", &used))
        return special(path, NT_PATH_PIPE, name + used, length - used);
    if (nt_text_equal_ascii(name, length, "NUL") || nt_text_equal_ascii(name, length, "NUL:"))
        return special(path, NT_PATH_NULL, name, 0);
    if (nt_text_equal_ascii(name, length, "CON"))
        return special(path, NT_PATH_CONSOLE_BOTH, name, 0);
    if (nt_text_equal_ascii(name, length, "CONIN$"))
        return special(path, NT_PATH_CONSOLE_IN, name, 0);
    if (nt_text_equal_ascii(name, length, "CONOUT$"))
        return special(path, NT_PATH_CONSOLE_OUT, name, 0);
    if (starts(name, length, "unix\\", &used)) {
        path->kind = NT_PATH_FILE;
        return file_path(name + used, length - used, "", path);
    }
    if (length < 2 || name[1] != ':')
        return length ? NT_OBJECT_NAME_NOT_FOUND : NT_OBJECT_NAME_INVALID;
    drive = nt_text_upper(name[0]);
    if (drive != 'C' && drive != 'Z')
        return NT_OBJECT_PATH_NOT_FOUND;
    if (length == 2) {
        path->kind = NT_PATH_VOLUME;
        return file_path(name, 0, drive == 'C' ? "/c" : "", path);
    }
    if (name[2] != '\\')
        return NT_OBJECT_NAME_INVALID;
    path->kind = NT_PATH_FILE;
    nt_status status = file_path(name + 2, length - 2, drive == 'C' ? "/c" : "", path);
    return status;
}

void nt_path_free(struct nt_path *path)
{
    free(path->path);
    free(path->nt);
    path->path = NULL;
    path->nt = NULL;
}

uint16_t *nt_path_to_dos(const char *path, size_t length, size_t *units)
{
    bool c = length >= 2 && path[0] == '/' && (path[1] == 'c' || path[1] == 'C') &&
             (length == 2 || path[2] == '/');
    size_t skip = c ? 2 : 0, n;
    uint16_t *rest, *result;

    while (length - skip > 0 && path[skip] == '/')
        skip++;
    rest = nt_text_from_utf8(path + skip, length - skip, &n);
    result = rest ? malloc((n + 4) * 2) : NULL;
    if (result) {
        result[0] = c ? 'C' : 'Z';
        result[1] = ':';
        result[2] = '\\';
        for (size_t i = 0; i < n; i++)
            result[3 + i] = rest[i] == '/' ? '\\' : rest[i];
        result[3 + n] = 0;
        *units = 3 + n;
    }
    free(rest);
    return result;
}
