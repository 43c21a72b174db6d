/* The template: the adapter's image as dataspaces, to be cloned for each process. */
#include <string.h>

#include "janus/idl/client.h"
#include "janus/idl/dataspace.h"
#include "janus/loader.h"
#include "janus/object.h"
#include "janus/runtime.h"
#include "launcher.h"

#define PAGE 4096ull

static jn_status_t fill(cap_t client, uint64_t ds, uint64_t offset, const char *data,
                        uint64_t length)
{
    for (uint64_t done = 0, part = 0; done < length; done += part) {
        jn_status_t status = dataspace_fill(client, ds, offset + done, length - done,
                                            jn_window(data + done, length - done), &part);
        if (status == JN_OK && !part)
            status = JN_FAULT;
        if (status != JN_OK)
            return status;
    }
    return JN_OK;
}

static jn_status_t check_header(const struct loader_image *image, struct template *template)
{
    const struct loader_segment *text = &image->segments[0];
    const struct adapter_header *header = &template->header;
    if (image->segment_count != 2 || text->address != ADAPTER_BASE ||
        text->file_bytes < sizeof *header || text->pages * PAGE > ADAPTER_TEXT_BYTES ||
        image->segments[1].address != ADAPTER_DATA)
        return JN_BAD_IMAGE;
    memcpy(&template->header, adapter_image + text->file_offset, sizeof template->header);
    if (header->magic != ADAPTER_MAGIC || header->text_bytes % PAGE ||
        header->text_bytes > ADAPTER_TEXT_BYTES || header->memory_end % PAGE ||
        header->memory_end <= ADAPTER_DATA || header->memory_end > ADAPTER_WINDOWS - ADAPTER_HEAP_FIRST ||
        header->programs < ADAPTER_DATA || header->programs > header->memory_end - ADAPTER_PROGRAMS_MAX)
        return JN_BAD_IMAGE;
    return JN_OK;
}

/* Numbers are given in order, so these are ADAPTER_DS_TEXT and ADAPTER_DS_MEMORY. All processes execute the
 * same text, so none may write, discard or replace it: only a client that ends here could. */
static jn_status_t make_dataspaces(cap_t pager_admin, cap_t client, const char *bytes,
                                   uint64_t length)
{
    uint64_t own, text, memory;
    cap_t writer;
    jn_status_t status = client_create(pager_admin, 1, 0, 0, &writer);
    if (status != JN_OK)
        return status;
    status = dataspace_create(writer, ADAPTER_TEXT_BYTES, DS_SHARED | DS_CONTIGUOUS, &own);
    if (status == JN_OK)
        status = fill(writer, own, 0, bytes, length);
    if (status == JN_OK)
        status = dataspace_share(writer, own, client, JN_R | JN_X, &text);
    if (status == JN_OK)
        status = dataspace_create(client, ADAPTER_MEMORY_BYTES, DS_EAGER, &memory);
    if (status == JN_OK && (text != ADAPTER_DS_TEXT || memory != ADAPTER_DS_MEMORY))
        status = JN_EXISTS;
    jn_cap_delete(writer);
    return status;
}

jn_status_t template_make(cap_t pager_admin, const char programs[ADAPTER_PROGRAMS_MAX],
                          struct template *template)
{
    static struct loader_image image;
    jn_status_t status = loader_parse(adapter_image, (uint64_t)(adapter_image_end - adapter_image),
                                      ADAPTER_BASE, ADAPTER_END, &image);
    if (status == JN_OK)
        status = check_header(&image, template);
    /* pid 1: what it and its clones use counts for the programs' share of memory. */
    if (status == JN_OK)
        status = client_create(pager_admin, 1, 0, 0, &template->full);
    if (status == JN_OK)
        status = client_create(pager_admin, 1, 0, 0, &template->empty);
    if (status == JN_OK)
        status = dataspace_seal(template->empty); /* all processes hold it */
    const struct loader_segment *text = &image.segments[0], *data = &image.segments[1];
    if (status == JN_OK)
        status = make_dataspaces(pager_admin, template->full, adapter_image + text->file_offset,
                                 text->file_bytes);
    if (status == JN_OK)
        status = fill(template->full, ADAPTER_DS_MEMORY, ADAPTER_DATA - ADAPTER_WRITABLE,
                      adapter_image + data->file_offset, data->file_bytes);
    if (status == JN_OK && *programs)
        status = fill(template->full, ADAPTER_DS_MEMORY, template->header.programs - ADAPTER_WRITABLE,
                      programs, ADAPTER_PROGRAMS_MAX);
    return status;
}
