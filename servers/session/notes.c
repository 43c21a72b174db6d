/* Figures of a run for `bench`: what the kernel counted between the program's start and its end. */
#include <stdio.h>

#include "janus/ipc.h"
#include "session.h"

static uint64_t entries, switches;

/* False where this server may not read the kernel's counters. */
static bool counters(uint64_t *all_entries, uint64_t *all_switches)
{
    uint64_t words[JN_WORDS_REG] = {0};

    if (jn_invoke(JN_CAP_LOG, JN_OP_COUNTERS, words) != JN_OK)
        return false;
    *all_entries = words[0];
    *all_switches = words[1];
    return true;
}

void notes_begin(void)
{
    if (!counters(&entries, &switches))
        entries = 0;
}

void notes_send(struct session *s)
{
    uint64_t entries_now, switches_now;
    char text[64];

    if (!entries || !counters(&entries_now, &switches_now))
        return;
    int length = snprintf(text, sizeof text, "entries=%lu", entries_now - entries);
    core_append_frame(&s->core, CHANNEL_NOTE, 0, text, (size_t)length);
    length = snprintf(text, sizeof text, "switches=%lu", switches_now - switches);
    core_append_frame(&s->core, CHANNEL_NOTE, 0, text, (size_t)length);
}
