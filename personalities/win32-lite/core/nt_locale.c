/* NLS: files of code pages, case and sorting tables as shared read-only sections. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core.h"

#define DIRECTORY "/c/windows/system32/"
#define POPULATE_MAX 0x100000u /* the larger ones (sorting) are read here and there */
#define LCID_EN_US 0x409u

struct nt_nls_view { /* of a process: mapped for ever, one per file */
    struct nt_nls_view *next;
    char name[24];
    uint64_t base, size;
};

static nt_status map(struct nt_process *p, const char *name, uint64_t *base, uint64_t *size)
{
    struct nt_nls_view *known;
    struct world_open open;
    struct world_stat stat;
    struct nt_file_ref *file;
    struct nt_view *view;
    char path[64];
    bool created;
    nt_status status;

    for (known = p->nls_views; known; known = known->next)
        if (!strcmp(known->name, name)) {
            *base = known->base;
            *size = known->size;
            return NT_SUCCESS;
        }
    int length = snprintf(path, sizeof path, DIRECTORY "%s", name);
    status = nt_status_from(world_file_open(p->world, path, (size_t)length,
                                            WORLD_OPEN_NOT_DIRECTORY, WORLD_READ, 7, 0, &open,
                                            &created));
    if (NT_FAILED(status))
        return status;
    status = nt_status_from(world_file_stat(p->world, open, &stat));
    file = nt_file_ref_create(open, NULL, 0);
    known = calloc(1, sizeof *known);
    if (!NT_FAILED(status) && file && known) {
        struct world_backing backing = {.kind = WORLD_BACK_SHARED, .file = open,
                                        .file_length = stat.size};
        *base = 0;
        *size = stat.size;
        status = nt_view_create(p, base, (stat.size + NT_MASK_PAGE) & ~NT_MASK_PAGE, 0, 0, 0,
                                false, NT_MEM_MAPPED, NT_PAGE_READONLY,
                                NT_PG_READ | NT_PG_COMMITTED, &backing, &view);
        if (!NT_FAILED(status)) {
            view->file = file;
            nt_file_ref_get(file);
            if (stat.size <= POPULATE_MAX)
                world_memory_populate(p->world, *base, view->size);
            snprintf(known->name, sizeof known->name, "%s", name);
            known->base = *base;
            known->size = *size;
            known->next = p->nls_views;
            p->nls_views = known;
            known = NULL;
        }
    } else if (!NT_FAILED(status)) {
        status = NT_NO_MEMORY;
    }
    free(known);
    if (file)
        nt_file_ref_put(p, file);
    else
        world_io_close(p->world, open);
    return status;
}

void nt_locale_process_gone(struct nt_process *p)
{
    while (p->nls_views) {
        struct nt_nls_view *next = p->nls_views->next;
        free(p->nls_views);
        p->nls_views = next;
    }
}

nt_status NtInitializeNlsFiles(struct nt_thread *t, const uint64_t *a)
{
    uint64_t base, size;
    nt_status status = map(t->process, "locale.nls", &base, &size);

    if (NT_FAILED(status))
        return status;
    if (NT_FAILED(nt_write_u64(t, a[0], base)) || NT_FAILED(nt_write_u32(t, a[1], LCID_EN_US)))
        return NT_ACCESS_VIOLATION;
    return a[2] ? nt_write_u64(t, a[2], size) : NT_SUCCESS;
}

nt_status NtGetNlsSectionPtr(struct nt_thread *t, const uint64_t *a)
{
    uint32_t type = (uint32_t)a[0], id = (uint32_t)a[1];
    const char *name = NULL;
    char page[24];
    uint64_t base, size;
    nt_status status;

    switch (type) {
    case 9:
        if (!id)
            name = "sortdefault.nls";
        break;
    case 10:
        if (!id)
            name = "l_intl.nls";
        break;
    case 11:
        snprintf(page, sizeof page, "c_%03u.nls", id);
        name = page;
        break;
    case 12:
        name = id == 1    ? "normnfc.nls"
               : id == 2  ? "normnfd.nls"
               : id == 5  ? "normnfkc.nls"
               : id == 6  ? "normnfkd.nls"
               : id == 13 ? "normidna.nls"
                          : NULL;
        if (!name)
            return NT_OBJECT_NAME_NOT_FOUND;
        break;
    }
    if (!name)
        return type >= 9 && type <= 12 ? NT_INVALID_PARAMETER_1 : NT_INVALID_PARAMETER_1;
    status = map(t->process, name, &base, &size);
    if (NT_FAILED(status))
        return status;
    if (NT_FAILED(nt_write_u64(t, a[3], base)) || NT_FAILED(nt_write_u64(t, a[4], size)))
        return NT_ACCESS_VIOLATION;
    return NT_SUCCESS;
}

nt_status NtQueryDefaultLocale(struct nt_thread *t, const uint64_t *a)
{
    return nt_write_u32(t, a[1], LCID_EN_US);
}

nt_status NtSetDefaultLocale(struct nt_thread *t, const uint64_t *a)
{
    (void)t;
    return (uint32_t)a[1] == LCID_EN_US ? NT_SUCCESS : NT_NOT_SUPPORTED;
}

nt_status NtQueryDefaultUILanguage(struct nt_thread *t, const uint64_t *a)
{
    uint16_t language = LCID_EN_US;

    return nt_write(t, a[0], &language, 2);
}

nt_status NtQueryInstallUILanguage(struct nt_thread *t, const uint64_t *a)
{
    return NtQueryDefaultUILanguage(t, a);
}

nt_status NtSetDefaultUILanguage(struct nt_thread *t, const uint64_t *a)
{
    (void)t;
    return (uint16_t)a[0] == LCID_EN_US ? NT_SUCCESS : NT_NOT_SUPPORTED;
}
