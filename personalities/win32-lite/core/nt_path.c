/* NT names to paths of the tree and back: C: is /c, Z: is /, the other drives do not exist;
 * \??\NUL, CON, CONIN$, CONOUT$, pipes and \Device names are told apart here. */
#include <stdlib.h>
#include <string.h>

#include "core.h"

static bool starts(const uint16_t *name, size_t length, const char *prefix, size_t *used)
{
    size_t n = 0;

    for (; prefix[n]; n++)
        if (n == length || (name[n] != (uint8_t)prefix[n] &&
                            nt_text_upper(name[n]) != nt_text_upper((uint8_t)prefix[n])))
            return false;
    *used = n;
    return true;
}

/* The rest of a name behind "X:", with / for \, appended to root. Names with characters that no
 * Windows file name has are refused; trailing backslashes mean a directory. */
static bool never_in_a_name(uint16_t c)
{
    switch (c) {
    case '<': case '>': case '"': case '|': case '?': case '*': case '/': case ':': return true;
    }
    return c < 32;
}

static nt_status file_path(const uint16_t *rest, size_t length, const char *root,
                           struct nt_path *path)
{
    size_t root_length = strlen(root), at = root_length;
    char *out = malloc(root_length + length * 3 + 2);

    if (!out)
        return NT_NO_MEMORY;
    path->directory = length && rest[length - 1] == '\\';
    memcpy(out, root, root_length);
    for (size_t i = 0; i < length;) {
        if (rest[i] == '\\') {
            i++;
            continue;
        }
        out[at++] = '/';
        size_t start = at;
        while (i < length && rest[i] != '\\') {
            if (rest[i] >= 0x80) {
                i += nt_text_encode(rest + i, length - i, out, &at);
                continue;
            }
            if (never_in_a_name(rest[i]))
                goto invalid;
            out[at++] = (char)rest[i++];
        }
        /* "." and ".." are plain names to NT; they are not resolved here, so they must not be
         * passed on as what they mean in the tree. */
        if (out[start] == '.' &&
            (at - start == 1 || (at - start == 2 && out[start + 1] == '.')))
            goto invalid;
    }
    if (!at)
        out[at++] = '/';
    out[at] = 0;
    path->path = out;
    path->length = at;
    return NT_SUCCESS;
invalid:
    free(out);
    return NT_OBJECT_NAME_INVALID;
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
    path->nt = name;
    path->nt_length = (uint32_t)length;
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
