#include "memory/range_operation.h"

#include "lib/string.h"

static void drop(struct range_operation *operation)
{
    list_remove(&operation->link);
    operation->space = NULL;
}

void range_operation_end(struct range_operation *operation)
{
    if (!operation->space)
        return;
    space_unmap_abandon(operation->space, operation->words[0], &operation->progress);
    drop(operation);
}

void range_operation_begin(struct range_operation *operation, struct space *space,
                           const uint64_t words[5])
{
    if (operation->space == space && !memcmp(operation->words, words, sizeof operation->words))
        return;
    range_operation_end(operation);
    operation->space = space;
    memcpy(operation->words, words, sizeof operation->words);
    operation->progress = (struct unmap_progress){0};
    list_init(&operation->link);
    list_insert(&space->interrupted, &operation->link);
}

void range_operations_forget(struct space *space)
{
    while (!list_empty(&space->interrupted))
        drop(container_of(space->interrupted.next, struct range_operation, link));
}
