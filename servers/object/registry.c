/* Interface registry: numbers of open keys, and the operations. The tree is read from
 * /etc/registry.reg at the first use, through a client of servers/fs of this server's own. */
#include "registry.h"

#include <stdlib.h>
#include <string.h>

#include "janus/idl/client.h"
#include "janus/idl/fs.h"
#include "janus/idl/io.h"
#include "janus/object.h"
#include "janus/runtime.h"

#define DATA_MAX (1u << 20) /* bytes of one value */
#define KEYS_MAX (1u << 20)

struct registry_keys {
    struct registry_key **table; /* by number - 1 */
    uint32_t size, used, first_free;
};

static bool loaded;

static void load_file(cap_t fs)
{
    static const char path[] = "/etc/registry.reg";
    uint64_t open, device_id, done;
    uint32_t kind, created, mode;
    struct io_stat stat;
    if (fs_open(fs, 0, sizeof path - 1, 0, 0, IO_ACCESS_READ, 7, 0, 0,
                jn_window(path, sizeof path - 1), &open, &kind, &created, &device_id,
                &mode) != JN_OK) {
        jn_log(JN_LOG_WARNING, "registry: no %s, it starts empty", path);
        return;
    }
    char *text = io_stat(fs, open, &stat) == JN_OK ? malloc(stat.size + 1) : NULL;
    uint64_t have = 0;
    while (text && have < stat.size &&
           io_read(fs, open, (int64_t)have, stat.size - have, 0, 0,
                   jn_window(text + have, stat.size - have), &done) == JN_OK && done)
        have += done;
    if (text)
        registry_load(text, have);
    free(text);
}

static void load_once(void)
{
    cap_t admin, fs;
    if (loaded)
        return;
    loaded = true;
    if (jn_name_lookup("svc/fs", &admin) != JN_OK || client_create(admin, 0, 0, 0, &fs) != JN_OK) {
        jn_log(JN_LOG_WARNING, "registry: the file server cannot be asked, it starts empty");
        return;
    }
    load_file(fs);
    jn_cap_delete(fs);
    jn_cap_delete(admin);
}

static struct registry_key *key_get(struct client *client, uint64_t number)
{
    load_once();
    if (!number)
        return registry_root();
    struct registry_keys *keys = client->keys;
    return keys && number <= keys->used ? keys->table[number - 1] : NULL;
}

static jn_status_t key_add(struct client *client, struct registry_key *key, uint64_t *number)
{
    struct registry_keys *keys = client->keys;
    if (!keys && !(keys = client->keys = calloc(1, sizeof *keys)))
        return JN_NO_MEMORY;
    uint32_t place = keys->first_free;
    while (place < keys->used && keys->table[place])
        place++;
    if (place == keys->size) {
        uint32_t size = keys->size ? keys->size * 2 : 16;
        struct registry_key **table =
            size > KEYS_MAX ? NULL : realloc(keys->table, size * sizeof *table);
        if (!table)
            return size > KEYS_MAX ? JN_TOO_MANY : JN_NO_MEMORY;
        keys->table = table;
        keys->size = size;
    }
    if (place == keys->used)
        keys->used++;
    keys->table[place] = key;
    keys->first_free = place + 1;
    key->references++;
    *number = place + 1;
    return JN_OK;
}

void registry_forget(struct client *client)
{
    struct registry_keys *keys = client->keys;
    if (!keys)
        return;
    for (uint32_t i = 0; i < keys->used; i++)
        if (keys->table[i])
            registry_release(keys->table[i]);
    free(keys->table);
    free(keys);
    client->keys = NULL;
}

jn_status_t registry_clone(struct client *to, const struct client *from)
{
    const struct registry_keys *keys = from->keys;
    if (!keys || !keys->used)
        return JN_OK;
    struct registry_keys *copy = calloc(1, sizeof *copy);
    struct registry_key **table = malloc(keys->used * sizeof *table);
    if (!copy || !table) {
        free(copy);
        free(table);
        return JN_NO_MEMORY;
    }
    memcpy(table, keys->table, keys->used * sizeof *table);
    for (uint32_t i = 0; i < keys->used; i++)
        if (table[i])
            table[i]->references++;
    *copy = (struct registry_keys){table, keys->used, keys->used, keys->first_free};
    to->keys = copy;
    return JN_OK;
}

/* The client and its live key, or a status. */
static jn_status_t find(struct jn_call *call, uint64_t number, struct client **client,
                        struct registry_key **key)
{
    *client = client_find(call->label);
    if (!*client)
        return JN_NO_RIGHT;
    *key = key_get(*client, number);
    if (!*key)
        return JN_BAD_HANDLE;
    return (*key)->deleted ? JN_DELETE_PENDING : JN_OK;
}

static jn_status_t op_open(struct jn_call *call, uint64_t number, uint32_t flags, const char *path,
                           size_t length, uint64_t *new_number, uint32_t *created)
{
    struct client *client;
    struct registry_key *key;
    bool made = false;
    jn_status_t status = find(call, number, &client, &key);
    if (status == JN_OK)
        status = registry_walk(key, path, length, flags & REGISTRY_CREATE, &key, &made);
    *created = made;
    return status == JN_OK ? key_add(client, key, new_number) : status;
}

static jn_status_t op_close(struct jn_call *call, uint64_t number)
{
    struct client *client = client_find(call->label);
    struct registry_key *key = client && number ? key_get(client, number) : NULL;
    if (!key)
        return JN_BAD_HANDLE;
    client->keys->table[number - 1] = NULL;
    if (client->keys->first_free > number - 1)
        client->keys->first_free = (uint32_t)number - 1;
    registry_release(key);
    return JN_OK;
}

static jn_status_t op_duplicate(struct jn_call *call, uint64_t number, uint64_t *copy)
{
    struct client *client = client_find(call->label);
    struct registry_key *key = client ? key_get(client, number) : NULL;
    return key ? key_add(client, key, copy) : JN_BAD_HANDLE;
}

static jn_status_t give(struct jn_call *call, const void *data, size_t size, uint64_t capacity)
{
    size_t done;
    if (size > capacity)
        return JN_TRUNCATED; /* with type and length, and nothing copied */
    return size ? jn_copy_out(call, 0, 0, data, size, &done) : JN_OK;
}

static jn_status_t op_query_value(struct jn_call *call, uint64_t number, uint64_t capacity,
                                  const char *name, size_t name_length, uint32_t *type,
                                  uint64_t *length)
{
    struct client *client;
    struct registry_key *key;
    jn_status_t status = find(call, number, &client, &key);
    if (status != JN_OK)
        return status;
    struct registry_value *value = registry_value_find(key, name, name_length);
    if (!value)
        return JN_NOT_FOUND;
    *type = value->type;
    *length = value->length;
    return give(call, value->data, value->length, capacity);
}

static jn_status_t op_set_value(struct jn_call *call, uint64_t number, uint32_t type,
                                uint64_t length, const char *name, size_t name_length)
{
    struct client *client;
    struct registry_key *key;
    jn_status_t status = find(call, number, &client, &key);
    if (status != JN_OK)
        return status;
    if (length > DATA_MAX)
        return JN_TOO_BIG;
    unsigned char *data = malloc(length ? length : 1);
    size_t done;
    if (!data)
        return JN_NO_MEMORY;
    status = length ? jn_copy_in(call, 0, 0, data, length, &done) : JN_OK;
    if (status == JN_OK)
        status = registry_value_set(key, name, name_length, type, data, length);
    free(data);
    return status;
}

static jn_status_t op_delete_value(struct jn_call *call, uint64_t number, const char *name,
                                   size_t name_length)
{
    struct client *client;
    struct registry_key *key;
    jn_status_t status = find(call, number, &client, &key);
    if (status != JN_OK)
        return status;
    struct registry_value *value = registry_value_find(key, name, name_length);
    if (!value)
        return JN_NOT_FOUND;
    registry_value_delete(key, value);
    return JN_OK;
}

/* Copies a name into an answer's inline text of 256 bytes. */
static jn_status_t give_name(const char *from, size_t length, char *name, size_t *name_length)
{
    *name_length = length < 256 ? length : 256;
    memcpy(name, from, *name_length);
    return length > 256 ? JN_TRUNCATED : JN_OK;
}

static jn_status_t op_enumerate_value(struct jn_call *call, uint64_t number, uint32_t index,
                                      uint64_t capacity, uint32_t *type, uint64_t *length,
                                      char *name, size_t *name_length)
{
    struct client *client;
    struct registry_key *key;
    jn_status_t status = find(call, number, &client, &key);
    if (status != JN_OK)
        return status;
    if (index >= key->value_count)
        return JN_NOT_FOUND;
    struct registry_value *value = &key->values[index];
    *type = value->type;
    *length = value->length;
    status = give_name(value->name, value->name_length, name, name_length);
    return status == JN_OK ? give(call, value->data, value->length, capacity) : status;
}

static jn_status_t op_enumerate_key(struct jn_call *call, uint64_t number, uint32_t index,
                                    int64_t *write_time, char *name, size_t *name_length)
{
    struct client *client;
    struct registry_key *key;
    jn_status_t status = find(call, number, &client, &key);
    if (status != JN_OK)
        return status;
    if (index >= key->subkey_count)
        return JN_NOT_FOUND;
    *write_time = key->subkeys[index]->write_time;
    return give_name(key->subkeys[index]->name, key->subkeys[index]->name_length, name,
                     name_length);
}

static jn_status_t op_delete_key(struct jn_call *call, uint64_t number)
{
    struct client *client;
    struct registry_key *key;
    jn_status_t status = find(call, number, &client, &key);
    return status == JN_OK ? registry_delete(key) : status;
}

static jn_status_t op_query_key(struct jn_call *call, uint64_t number, uint32_t *subkeys,
                                uint32_t *values, uint32_t *longest_name,
                                uint32_t *longest_value_name, uint64_t *longest_value,
                                int64_t *write_time, char *name, size_t *name_length)
{
    struct client *client;
    struct registry_key *key;
    jn_status_t status = find(call, number, &client, &key);
    if (status != JN_OK)
        return status;
    *subkeys = (uint32_t)key->subkey_count;
    *values = (uint32_t)key->value_count;
    *write_time = key->write_time;
    for (size_t i = 0; i < key->subkey_count; i++)
        if (key->subkeys[i]->name_length > *longest_name)
            *longest_name = (uint32_t)key->subkeys[i]->name_length;
    for (size_t i = 0; i < key->value_count; i++) {
        if (key->values[i].name_length > *longest_value_name)
            *longest_value_name = (uint32_t)key->values[i].name_length;
        if (key->values[i].length > *longest_value)
            *longest_value = key->values[i].length;
    }
    return give_name(key->name ? key->name : "", key->name_length, name, name_length);
}

static jn_status_t op_path_of(struct jn_call *call, uint64_t number, uint64_t capacity,
                              uint64_t *length)
{
    struct client *client;
    struct registry_key *key;
    jn_status_t status = find(call, number, &client, &key);
    if (status != JN_OK)
        return status;
    size_t size = 0;
    for (struct registry_key *at = key; at->parent; at = at->parent)
        size += at->name_length + 1;
    char *path = malloc(size + 1), *end = path + size;
    if (!path)
        return JN_NO_MEMORY;
    for (struct registry_key *at = key; at->parent; at = at->parent) {
        end -= at->name_length;
        memcpy(end, at->name, at->name_length);
        *--end = '\\';
    }
    *length = size;
    status = give(call, path, size, capacity);
    free(path);
    return status;
}

const struct registry_ops registry_operations = {
    .open = op_open,
    .close = op_close,
    .duplicate = op_duplicate,
    .query_value = op_query_value,
    .set_value = op_set_value,
    .delete_value = op_delete_value,
    .enumerate_value = op_enumerate_value,
    .enumerate_key = op_enumerate_key,
    .delete_key = op_delete_key,
    .query_key = op_query_key,
    .path_of = op_path_of,
};
