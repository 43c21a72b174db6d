/* Kernel objects: thin wrappers over JN_INVOKE. Meanings, rights and errors: janus/abi/object.h.
 * Slots come from jn_slot_alloc; *out is owned by the caller. */
#ifndef JANUS_OBJECT_H
#define JANUS_OBJECT_H

#include "janus/types.h"

/* Empty slots of the own table. 0 when there are none. Not thread-safe: servers are event loops. */
cap_t jn_slot_alloc(void);
/* count consecutive slots, never given back. */
cap_t jn_slot_alloc_range(size_t count);
/* All slots are free again: in a new task with the memory of another (fork of an adapter). */
void jn_slots_reset(void);
/* The slot must be empty, or is emptied first by jn_cap_delete. */
void jn_slot_free(cap_t slot);

/* Deletes the capability and frees its slot. JN_CAP_NULL is ignored. */
void jn_cap_delete(cap_t cap);
JN_CHECKED jn_status_t jn_cap_copy(cap_t source, uint32_t rights, cap_t *out);
/* Into a given slot of another task's table (CONTROL right on task). */
JN_CHECKED jn_status_t jn_cap_copy_to(cap_t task, cap_t source, cap_t slot, uint32_t rights);
JN_CHECKED jn_status_t jn_cap_move(cap_t source, cap_t slot);
/* Into a slot of another task's table (CONTROL right on task); the own slot is freed. */
JN_CHECKED jn_status_t jn_cap_move_to(cap_t task, cap_t source, cap_t slot);
JN_CHECKED jn_status_t jn_cap_revoke(cap_t cap);
/* Destroys the object; the own slot is freed. */
JN_CHECKED jn_status_t jn_cap_destroy(cap_t cap);
JN_CHECKED jn_status_t jn_cap_info(cap_t cap, uint32_t *type, uint32_t *rights, uint64_t *identity,
                                   uint64_t *label);

JN_CHECKED jn_status_t jn_pool_create(cap_t pool, uint64_t frames, cap_t *out);
JN_CHECKED jn_status_t jn_pool_fund(cap_t pool, cap_t child, int64_t frames);
JN_CHECKED jn_status_t jn_pool_info(cap_t pool, uint64_t *owned, uint64_t *free_frames,
                                    uint64_t *bytes);
JN_CHECKED jn_status_t jn_task_create(cap_t pool, uint64_t info_page, cap_t *out);
JN_CHECKED jn_status_t jn_thread_create(cap_t pool, cap_t task, uint64_t utcb, cap_t sched,
                                        uint32_t flags, cap_t *out);
JN_CHECKED jn_status_t jn_gate_create(cap_t pool, cap_t *out);
JN_CHECKED jn_status_t jn_signal_create(cap_t pool, cap_t *out);
JN_CHECKED jn_status_t jn_sched_create(cap_t pool, uint32_t priority, uint64_t budget_ns,
                                       uint64_t period_ns, cap_t *out);

JN_CHECKED jn_status_t jn_task_map(cap_t task, const void *source, uint64_t address, uint64_t pages,
                                   uint32_t access, bool grant, uint64_t *done);
JN_CHECKED jn_status_t jn_task_unmap(cap_t task, uint64_t address, uint64_t pages, uint32_t rights,
                                     uint32_t flags, uint64_t *seen, uint64_t *bits);
JN_CHECKED jn_status_t jn_task_page(cap_t task, uint64_t address, uint32_t *rights,
                                    uint32_t *order, uint32_t *bits);
JN_CHECKED jn_status_t jn_task_bind_end(cap_t task, cap_t signal, uint64_t bits);
JN_CHECKED jn_status_t jn_task_info(cap_t task, uint64_t *threads, uint64_t *pages, uint64_t *cpu_ns);

/* For traces and reports. `name`: what does not fit is cut. */
void jn_task_name(cap_t task, const char *name, size_t length);
void jn_thread_number(cap_t thread, uint64_t number);

JN_CHECKED jn_status_t jn_thread_resume(cap_t thread);
JN_CHECKED jn_status_t jn_pool_bind_end(cap_t pool, cap_t signal, uint64_t bits);
/* The task's adapter: before its first thread (JN_OP_TASK_DOOR). */
JN_CHECKED jn_status_t jn_task_door(cap_t task, uint64_t begin, uint64_t end, uint64_t entry);
/* The _outside forms wait up to a time (ns, monotonic; UINT64_MAX: for ever) for the thread to leave
 * its task's adapter. */
JN_CHECKED jn_status_t jn_thread_suspend_outside(cap_t thread, uint64_t until, enum jn_was *was);
JN_CHECKED jn_status_t jn_thread_attention_outside(cap_t thread, uint64_t until);
JN_CHECKED jn_status_t jn_thread_suspend(cap_t thread, enum jn_was *was);
/* The state passes through the caller's UTCB; these copy it to and from *state (NULL: leave it). */
JN_CHECKED jn_status_t jn_thread_read(cap_t thread, uint32_t groups, struct jn_state *state,
                                      enum jn_was *was);
JN_CHECKED jn_status_t jn_thread_write(cap_t thread, uint32_t groups, const struct jn_state *state);
JN_CHECKED jn_status_t jn_thread_set_gates(cap_t thread, cap_t exceptions, uint64_t label,
                                           cap_t faults, uint64_t fault_label);
JN_CHECKED jn_status_t jn_thread_set_sched(cap_t thread, cap_t sched);
JN_CHECKED jn_status_t jn_thread_set_priority(cap_t thread, uint32_t priority);
JN_CHECKED jn_status_t jn_thread_set_cpu(cap_t thread, uint32_t cpu);
/* On whichever of these (a mask, not 0) the kernel likes, from one to another as it sees fit. */
JN_CHECKED jn_status_t jn_thread_set_cpus(cap_t thread, uint64_t cpus);
/* Where it runs or ran last. */
JN_CHECKED jn_status_t jn_thread_cpu(cap_t thread, uint32_t *cpu);
JN_CHECKED jn_status_t jn_thread_set_foreign(cap_t thread, bool foreign);
JN_CHECKED jn_status_t jn_thread_bind_signal(cap_t thread, cap_t signal);
JN_CHECKED jn_status_t jn_thread_bind_end(cap_t thread, cap_t signal, uint64_t bits);
JN_CHECKED jn_status_t jn_thread_attention(cap_t thread);
JN_CHECKED jn_status_t jn_thread_cancel(cap_t thread);
JN_CHECKED jn_status_t jn_thread_step(cap_t thread, bool on);
JN_CHECKED jn_status_t jn_thread_info(cap_t thread, enum jn_was *was, uint64_t *cpu_ns);

/* A new capability for a gate with a label. */
JN_CHECKED jn_status_t jn_gate_mint(cap_t gate, uint64_t label, uint32_t rights, cap_t *out);
JN_CHECKED jn_status_t jn_gate_bind_end(cap_t gate, cap_t signal, uint64_t bits);

JN_CHECKED jn_status_t jn_signal_raise(cap_t signal, uint64_t bits);
JN_CHECKED jn_status_t jn_signal_poll(cap_t signal, uint64_t *bits);
/* Waits for bits; deadline 0 = for ever. TIMEOUT. */
JN_CHECKED jn_status_t jn_signal_wait(cap_t signal, uint64_t deadline, uint64_t *bits);

JN_CHECKED jn_status_t jn_irq_create(cap_t control, uint32_t gsi, uint32_t flags, cap_t *out,
                                     uint64_t *msi_address, uint64_t *msi_data);
JN_CHECKED jn_status_t jn_irq_bind(cap_t irq, cap_t signal, uint64_t bits);
JN_CHECKED jn_status_t jn_irq_ack(cap_t irq);
JN_CHECKED jn_status_t jn_ports_split(cap_t ports, uint32_t first, uint32_t count, cap_t *out);
JN_CHECKED jn_status_t jn_port_in(cap_t ports, uint32_t port, uint32_t bytes, uint32_t *value);
JN_CHECKED jn_status_t jn_port_out(cap_t ports, uint32_t port, uint32_t bytes, uint32_t value);

#endif
