/* Leases of objects (PERSONALITIES 2): while one handle is all that names a nameless event,
 * semaphore or mutant and nobody waits for it, its state stands in a word that the program's threads
 * change themselves (library/fast.c); the core takes the word back before it looks at the object.
 *
 * A word is changed by compare-and-swap only, and kind NONE means "ask the core": so whoever is stopped in
 * between holds nothing, and a handle that is closed meanwhile is seen.
 *
 * One thread may wait for the object without the core: its number stands in the word. Who would end the wait
 * says GRANTED instead and wakes it; only that thread, or the core for it, takes number and grant out.
 */
#ifndef WIN32_NT_LEASE_H
#define WIN32_NT_LEASE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#define NT_LEASES 512u /* handles from 4 to 4 * NT_LEASES */

enum nt_lease_kind { NT_LEASE_NONE, NT_LEASE_EVENT, NT_LEASE_MANUAL, NT_LEASE_SEMAPHORE,
                     NT_LEASE_MUTANT,
                     NT_LEASE_NULL }; /* an open of NUL: writes go nowhere */
#define NT_LEASE_KIND(word) ((uint32_t)(word) & 0xff)
#define NT_LEASE_MODIFY 0x100u /* rights of the handle */
#define NT_LEASE_WAIT 0x200u
#define NT_LEASE_GRANTED 0x400u
#define NT_LEASE_WAITER(word) ((uint32_t)(word) >> 16) /* 0: none */
#define NT_LEASE_ENTERED(word, number) ((word) | (uint64_t)(number) << 16)
#define NT_LEASE_LEFT(word) ((word) & ~0xffff0400ull)
#define NT_LEASE_STATE(word) ((uint32_t)((word) >> 32))
#define NT_LEASE_WITH(word, state) (((word) & 0xffffffffull) | (uint64_t)(state) << 32)
/* A mutant's state: recursions in the low 12 bits, a quarter of the owner's id above. */
#define NT_LEASE_COUNT 0xfffu

extern _Atomic uint64_t nt_leases[NT_LEASES];  /* by handle / 4 - 1 */
extern uint32_t nt_lease_limits[NT_LEASES];    /* of semaphores */
extern bool nt_lease_enabled;                  /* by the world that has a fast path */
/* The world's: the thread of this number waits for a word that is no lease any more. Its call ends if it was
 * granted, else it begins again, with the core. */
extern void (*nt_lease_unpark)(uint32_t number, bool granted);

struct nt_process;
struct nt_thread;
struct nt_object;
/* The object's only handle is this one, as far as that is known. */
void nt_lease_offer(struct nt_process *p, struct nt_object *object, uint64_t handle);
/* The state is the object's again; until nt_lease_renew. */
void nt_lease_recall(struct nt_object *object);
/* Of mutants that the thread holds. */
void nt_lease_recall_owned(struct nt_thread *t);
/* For PulseEvent: the wait that stands in the word, if any, is over. */
void nt_lease_grant(struct nt_object *object);
/* The object ends. */
void nt_lease_forget(struct nt_object *object);
/* What was recalled or offered since is leased (again), where it may be. */
void nt_lease_renew(void);

/* ---- opens: the world's; NULL: it leases none ---- */
struct nt_file;
/* A read or write through the handle went well: the world may do the next ones without the core. */
extern void (*nt_open_used)(struct nt_thread *t, uint64_t handle, const struct nt_file *file,
                            bool write, uint64_t length);
/* A handle of the open goes, or what its reads and writes mean has changed. closing: so does the open. */
extern void (*nt_open_unlease)(uint64_t number, bool closing);
/* Ends the synchronous read for which the thread waits without the core; false: it does not. */
extern bool (*nt_open_cancel)(struct nt_thread *target);

#endif
