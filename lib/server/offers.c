/* Words for things that one client of a server gives another. */
#include "janus/offers.h"

#include <stdlib.h>

/* Mixes all bits of x (the finaliser of SplitMix64). */
static uint64_t mix(uint64_t x)
{
    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9ull;
    x = (x ^ x >> 27) * 0x94d049bb133111ebull;
    return x ^ x >> 31;
}

static uint64_t random_word(void)
{
    static uint64_t state;
    uint64_t word = 0, clock;
    uint32_t low, high;
    uint8_t good = 0;

    __asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
    clock = (uint64_t)high << 32 | low;
    /* Intel SDM Vol. 1, 7.3.17: CPUID.01H:ECX.RDRAND[bit 30] */
    uint32_t a = 1, b, c = 0, d;
    __asm__ volatile("cpuid" : "+a"(a), "=b"(b), "+c"(c), "=d"(d));
    for (unsigned i = 0; c & 1u << 30 && i < 16 && !good; i++)
        __asm__ volatile("rdrand %0; setc %1" : "=r"(word), "=qm"(good));
    state = mix(state ^ clock) + word;
    return mix(state ^ word << 1);
}

struct jn_offer *jn_offers_find(const struct jn_offers *offers, uint64_t token)
{
    struct jn_offer *offer = offers->size ? offers->buckets[token & (offers->size - 1)] : NULL;

    while (offer && offer->token != token)
        offer = offer->next;
    return offer;
}

static bool grow(struct jn_offers *offers)
{
    size_t size = offers->size ? offers->size * 2 : 16;
    struct jn_offer **buckets = calloc(size, sizeof *buckets);

    if (!buckets)
        return false;
    for (size_t i = 0; i < offers->size; i++)
        while (offers->buckets[i]) {
            struct jn_offer *offer = offers->buckets[i];
            offers->buckets[i] = offer->next;
            offer->next = buckets[offer->token & (size - 1)];
            buckets[offer->token & (size - 1)] = offer;
        }
    free(offers->buckets);
    offers->buckets = buckets;
    offers->size = size;
    return true;
}

jn_status_t jn_offers_add(struct jn_offers *offers, void *thing, void *owner, uint64_t *token)
{
    struct jn_offer *offer;

    if (offers->count >= offers->size && !grow(offers))
        return JN_NO_MEMORY;
    offer = malloc(sizeof *offer);
    if (!offer)
        return JN_NO_MEMORY;
    do {
        *token = random_word();
    } while (!*token || jn_offers_find(offers, *token));
    struct jn_offer **bucket = &offers->buckets[*token & (offers->size - 1)];
    *offer = (struct jn_offer){*bucket, *token, thing, owner};
    *bucket = offer;
    offers->count++;
    return JN_OK;
}

static void unlink_offer(struct jn_offers *offers, struct jn_offer **at)
{
    struct jn_offer *offer = *at;

    *at = offer->next;
    offers->count--;
    free(offer);
}

void jn_offers_remove(struct jn_offers *offers, uint64_t token)
{
    if (!offers->size)
        return;
    for (struct jn_offer **at = &offers->buckets[token & (offers->size - 1)]; *at; at = &(*at)->next)
        if ((*at)->token == token) {
            unlink_offer(offers, at);
            return;
        }
}

void *jn_offers_take_owned(struct jn_offers *offers, const void *owner)
{
    for (size_t i = 0; i < offers->size; i++)
        for (struct jn_offer **at = &offers->buckets[i]; *at; at = &(*at)->next)
            if ((*at)->owner == owner) {
                void *thing = (*at)->thing;
                unlink_offer(offers, at);
                return thing;
            }
    return NULL;
}
