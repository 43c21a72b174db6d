/* Records in pieces of memory that are taken as they are needed and kept for the next trace. */
#include <stdlib.h>

#include "janus/idl/trace.h"
#include "janus/runtime.h"
#include "trace.h"

#define PIECE_PAGES 256
#define PIECE_RECORDS (PIECE_PAGES * 4096ull / JN_TRACE_RECORD)

static struct jn_trace_record **pieces;
static uint64_t piece_count, piece_room, count, lost, refused;
static bool full; /* not asked for memory again */

static bool add_piece(void)
{
    if (piece_count == piece_room) {
        uint64_t room = piece_room ? piece_room * 2 : 64;
        void *grown = realloc(pieces, room * sizeof *pieces);

        if (!grown)
            return false;
        pieces = grown;
        piece_room = room;
    }
    pieces[piece_count] = jn_map_pages(PIECE_PAGES);
    if (!pieces[piece_count])
        return false;
    piece_count++;
    return true;
}

struct jn_trace_record *store_next(void)
{
    if (!full && count / PIECE_RECORDS == piece_count)
        full = !add_piece();
    if (full) {
        refused++;
        return NULL;
    }
    struct jn_trace_record *record = &pieces[count / PIECE_RECORDS][count % PIECE_RECORDS];
    count++;
    return record;
}

void store_reset(void)
{
    count = lost = refused = 0;
    full = false;
}

void store_refuse(uint64_t more)
{
    refused += more;
}

bool store_full(void)
{
    return full;
}

void store_seal(void)
{
    struct jn_trace_record *last;

    if (!refused || !count)
        return;
    last = &pieces[(count - 1) / PIECE_RECORDS][(count - 1) % PIECE_RECORDS];
    refused++;
    lost += refused;
    *last = (struct jn_trace_record){.tsc = last->tsc, .kind = TRACE_LOST, .cpu = last->cpu,
                                     .words = {refused}};
    refused = 0;
}

uint64_t store_count(void)
{
    return count;
}

uint64_t store_lost(void)
{
    return lost;
}

void store_lose(uint64_t more)
{
    lost += more;
}

const struct jn_trace_record *store_at(uint64_t from, uint64_t *found)
{
    *found = 0;
    if (from >= count)
        return NULL;
    *found = PIECE_RECORDS - from % PIECE_RECORDS;
    if (*found > count - from)
        *found = count - from;
    return &pieces[from / PIECE_RECORDS][from % PIECE_RECORDS];
}
