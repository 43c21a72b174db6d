/* Figures of a run for `bench` and `study`: what the kernel counted between the program's start and its
 * end, for the whole machine. */
#include <stdio.h>

#include "janus/idl/supervisor.h"
#include "janus/ipc.h"
#include "session.h"

/* Words of JN_OP_COUNTERS, and what the notes call them. */
static const struct {
    unsigned word;
    const char *name;
} figures[] = {{0, "entries"}, {1, "switches"}, {2, "ipcs"}, {3, "faults"}, {9, "copied"}};

static cap_t counters; /* JN_CAP_NULL: this server may not read them */
static uint64_t before[JN_WORDS_REG];

static bool read_counters(uint64_t *words)
{
    return counters && jn_invoke(counters, JN_OP_COUNTERS, words) == JN_OK;
}

void notes_begin(void)
{
    if (supervisor_grant(JN_CAP_SUPERVISOR, "counters", 8, &counters) != JN_OK ||
        !read_counters(before))
        counters = JN_CAP_NULL;
}

void notes_send(struct session *s)
{
    uint64_t now[JN_WORDS_REG] = {0};
    char text[64];

    if (!read_counters(now))
        return;
    for (size_t i = 0; i < sizeof figures / sizeof *figures; i++) {
        unsigned word = figures[i].word;
        int length =
            snprintf(text, sizeof text, "%s=%lu", figures[i].name, now[word] - before[word]);
        core_append_frame(&s->core, CHANNEL_NOTE, 0, text, (size_t)length);
    }
}
