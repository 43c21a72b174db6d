/* Measures the kernel's paths between two tasks and prints "bench: NAME TICKS ENTRIES SWITCHES". */
#include <string.h>

#include "janus/ipc.h"
#include "janus/object.h"
#include "janus/runtime.h"

/* paths.asm; hidden: reached without a table of addresses */
#pragma GCC visibility push(hidden)
extern volatile uint64_t stamp_out, stamp_in, stamp_back, stamp_end;
extern volatile uint64_t path_gate, path_tag, path_rounds, path_utcb_state_rip, path_utcb_offset;
extern volatile uint64_t path_page;
void path_call(cap_t gate, uint64_t tag);
void path_serve(void);
void path_serve_ud2(void);
void path_serve_faults(void);
void path_null(void);
void path_signal(cap_t signal);
void path_await(cap_t signal);
void path_ud2(void);
void path_int3(void);
void path_touch(void);
void path_foreign(void);
void path_door(void);
void path_adapter(void);
void path_adapter_end(void);
void path_dirty_avx(void);

extern char __executable_start[], _end[];
#pragma GCC visibility pop

enum {
    ROUNDS = 200,
    WARM_UP = 50000,
    PAGE = 4096,
    STACK_PAGES = 16,
};

#define PEER_UTCB_ADDRESS 0x600000000000ull
#define PEER_PAGE_ADDRESS 0x500000000000ull

/* In the peer's table. */
#define PEER_GATE   JN_CAP_FIRST_FREE
#define PEER_SIGNAL (JN_CAP_FIRST_FREE + JN_CAP_STEP)

/* What the peer does, in its own task but on the same data. */
struct work {
    void (*run)(void);
    uint64_t tag;
    uint32_t own_out;  /* our instructions between stamp_out and the kernel */
    uint32_t own_back; /* the same for stamp_back; 0: one way only */
    bool avx;
    bool foreign;
    bool door; /* foreign, with an adapter in its own task */
    bool same; /* in our own task */
};

static struct work work;
static uint64_t samples_out[ROUNDS], samples_back[ROUNDS], samples_both[ROUNDS];
static volatile unsigned sample_count;
static char stack[STACK_PAGES * PAGE] __attribute__((aligned(4096)));
static char shown_page[PAGE] __attribute__((aligned(4096)));
static cap_t peer_pool, peer_task, peer_thread, gate, signal;
static unsigned rounds = ROUNDS; /* of a measurement; the last ROUNDS count */
static volatile unsigned skipped;

static _Noreturn void finish(uint64_t code)
{
    uint64_t words[JN_WORDS_REG] = {code};
    jn_status_t ignored = jn_invoke(JN_CAP_LOG, JN_OP_CONSOLE_SHUTDOWN, words);
    (void)ignored;
    for (;;)
        __builtin_trap();
}

static void must(const char *what, jn_status_t status)
{
    if (status == JN_OK)
        return;
    jn_log(JN_LOG_ERROR, "%s: %s", what, jn_status_text(status));
    finish(1);
}

static void note_sample(void)
{
    unsigned i = sample_count;
    uint32_t out = (uint32_t)stamp_in - (uint32_t)stamp_out - 1 - work.own_out;
    uint32_t back = (uint32_t)stamp_end - (uint32_t)stamp_back - 1 - work.own_back;

    if (i == ROUNDS || skipped++ < rounds - ROUNDS)
        return;
    samples_out[i] = out;
    samples_back[i] = work.own_back ? back : 0;
    samples_both[i] = out + samples_back[i];
    sample_count = i + 1;
}

static _Noreturn void peer_main(void)
{
    for (;;) {
        if (work.avx)
            path_dirty_avx();
        work.run();
        note_sample();
    }
}

/* The peer: a second task with this program at the same addresses. */
static void peer_start(uint32_t flags)
{
    uint64_t start = (uint64_t)__executable_start & ~(PAGE - 1ull), done;
    uint64_t pages = ((uint64_t)_end - start + PAGE - 1) / PAGE;
    static struct jn_state first;

    must("pool", jn_pool_create(JN_CAP_POOL, 512, &peer_pool));
    if (work.same)
        peer_task = JN_CAP_TASK;
    else
        must("task", jn_task_create(peer_pool, JN_NATIVE_INFO, &peer_task));
    for (uint64_t i = 0; !work.same && i < pages; i++) {
        uint32_t rights, order, bits;
        uint64_t at = start + i * PAGE;
        if (jn_task_page(JN_CAP_TASK, at, &rights, &order, &bits) != JN_OK || !rights)
            continue;
        must("map", jn_task_map(peer_task, (const void *)at, at, 1, rights, false, &done));
    }
    if (work.door)
        must("door", jn_task_door(peer_task, (uint64_t)path_adapter, (uint64_t)path_adapter_end,
                                  (uint64_t)path_adapter));
    bool utcb = !(flags & JN_THREAD_FOREIGN) || work.door;
    must("thread", jn_thread_create(peer_pool, peer_task, utcb ? PEER_UTCB_ADDRESS : 0,
                                    JN_CAP_NULL, flags, &peer_thread));
    first = (struct jn_state){.rip = (uint64_t)peer_main, .rflags = 0x202};
    first.r[JN_REG_RSP] = (uint64_t)stack + sizeof stack - 8;
    must("state", jn_thread_write(peer_thread, JN_STATE_REGS, &first));
    if (work.same)
        return;
    must("gate", jn_cap_copy_to(peer_task, gate, PEER_GATE, JN_RIGHT_SEND));
    must("signal", jn_cap_copy_to(peer_task, signal, PEER_SIGNAL, JN_RIGHT_SEND));
    must("gates", jn_thread_set_gates(peer_thread, gate, 1, gate, 2));
}

static void peer_stop(void)
{
    must("end", jn_cap_destroy(peer_pool));
    jn_cap_delete(peer_thread);
    if (!work.same)
        jn_cap_delete(peer_task);
}

static uint64_t median(uint64_t *values)
{
    for (unsigned i = 1; i < ROUNDS; i++)
        for (unsigned j = i; j > 0 && values[j - 1] > values[j]; j--) {
            uint64_t swap = values[j];
            values[j] = values[j - 1];
            values[j - 1] = swap;
        }
    return values[ROUNDS / 2];
}

static void counters(uint64_t *entries, uint64_t *switches)
{
    uint64_t words[JN_WORDS_REG] = {0};
    jn_status_t status = jn_invoke(JN_CAP_LOG, JN_OP_COUNTERS, words);
    *entries = status == JN_OK ? words[0] : 0;
    *switches = status == JN_OK ? words[1] : 0;
}

static void say(const char *name, const char *suffix, uint64_t value, uint64_t entries,
                uint64_t switches)
{
    jn_log(JN_LOG_INFO, "%s%s %lu %lu %lu", name, suffix, value, entries, switches);
}

/* Run `serve` here against the peer doing `what`; a row for each name that is given. */
static void measure(struct work what, void (*serve)(void), uint64_t answer_tag, const char *out,
                    const char *back, const char *both)
{
    for (int avx = 0; avx < (what.door ? 1 : 2); avx++) {
        const char *suffix = avx ? "_avx" : "";
        uint64_t entries, switches, entries_after, switches_after;
        work = what;
        work.avx = avx;
        sample_count = skipped = 0;
        path_gate = gate;
        path_tag = answer_tag;
        path_rounds = rounds + 1;
        path_utcb_state_rip = (uint64_t)&jn_utcb()->state.rip;
        path_utcb_offset = (uint64_t)&jn_utcb()->item_offset[0];
        path_page = PEER_PAGE_ADDRESS;
        peer_start(what.foreign ? JN_THREAD_FOREIGN : 0);
        must("start", jn_thread_resume(peer_thread));
        counters(&entries, &switches);
        serve();
        counters(&entries_after, &switches_after);
        peer_stop();
        if (sample_count != ROUNDS) {
            jn_log(JN_LOG_ERROR, "%s: %u rounds", both ? both : out, sample_count);
            continue;
        }
        entries = (entries_after - entries) / rounds;
        switches = (switches_after - switches) / rounds;
        if (out)
            say(out, suffix, median(samples_out), 1, !work.door);
        if (back)
            say(back, suffix, median(samples_back), 1, !work.same);
        if (both)
            say(both, suffix, median(samples_both), entries, switches);
    }
}

static void run_call(void)
{
    path_call(work.same ? gate : PEER_GATE, work.tag);
}

/* A page that was never mapped; its page tables are there, but for the first. */
static void run_touch(void)
{
    path_touch();
    path_page += PAGE;
}

static void serve_faults(void)
{
    struct jn_utcb *utcb = jn_utcb();

    utcb->items[0].what =
        JN_ITEM_MAP | (JN_R | JN_W) << JN_ITEM_RIGHTS_SHIFT | 12 << JN_ITEM_ORDER_SHIFT;
    utcb->items[0].where = (uint64_t)shown_page;
    path_serve_faults();
}

static void run_null(void)
{
    path_null();
    stamp_in = stamp_end;
}

static void null_call(bool avx)
{
    work = (struct work){.own_out = 2};
    sample_count = skipped = 0;
    for (int i = 0; i < ROUNDS; i++) {
        if (avx)
            path_dirty_avx();
        run_null();
        note_sample();
    }
    say("null_call", avx ? "_avx" : "", median(samples_out), 1, 0);
}

/* QEMU sizes its translation caches by the use it sees over a tenth of a second; what booting needed
 * makes every switch of address spaces dearer until then. */
static void warm_up(void)
{
    rounds = WARM_UP;
    work = (struct work){.run = run_call, .tag = 4, .own_out = 2, .own_back = 3};
    measure(work, path_serve, 4, NULL, NULL, NULL);
    rounds = ROUNDS;
}

/* Nobody serves but the peer's own task; its last word is an exception. */
static void run_door(void)
{
    path_door();
    if (sample_count >= ROUNDS - 1) {
        note_sample();
        path_ud2();
    }
}

static void await_end(void)
{
    path_rounds = 1;
    path_serve();
}

/* The waiter is this thread, of higher priority than the peer, which raises the Signal. */
static void run_signal(void)
{
    path_signal(PEER_SIGNAL);
}

static void serve_signals(void)
{
    must("priority", jn_thread_set_priority(peer_thread, 1));
    for (int i = 0; i <= ROUNDS; i++)
        path_await(signal);
}

int main(void)
{
    jn_log_set_name("bench");
    must("gate", jn_gate_create(JN_CAP_POOL, &gate));
    must("signal", jn_signal_create(JN_CAP_POOL, &signal));
    warm_up();
    null_call(false);
    measure((struct work){.run = run_call, .tag = 4, .own_out = 2, .own_back = 3}, path_serve, 4,
            "ipc_call", "ipc_reply", "ipc_round_trip");
    measure((struct work){.run = run_call, .tag = 4, .own_out = 2, .own_back = 3, .same = true},
            path_serve, 4, NULL, NULL, "ipc_round_trip_same");
    measure((struct work){.run = run_call, .tag = 64, .own_out = 2, .own_back = 3}, path_serve, 64,
            NULL, NULL, "ipc_round_trip_64");
    measure((struct work){.run = path_int3, .own_out = 1, .own_back = 3}, path_serve, 0, NULL, NULL,
            "exception");
    measure((struct work){.run = path_ud2, .own_out = 1, .own_back = 3}, path_serve_ud2,
            JN_TAG_STATE, NULL, NULL, "exception_state");
    measure((struct work){.run = run_touch, .own_out = 2, .own_back = 3}, serve_faults,
            1 << JN_TAG_ITEMS_SHIFT, NULL, NULL, "page_fault");
    measure((struct work){.run = path_foreign, .own_out = 2, .own_back = 3, .foreign = true},
            path_serve, 1, NULL, NULL, "foreign_null");
    measure((struct work){.run = run_signal, .own_out = 4}, serve_signals, 0, "signal_wake", NULL,
            NULL);
    measure((struct work){.run = run_door, .own_out = 2, .foreign = true, .door = true}, await_end,
            0, "door", NULL, NULL);
    /* Last: from here on this thread has vector state of its own. */
    null_call(true);
    finish(0);
}
