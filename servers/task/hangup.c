/* Sessions whose leader ended: servers/console asks for them after its Signal was raised, and hangs
 * their terminals up. */
#include <stdlib.h>

#include "janus/object.h"
#include "janus/runtime.h"
#include "process.h"

struct hangup {
    struct list link;
    uint64_t session, leader;
};

static struct list hangups = {&hangups, &hangups};
static cap_t subscriber;
static uint64_t subscriber_bits;

void hangup_subscribe(cap_t signal, uint64_t bits)
{
    jn_cap_delete(subscriber);
    subscriber = signal;
    subscriber_bits = bits;
}

void hangup_add(uint64_t session, uint64_t leader)
{
    if (subscriber == JN_CAP_NULL)
        return;
    struct hangup *hangup = malloc(sizeof *hangup);
    if (!hangup) {
        jn_log(JN_LOG_ERROR, "no memory to tell the end of session %lu", session);
        return;
    }
    hangup->session = session;
    hangup->leader = leader;
    list_append(&hangups, &hangup->link);
    jn_status_t ignored = jn_signal_raise(subscriber, subscriber_bits);
    (void)ignored;
}

jn_status_t hangup_next(uint64_t *session, uint64_t *leader)
{
    if (list_empty(&hangups))
        return JN_NOT_FOUND;
    struct hangup *hangup = list_entry(hangups.next, struct hangup, link);
    *session = hangup->session;
    *leader = hangup->leader;
    list_remove(&hangup->link);
    free(hangup);
    return JN_OK;
}
