/* Which handles of the own capability table are free: a two-level bitmap, a set bit is a free slot.
 * 65,536 handles in 8 KiB; finding one looks at two words. */
#include "janus/object.h"

#define WORDS (JN_CAP_HANDLES / 64)
#define SUMMARY (WORDS / 64)

static uint64_t free_slots[WORDS];
static uint64_t has_free[SUMMARY];
static uint32_t fresh = JN_CAP_FIRST_FREE / JN_CAP_STEP; /* never handed out from here on */

cap_t jn_slot_alloc(void)
{
    for (uint32_t s = 0; s < SUMMARY; s++) {
        if (!has_free[s])
            continue;
        uint32_t word = s * 64 + (uint32_t)__builtin_ctzll(has_free[s]);
        uint32_t slot = word * 64 + (uint32_t)__builtin_ctzll(free_slots[word]);
        free_slots[word] &= free_slots[word] - 1;
        if (!free_slots[word])
            has_free[s] &= ~(1ull << (word % 64));
        return (cap_t)slot * JN_CAP_STEP;
    }
    if (fresh == JN_CAP_HANDLES)
        return JN_CAP_NULL;
    return (cap_t)fresh++ * JN_CAP_STEP;
}

cap_t jn_slot_alloc_range(size_t count)
{
    if (count > JN_CAP_HANDLES - fresh)
        return JN_CAP_NULL;
    cap_t first = (cap_t)fresh * JN_CAP_STEP;
    fresh += (uint32_t)count;
    return first;
}

void jn_slot_free(cap_t slot)
{
    uint32_t index = (uint32_t)(slot / JN_CAP_STEP);
    if (index < JN_CAP_FIRST_FREE / JN_CAP_STEP || index >= fresh)
        return;
    free_slots[index / 64] |= 1ull << (index % 64);
    has_free[index / 4096] |= 1ull << (index / 64 % 64);
}

void jn_slots_reset(void)
{
    for (uint32_t i = 0; i <= fresh / 64 && i < WORDS; i++)
        free_slots[i] = 0;
    for (uint32_t i = 0; i < SUMMARY; i++)
        has_free[i] = 0;
    fresh = JN_CAP_FIRST_FREE / JN_CAP_STEP;
}
