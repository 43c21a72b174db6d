/* What clients may keep of stat's answers (idl/lease.idl): a page of generations that they see read-only. A
 * node or an entry that nobody has asked about so costs a test when it changes. */
#ifndef FS_WATCH_H
#define FS_WATCH_H

#include "janus/types.h"
#include "node.h"

struct client;

/* Shows the page at `address` of a Task. */
JN_CHECKED jn_status_t watch_map(cap_t space, uint64_t address);

/* What stat shows of the node now may be kept while *slot of the page is *generation. Slot 0: it may not. */
void watch_node(struct node *node, uint32_t *slot, uint64_t *generation);
/* And that this name, of a path that `client` has walked from one directory down to the next, leads there,
 * while slot 0 is *names. False: it may not be kept. */
bool watch_entry(struct client *client, struct entry *entry, uint64_t *names);

void watch_node_changed(struct node *node);
/* Something that stat shows of the node changes; before this is answered. */
static inline void node_changed(struct node *node)
{
    if (node->watched)
        watch_node_changed(node);
}
/* Names, or who may walk them. */
void watch_names_changed(void);
/* What the client may walk, or where it begins. */
void watch_client_changed(struct client *client);

#endif
