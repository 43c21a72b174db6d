/* Labels of a server's clients: a table from label to client, and minting.
 *
 * Label 1 is administrative; clients have 16 and up. A label is used again only after the kernel
 * announced its end (KERNEL 16), so a stale capability never names another client.
 */
#ifndef JANUS_LABELS_H
#define JANUS_LABELS_H

#include "janus/types.h"

#define JN_LABEL_ADMIN 1
#define JN_LABEL_FIRST 16

struct jn_labels {
    cap_t gate;
    void **table;
    size_t *free_places;
    size_t size, used, free_count;
};

/* A capability (SEND, COPY) with a fresh label for `client`; owned by the caller. */
JN_CHECKED jn_status_t jn_labels_mint(struct jn_labels *labels, void *client, uint64_t *label,
                                      cap_t *out);
/* A label that somebody else has minted already becomes `client`'s; only the next one that
 * jn_labels_mint would use (BAD_ARG). */
JN_CHECKED jn_status_t jn_labels_adopt(struct jn_labels *labels, void *client, uint64_t label);
/* NULL: no such client. */
void *jn_labels_find(const struct jn_labels *labels, uint64_t label);
/* After JN_KM_LABEL_GONE: returns the client, whose label is free again. */
void *jn_labels_remove(struct jn_labels *labels, uint64_t label);
/* The client that a capability, received from somebody, names at this server; takes it over.
 * BAD_ARG: it is not a client of this gate. */
JN_CHECKED jn_status_t jn_labels_identify(const struct jn_labels *labels, cap_t cap, void **client);

#endif
