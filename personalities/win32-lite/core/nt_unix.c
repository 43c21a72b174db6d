/* What Wine's DLLs reach through __wine_unix_call_dispatcher: a page of code of our own in every
 * process (nothing of it enters the core but the time), and the tables that modules get as their
 * "unix handle". Also: the tables of letters, read once. */
#include <stdlib.h>
#include <string.h>

#include "core.h"

#define TABLE_OFFSET 0x40u

/* rcx = handle (0: ntdll's own calls; else a table {u32 count, pad, functions}), edx = code,
 * r8 = arguments. */
static const uint8_t dispatcher[] = {
    0x48, 0x85, 0xc9,                         /* 00 test rcx, rcx */
    0x74, 0x17,                               /* 03 jz 1c */
    0x3b, 0x11,                               /* 05 cmp edx, [rcx] */
    0x73, 0x0d,                               /* 07 jae 16 */
    0x89, 0xd2,                               /* 09 mov edx, edx */
    0x4c, 0x8b, 0x5c, 0xd1, 0x08,             /* 0b mov r11, [rcx + rdx*8 + 8] */
    0x4c, 0x89, 0xc1,                         /* 10 mov rcx, r8 */
    0x41, 0xff, 0xe3,                         /* 13 jmp r11 */
    0xb8, 0xbb, 0x00, 0x00, 0xc0,             /* 16 mov eax, STATUS_NOT_SUPPORTED */
    0xc3,                                     /* 1b ret */
    0x83, 0xfa, 0x02,                         /* 1c cmp edx, 2 (system_time_precise) */
    0x74, 0x06,                               /* 1f je 27 */
    0xb8, 0x01, 0x00, 0x00, 0xc0,             /* 21 mov eax, STATUS_UNSUCCESSFUL */
    0xc3,                                     /* 26 ret */
    0x4d, 0x89, 0xc2,                         /* 27 mov r10, r8 */
    0xb8, 0x00, 0x00, 0x00, 0x00,             /* 2a mov eax, NtQuerySystemTime */
    0x0f, 0x05,                               /* 2f syscall */
    0xc3,                                     /* 31 ret */
};
#define TIME_NUMBER_AT 0x2bu
_Static_assert(sizeof dispatcher <= TABLE_OFFSET, "code before the table");

static const struct world_backing zero_backing = {.kind = WORLD_BACK_ZERO};

nt_status nt_unix_install(struct nt_process *p)
{
    extern uint32_t nt_service_number(const char *name);
    uint8_t page[TABLE_OFFSET + 16] = {0};
    struct nt_view *view;
    uint32_t number = nt_service_number("NtQuerySystemTime");
    uint64_t base = 0;
    nt_status status;

    if (!p->entry_unix)
        return NT_SUCCESS; /* another ntdll that has no such calls */
    memcpy(page, dispatcher, sizeof dispatcher);
    memcpy(page + TIME_NUMBER_AT, &number, 4);
    status = nt_view_create(p, &base, NT_PAGE, 0x7ff80000ull - 0x20000, 0, 0, false,
                            NT_MEM_PRIVATE, NT_PAGE_EXECUTE_READ,
                            NT_PG_READ | NT_PG_EXEC | NT_PG_COMMITTED, &zero_backing, &view);
    if (NT_FAILED(status))
        return status;
    view->system = true;
    p->unix_page = base;
    status = nt_status_from(world_memory_patch(p->world, base, page, sizeof page));
    if (!NT_FAILED(status))
        status = nt_status_from(world_memory_patch(p->world, p->entry_unix, &base, 8));
    return status;
}

/* MemoryWineUnixFuncs: a handle for the modules whose DllMain would fail without one. */
nt_status nt_unix_functions(struct nt_thread *t, const uint64_t *a)
{
    static const char *const modules[] = {"ws2_32.dll", "crypt32.dll", "msv1_0.dll"};
    struct nt_view *view = nt_view_find(t->process, a[1]);

    if (a[4] != 8)
        return NT_INFO_LENGTH_MISMATCH;
    if (!view || view->type != NT_MEM_IMAGE || !view->file || !view->file->path)
        return NT_DLL_NOT_FOUND;
    for (size_t i = 0; i < sizeof modules / sizeof *modules; i++) {
        size_t n = strlen(modules[i]);
        if (view->file->path_length > n &&
            view->file->path[view->file->path_length - n - 1] == '\\' &&
            nt_text_equal_ascii(view->file->path + view->file->path_length - n, n, modules[i]))
            return nt_write_u64(t, a[3], t->process->unix_page + TABLE_OFFSET);
    }
    return NT_DLL_NOT_FOUND;
}

/* l_intl.nls, once for all. */
void nt_text_load(struct nt_process *p)
{
    static const char path[] = "/c/windows/system32/l_intl.nls";
    static bool loaded;
    struct world_open open;
    struct world_stat stat;
    uint64_t done, total = 0;
    bool created;

    if (loaded || world_file_open(p->world, path, sizeof path - 1, WORLD_OPEN_NOT_DIRECTORY,
                                  WORLD_READ, 7, 0, &open, &created) != JN_OK)
        return;
    if (world_file_stat(p->world, open, &stat) == JN_OK && stat.size < 1u << 20) {
        uint8_t *table = malloc(stat.size);
        while (table && total < stat.size &&
               world_io_get(p->world, open, (int64_t)total, table + total, stat.size - total, false,
                            0, &done) == JN_OK &&
               done)
            total += done;
        if (table)
            nt_text_set_upper_table(table, total);
        loaded = table && total == stat.size;
        free(table);
    }
    world_io_close(p->world, open);
}
