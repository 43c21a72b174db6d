/* /dev/pts: the terminals of servers/console as character devices. */
#include "terminals.h"

#include <stdio.h>

#include "device.h"
#include "janus/idl/fs.h"
#include "platform.h"
#include "tree.h"
#include "volume.h"

struct volume volume_terminals = {
    .device = FS_DEVICE_TERMINALS, .magic = 0x1cd1, .next_inode = 2, .type = "devpts"};

#define FIRST_INODE 3 /* of pair 0, as under devpts; servers/console says the same in io.stat */
#define MAJOR 136

static jn_status_t lookup(struct client *client, struct entry *directory, const char *name,
                          size_t length, struct entry **found)
{
    (void)client;
    uint64_t number = 0;
    if (length == 0 || length > 7 || (name[0] == '0' && length > 1))
        return JN_NOT_FOUND;
    for (size_t i = 0; i < length; i++) {
        if (name[i] < '0' || name[i] > '9')
            return JN_NOT_FOUND;
        number = number * 10 + (uint64_t)(name[i] - '0');
    }
    struct platform_terminal terminal;
    if (platform_terminal_next(number, &terminal) != JN_OK || terminal.number != number)
        return JN_NOT_FOUND;
    struct entry *entry =
        tree_made(directory, name, length, &volume_terminals,
                  MODE_CHARACTER | (terminal.mode & 0777), NULL, FIRST_INODE + number);
    if (!entry)
        return JN_NO_MEMORY;
    entry->node->device_id = DEVICE_ID(MAJOR, number);
    entry->node->uid = terminal.uid;
    entry->node->gid = terminal.gid;
    *found = entry;
    return JN_OK;
}

static bool enumerate(struct client *client, struct node *directory, uint64_t position,
                      struct made_entry *entry)
{
    (void)client;
    (void)directory;
    static char name[24];
    struct platform_terminal terminal;
    if (platform_terminal_next(position, &terminal) != JN_OK)
        return false;
    entry->name_length =
        (size_t)snprintf(name, sizeof(name), "%llu", (unsigned long long)terminal.number);
    entry->name = name;
    entry->inode = FIRST_INODE + terminal.number;
    entry->mode = MODE_CHARACTER | terminal.mode;
    entry->next = terminal.number + 1;
    return true;
}

static const struct node_ops operations = {.lookup = lookup, .enumerate = enumerate};

jn_status_t terminals_init(void)
{
    struct entry *root;
    jn_status_t status = tree_mount("/dev/pts", &volume_terminals, &operations, &root);
    if (status != JN_OK)
        return status;
    root->node->mode = MODE_DIRECTORY | 0755;
    struct node *ptmx = node_create(&volume_terminals, MODE_CHARACTER | 0666, 0, 0);
    if (!ptmx)
        return JN_NO_MEMORY;
    node_get(ptmx);
    ptmx->inode = 2;
    ptmx->link_count = 1;
    ptmx->device_id = DEVICE_ID(5, 2);
    struct entry *entry = entry_create(root, ptmx, "ptmx", 4);
    node_put(ptmx);
    if (!entry)
        return JN_NO_MEMORY;
    bool attached = directory_attach(&root->node->directory, entry);
    entry_put(entry);
    return attached ? JN_OK : JN_NO_MEMORY;
}
