/* A world in which nothing exists, for tests of what needs none: time stands still, calls fail. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "fake_world.h"
#include "janus/runtime.h"

uint64_t fake_now = 1000000000;
unsigned fake_answers;
uint64_t fake_last_answer;

#define FAIL(name, ...)                                                                           \
    world_status name(__VA_ARGS__)                                                                \
    {                                                                                             \
        return JN_NOT_SUPPORTED;                                                                  \
    }
#pragma GCC diagnostic ignored "-Wunused-parameter"

FAIL(world_file_open_node, struct world_process *p, const char *path, size_t length, uint32_t flags,
     uint32_t access, uint32_t share, uint64_t cookie, struct world_open *open, bool *created,
     uint32_t *node_mode)
FAIL(world_file_stat_path, struct world_process *p, const char *path, size_t length,
     struct world_stat *stat)
void world_answer_keep(struct world_process *p, const uint16_t *name, size_t length,
                       const char *path, size_t path_length,
                       const struct nt_file_network_open *answer)
{
}
FAIL(world_file_stat, struct world_process *p, struct world_open open, struct world_stat *stat)
FAIL(world_file_list, struct world_process *p, struct world_open open, uint64_t position,
     struct world_entry *entries, size_t capacity, size_t *count, uint64_t *next)
FAIL(world_file_path, struct world_process *p, struct world_open open, char *path,
     size_t capacity, size_t *length)
FAIL(world_file_set_delete, struct world_process *p, struct world_open open, bool on)
FAIL(world_file_rename, struct world_process *p, struct world_open open, const char *path,
     size_t length, bool replace)
FAIL(world_file_link, struct world_process *p, struct world_open open, const char *path,
     size_t length)
FAIL(world_file_set_attributes, struct world_process *p, struct world_open open,
     uint32_t attributes, int64_t access_ns, int64_t modify_ns, int64_t birth_ns)
FAIL(world_file_space, struct world_process *p, struct world_open open, uint64_t *block,
     uint64_t *total, uint64_t *available)
FAIL(world_file_pipe, struct world_process *p, bool messages, struct world_open *a,
     struct world_open *b)
FAIL(world_io_read, struct world_process *p, struct world_open open, int64_t offset,
     uint64_t address, uint64_t length, bool peek, uint64_t cookie, uint64_t *done)
FAIL(world_io_write, struct world_process *p, struct world_open open, int64_t offset,
     uint64_t address, uint64_t length, bool append, uint64_t cookie, uint64_t *done)
FAIL(world_io_get, struct world_process *p, struct world_open open, int64_t offset, void *buffer,
     uint64_t length, bool peek, uint64_t cookie, uint64_t *done)
FAIL(world_io_put, struct world_process *p, struct world_open open, int64_t offset,
     const void *buffer, uint64_t length, uint64_t cookie, uint64_t *done)
FAIL(world_io_seek, struct world_process *p, struct world_open open, int64_t offset,
     uint32_t whence, int64_t *position)
FAIL(world_io_truncate, struct world_process *p, struct world_open open, uint64_t size)
FAIL(world_io_sync, struct world_process *p, struct world_open open)
FAIL(world_io_poll, struct world_process *p, struct world_open open, uint32_t events,
     uint64_t cookie, uint32_t *ready)
FAIL(world_io_lock, struct world_process *p, struct world_open open, uint32_t kind,
     uint64_t start, uint64_t length, uint64_t cookie)
FAIL(world_io_duplicate, struct world_process *p, struct world_open open, struct world_open *copy)
void world_io_close(struct world_process *p, struct world_open open) {}
FAIL(world_io_transfer, struct world_process *p, struct world_open open,
     struct world_process *target, struct world_open *copy)
FAIL(world_io_readable_bytes, struct world_process *p, struct world_open open, uint64_t *bytes)
FAIL(world_console_control, struct world_process *p, struct world_open open, uint32_t code,
     const void *input, uint32_t input_length, void *output, uint32_t capacity, uint64_t cookie,
     uint32_t *output_length)
FAIL(world_console_open, struct world_process *p, struct world_open *a, struct world_open *b)
void world_disarm(struct world_process *p, uint64_t cookie) {}

/* Memory: mapping always works; nothing can be read. */
world_status world_memory_map(struct world_process *p, uint64_t address, uint64_t length,
                              uint32_t protection, const struct world_backing *backing)
{
    return JN_OK;
}
world_status world_memory_unmap(struct world_process *p, uint64_t address, uint64_t length)
{
    return JN_OK;
}
world_status world_memory_protect(struct world_process *p, uint64_t address, uint64_t length,
                                  uint32_t protection)
{
    return JN_OK;
}
void world_memory_committed(struct world_process *p, uint64_t address, uint64_t length)
{
}
world_status world_memory_discard(struct world_process *p, uint64_t address, uint64_t length)
{
    return JN_OK;
}
world_status world_memory_commit(struct world_process *p, int64_t pages)
{
    return JN_OK;
}
world_status world_memory_resolve(struct world_process *p, uint64_t address, uint32_t access)
{
    return JN_OK;
}
world_status world_memory_fill(struct world_process *p, uint64_t address, const void *buffer,
                               size_t length)
{
    return JN_OK;
}
void world_memory_populate(struct world_process *p, uint64_t address, uint64_t length)
{
}
uint8_t fake_memory[65536];
world_status world_memory_read(struct world_process *p, uint64_t address, void *buffer,
                               size_t length, size_t *done)
{
    if (address < FAKE_BASE || address - FAKE_BASE > sizeof fake_memory - length)
        return JN_FAULT;
    memcpy(buffer, fake_memory + (address - FAKE_BASE), length);
    *done = length;
    return JN_OK;
}
world_status world_memory_write(struct world_process *p, uint64_t address, const void *buffer,
                                size_t length, size_t *done)
{
    if (address < FAKE_BASE || address - FAKE_BASE > sizeof fake_memory - length)
        return JN_FAULT;
    memcpy(fake_memory + (address - FAKE_BASE), buffer, length);
    *done = length;
    return JN_OK;
}
FAIL(world_memory_patch, struct world_process *p, uint64_t address, const void *buffer,
     size_t length)
FAIL(world_section_create, struct world_process *p, uint64_t size, uint64_t *section)
FAIL(world_section_share, struct world_process *p, uint64_t section,
     struct world_process *target, uint64_t *copy)
void world_section_close(struct world_process *p, uint64_t section) {}

bool world_thread_abort_fast(struct world_thread *thread)
{
    return false;
}
FAIL(world_thread_create, struct world_process *p, uint64_t cookie, uint64_t tid,
     const struct jn_state *state,
     struct world_thread **thread)
void world_thread_number(struct world_thread *thread, uint64_t tid) {}
FAIL(world_thread_start, struct world_thread *thread)
void world_thread_answer(struct world_thread *thread, uint64_t rax)
{
    fake_answers++;
    fake_last_answer = rax;
}
void world_thread_resume(struct world_thread *thread) {}
void world_thread_resume_with(struct world_thread *thread, const struct jn_state *state) {}
FAIL(world_thread_state, struct world_thread *thread, struct jn_state *state)
FAIL(world_thread_set_state, struct world_thread *thread, const struct jn_state *state)
void world_thread_freeze(struct world_thread *thread) {}
void world_thread_thaw(struct world_thread *thread) {}
void world_thread_destroy(struct world_thread *thread) {}
FAIL(world_thread_times, struct world_thread *thread, uint64_t *user_ns)
FAIL(world_thread_set_cpus, struct world_thread *thread, uint64_t cpus)
uint32_t world_thread_cpu(struct world_thread *thread) { return 0; }
FAIL(world_process_create, struct world_process *p, uint64_t cookie, uint64_t *pid,
     struct world_process **child)
FAIL(world_process_commit, struct world_process *p)
void world_process_release(struct world_process *p) {}
void world_process_exit(struct world_process *p, uint32_t kind, uint32_t code) {}
FAIL(world_process_watch, struct world_process *p, uint64_t pid, uint64_t cookie, uint32_t *kind,
     uint32_t *code)
FAIL(world_process_kill, struct world_process *p, uint64_t pid)
void world_process_stopped(struct world_process *p, uint32_t number) {}
void world_process_continued(struct world_process *p) {}
void world_process_background(struct world_process *p, uint32_t number) {}
FAIL(world_process_next, struct world_process *p, uint64_t from, struct world_process_info *info)
FAIL(world_process_info, struct world_process *p, uint64_t pid, struct world_process_info *info)
FAIL(world_thread_id, struct world_process *p, uint64_t *tid)
void world_thread_id_free(struct world_process *p, uint64_t tid) {}
void world_process_describe(struct world_process *p, const char *path, const char *arguments,
                            size_t length)
{
}
FAIL(world_process_start_foreign, struct world_process *p,
     const struct world_foreign_start *start, uint64_t *pid)
FAIL(world_process_resume, struct world_process *p, uint64_t pid)
FAIL(world_map_shared_data, struct world_process *p, uint64_t address)

uint64_t world_time_monotonic(void)
{
    return fake_now;
}
int64_t world_time_real(void)
{
    return (int64_t)fake_now;
}
void world_random(void *buffer, size_t length)
{
    memset(buffer, 4, length);
}
uint64_t world_cpus(void)
{
    return (1ull << world_cpu_count()) - 1;
}

uint32_t world_cpu_count(void)
{
    return 2;
}
uint64_t world_ram_pages(void)
{
    return 1u << 18;
}
uint64_t world_ram_free_pages(void)
{
    return 1u << 17;
}
void world_log(const char *format, ...) {}
void jn_log(enum jn_log_level level, const char *format, ...) {}

FAIL(world_object_create, struct world_process *p, uint32_t kind, uint32_t flags,
     uint64_t initial, uint64_t limit, uint64_t owner, const char *name, size_t length,
     uint64_t *object, bool *existed)
void world_object_close(struct world_process *p, uint64_t object) {}
FAIL(world_object_duplicate, struct world_process *p, uint64_t object, uint64_t *copy)
FAIL(world_object_transfer, struct world_process *p, uint64_t object,
     struct world_process *target, uint64_t *copy)
FAIL(world_object_operate, struct world_process *p, uint64_t object, uint32_t operation,
     uint64_t value, uint64_t tid, uint64_t *previous)
FAIL(world_object_wait, struct world_process *p, bool all, uint64_t tid, uint64_t cookie,
     const uint64_t *objects, uint32_t count, uint32_t *index)
FAIL(world_object_query, struct world_process *p, uint64_t object, uint32_t *kind,
     uint64_t *value, uint64_t *limit, uint64_t *owner, uint64_t *count)
FAIL(world_object_set_timer, struct world_process *p, uint64_t object, uint64_t deadline,
     uint64_t interval)
FAIL(world_key_open, struct world_process *p, uint64_t key, bool create, const char *path,
     size_t length, uint64_t *result, bool *created)
void world_key_close(struct world_process *p, uint64_t key) {}
FAIL(world_key_duplicate, struct world_process *p, uint64_t key, uint64_t *copy)
FAIL(world_key_query_value, struct world_process *p, uint64_t key, const char *name,
     size_t name_length, void *data, size_t capacity, uint32_t *type, uint64_t *length)
FAIL(world_key_set_value, struct world_process *p, uint64_t key, const char *name,
     size_t name_length, uint32_t type, const void *data, size_t length)
FAIL(world_key_delete_value, struct world_process *p, uint64_t key, const char *name,
     size_t name_length)
FAIL(world_key_enumerate_value, struct world_process *p, uint64_t key, uint32_t index, void *data,
     size_t capacity, uint32_t *type, uint64_t *length, char *name, size_t name_capacity,
     size_t *name_length)
FAIL(world_key_enumerate, struct world_process *p, uint64_t key, uint32_t index, char *name,
     size_t name_capacity, size_t *name_length, int64_t *write_time)
FAIL(world_key_delete, struct world_process *p, uint64_t key)
FAIL(world_key_transfer, struct world_process *p, uint64_t key, struct world_process *target,
     uint64_t *copy)
FAIL(world_key_query, struct world_process *p, uint64_t key, struct world_key_info *info,
     char *name, size_t name_capacity, size_t *name_length)
FAIL(world_key_path, struct world_process *p, uint64_t key, char *path, size_t capacity,
     size_t *length)
FAIL(world_publish, struct world_process *p, uint32_t kind, uint32_t flags, const void *data,
     size_t length, const char *name, size_t name_length, uint64_t *object, bool *existed,
     void *found, size_t *found_length)
FAIL(world_claim, struct world_process *p, bool look, uint64_t word, const char *name,
     size_t name_length, void *found, size_t *found_length)
FAIL(world_job_create, struct world_process *p, uint64_t *job)
FAIL(world_job_open, struct world_process *p, uint64_t token, uint64_t *job)
FAIL(world_job_offer, struct world_process *p, uint64_t job, uint64_t *token)
FAIL(world_job_assign, struct world_process *p, uint64_t job, uint64_t pid)
FAIL(world_job_limit, struct world_process *p, uint64_t job, uint32_t flags, uint32_t processes,
     const void *data, size_t length)
FAIL(world_job_terminate, struct world_process *p, uint64_t job, uint32_t code)
FAIL(world_job_query, struct world_process *p, uint64_t job, uint64_t *pids, uint32_t capacity,
     struct world_job_info *info)
FAIL(world_job_contains, struct world_process *p, uint64_t job, uint64_t pid, bool *is)
FAIL(world_job_next, struct world_process *p, uint64_t job, uint64_t cookie, uint32_t *message,
     uint64_t *pid)
FAIL(world_job_wait, struct world_process *p, uint64_t job, uint64_t cookie)
void world_job_close(struct world_process *p, uint64_t job)
{
    (void)p, (void)job;
}
void world_process_breakaway(struct world_process *p, bool on)
{
    (void)p, (void)on;
}
FAIL(world_completion_post, struct world_process *p, uint64_t object,
     const struct world_completion *record)
FAIL(world_completion_take, struct world_process *p, uint64_t object, uint64_t cookie,
     struct world_completion *records, uint32_t most, uint32_t *count)
FAIL(world_await, struct world_process *p, const char *name, size_t name_length, uint64_t cookie,
     bool *free, void *found, size_t *found_length)
FAIL(world_io_get_message, struct world_process *p, struct world_open open, void *buffer,
     uint64_t length, bool peek, uint64_t cookie, uint64_t *done, bool *more)
FAIL(world_io_message_bytes, struct world_process *p, struct world_open open, uint64_t *bytes)
FAIL(world_republish, struct world_process *p, uint64_t object, const void *data, size_t length)
FAIL(world_next_name, struct world_process *p, const char *directory, size_t directory_length,
     const char *after, size_t after_length, uint32_t *kind, char *part, size_t *part_length)
FAIL(world_offer, struct world_process *p, struct world_open open, bool move, uint64_t *token)
FAIL(world_accept, struct world_process *p, uint32_t server, uint64_t token,
     struct world_open *open)
FAIL(world_section_offer, struct world_process *p, uint64_t section, uint64_t *token)
FAIL(world_section_accept, struct world_process *p, uint64_t token, uint64_t *section)
FAIL(world_request_post, struct world_process *p, uint64_t pid, uint64_t cookie, const void *data,
     size_t length, uint64_t *id)
FAIL(world_request_collect, struct world_process *p, uint64_t id, void *data, size_t capacity,
     size_t *length)
void world_request_withdraw(struct world_process *p, uint64_t id) {}
void world_request_answer(struct world_process *p, uint64_t id, const void *data, size_t length)
{
}
FAIL(world_process_terminate, struct world_process *p, uint64_t pid, uint32_t code)
FAIL(world_thread_owner, struct world_process *p, uint64_t tid, uint64_t *pid)
FAIL(world_process_place, struct world_process *p, const char *environment, size_t count,
     uint32_t *place, bool *near)
FAIL(world_process_hand_over, struct world_process *p, const struct world_birth *birth,
     uint64_t *pid)
