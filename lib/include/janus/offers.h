/* Offers (client.offer, client.accept): words by which one client of a server takes what another has.
 *
 * A word is 64 random bits and the right itself, so it is never derived from anything that a client
 * knows. The table is the server's; one event loop, no locks.
 */
#ifndef JANUS_OFFERS_H
#define JANUS_OFFERS_H

#include "janus/types.h"

struct jn_offer {
    struct jn_offer *next; /* of the same bucket */
    uint64_t token;
    void *thing;
    void *owner; /* NULL: the thing is only named; else who put it there, until somebody takes it */
};

struct jn_offers {
    struct jn_offer **buckets;
    size_t size, count;
};

/* A word for the thing. `owner` as in struct jn_offer. NO_MEMORY. */
JN_CHECKED jn_status_t jn_offers_add(struct jn_offers *offers, void *thing, void *owner,
                                     uint64_t *token);
/* NULL: no such word. Valid until the next change of the table. */
struct jn_offer *jn_offers_find(const struct jn_offers *offers, uint64_t token);
/* The thing is gone, or was taken. A word that is not there is ignored. */
void jn_offers_remove(struct jn_offers *offers, uint64_t token);
/* One offer of this owner, which is removed; NULL: it has none. Looks at the whole table. */
void *jn_offers_take_owned(struct jn_offers *offers, const void *owner);

#endif
