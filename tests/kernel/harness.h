/* What every case uses: checks, and tasks and threads that share the self-test's image.
 *
 * A case begins with an empty world: a child Pool, and slots from CASE_SLOTS on. Afterwards the
 * Pool is destroyed with all that was made, and the frames in use must be what they were before.
 */
#ifndef TESTS_KERNEL_HARNESS_H
#define TESTS_KERNEL_HARNESS_H

#include "sys.h"

struct test {
    const char *name;
    void (*run)(void);
};

#define TEST(name_)                                                                                \
    {                                                                                              \
#name_, name_                                                                              \
    }

/* Fails the case that runs, with the line and both values. Only in the root thread. */
void fail(const char *file, int line, const char *what, int64_t is, int64_t should);
#define CHECK_IS(value, expected)                                                                  \
    do {                                                                                           \
        int64_t is_ = (int64_t)(value), should_ = (int64_t)(expected);                             \
        if (is_ != should_)                                                                        \
            fail(__FILE__, __LINE__, #value, is_, should_);                                        \
    } while (0)
#define CHECK_OK(value)  CHECK_IS(value, JN_OK)
#define CHECK(condition) CHECK_IS(!!(condition), 1)

void print(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* ---- the case's world ---- */
extern cap_t pool; /* the case's Pool */
cap_t slot(void);  /* an empty slot of the root task */
cap_t make_gate(void);
cap_t make_signal(void);
cap_t mint(cap_t gate, uint64_t label);

/* What the case has taken so far. One that destroys what it made may put back what it had noted. */
struct world {
    cap_t next_slot;
    unsigned tasks, threads, scratch;
};
extern struct world world;
extern bool isolating; /* the kernel was started with isolate=0,2,3,9 on four CPUs */
extern uint64_t fuzz_calls, fuzz_seed, life_rounds, model_steps;
extern unsigned case_keeps; /* frames that the root task cannot give back: a case may say so */

struct task {
    cap_t task;
    uint64_t next_utcb; /* address in it */
    uint64_t next_slot; /* in its table */
};
extern struct task root;

/* A task that has the image mapped, text and data both shared with this one. */
struct task *make_task(void);
/* A copy of the root task's `cap` in the task: its handle there. */
cap_t give(struct task *task, cap_t cap, unsigned rights);

/* A thread in `task` (this one's is `&root`) that runs function(argument). Its base priority is
 * below the root thread's, which therefore runs on until it waits. */
cap_t make_thread(struct task *task, void (*function)(uint64_t), uint64_t argument,
                  unsigned priority);
cap_t start_thread(struct task *task, void (*function)(uint64_t), uint64_t argument);
/* The same without UTCB and foreign; it begins at `entry` with rdi = argument. */
cap_t make_foreign(struct task *task, void (*entry)(void), uint64_t argument);
/* The address of the UTCB that the thread made last has, in the space it runs in. */
extern uint64_t last_utcb;
uint64_t thread_was(cap_t thread);
uint64_t now(void); /* ns, in any task */
/* Waits that long at a Signal that nobody raises. Only in the root thread. */
void wait_ms(unsigned ms);
/* Lets all others run until none can. */
void settle(void);

/* Where cases have trace rings mapped, CPU by CPU. */
#define TRACE_RINGS      0x7d0000000000ull
#define TRACE_RING_SPACE 0x1000000ull

#define PRIORITY_TEST 100

struct jn_state *own_state(void);
/* Pages of anonymous memory for the case, mapped in the root task only, page-aligned, zeroed. */
void *scratch(unsigned pages);
/* A block of RAM, aligned to its size, that nobody uses: the end of the largest region. */
uint64_t free_ram(uint64_t size);

/* One figure of a measurement: what is wished for, and what it must not exceed. */
void measure_line(const char *name, uint64_t value, unsigned wish, unsigned limit);

#endif
