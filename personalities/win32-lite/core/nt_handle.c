/* Objects with reference counts, and the handle table of a process: handle = 4 * (index + 1). */
#include <stdlib.h>
#include <string.h>

#include "nt_job.h"
#include "nt_lease.h"
#include "nt_remote.h"

void *nt_object_create(struct nt_process *p, enum nt_type type, size_t size)
{
    struct nt_object *object = calloc(1, size);

    if (object) {
        object->type = type;
        object->refs = 1;
        object->process = p;
        nt_list_init(&object->waiters);
        if (type == NT_TYPE_COMPLETION)
            nt_list_init(&((struct nt_completion *)object)->entries);
    }
    return object;
}

void nt_object_ref(struct nt_object *object)
{
    object->refs++;
}

static void file_destroy(struct nt_file *file)
{
    struct nt_process *p = file->object.process;

    nt_async_file_closed(file);
    nt_directory_state_free(file->directory);
    if (file->write_open.server && !p->ended)
        world_io_close(p->world, file->write_open);
    if (file->pipe_name && !p->ended)
        nt_pipe_end_closed(file);
    if (file->completion)
        nt_object_release(&file->completion->object);
    if (file->ref)
        nt_file_ref_put(p, file->ref);
    else if (file->open.server && !p->ended)
        world_io_close(p->world, file->open);
    free(file->path);
}

static void section_destroy(struct nt_section *section)
{
    struct nt_process *p = section->object.process;

    nt_image_put(section->image);
    if (section->file)
        nt_file_ref_put(p, section->file);
    if (section->section && !p->ended)
        world_section_close(p->world, section->section);
}

static void completion_destroy(struct nt_completion *completion)
{
    while (!nt_list_empty(&completion->entries)) {
        struct nt_completion_entry *entry =
            nt_container(completion->entries.next, struct nt_completion_entry, link);
        nt_list_remove(&entry->link);
        free(entry);
    }
}

void nt_object_release(struct nt_object *object)
{
    if (!object || --object->refs)
        return;
    nt_lease_forget(object);
    switch (object->type) {
    case NT_TYPE_FILE: file_destroy((struct nt_file *)object); break;
    case NT_TYPE_SECTION: section_destroy((struct nt_section *)object); break;
    case NT_TYPE_KEY:
        if (!object->process->ended)
            world_key_close(object->process->world, ((struct nt_key *)object)->key);
        break;
    case NT_TYPE_DIRECTORY: free(((struct nt_directory *)object)->path); break;
    case NT_TYPE_SYMLINK: free(((struct nt_symlink *)object)->target); break;
    case NT_TYPE_THREAD: nt_watch_drop((struct nt_thread_object *)object); break;
    case NT_TYPE_TIMER: nt_timer_forget((struct nt_timer *)object); break;
    case NT_TYPE_MUTANT:
        if (((struct nt_mutant *)object)->owner)
            nt_list_remove(&((struct nt_mutant *)object)->owned);
        break;
    case NT_TYPE_JOB: nt_job_destroy((struct nt_job *)object); break;
    case NT_TYPE_COMPLETION: completion_destroy((struct nt_completion *)object); break;
    default: break;
    }
    if (object->shared && !object->process->ended)
        world_object_close(object->process->world, object->shared);
    if (object->published && !object->process->ended)
        world_object_close(object->process->world, object->published);
    free(object->name);
    free(object);
}

static struct nt_handle *table_entry(struct nt_handle_table *table, uint64_t handle)
{
    uint64_t index = (uint32_t)handle / 4;

    /* Handles may come with garbage in the upper half or sign-extended; the low bits are tags. */
    if (!index || index > table->used || !table->entries[index - 1].object)
        return NULL;
    return &table->entries[index - 1];
}

struct nt_handle *nt_handle_entry(struct nt_process *p, uint64_t handle)
{
    return table_entry(&p->handles, handle);
}

static bool table_grow(struct nt_handle_table *table, uint32_t size)
{
    struct nt_handle *entries;

    if (size <= table->size)
        return true;
    if (size > 1u << 24)
        return false;
    if (size < table->size * 2)
        size = table->size * 2;
    if (size < 64)
        size = 64;
    entries = realloc(table->entries, size * sizeof *entries);
    if (!entries)
        return false;
    memset(entries + table->size, 0, (size - table->size) * sizeof *entries);
    table->entries = entries;
    table->size = size;
    return true;
}

nt_status nt_handle_insert(struct nt_process *p, struct nt_object *object, uint32_t access,
                           uint32_t flags, uint64_t *handle)
{
    struct nt_handle_table *table = &p->handles;
    uint32_t index;

    if (table->free_first) {
        index = table->free_first - 1;
        table->free_first = table->entries[index].access;
    } else {
        if (!table_grow(table, table->used + 1))
            return NT_INSUFFICIENT_RESOURCES;
        index = table->used++;
    }
    nt_object_ref(object);
    table->entries[index] = (struct nt_handle){object, access, flags};
    *handle = ((uint64_t)index + 1) * 4;
    nt_lease_offer(p, object, *handle);
    return NT_SUCCESS;
}

nt_status nt_handle_place(struct nt_process *p, uint64_t handle, struct nt_object *object,
                          uint32_t access, uint32_t flags)
{
    struct nt_handle_table *table = &p->handles;
    uint32_t index = handle / 4 - 1;

    if (!table_grow(table, index + 1))
        return NT_INSUFFICIENT_RESOURCES;
    /* Gaps join the free list, lowest first. Placement goes upward into an empty table. */
    for (uint32_t gap = table->used; gap < index; gap++) {
        table->entries[gap] = (struct nt_handle){NULL, table->free_first, 0};
        table->free_first = gap + 1;
    }
    if (table->used <= index)
        table->used = index + 1;
    nt_object_ref(object);
    table->entries[index] = (struct nt_handle){object, access, flags};
    return NT_SUCCESS;
}

nt_status nt_handle_close(struct nt_process *p, uint64_t handle)
{
    struct nt_handle *entry = table_entry(&p->handles, handle);
    struct nt_object *object;

    if (!entry)
        return NT_INVALID_HANDLE;
    if (entry->flags & NT_HANDLE_PROTECT)
        return NT_HANDLE_NOT_CLOSABLE;
    object = entry->object;
    nt_lease_recall(object);
    if (nt_open_unlease && object->type == NT_TYPE_FILE &&
        ((struct nt_file *)object)->open.server == WORLD_FS)
        nt_open_unlease(((struct nt_file *)object)->open.number,
                        object->refs == 1 && !((struct nt_file *)object)->ref);
    *entry = (struct nt_handle){NULL, p->handles.free_first, 0};
    p->handles.free_first = (uint32_t)(entry - p->handles.entries) + 1;
    nt_object_release(object);
    return NT_SUCCESS;
}

void nt_handle_close_all(struct nt_process *p)
{
    for (uint32_t i = 0; i < p->handles.used; i++) {
        struct nt_object *object = p->handles.entries[i].object;
        p->handles.entries[i].object = NULL;
        nt_object_release(object);
    }
    free(p->handles.entries);
    memset(&p->handles, 0, sizeof p->handles);
}

nt_status nt_handle_object(struct nt_thread *t, uint64_t handle, enum nt_type type,
                           uint32_t access, void *object)
{
    struct nt_object **result = object;
    struct nt_handle *entry;
    int32_t pseudo = (int32_t)handle;

    if (pseudo == -1 && (type == NT_TYPE_PROCESS || type == NT_TYPE_NONE)) {
        *result = &t->process->self->object;
        return NT_SUCCESS;
    }
    if (pseudo == -2 && (type == NT_TYPE_THREAD || type == NT_TYPE_NONE)) {
        *result = &t->object->object;
        return NT_SUCCESS;
    }
    entry = table_entry(&t->process->handles, handle);
    if (!entry)
        return NT_INVALID_HANDLE;
    if (type != NT_TYPE_NONE && entry->object->type != type)
        return NT_OBJECT_TYPE_MISMATCH;
    if (access & ~entry->access)
        return NT_ACCESS_DENIED;
    nt_lease_recall(entry->object);
    *result = entry->object;
    return NT_SUCCESS;
}

/* Generic rights to the type's own; MAXIMUM_ALLOWED is everything. */
uint32_t nt_access_map(enum nt_type type, uint32_t access)
{
    static const struct {
        uint32_t read, write, execute, all;
    } map[NT_TYPE_COUNT] = {
        [NT_TYPE_EVENT] = {0x20001, 0x20002, 0x120000, 0x1f0003},
        [NT_TYPE_SEMAPHORE] = {0x20001, 0x20002, 0x120000, 0x1f0003},
        [NT_TYPE_MUTANT] = {0x20001, 0x20000, 0x120000, 0x1f0001},
        [NT_TYPE_TIMER] = {0x20001, 0x20002, 0x120000, 0x1f0003},
        [NT_TYPE_KEYED_EVENT] = {0x20001, 0x20002, 0x20000, 0xf0003},
        [NT_TYPE_PROCESS] = {0x20410, 0x20be8, 0x121001, 0x1fffff},
        [NT_TYPE_THREAD] = {0x20048, 0x20437, 0x121800, 0x1fffff},
        [NT_TYPE_FILE] = {0x120089, 0x120116, 0x1200a0, 0x1f01ff},
        [NT_TYPE_SECTION] = {0x20005, 0x20002, 0x20008, 0xf001f},
        [NT_TYPE_KEY] = {0x20019, 0x20006, 0x20039, 0xf003f},
        [NT_TYPE_DIRECTORY] = {0x20003, 0x2000c, 0x20003, 0xf000f},
        [NT_TYPE_SYMLINK] = {0x20001, 0x20000, 0x20001, 0xf0001},
        [NT_TYPE_TOKEN] = {0x2001a, 0x201e0, 0x20005, 0xf01ff},
        [NT_TYPE_JOB] = {0x20004, 0x2000b, 0x120000, 0x1f001f},
        [NT_TYPE_COMPLETION] = {0x20001, 0x20002, 0x120000, 0x1f0003},
    };
    uint32_t result = access & 0x01ffffffu;

    if (access & NT_GENERIC_READ)
        result |= map[type].read;
    if (access & NT_GENERIC_WRITE)
        result |= map[type].write;
    if (access & NT_GENERIC_EXECUTE)
        result |= map[type].execute;
    if (access & (NT_GENERIC_ALL | NT_MAXIMUM_ALLOWED))
        result |= map[type].all;
    return result;
}

nt_status nt_handle_give(struct nt_thread *t, uint64_t address, void *pointer, uint32_t access,
                         uint32_t attribute_flags, nt_status status)
{
    struct nt_object *object = pointer;
    uint64_t handle;
    nt_status result =
        nt_handle_insert(t->process, object, nt_access_map(object->type, access),
                         attribute_flags & NT_OBJ_INHERIT ? NT_HANDLE_INHERIT : 0, &handle);

    nt_object_release(object);
    if (NT_FAILED(result))
        return result;
    if (NT_FAILED(nt_write_u64(t, address, handle))) {
        nt_handle_close(t->process, handle);
        return NT_ACCESS_VIOLATION;
    }
    return status;
}
