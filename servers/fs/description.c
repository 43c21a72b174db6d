/* Making and closing open file descriptions. */
#include "description.h"

#include <stdlib.h>

#include "directory.h"
#include "lease.h"
#include "lock.h"
#include "node.h"
#include "pipe.h"
#include "sharing.h"
#include "text.h"

struct jn_offers description_offers;

struct description *description_create(enum description_kind kind, struct node *node,
                                       struct entry *entry, uint32_t access, uint32_t flags)
{
    struct description *description = calloc(1, sizeof(*description));
    if (!description)
        return NULL;
    description->references = 1;
    description->kind = kind;
    description->access = access;
    description->flags = flags;
    description->node = node_get(node);
    description->entry = entry ? entry_get(entry) : NULL;
    list_init(&description->in_opens);
    list_init(&description->locks);
    return description;
}

void description_put(struct description *description)
{
    if (--description->references)
        return;
    lease_drop(description);
    lock_drop_description(description);
    sharing_close(description);
    if (description->kind == OPEN_PIPE)
        pipe_close(description->node, description->access);
    else if (description->kind == OPEN_TEXT)
        text_destroy(description->text);
    if (description->entry)
        entry_put(description->entry);
    node_put(description->node);
    if (description->token)
        jn_offers_remove(&description_offers, description->token);
    free(description);
}
