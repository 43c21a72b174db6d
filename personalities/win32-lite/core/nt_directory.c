/* NtQueryDirectoryFile: the entries that match, read once per scan and sorted as Wine sorts them. */
#include <stdlib.h>
#include <string.h>

#include "core.h"

struct item {
    uint16_t *name;
    uint32_t length; /* units */
    struct world_stat stat;
};
struct nt_directory_state {
    struct item *items;
    size_t count, next;
};

void nt_directory_state_free(struct nt_directory_state *state)
{
    if (!state)
        return;
    for (size_t i = 0; i < state->count; i++)
        free(state->items[i].name);
    free(state->items);
    free(state);
}

static bool only_tail(const uint16_t *mask, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (mask[i] != '.' && mask[i] != '*')
            return false;
    return true;
}

/* Wildcards of NT: * and ?, and those of DOS: < like * up to the last dot, > like ? that may also
 * match nothing at a dot or the end, " a dot or the end. What remains of the mask at the name's end
 * does not count if it is dots and stars ("name.*" means "name" as well). */
bool nt_name_matches(const uint16_t *name, size_t length, const uint16_t *mask, size_t mask_length)
{
    size_t n = 0, m = 0;

    while (m < mask_length) {
        uint16_t c = mask[m];
        if (n == length && only_tail(mask + m, mask_length - m))
            return true;
        if (c == '*' || c == '<') {
            while (m < mask_length && (mask[m] == '*' || mask[m] == '<'))
                c = mask[m++] == '*' ? '*' : c;
            if (m == mask_length && c == '*')
                return true;
            size_t limit = length;
            if (c == '<') { /* not beyond the last dot, unless there is none */
                for (size_t i = length; i > n; i--)
                    if (name[i - 1] == '.') {
                        limit = i - 1;
                        break;
                    }
            }
            for (size_t i = n; i <= limit; i++)
                if (nt_name_matches(name + i, length - i, mask + m, mask_length - m))
                    return true;
            if (c == '<')
                for (size_t i = limit + 1; i <= length; i++)
                    if (i == length &&
                        nt_name_matches(name + i, 0, mask + m, mask_length - m))
                        return true;
            return false;
        }
        m++;
        if (c == '>') {
            if (n < length && name[n] != '.')
                n++;
        } else if (c == '"') {
            if (n < length) {
                if (name[n] != '.')
                    return false;
                n++;
            }
        } else {
            if (n >= length)
                return false;
            if (c != '?' && nt_text_upper(c) != nt_text_upper(name[n]))
                return false;
            n++;
        }
    }
    return n == length;
}

static int compare_items(const void *left, const void *right)
{
    const struct item *a = left, *b = right;
    int order = nt_text_compare_caseless(a->name, a->length, b->name, b->length);

    if (order)
        return order;
    for (size_t i = 0; i < a->length && i < b->length; i++)
        if (a->name[i] != b->name[i])
            return a->name[i] - b->name[i];
    return 0;
}

static bool add_item(struct nt_directory_state *state, size_t *capacity, uint16_t *name,
                     size_t length, const struct world_stat *stat)
{
    if (state->count == *capacity) {
        size_t grown = *capacity ? *capacity * 2 : 32;
        struct item *items = realloc(state->items, grown * sizeof *items);
        if (!items) {
            free(name);
            return false;
        }
        state->items = items;
        *capacity = grown;
    }
    state->items[state->count++] = (struct item){name, (uint32_t)length, *stat};
    return true;
}

static nt_status scan(struct nt_thread *t, struct nt_file *file, const struct nt_text *mask,
                      struct nt_directory_state **result)
{
    enum { BATCH = 32 };
    static struct world_entry entries[BATCH];
    struct nt_directory_state *state = calloc(1, sizeof *state);
    struct world_stat own;
    size_t capacity = 0, count;
    uint64_t position = 0, next;
    nt_status status;

    if (!state)
        return NT_NO_MEMORY;
    status = nt_status_from(world_file_stat(t->process->world, file->open, &own));
    /* "." and ".." come first whatever the directory's order; the root of a drive has none. */
    if (!NT_FAILED(status) && file->path_length > 3) {
        for (size_t dots = 1; dots <= 2 && !NT_FAILED(status); dots++) {
            static const uint16_t text[] = {'.', '.'};
            if (mask->length && !nt_name_matches(text, dots, mask->units, mask->length))
                continue;
            uint16_t *name = nt_text_dup(text, dots);
            if (!name || !add_item(state, &capacity, name, dots, &own))
                status = NT_NO_MEMORY;
        }
    }
    size_t first = state->count;
    while (!NT_FAILED(status)) {
        status = nt_status_from(world_file_list(t->process->world, file->open, position, entries,
                                                BATCH, &count, &next));
        if (NT_FAILED(status) || !count)
            break;
        for (size_t i = 0; i < count && !NT_FAILED(status); i++) {
            struct world_entry *e = &entries[i];
            size_t length;
            uint16_t *name;
            if ((e->name_length == 1 && e->name[0] == '.') ||
                (e->name_length == 2 && e->name[0] == '.' && e->name[1] == '.'))
                continue;
            name = nt_text_from_utf8(e->name, e->name_length, &length);
            if (!name) {
                status = NT_NO_MEMORY;
                break;
            }
            if (mask->length && !nt_name_matches(name, length, mask->units, mask->length)) {
                free(name);
                continue;
            }
            struct world_stat stat = {.inode = e->inode,
                                      .mode = e->mode,
                                      .size = e->size,
                                      .blocks = (e->size + 511) / 512,
                                      .attributes = e->attributes,
                                      .access_ns = e->modify_ns,
                                      .modify_ns = e->modify_ns,
                                      .change_ns = e->modify_ns,
                                      .birth_ns = e->birth_ns};
            if (!add_item(state, &capacity, name, length, &stat))
                status = NT_NO_MEMORY;
        }
        position = next;
    }
    if (NT_FAILED(status)) {
        nt_directory_state_free(state);
        return status;
    }
    qsort(state->items + first, state->count - first, sizeof *state->items, compare_items);
    *result = state;
    return NT_SUCCESS;
}

/* The fixed part of a class; 0: the class is unknown. */
static uint32_t fixed_size(uint32_t class)
{
    switch (class) {
    case 1: return 64;
    case 2: return 68;
    case 3: return 94;
    case 12: return 12;
    case 37: return 104;
    case 38: return 80;
    }
    return 0;
}

static void fill(uint8_t *out, uint32_t class, const struct item *item)
{
    struct nt_directory_entry entry = {0};
    struct nt_file_basic basic;
    bool directory = (item->stat.mode & WORLD_IFMT) == WORLD_IFDIR;

    memset(out, 0, fixed_size(class));
    if (class == 12) {
        uint32_t bytes = item->length * 2;
        memcpy(out + 8, &bytes, 4);
        return;
    }
    nt_file_basic_of(&item->stat, NULL, &basic);
    entry.creation = basic.creation;
    entry.access = basic.access;
    entry.write = basic.write;
    entry.change = basic.change;
    entry.end = directory ? 0 : (int64_t)item->stat.size;
    entry.allocation = directory ? 0 : (int64_t)(item->stat.blocks * 512);
    entry.attributes = nt_file_attributes(&item->stat, item->name, item->length);
    entry.name_length = item->length * 2;
    memcpy(out, &entry, sizeof entry);
    if (class == 37)
        memcpy(out + 96, &item->stat.inode, 8);
    if (class == 38)
        memcpy(out + 72, &item->stat.inode, 8);
}

nt_status NtQueryDirectoryFile(struct nt_thread *t, const uint64_t *a)
{
    uint32_t capacity = (uint32_t)a[6], class = (uint32_t)a[7], fixed = fixed_size(class);
    bool single = (uint8_t)a[8], restart = (uint8_t)a[10], first = false;
    struct nt_text mask = {0};
    struct nt_file *file;
    uint32_t used = 0, last = 0;
    nt_status status = nt_handle_object(t, a[0], NT_TYPE_FILE, 1, &file);

    if (NT_FAILED(status))
        return status;
    if (!fixed) {
        world_log("win32: pid %u: NtQueryDirectoryFile class %u", (unsigned)t->process->pid, class);
        return NT_INVALID_INFO_CLASS;
    }
    if (file->kind != NT_FILE_DIRECTORY)
        return NT_INVALID_PARAMETER;
    if (capacity < ((fixed + 2 + 7) & ~7u))
        return NT_INFO_LENGTH_MISMATCH;
    if (!file->directory || restart) {
        if (a[9]) {
            status = nt_read_unicode(t, a[9], &mask);
            if (NT_FAILED(status))
                return status;
        }
        if (file->directory && restart && !mask.length) {
            file->directory->next = 0; /* the same scan again, with fresh entries */
        }
        nt_directory_state_free(file->directory);
        file->directory = NULL;
        status = scan(t, file, &mask, &file->directory);
        free(mask.units);
        if (NT_FAILED(status))
            return status;
        first = true;
    }
    struct nt_directory_state *state = file->directory;
    if (state->next >= state->count)
        return first ? NT_NO_SUCH_FILE : NT_NO_MORE_FILES;
    status = NT_SUCCESS;
    while (state->next < state->count) {
        struct item *item = &state->items[state->next];
        uint8_t head[112];
        uint32_t at = used ? (used + 7) & ~7u : 0, bytes = item->length * 2;
        if (at + fixed + bytes > capacity) {
            if (used)
                break;
            bytes = capacity - fixed;
            status = NT_BUFFER_OVERFLOW;
        }
        fill(head, class, item);
        if (NT_FAILED(nt_write(t, a[5] + at, head, fixed)) ||
            NT_FAILED(nt_write(t, a[5] + at + fixed, item->name, bytes)))
            return NT_ACCESS_VIOLATION;
        if (used && NT_FAILED(nt_write_u32(t, a[5] + last, at - last)))
            return NT_ACCESS_VIOLATION;
        last = at;
        used = at + fixed + bytes;
        state->next++;
        if (single || status != NT_SUCCESS)
            break;
    }
    if (NT_FAILED(nt_write_iosb(t, a[4], status, used)))
        return NT_ACCESS_VIOLATION;
    return status;
}

nt_status NtNotifyChangeDirectoryFile(struct nt_thread *t, const uint64_t *a)
{
    world_log("win32: pid %u: NtNotifyChangeDirectoryFile(%llx) is not supported",
              (unsigned)t->process->pid, (unsigned long long)a[0]);
    return NT_NOT_SUPPORTED;
}
