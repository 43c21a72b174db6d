/* Numbers of a client's objects: dense, the lowest free one is given, 0 is never one. */
#include <stdlib.h>

#include "object.h"

#define LIMIT (1u << 20) /* objects of one client */

jn_status_t table_add(struct client *client, struct object *object, uint64_t *number)
{
    uint32_t place = client->first_free;
    while (place < client->used && client->table[place])
        place++;
    if (place == client->size) {
        uint32_t size = client->size ? client->size * 2 : 16;
        if (size > LIMIT)
            return JN_TOO_MANY;
        struct object **table = realloc(client->table, size * sizeof *table);
        if (!table)
            return JN_NO_MEMORY;
        client->table = table;
        client->size = size;
    }
    if (place == client->used)
        client->used++;
    client->table[place] = object;
    client->first_free = place + 1;
    object->references++;
    *number = place + 1;
    return JN_OK;
}

struct object *table_get(struct client *client, uint64_t number)
{
    return client && number && number <= client->used ? client->table[number - 1] : NULL;
}

jn_status_t table_close(struct client *client, uint64_t number)
{
    struct object *object = table_get(client, number);
    if (!object)
        return JN_BAD_HANDLE;
    client->table[number - 1] = NULL;
    if (client->first_free > number - 1)
        client->first_free = (uint32_t)(number - 1);
    object_release(object);
    return JN_OK;
}
