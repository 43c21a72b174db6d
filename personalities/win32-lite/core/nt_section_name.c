/* Names of sections: servers/object keeps them with the words by which an opener takes the memory or the
 * file. Every holder has both, so the memory is there as long as the name. */
#include <stdlib.h>
#include <string.h>

#include "core.h"

/* What stands with the name. */
struct named {
    uint64_t token, size;
    uint32_t protection, attributes;
    uint32_t server, access; /* of the file; server 0: shared memory */
    uint32_t image, reserved;
};

static nt_status describe(struct nt_section *section, struct named *named)
{
    struct nt_process *p = section->object.process;

    *named = (struct named){.size = section->size,
                            .protection = section->protection,
                            .attributes = section->attributes,
                            .image = section->image != NULL};
    if (!section->file)
        return nt_status_from(world_section_offer(p->world, section->section, &named->token));
    named->server = section->file->open.server;
    named->access = section->file->open.access;
    return nt_status_from(world_offer(p->world, section->file->open, false, &named->token));
}

static nt_status take_file(struct nt_process *p, struct nt_section *section,
                           const struct named *named)
{
    struct world_open open;
    char path[4096];
    uint16_t *dos = NULL;
    size_t length, units = 0;

    if (world_accept(p->world, named->server, named->token, &open) != JN_OK)
        return NT_OBJECT_NAME_NOT_FOUND;
    open.access = named->access;
    if (world_file_path(p->world, open, path, sizeof path, &length) == JN_OK)
        dos = nt_path_to_dos(path, length, &units);
    section->file = nt_file_ref_create(open, dos, (uint32_t)units);
    free(dos);
    if (!section->file) {
        world_io_close(p->world, open);
        return NT_NO_MEMORY;
    }
    return named->image ? nt_image_open(p, section->file, &section->image) : NT_SUCCESS;
}

/* The section that has the name, for this process. */
static nt_status take(struct nt_process *p, const void *found, size_t length, uint64_t number,
                      struct nt_section **existing)
{
    struct nt_section *section;
    struct named named;
    nt_status status = NT_SUCCESS;

    if (length != sizeof named)
        return NT_OBJECT_TYPE_MISMATCH;
    memcpy(&named, found, sizeof named);
    section = nt_object_create(p, NT_TYPE_SECTION, sizeof *section);
    if (!section)
        return NT_NO_MEMORY;
    section->object.published = number;
    section->size = named.size;
    section->protection = named.protection;
    section->attributes = named.attributes;
    if (named.server)
        status = take_file(p, section, &named);
    else if (world_section_accept(p->world, named.token, &section->section) != JN_OK) {
        section->section = 0;
        status = NT_OBJECT_NAME_NOT_FOUND; /* its last holder ended just now */
    }
    if (NT_FAILED(status)) {
        nt_object_release(&section->object);
        return status;
    }
    *existing = section;
    return NT_SUCCESS;
}

nt_status nt_section_publish(struct nt_thread *t, struct nt_section *section,
                             const struct nt_attributes *a, struct nt_section **existing)
{
    struct nt_process *p = t->process;
    uint8_t found[WORLD_DATA_MAX];
    struct named named = {0};
    uint32_t flags = section ? a->flags & NT_OBJ_OPENIF ? WORLD_OPEN_OR_MAKE : 0
                             : WORLD_MUST_EXIST;
    size_t length, found_length = 0;
    uint64_t number = 0;
    bool existed = false;
    char *path;
    nt_status status = nt_object_path(t, a, &path, &length);

    if (NT_FAILED(status) || !path)
        return NT_FAILED(status) ? status : section ? NT_SUCCESS : NT_OBJECT_PATH_SYNTAX_BAD;
    if (a->flags & NT_OBJ_CASE_INSENSITIVE)
        flags |= WORLD_CASELESS;
    if (section)
        status = describe(section, &named);
    if (!NT_FAILED(status)) {
        world_status made = world_publish(p->world, WORLD_SECTION, flags, &named,
                                          section ? sizeof named : 0, path, length, &number,
                                          &existed, found, &found_length);
        status = made == JN_BAD_ARG ? NT_OBJECT_TYPE_MISMATCH : nt_status_from(made);
    }
    free(path);
    if (NT_FAILED(status))
        return status;
    if (!existed) {
        section->object.published = number;
        return NT_SUCCESS;
    }
    status = take(p, found, found_length, number, existing);
    if (NT_FAILED(status))
        return status;
    return section ? NT_OBJECT_NAME_EXISTS : NT_SUCCESS;
}
