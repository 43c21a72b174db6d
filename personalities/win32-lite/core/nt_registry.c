/* The registry services over the registry of servers/object. */
#include <stdlib.h>
#include <string.h>

#include "core.h"

/* Path as the registry server wants it: UTF-8 with backslashes, from its root. */
static nt_status key_path(struct nt_thread *t, const struct nt_attributes *a, uint64_t *root,
                          char **path, size_t *length)
{
    static const char prefix[] = "\\Registry";
    const uint16_t *units = a->name.units;
    size_t n = a->name.length;

    *root = 0;
    if (a->root) {
        struct nt_key *key;
        nt_status status = nt_handle_object(t, a->root, NT_TYPE_KEY, 0, &key);
        if (NT_FAILED(status))
            return status;
        *root = key->key;
        if (n && units[0] == '\\')
            return NT_OBJECT_PATH_SYNTAX_BAD;
    } else {
        if (n < sizeof prefix - 1 || !nt_text_equal_ascii(units, sizeof prefix - 1, prefix) ||
            (n > sizeof prefix - 1 && units[sizeof prefix - 1] != '\\'))
            return n ? NT_OBJECT_PATH_SYNTAX_BAD : NT_INVALID_PARAMETER;
        units++; /* the registry's tree begins with "Registry" as well */
        n--;
    }
    while (n && units[n - 1] == '\\')
        n--;
    *path = nt_text_to_utf8(units, n, length);
    return *path ? NT_SUCCESS : NT_NO_MEMORY;
}

static nt_status open_key(struct nt_thread *t, uint64_t handle_address, uint32_t access,
                          uint64_t attributes_address, bool create, uint64_t disposition)
{
    struct nt_attributes a;
    struct nt_key *key;
    uint64_t root, number;
    char *path;
    size_t length;
    bool created = false;
    nt_status status = nt_read_attributes(t, attributes_address, &a);

    if (NT_FAILED(status))
        return status;
    status = a.present ? key_path(t, &a, &root, &path, &length) : NT_INVALID_PARAMETER;
    nt_attributes_free(&a);
    if (NT_FAILED(status))
        return status;
    status = nt_status_from(
        world_key_open(t->process->world, root, create, path, length, &number, &created));
    free(path);
    if (NT_FAILED(status))
        return status;
    key = nt_object_create(t->process, NT_TYPE_KEY, sizeof *key);
    if (!key) {
        world_key_close(t->process->world, number);
        return NT_NO_MEMORY;
    }
    key->key = number;
    if (disposition && NT_FAILED(nt_write_u32(t, disposition, created ? 1 : 2))) {
        nt_object_release(&key->object);
        return NT_ACCESS_VIOLATION;
    }
    return nt_handle_give(t, handle_address, key, access, a.flags, NT_SUCCESS);
}

nt_status NtCreateKey(struct nt_thread *t, const uint64_t *a)
{
    return open_key(t, a[0], (uint32_t)a[1], a[2], true, a[6]);
}

nt_status NtOpenKey(struct nt_thread *t, const uint64_t *a)
{
    return open_key(t, a[0], (uint32_t)a[1], a[2], false, 0);
}

nt_status NtOpenKeyEx(struct nt_thread *t, const uint64_t *a)
{
    return open_key(t, a[0], (uint32_t)a[1], a[2], false, 0);
}

static nt_status key_of(struct nt_thread *t, uint64_t handle, uint32_t access, struct nt_key **key)
{
    return nt_handle_object(t, handle, NT_TYPE_KEY, access, key);
}

/* A value as Wine's three classes show it: 0 basic, 1 full, 2 partial (4: partial aligned). The VALUE_HEAD bytes
 * in front of the data are free to be written. */
static nt_status give_value(struct nt_thread *t, uint32_t class, uint64_t address,
                            uint32_t capacity, uint64_t result, uint32_t type, uint8_t *data,
                            uint64_t data_length, const uint16_t *name, uint32_t name_bytes)
{
    uint32_t head[5] = {0, type, 0, 0, 0}, fixed, total;

    switch (class) {
    case 0:
        fixed = 12;
        head[2] = name_bytes;
        total = fixed + name_bytes;
        break;
    case 1:
        fixed = 20;
        head[2] = (20 + name_bytes + 3) & ~3u;
        head[3] = (uint32_t)data_length;
        head[4] = name_bytes;
        total = head[2] + (uint32_t)data_length;
        break;
    case 2:
        fixed = 12;
        head[2] = (uint32_t)data_length;
        total = fixed + (uint32_t)data_length;
        break;
    case 4:
        head[0] = type;
        head[1] = (uint32_t)data_length;
        fixed = 8;
        total = fixed + (uint32_t)data_length;
        break;
    default: return NT_INVALID_PARAMETER;
    }
    if (NT_FAILED(nt_write_u32(t, result, total)))
        return NT_ACCESS_VIOLATION;
    if (capacity < fixed)
        return NT_BUFFER_TOO_SMALL;
    if (class == 2 || class == 4) { /* the data follow at once */
        memcpy(data - fixed, head, fixed);
        if (NT_FAILED(nt_write(t, address, data - fixed, capacity < total ? capacity : total)))
            return NT_ACCESS_VIOLATION;
        return capacity < total ? NT_BUFFER_OVERFLOW : NT_SUCCESS;
    }
    uint8_t *out = calloc(1, total + 1);
    if (!out)
        return NT_NO_MEMORY;
    memcpy(out, head, fixed);
    if (class == 0) {
        memcpy(out + fixed, name, name_bytes);
    } else {
        memcpy(out + fixed, name, name_bytes);
        memcpy(out + head[2], data, data_length);
    }
    nt_status status = nt_write(t, address, out, capacity < total ? capacity : total);
    free(out);
    if (NT_FAILED(status))
        return status;
    return capacity < total ? NT_BUFFER_OVERFLOW : NT_SUCCESS;
}

#define VALUE_FIRST 4096u
#define VALUE_HEAD 16u

/* Room for a value's data, with VALUE_HEAD bytes in front: the first is there, larger ones are allocated. */
struct room {
    uint8_t *data, *made;
    size_t capacity;
};

static struct room room_first(void)
{
    static uint8_t first[VALUE_HEAD + VALUE_FIRST];

    return (struct room){first + VALUE_HEAD, NULL, VALUE_FIRST};
}

/* What was in it is lost; false: no memory. */
static bool room_grow(struct room *room, size_t capacity)
{
    free(room->made);
    room->made = malloc(VALUE_HEAD + capacity);
    room->data = room->made + VALUE_HEAD;
    room->capacity = capacity;
    return room->made != NULL;
}

nt_status NtQueryValueKey(struct nt_thread *t, const uint64_t *a)
{
    struct nt_key *key;
    struct nt_text name;
    char *utf8;
    size_t length;
    uint32_t type = 0;
    uint64_t data_length = 0;
    struct room room = room_first();
    world_status got;
    nt_status status = key_of(t, a[0], 1, &key);

    if (NT_FAILED(status))
        return status;
    status = nt_read_unicode(t, a[1], &name);
    if (NT_FAILED(status))
        return status;
    utf8 = nt_text_to_utf8(name.units, name.length, &length);
    if (!utf8) {
        free(name.units);
        return NT_NO_MEMORY;
    }
    for (;;) {
        got = world_key_query_value(t->process->world, key->key, utf8, length, room.data,
                                    room.capacity, &type, &data_length);
        if (got != JN_OK || data_length <= room.capacity)
            break;
        if (!room_grow(&room, data_length)) {
            got = JN_NO_MEMORY;
            break;
        }
    }
    status = got == JN_OK ? give_value(t, (uint32_t)a[2], a[3], (uint32_t)a[4], a[5], type,
                                       room.data, data_length, name.units,
                                       (uint32_t)name.length * 2)
                          : nt_status_from(got);
    free(room.made);
    free(utf8);
    free(name.units);
    return status;
}

nt_status NtEnumerateValueKey(struct nt_thread *t, const uint64_t *a)
{
    struct nt_key *key;
    char name[1024];
    size_t name_length = 0, units;
    uint32_t type = 0;
    uint64_t data_length = 0;
    struct room room = room_first();
    uint16_t *wide;
    world_status got;
    nt_status status = key_of(t, a[0], 1, &key);

    if (NT_FAILED(status))
        return status;
    for (;;) {
        got = world_key_enumerate_value(t->process->world, key->key, (uint32_t)a[1], room.data,
                                        room.capacity, &type, &data_length, name, sizeof name,
                                        &name_length);
        if (got != JN_OK || data_length <= room.capacity)
            break;
        if (!room_grow(&room, data_length)) {
            got = JN_NO_MEMORY;
            break;
        }
    }
    if (got == JN_OK) {
        wide = nt_text_from_utf8(name, name_length, &units);
        status = wide ? give_value(t, (uint32_t)a[2], a[3], (uint32_t)a[4], a[5], type, room.data,
                                   data_length, wide, (uint32_t)units * 2)
                      : NT_NO_MEMORY;
        free(wide);
    } else {
        status = got == JN_NOT_FOUND || got == JN_RANGE ? NT_NO_MORE_ENTRIES : nt_status_from(got);
    }
    free(room.made);
    return status;
}

nt_status NtSetValueKey(struct nt_thread *t, const uint64_t *a)
{
    struct nt_key *key;
    struct nt_text name;
    char *utf8;
    size_t length;
    uint32_t bytes = (uint32_t)a[5];
    void *data;
    nt_status status = key_of(t, a[0], 2, &key);

    if (NT_FAILED(status))
        return status;
    if (bytes > 16u << 20)
        return NT_INSUFFICIENT_RESOURCES;
    status = nt_read_unicode(t, a[1], &name);
    if (NT_FAILED(status))
        return status;
    utf8 = nt_text_to_utf8(name.units, name.length, &length);
    data = malloc(bytes + 1);
    status = !utf8 || !data ? NT_NO_MEMORY : nt_read(t, a[4], data, bytes);
    if (!NT_FAILED(status))
        status = nt_status_from(world_key_set_value(t->process->world, key->key, utf8, length,
                                                    (uint32_t)a[3], data, bytes));
    free(data);
    free(utf8);
    free(name.units);
    return status;
}

nt_status NtDeleteValueKey(struct nt_thread *t, const uint64_t *a)
{
    struct nt_key *key;
    struct nt_text name;
    char *utf8;
    size_t length;
    nt_status status = key_of(t, a[0], 2, &key);

    if (!NT_FAILED(status))
        status = nt_read_unicode(t, a[1], &name);
    if (NT_FAILED(status))
        return status;
    utf8 = nt_text_to_utf8(name.units, name.length, &length);
    status = utf8 ? nt_status_from(
                        world_key_delete_value(t->process->world, key->key, utf8, length))
                  : NT_NO_MEMORY;
    free(utf8);
    free(name.units);
    return status;
}

nt_status NtDeleteKey(struct nt_thread *t, const uint64_t *a)
{
    struct nt_key *key;
    nt_status status = key_of(t, a[0], NT_DELETE, &key);

    if (NT_FAILED(status))
        return status;
    world_status got = world_key_delete(t->process->world, key->key);
    return got == JN_NOT_EMPTY ? NT_ACCESS_DENIED : nt_status_from(got);
}

/* A key by class: 0 basic, 1 node, 2 full, 3 name, 4 cached, 7 handle tags. */
static nt_status give_key(struct nt_thread *t, uint32_t class, uint64_t address, uint32_t capacity,
                          uint64_t result, const struct world_key_info *info, const char *name,
                          size_t name_length, const char *path, size_t path_length)
{
    uint8_t out[64] = {0};
    uint32_t fixed, total, bytes = 0;
    uint16_t *wide = NULL;
    size_t units = 0;
    nt_status status = NT_SUCCESS;

    if (class == 0 || class == 1)
        wide = nt_text_from_utf8(name, name_length, &units);
    else if (class == 3)
        wide = nt_text_from_utf8(path, path_length, &units);
    if (class != 2 && class != 4 && class != 7 && !wide)
        return NT_NO_MEMORY;
    bytes = (uint32_t)units * 2;
    switch (class) {
    case 0: {
        struct nt_key_basic basic = {info->write_time, 0, bytes};
        memcpy(out, &basic, 16);
        fixed = 16;
        break;
    }
    case 1: {
        struct nt_key_node node = {info->write_time, 0, UINT32_MAX, 0, bytes};
        memcpy(out, &node, 24);
        fixed = 24;
        break;
    }
    case 2: {
        struct nt_key_full full = {.write_time = info->write_time,
                                   .class_offset = UINT32_MAX,
                                   .subkeys = info->subkeys,
                                   .longest_name = info->longest_name * 2,
                                   .values = info->values,
                                   .longest_value_name = info->longest_value_name * 2,
                                   .longest_value = (uint32_t)info->longest_value};
        memcpy(out, &full, 44);
        fixed = 44;
        break;
    }
    case 3:
        memcpy(out, &bytes, 4);
        fixed = 4;
        break;
    case 4: {
        uint32_t cached[8] = {0, info->subkeys, info->longest_name * 2, info->values,
                              info->longest_value_name * 2, (uint32_t)info->longest_value,
                              (uint32_t)name_length * 2, 0};
        memcpy(out, &info->write_time, 8);
        memcpy(out + 8, cached, 28);
        fixed = 36;
        break;
    }
    default: free(wide); return NT_INVALID_PARAMETER;
    }
    total = fixed + bytes;
    if (NT_FAILED(nt_write_u32(t, result, total)))
        status = NT_ACCESS_VIOLATION;
    else if (capacity < fixed)
        status = NT_BUFFER_TOO_SMALL;
    else {
        uint32_t part = capacity - fixed < bytes ? capacity - fixed : bytes;
        if (NT_FAILED(nt_write(t, address, out, fixed)) ||
            (part && NT_FAILED(nt_write(t, address + fixed, wide, part))))
            status = NT_ACCESS_VIOLATION;
        else if (part < bytes)
            status = NT_BUFFER_OVERFLOW;
    }
    free(wide);
    return status;
}

nt_status NtQueryKey(struct nt_thread *t, const uint64_t *a)
{
    struct world_key_info info;
    struct nt_key *key;
    char name[1024], path[4096] = "\\";
    size_t name_length = 0, path_length = 0, prefix = 1;
    nt_status status = key_of(t, a[0], 0, &key);

    if (NT_FAILED(status))
        return status;
    status = nt_status_from(world_key_query(t->process->world, key->key, &info, name, sizeof name,
                                            &name_length));
    if (!NT_FAILED(status) && (uint32_t)a[1] == 3)
        status = nt_status_from(world_key_path(t->process->world, key->key, path + prefix,
                                               sizeof path - prefix, &path_length));
    if (NT_FAILED(status))
        return status;
    return give_key(t, (uint32_t)a[1], a[2], (uint32_t)a[3], a[4], &info, name, name_length, path,
                    prefix + path_length);
}

nt_status NtEnumerateKey(struct nt_thread *t, const uint64_t *a)
{
    struct world_key_info info = {0};
    struct nt_key *key;
    char name[1024];
    size_t name_length = 0;
    world_status got;
    nt_status status = key_of(t, a[0], 8, &key);

    if (NT_FAILED(status))
        return status;
    got = world_key_enumerate(t->process->world, key->key, (uint32_t)a[1], name, sizeof name,
                              &name_length, &info.write_time);
    if (got == JN_NOT_FOUND || got == JN_RANGE)
        return NT_NO_MORE_ENTRIES;
    if (got != JN_OK)
        return nt_status_from(got);
    if ((uint32_t)a[2] == 2 || (uint32_t)a[2] == 4) {
        uint64_t child;
        bool created;
        if (world_key_open(t->process->world, key->key, false, name, name_length, &child,
                           &created) == JN_OK) {
            (void)world_key_query(t->process->world, child, &info, name, sizeof name,
                                  &name_length);
            world_key_close(t->process->world, child);
        }
    }
    return give_key(t, (uint32_t)a[2], a[3], (uint32_t)a[4], a[5], &info, name, name_length, name,
                    name_length);
}

nt_status NtQueryMultipleValueKey(struct nt_thread *t, const uint64_t *a)
{
    world_log("win32: pid %u: NtQueryMultipleValueKey of %u values", (unsigned)t->process->pid,
              (unsigned)a[2]);
    return NT_NOT_SUPPORTED;
}

nt_status NtFlushKey(struct nt_thread *t, const uint64_t *a)
{
    struct nt_key *key;

    return key_of(t, a[0], 0, &key); /* the tree is in memory */
}

/* Nobody tells of changes yet: the wait is granted and never ends, as with a key that rests. */
nt_status NtNotifyChangeKey(struct nt_thread *t, const uint64_t *a)
{
    struct nt_key *key;
    nt_status status = key_of(t, a[0], 0x10, &key);

    if (NT_FAILED(status))
        return status;
    world_log("win32: pid %u: changes of keys are not told", (unsigned)t->process->pid);
    return (uint8_t)a[9] ? NT_PENDING : NT_NOT_SUPPORTED;
}

nt_status NtNotifyChangeMultipleKeys(struct nt_thread *t, const uint64_t *a)
{
    struct nt_key *key;
    nt_status status = key_of(t, a[0], 0x10, &key);

    if (NT_FAILED(status))
        return status;
    world_log("win32: pid %u: changes of keys are not told", (unsigned)t->process->pid);
    return (uint8_t)a[11] ? NT_PENDING : NT_NOT_SUPPORTED;
}

nt_status NtRenameKey(struct nt_thread *t, const uint64_t *a)
{
    (void)a;
    world_log("win32: pid %u: NtRenameKey", (unsigned)t->process->pid);
    return NT_NOT_SUPPORTED;
}

nt_status NtSetInformationKey(struct nt_thread *t, const uint64_t *a)
{
    struct nt_key *key;
    nt_status status = key_of(t, a[0], 0, &key);

    return NT_FAILED(status) ? status : NT_SUCCESS; /* write time, flags: nothing shows them */
}
