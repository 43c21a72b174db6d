/* Sections: of files, of images, and of shared memory; views of them. */
#include <stdlib.h>
#include <string.h>

#include "nt_parts.h"
#include "nt_remote.h"

struct nt_file_ref *nt_file_ref_create(struct world_open open, const uint16_t *path,
                                       uint32_t path_length)
{
    struct nt_file_ref *ref = calloc(1, sizeof *ref);

    if (!ref)
        return NULL;
    ref->refs = 1;
    ref->open = open;
    if (path) {
        ref->path = nt_text_dup(path, path_length);
        ref->path_length = path_length;
    }
    return ref;
}

struct nt_file_ref *nt_file_ref_of(struct nt_file *file)
{
    if (!file->ref)
        file->ref = nt_file_ref_create(file->open, file->path, file->path_length);
    if (file->ref)
        nt_file_ref_get(file->ref);
    return file->ref;
}

void nt_file_ref_get(struct nt_file_ref *ref)
{
    ref->refs++;
}

void nt_file_ref_put(struct nt_process *p, struct nt_file_ref *ref)
{
    if (--ref->refs)
        return;
    if (ref->open.server && !p->ended)
        world_io_close(p->world, ref->open);
    free(ref->path);
    free(ref);
}

static nt_status section_of_file(struct nt_thread *t, struct nt_section *section, uint64_t handle,
                                 uint8_t pages, uint64_t size)
{
    struct nt_file *file;
    struct world_stat stat;
    nt_status status = nt_handle_object(t, handle, NT_TYPE_FILE, 0, &file);

    if (NT_FAILED(status))
        return status;
    if (file->kind != NT_FILE_DISK)
        return NT_INVALID_FILE_FOR_SECTION;
    if (!(file->access & (NT_FILE_READ_DATA | NT_FILE_EXECUTE)))
        return NT_ACCESS_DENIED;
    if ((pages & NT_PG_WRITE) && !(section->attributes & NT_SEC_IMAGE) &&
        !(file->access & NT_FILE_WRITE_DATA))
        return NT_ACCESS_DENIED;
    section->file = nt_file_ref_of(file);
    if (!section->file)
        return NT_NO_MEMORY;
    if (section->attributes & NT_SEC_IMAGE) {
        status = nt_image_open(t->process, section->file, &section->image);
        if (!NT_FAILED(status))
            section->size = section->image->size;
        return status;
    }
    status = nt_status_from(world_file_stat(t->process->world, file->open, &stat));
    if (NT_FAILED(status))
        return status;
    if (!size)
        size = stat.size;
    if (!size)
        return 0xc000011e; /* STATUS_MAPPED_FILE_SIZE_ZERO */
    if (size > stat.size) {
        if (!(pages & NT_PG_WRITE))
            return NT_SECTION_TOO_BIG;
        status = nt_status_from(world_io_truncate(t->process->world, file->open, size));
        if (NT_FAILED(status))
            return status;
    }
    section->size = size;
    return NT_SUCCESS;
}

nt_status NtCreateSection(struct nt_thread *t, const uint64_t *a)
{
    uint32_t protection = (uint32_t)a[4], attributes = (uint32_t)a[5];
    struct nt_attributes object;
    struct nt_section *section;
    uint64_t size = 0;
    uint8_t pages;
    nt_status status;

    if (a[3] && NT_FAILED(nt_read_u64(t, a[3], &size)))
        return NT_ACCESS_VIOLATION;
    if (!nt_page_from_protection(protection & 0xff, &pages))
        return NT_INVALID_PAGE_PROTECTION;
    status = nt_read_attributes(t, a[2], &object);
    if (NT_FAILED(status))
        return status;
    section = nt_object_create(t->process, NT_TYPE_SECTION, sizeof *section);
    if (!section) {
        nt_attributes_free(&object);
        return NT_NO_MEMORY;
    }
    section->protection = protection;
    section->attributes = attributes;
    if ((uint32_t)a[6]) {
        status = section_of_file(t, section, a[6], pages, size);
        section->attributes |= NT_SEC_FILE;
    } else if (!size || (attributes & NT_SEC_IMAGE)) {
        status = attributes & NT_SEC_IMAGE ? NT_INVALID_FILE_FOR_SECTION : NT_INVALID_PARAMETER;
    } else {
        section->size = (size + NT_MASK_PAGE) & ~NT_MASK_PAGE;
        status =
            nt_status_from(world_section_create(t->process->world, section->size,
                                                &section->section));
    }
    if (!NT_FAILED(status) && object.name.length) {
        struct nt_section *existing = NULL;
        status = nt_section_publish(t, section, &object, &existing);
        if (existing) {
            nt_object_release(&section->object);
            section = existing;
        }
    }
    nt_attributes_free(&object);
    if (NT_FAILED(status)) {
        nt_object_release(&section->object);
        return status;
    }
    return nt_handle_give(t, a[0], section, (uint32_t)a[1], object.flags, status);
}

nt_status NtOpenSection(struct nt_thread *t, const uint64_t *a)
{
    struct nt_attributes object;
    struct nt_section *existing = NULL;
    nt_status status = nt_read_attributes(t, a[2], &object);

    if (NT_FAILED(status))
        return status;
    status = nt_section_publish(t, NULL, &object, &existing);
    nt_attributes_free(&object);
    if (NT_FAILED(status))
        return status;
    return nt_handle_give(t, a[0], existing, (uint32_t)a[1], object.flags, NT_SUCCESS);
}

nt_status NtQuerySection(struct nt_thread *t, const uint64_t *a)
{
    struct nt_section *section;
    nt_status status = nt_handle_object(t, a[0], NT_TYPE_SECTION, 0, &section);

    if (NT_FAILED(status))
        return status;
    switch ((uint32_t)a[1]) {
    case 0: {
        struct {
            uint64_t base;
            uint32_t attributes, pad;
            uint64_t size;
        } basic = {0, section->attributes, 0, section->size};
        if (a[3] < sizeof basic)
            return NT_INFO_LENGTH_MISMATCH;
        if (NT_FAILED(nt_write(t, a[2], &basic, sizeof basic)))
            return NT_ACCESS_VIOLATION;
        return a[4] ? nt_write_u64(t, a[4], sizeof basic) : NT_SUCCESS;
    }
    case 1: {
        struct nt_section_image_information information;
        if (a[3] < sizeof information)
            return NT_INFO_LENGTH_MISMATCH;
        if (!section->image)
            return NT_SECTION_NOT_IMAGE;
        nt_image_information(section->image, 0, &information);
        if (NT_FAILED(nt_write(t, a[2], &information, sizeof information)))
            return NT_ACCESS_VIOLATION;
        return a[4] ? nt_write_u64(t, a[4], sizeof information) : NT_SUCCESS;
    }
    }
    return NT_INVALID_INFO_CLASS;
}

static nt_status map_data(struct nt_process *p, struct nt_section *section, uint64_t *base,
                          uint64_t *size, uint64_t offset, uint32_t type, uint32_t protection,
                          uint8_t pages, uint64_t low, uint64_t high)
{
    struct world_backing backing = {.offset = offset};
    struct nt_view *view;
    nt_status status;

    if (offset >= section->size || (offset & NT_MASK_PAGE))
        return NT_INVALID_PARAMETER;
    if (!*size)
        *size = section->size - offset;
    if (*size > ((section->size + NT_MASK_PAGE) & ~NT_MASK_PAGE) - offset)
        return NT_INVALID_VIEW_SIZE;
    *size = (*size + NT_MASK_PAGE) & ~NT_MASK_PAGE;
    if (section->file) {
        backing.kind = pages & NT_PG_WRITECOPY ? WORLD_BACK_PRIVATE : WORLD_BACK_SHARED;
        backing.file = section->file->open;
        backing.file_length = section->size - offset;
    } else {
        /* A number of the view's own: it keeps the memory when the section's handle is closed. */
        backing.kind = WORLD_BACK_SECTION;
        status = nt_status_from(
            world_section_share(p->world, section->section, p->world, &backing.section));
        if (NT_FAILED(status))
            return status;
    }
    if (!(section->attributes & NT_SEC_RESERVE) || section->file)
        pages |= NT_PG_COMMITTED;
    status = nt_view_create(p, base, *size, low, high, 0, !!(type & NT_MEM_TOP_DOWN),
                            NT_MEM_MAPPED, protection, pages, &backing, &view);
    if (NT_FAILED(status)) {
        if (!section->file)
            world_section_close(p->world, backing.section);
        return status;
    }
    view->file_offset = offset;
    if (section->file) {
        view->file = section->file;
        nt_file_ref_get(section->file);
    } else {
        view->section = backing.section;
    }
    return NT_SUCCESS;
}

nt_status nt_section_map(struct nt_process *p, struct nt_section *section,
                         const struct nt_mapping *wanted, uint64_t *base, uint64_t *size)
{
    struct nt_view *view;
    uint8_t pages;
    nt_status status;

    if (!nt_page_from_protection(wanted->protection, &pages))
        return NT_INVALID_PAGE_PROTECTION;
    if (*base & (NT_GRANULARITY - 1))
        return 0xc0000220; /* STATUS_MAPPED_ALIGNMENT */
    if (section->image) {
        status = nt_image_map(p, section->image, section->file, base, &view);
        if (NT_FAILED(status))
            return status;
        *size = view->size;
        if (view->file->path_length >= 10 &&
            nt_text_equal_ascii(view->file->path + view->file->path_length - 10, 10, "win32u.dll"))
            nt_service_load(p, section->image, *base, 1, NULL, 0);
        return NT_SUCCESS;
    }
    if (wanted->type & NT_MEM_REPLACE_PLACEHOLDER) {
        view = nt_view_find(p, *base);
        if (!view || !view->placeholder || view->base != *base || view->size != *size)
            return NT_CONFLICTING_ADDRESSES;
        nt_view_destroy(p, view);
    }
    return map_data(p, section, base, size, wanted->offset, wanted->type, wanted->protection, pages,
                    wanted->low, wanted->high);
}

/* Into another process: of this core with an object of its own, else by a request. */
static nt_status map_elsewhere(struct nt_thread *t, struct nt_section *section,
                               const struct nt_process_object *target,
                               const struct nt_mapping *wanted, uint64_t *base, uint64_t *size)
{
    struct nt_process *p = nt_process_reach(t, target->pid);
    uint64_t arguments[7] = {*base,        *size, wanted->offset, wanted->type, wanted->protection,
                             wanted->low, wanted->high};
    struct nt_remote_message *answer;
    struct nt_parcel *parcel = NULL;
    struct nt_object *copy;
    size_t length = 0;
    nt_status status = NT_SUCCESS;

    if (target->foreign || target->ended)
        return target->ended ? NT_PROCESS_IS_TERMINATING : NT_ACCESS_DENIED;
    if (p) {
        status = nt_object_clone(&section->object, p, &copy);
        if (NT_FAILED(status))
            return status;
        status = nt_section_map(p, (struct nt_section *)copy, wanted, base, size);
        nt_object_release(copy);
        return status;
    }
    if (!t->remote_id)
        status = nt_parcel_pack(&section->object, &parcel, &length);
    if (NT_FAILED(status))
        return status;
    status = nt_remote_ask(t, target->pid, NT_REMOTE_MAP, arguments, 7, parcel, (uint32_t)length,
                           &answer);
    free(parcel);
    if (status == NT_SUCCESS) {
        *base = answer->results[0];
        *size = answer->results[1];
        free(answer);
    }
    return status;
}

static nt_status map_section(struct nt_thread *t, uint64_t section_handle, uint64_t process_handle,
                             uint64_t base_address, uint64_t offset_address,
                             uint64_t size_address, uint32_t type, uint32_t protection,
                             uint64_t low, uint64_t high)
{
    struct nt_mapping wanted = {
        .type = type, .protection = protection, .low = low, .high = high};
    struct nt_process_object *target;
    struct nt_section *section;
    uint64_t base, size;
    uint8_t pages;
    nt_status status = nt_handle_object(t, section_handle, NT_TYPE_SECTION, 0, &section);

    if (NT_FAILED(status))
        return status;
    status = nt_handle_object(t, process_handle, NT_TYPE_PROCESS, 8, &target);
    if (NT_FAILED(status))
        return status;
    if (NT_FAILED(nt_read_u64(t, base_address, &base)) ||
        NT_FAILED(nt_read_u64(t, size_address, &size)) ||
        (offset_address && NT_FAILED(nt_read_u64(t, offset_address, &wanted.offset))))
        return NT_ACCESS_VIOLATION;
    if (!nt_page_from_protection(protection, &pages))
        return NT_INVALID_PAGE_PROTECTION;
    status = target->pid == t->process->pid
                 ? nt_section_map(t->process, section, &wanted, &base, &size)
                 : map_elsewhere(t, section, target, &wanted, &base, &size);
    if (status != NT_SUCCESS)
        return status;
    const struct nt_part results[] = {{base_address, &base, 8}, {size_address, &size, 8}};
    return NT_FAILED(nt_write_parts(t, results, 2)) ? NT_ACCESS_VIOLATION : NT_SUCCESS;
}

nt_status NtMapViewOfSection(struct nt_thread *t, const uint64_t *a)
{
    uint64_t high = 0;

    if (a[3] && a[3] < 32)
        high = a[3] > 21 ? 0 : (1ull << (32 - a[3])) - 1;
    return map_section(t, a[0], a[1], a[2], a[5], a[6], (uint32_t)a[8], (uint32_t)a[9], 0, high);
}

nt_status NtMapViewOfSectionEx(struct nt_thread *t, const uint64_t *a)
{
    uint64_t low = 0, high = 0;

    for (uint32_t i = 0; i < (uint32_t)a[8] && i < 16; i++) {
        uint64_t parameter[2], requirements[3];
        if (NT_FAILED(nt_read(t, a[7] + i * 16, parameter, 16)))
            return NT_ACCESS_VIOLATION;
        if ((parameter[0] & 0xff) != 1)
            continue;
        if (NT_FAILED(nt_read(t, parameter[1], requirements, 24)))
            return NT_ACCESS_VIOLATION;
        low = requirements[0];
        high = requirements[1];
    }
    return map_section(t, a[0], a[1], a[2], a[3], a[4], (uint32_t)a[5], (uint32_t)a[6], low, high);
}

static nt_status unmap(struct nt_thread *t, uint64_t process_handle, uint64_t address,
                       uint32_t flags)
{
    struct nt_process_object *target;
    struct nt_process *p;
    struct nt_view *view;
    nt_status status = nt_handle_object(t, process_handle, NT_TYPE_PROCESS, 8, &target);

    if (NT_FAILED(status))
        return status;
    p = nt_process_by_pid(target->pid);
    if (!p)
        return NT_ACCESS_DENIED;
    view = nt_view_find(p, address);
    if (!view || view->type == NT_MEM_PRIVATE || view->system)
        return NT_NOT_MAPPED_VIEW;
    uint64_t base = view->base, size = view->size;
    nt_view_destroy(p, view);
    if (flags & NT_MEM_PRESERVE_PLACEHOLDER) {
        status = nt_view_create(p, &base, size, 0, 0, 0, false, NT_MEM_PRIVATE, NT_PAGE_NOACCESS,
                                0, NULL, &view);
        if (!NT_FAILED(status))
            view->placeholder = true;
    }
    return status;
}

nt_status NtUnmapViewOfSection(struct nt_thread *t, const uint64_t *a)
{
    return unmap(t, a[0], a[1], 0);
}

nt_status NtUnmapViewOfSectionEx(struct nt_thread *t, const uint64_t *a)
{
    return unmap(t, a[0], a[1], (uint32_t)a[2]);
}

nt_status NtExtendSection(struct nt_thread *t, const uint64_t *a)
{
    struct nt_section *section;
    uint64_t size;
    nt_status status = nt_handle_object(t, a[0], NT_TYPE_SECTION, 0x10, &section);

    if (NT_FAILED(status))
        return status;
    if (NT_FAILED(nt_read_u64(t, a[1], &size)))
        return NT_ACCESS_VIOLATION;
    if (!section->file || section->image || size < section->size)
        return NT_INVALID_PARAMETER;
    status = nt_status_from(world_io_truncate(t->process->world, section->file->open, size));
    if (!NT_FAILED(status))
        section->size = size;
    return status;
}

nt_status NtAreMappedFilesTheSame(struct nt_thread *t, const uint64_t *a)
{
    struct nt_view *one = nt_view_find(t->process, a[0]), *two = nt_view_find(t->process, a[1]);
    struct world_stat first, second;

    if (!one || !two)
        return NT_INVALID_ADDRESS;
    if (one == two)
        return NT_SUCCESS;
    if (!one->file || !two->file || one->type == NT_MEM_PRIVATE)
        return NT_CONFLICTING_ADDRESSES;
    if (world_file_stat(t->process->world, one->file->open, &first) != JN_OK ||
        world_file_stat(t->process->world, two->file->open, &second) != JN_OK)
        return NT_NOT_SAME_DEVICE;
    return first.device == second.device && first.inode == second.inode ? NT_SUCCESS
                                                                        : NT_NOT_SAME_DEVICE;
}
