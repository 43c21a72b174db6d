/* Who takes processes: their numbers are slots in an adapter's table. */
#include <stdio.h>
#include <string.h>

#include "janus/adapter.h"
#include "janus/handover.h"

_Static_assert(ADAPTER_TAKER_MAX >= HANDOVER_TAKER_MAX, "room for a name");
_Static_assert(ADAPTER_CAP_TAKERS + ADAPTER_TAKERS * JN_CAP_STEP <= JN_CAP_FIRST_FREE, "fixed slots");

bool adapter_taker_name(unsigned taker, const char *programs, char name[static ADAPTER_TAKER_MAX])
{
    static const char *const own[] = {"posix", "win32"};
    char other[HANDOVER_NAME_MAX];
    unsigned personality = taker / 2;
    if (personality >= ADAPTER_OTHER &&
        !handover_program_name(programs, strlen(programs), personality - ADAPTER_OTHER, other,
                               sizeof other))
        return false;
    snprintf(name, ADAPTER_TAKER_MAX, "svc/%s%s", personality < ADAPTER_OTHER ? own[personality] : other,
             taker % 2 ? "-library" : "");
    return true;
}
