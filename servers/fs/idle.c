/* Bytes that say what is not ready. */
#include "idle.h"

#include <stdlib.h>
#include <string.h>

#include "client.h"
#include "pipe.h"
#include "platform.h"

struct idle {
    struct list in_pipe;
    uint8_t *byte;
};

jn_status_t idle_open(struct client *client, uint64_t address)
{
    if (client->idle)
        return JN_BUSY;
    struct idle_page *idle = calloc(1, sizeof(*idle));
    page_t page = idle ? page_allocate_zeroed(0) : 0;
    if (!page) {
        free(idle);
        return JN_NO_MEMORY;
    }
    uint64_t mapped;
    jn_status_t status =
        platform_map(client->space, page_address(page), address, 1, JN_R, &mapped);
    if (status != JN_OK) {
        page_free(page);
        free(idle);
        return status;
    }
    page_set_mapped(page);
    idle->page = page;
    client->idle = idle;
    return JN_OK;
}

static bool grow(struct idle_page *page, uint64_t number)
{
    uint32_t count = page->count ? page->count : 16;
    while (count <= number)
        count *= 2;
    struct idle **of = realloc(page->of, count * sizeof(*of));
    if (!of)
        return false;
    memset(of + page->count, 0, (count - page->count) * sizeof(*of));
    page->of = of;
    page->count = count;
    return true;
}

void idle_note(struct client *client, uint64_t number, struct pipe *pipe, uint32_t events)
{
    struct idle_page *page = client->idle;
    if (number >= IDLE_NUMBERS || (number >= page->count && !grow(page, number)))
        return; /* it asks again */
    struct idle *idle = page->of[number];
    if (!idle) {
        idle = malloc(sizeof(*idle));
        if (!idle)
            return;
        idle->byte = (uint8_t *)page_address(page->page) + number;
        list_append(&pipe->idles, &idle->in_pipe);
        page->of[number] = idle;
    }
    __atomic_store_n(idle->byte, (uint8_t)(*idle->byte | events), __ATOMIC_RELEASE);
}

static void drop(struct idle_page *page, uint64_t number)
{
    struct idle *idle = page->of[number];
    if (!idle)
        return;
    __atomic_store_n(idle->byte, 0, __ATOMIC_RELEASE);
    list_remove(&idle->in_pipe);
    free(idle);
    page->of[number] = NULL;
}

void idle_forget(struct client *client, uint64_t number)
{
    if (client->idle && number < client->idle->count)
        drop(client->idle, number);
}

void idle_close(struct client *client)
{
    struct idle_page *page = client->idle;
    if (!page)
        return;
    client->idle = NULL;
    for (uint64_t number = 0; number < page->count; number++)
        drop(page, number);
    page_free(page->page);
    free(page->of);
    free(page);
}

void idle_clear(struct list *idles)
{
    for (struct list *link = idles->next; link != idles; link = link->next)
        __atomic_store_n(list_entry(link, struct idle, in_pipe)->byte, 0, __ATOMIC_SEQ_CST);
}
