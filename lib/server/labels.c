/* Labels of a server's clients. */
#include "janus/labels.h"

#include <stdlib.h>

#include "janus/object.h"

static jn_status_t new_place(struct jn_labels *labels, size_t *place)
{
    if (labels->used == labels->size) {
        size_t size = labels->size ? labels->size * 2 : 64;
        void **table = realloc(labels->table, size * sizeof *table);
        if (table)
            labels->table = table;
        size_t *places = realloc(labels->free_places, size * sizeof *places);
        if (places)
            labels->free_places = places;
        if (!table || !places)
            return JN_NO_MEMORY;
        labels->size = size;
    }
    *place = labels->used++;
    return JN_OK;
}

jn_status_t jn_labels_adopt(struct jn_labels *labels, void *client, uint64_t label)
{
    size_t place;
    if (label != JN_LABEL_FIRST + labels->used)
        return JN_BAD_ARG;
    jn_status_t status = new_place(labels, &place);
    if (status == JN_OK)
        labels->table[place] = client;
    return status;
}

jn_status_t jn_labels_mint(struct jn_labels *labels, void *client, uint64_t *label, cap_t *out)
{
    size_t place;
    *out = JN_CAP_NULL;
    if (labels->free_count) {
        place = labels->free_places[--labels->free_count];
    } else {
        jn_status_t status = new_place(labels, &place);
        if (status != JN_OK)
            return status;
    }
    jn_status_t status = jn_gate_mint(labels->gate, JN_LABEL_FIRST + place,
                                      JN_RIGHT_SEND | JN_RIGHT_COPY, out);
    if (status != JN_OK) {
        labels->table[place] = NULL;
        labels->free_places[labels->free_count++] = place;
        return status;
    }
    labels->table[place] = client;
    *label = JN_LABEL_FIRST + place;
    return JN_OK;
}

void *jn_labels_find(const struct jn_labels *labels, uint64_t label)
{
    uint64_t place = label - JN_LABEL_FIRST;
    return label >= JN_LABEL_FIRST && place < labels->used ? labels->table[place] : NULL;
}

void *jn_labels_remove(struct jn_labels *labels, uint64_t label)
{
    void *client = jn_labels_find(labels, label);
    if (client) {
        labels->table[label - JN_LABEL_FIRST] = NULL;
        labels->free_places[labels->free_count++] = label - JN_LABEL_FIRST;
    }
    return client;
}

jn_status_t jn_labels_identify(const struct jn_labels *labels, cap_t cap, void **client)
{
    uint32_t type, rights;
    uint64_t own, own_label, identity = 0, label = 0;
    *client = NULL;
    jn_status_t status = jn_cap_info(labels->gate, &type, &rights, &own, &own_label);
    if (status == JN_OK)
        status = jn_cap_info(cap, &type, &rights, &identity, &label);
    jn_cap_delete(cap);
    if (status != JN_OK)
        return status;
    if (type == JN_TYPE_GATE && identity == own)
        *client = jn_labels_find(labels, label);
    return *client ? JN_OK : JN_BAD_ARG;
}
