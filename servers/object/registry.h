/* The registry: a tree of keys with values (interface registry). */
#ifndef OBJECT_REGISTRY_H
#define OBJECT_REGISTRY_H

#include "janus/idl/registry.h"
#include "object.h"

struct registry_value {
    char *name; /* UTF-8, may be empty (the default value); length says its size */
    size_t name_length;
    uint32_t type;
    size_t length;
    unsigned char *data;
};

struct registry_key {
    struct registry_key *parent; /* NULL: the root, or deleted */
    char *name;
    size_t name_length;
    struct registry_key **subkeys; /* sorted by name without case */
    size_t subkey_count, subkey_size;
    struct registry_value *values; /* sorted the same way */
    size_t value_count, value_size;
    int64_t write_time; /* ns since 1970 */
    uint32_t references; /* open numbers */
    bool deleted;
};

/* Tree (registry_tree.c). Names are compared without the case of letters. */
struct registry_key *registry_root(void);
/* path: components separated by '\'. create: makes what is missing; *created tells. NULL and status. */
jn_status_t registry_walk(struct registry_key *from, const char *path, size_t length, bool create,
                          struct registry_key **key, bool *created);
struct registry_value *registry_value_find(struct registry_key *key, const char *name,
                                           size_t length);
jn_status_t registry_value_set(struct registry_key *key, const char *name, size_t length,
                               uint32_t type, const void *data, size_t size);
void registry_value_delete(struct registry_key *key, struct registry_value *value);
jn_status_t registry_delete(struct registry_key *key);
void registry_release(struct registry_key *key);

/* Reads the text form (registry_text.c): what can be read is taken, a bad line is told with its
 * number through jn_log and passed over. */
void registry_load(const char *text, size_t length);

/* Clients (registry.c). */
void registry_forget(struct client *client);
jn_status_t registry_clone(struct client *to, const struct client *from);
extern const struct registry_ops registry_operations;

#endif
