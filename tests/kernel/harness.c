/* The self-test's frame: runs the cases and counts. */
#include "harness.h"

#include <stdarg.h>

#define CASE_SLOTS (JN_CAP_FIRST_FREE + 32 * JN_CAP_STEP)
/* A Signal that nobody raises, in every task: to wait for ever, or for a time. */
#define SLOT_NEVER    (30 * JN_CAP_STEP)
#define TASK_MAX      16
#define THREAD_MAX    64
#define STACK_SIZE    8192
#define SCRATCH_PAGES 256

extern char image_begin[] __attribute__((visibility("hidden")));
extern char image_end[] __attribute__((visibility("hidden")));
extern char text_end[] __attribute__((visibility("hidden")));

struct task root = {.task = JN_CAP_TASK, .next_utcb = 0x7e0000200000ull};
cap_t pool;
uint64_t last_utcb;
static struct task tasks[TASK_MAX];
struct world world;
uint64_t fuzz_calls = 20000;
static uint8_t stacks[THREAD_MAX][STACK_SIZE] __attribute__((aligned(4096)));
static uint8_t scratch_memory[SCRATCH_PAGES][4096] __attribute__((aligned(4096)));
static unsigned failed_checks;
static const char *current_case;

void *memset(void *to, int value, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++)
        ((uint8_t *)to)[i] = (uint8_t)value;
    return to;
}

void *memcpy(void *restrict to, const void *restrict from, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++)
        ((uint8_t *)to)[i] = ((const uint8_t *)from)[i];
    return to;
}

/* ---- text ---- */

static char line[256];
static unsigned line_length;

static void flush(void)
{
    for (unsigned at = 0; at < line_length; at += 72) {
        regs_t regs = {.tag = tag_of(10, 0, 0, JN_OP_CONSOLE_WRITE)};
        unsigned part = line_length - at < 72 ? line_length - at : 72;
        regs.words[0] = part;
        memcpy(&regs.words[1], &line[at], part);
        sys(JN_INVOKE, JN_CAP_LOG, &regs);
    }
    line_length = 0;
}

static void put(char c)
{
    if (line_length < sizeof line)
        line[line_length++] = c;
    if (c == '\n')
        flush();
}

static void put_number(uint64_t value, unsigned base)
{
    char digits[24];
    unsigned count = 0;

    do
        digits[count++] = "0123456789abcdef"[value % base];
    while (value /= base);
    while (count)
        put(digits[--count]);
}

/* %s %d %u %x, all but %s 64 bits wide by %l. */
void print(const char *format, ...)
{
    va_list list;

    va_start(list, format);
    for (; *format; format++) {
        if (*format != '%') {
            put(*format);
            continue;
        }
        bool wide = *++format == 'l';
        if (wide)
            format++;
        if (*format == 's') {
            for (const char *s = va_arg(list, const char *); *s; s++)
                put(*s);
        } else {
            int64_t value = wide ? va_arg(list, int64_t) : va_arg(list, int);
            if (*format == 'd' && value < 0) {
                put('-');
                value = -value;
            }
            if (!wide && *format != 'd')
                value &= 0xffffffff;
            put_number((uint64_t)value, *format == 'x' ? 16 : 10);
        }
    }
    va_end(list);
}

void fail(const char *file, int number, const char *what, int64_t is, int64_t should)
{
    for (const char *s = file; *s; s++)
        if (*s == '/')
            file = s + 1;
    if (!failed_checks++)
        print("FAIL %s %s:%d: %s is %ld (0x%lx), should be %ld (0x%lx)\n", current_case, file,
              number, what, is, is, should, should);
    else if (failed_checks < 10)
        print("     %s:%d: %s is %ld, should be %ld\n", file, number, what, is, should);
}

/* ---- system calls ---- */

int64_t op(cap_t object, enum jn_object_op method, uint64_t a, uint64_t b, uint64_t c, uint64_t d,
           uint64_t e, uint64_t *out)
{
    regs_t regs = {.tag = tag_of(5, 0, 0, method), .words = {a, b, c, d, e}};
    int64_t status = sys(JN_INVOKE, object, &regs);

    if (out)
        memcpy(out, regs.words, sizeof regs.words);
    return status;
}

int64_t call1(cap_t gate, uint64_t word, uint64_t *answer)
{
    regs_t regs = {.tag = 1, .words = {word}};
    int64_t status = sys(JN_CALL, gate, &regs);

    if (answer)
        *answer = regs.words[0];
    return status;
}

/* ---- the case's world ---- */

cap_t slot(void)
{
    world.next_slot += JN_CAP_STEP;
    return world.next_slot;
}

static cap_t make(enum jn_object_op method)
{
    cap_t cap = slot();

    CHECK_OK(OP1(pool, method, cap));
    return cap;
}

cap_t make_gate(void)
{
    return make(JN_OP_CREATE_GATE);
}

cap_t make_signal(void)
{
    return make(JN_OP_CREATE_SIGNAL);
}

cap_t mint(cap_t gate, uint64_t label)
{
    cap_t cap = slot();

    CHECK_OK(OP3(gate, JN_OP_GATE_MINT, cap, label, JN_RIGHT_SEND | JN_RIGHT_COPY));
    return cap;
}

struct task *make_task(void)
{
    struct task *task = &tasks[world.tasks++];

    *task = (struct task){
        .task = slot(), .next_utcb = 0x7e0000200000ull, .next_slot = JN_CAP_FIRST_FREE};
    CHECK_OK(OP2(pool, JN_OP_CREATE_TASK, task->task, 0x7e0000010000ull));
    uint64_t begin = (uint64_t)image_begin, middle = (uint64_t)text_end, end = (uint64_t)image_end;
    CHECK_OK(OP4(task->task, JN_OP_TASK_MAP, begin, begin, (middle - begin) >> 12, JN_R | JN_X));
    CHECK_OK(OP4(task->task, JN_OP_TASK_MAP, middle, middle, (end - middle) >> 12, JN_R | JN_W));
    CHECK_OK(OP3(task->task, JN_OP_CAP_COPY, SLOT_NEVER, SLOT_NEVER, JN_RIGHT_RECV));
    return task;
}

cap_t give(struct task *task, cap_t cap, unsigned rights)
{
    cap_t handle = task->next_slot;

    task->next_slot += JN_CAP_STEP;
    CHECK_OK(OP3(task->task, JN_OP_CAP_COPY, cap, handle, rights));
    return handle;
}

struct jn_state *own_state(void)
{
    return &jn_utcb()->state;
}

extern void thread_start(void) __attribute__((visibility("hidden")));

static cap_t make_any(struct task *task, uint64_t entry, uint64_t rdi, uint64_t rsi, bool foreign,
                      unsigned priority)
{
    cap_t thread = slot();
    uint8_t *stack = stacks[world.threads++] + STACK_SIZE - 8;

    last_utcb = foreign ? 0 : task->next_utcb;
    task->next_utcb += foreign ? 0 : 4096;
    CHECK_OK(op(pool, JN_OP_CREATE_THREAD, thread, task->task, last_utcb, 0,
                foreign ? JN_THREAD_FOREIGN : 0, NULL));
    CHECK_OK(OP1(thread, JN_OP_THREAD_SET_PRIORITY, priority));
    struct jn_state *state = own_state();
    memset(state->r, 0, sizeof state->r);
    state->r[JN_REG_RDI] = rdi;
    state->r[JN_REG_RSI] = rsi;
    state->r[JN_REG_RSP] = (uint64_t)stack;
    state->rip = entry;
    state->rflags = 0x202;
    CHECK_OK(OP1(thread, JN_OP_THREAD_WRITE, JN_STATE_REGS));
    return thread;
}

cap_t make_thread(struct task *task, void (*function)(uint64_t), uint64_t argument,
                  unsigned priority)
{
    return make_any(task, (uint64_t)thread_start, (uint64_t)function, argument, false, priority);
}

cap_t start_thread(struct task *task, void (*function)(uint64_t), uint64_t argument)
{
    cap_t thread = make_thread(task, function, argument, PRIORITY_TEST);

    CHECK_OK(OP0(thread, JN_OP_THREAD_RESUME));
    return thread;
}

cap_t make_foreign(struct task *task, void (*entry)(void), uint64_t argument)
{
    return make_any(task, (uint64_t)entry, argument, 0, true, PRIORITY_TEST);
}

uint64_t thread_was(cap_t thread)
{
    uint64_t out[10];

    CHECK_OK(op(thread, JN_OP_THREAD_INFO, 0, 0, 0, 0, 0, out));
    return out[0];
}

uint64_t now(void)
{
    const struct jn_info *info = (const void *)JN_ROOT_INFO;

    return info->mono_ns +
           (uint64_t)(((unsigned __int128)(rdtsc() - info->tsc_base) * info->tsc_mult) >>
                      info->tsc_shift);
}

/* ---- letting others run ----
 * The root thread goes on with a context of the lowest priority: whoever can run does, until none
 * can. A clock thread ends that for the sake of cases whose threads never stop. */
#define SLOT_URGENT       (24 * JN_CAP_STEP)
#define SLOT_LAST         (25 * JN_CAP_STEP)
#define SLOT_CLOCK        (26 * JN_CAP_STEP)
#define SLOT_CLOCK_THREAD (27 * JN_CAP_STEP)
#define SETTLE_NS         25000000
#define SETTLE_PARTS      5

static volatile uint64_t settles, settling;

static void clock_thread(uint64_t unused)
{
    (void)unused;
    for (;;) {
        regs_t regs = {0};
        uint64_t which;
        sys(JN_WAIT, SLOT_CLOCK, &regs);
        /* Until it is over: the host may be so slow that the time ends before the root thread has
         * changed its context. */
        while (settling) {
            which = settles;
            /* In parts, so that a moment in which the host stops us is one of them at most. */
            for (unsigned part = 0; part < SETTLE_PARTS && which == settles; part++) {
                jn_utcb()->recv_deadline = now() + SETTLE_NS / SETTLE_PARTS;
                sys(JN_WAIT | JN_RECV_UNTIL, SLOT_NEVER, &regs);
            }
            if (settling && which == settles)
                OP1(JN_CAP_THREAD, JN_OP_THREAD_SET_SCHED, SLOT_URGENT);
        }
    }
}

void wait_ms(unsigned ms)
{
    regs_t regs = {0};

    jn_utcb()->recv_deadline = now() + ms * 1000000ull;
    CHECK_IS(sys(JN_WAIT | JN_RECV_UNTIL, SLOT_NEVER, &regs), JN_TIMEOUT);
}

void settle(void)
{
    regs_t regs = {.words = {1}};

    settles++;
    settling = 1;
    CHECK_OK(sys(JN_SIGNAL, SLOT_CLOCK, &regs));
    CHECK_OK(OP1(JN_CAP_THREAD, JN_OP_THREAD_SET_SCHED, SLOT_LAST));
    settling = 0;
    CHECK_OK(OP1(JN_CAP_THREAD, JN_OP_THREAD_SET_SCHED, SLOT_URGENT));
}

static void start_clock(void)
{
    pool = JN_CAP_POOL;
    world.next_slot = SLOT_CLOCK_THREAD - JN_CAP_STEP;
    root.next_utcb = 0x7e0000030000ull;
    CHECK_OK(OP1(pool, JN_OP_CREATE_SIGNAL, SLOT_NEVER));
    CHECK_OK(OP1(pool, JN_OP_CREATE_SIGNAL, SLOT_CLOCK));
    CHECK_OK(OP4(pool, JN_OP_CREATE_SCHED, SLOT_URGENT, 200, 0, 0));
    CHECK_OK(OP4(pool, JN_OP_CREATE_SCHED, SLOT_LAST, 1, 0, 0));
    world.threads = THREAD_MAX - 1;
    cap_t thread = make_thread(&root, clock_thread, 0, 210);
    CHECK_OK(OP0(thread, JN_OP_THREAD_RESUME));
    CHECK_OK(OP1(JN_CAP_THREAD, JN_OP_THREAD_SET_SCHED, SLOT_URGENT));
}

void *scratch(unsigned pages)
{
    void *memory = scratch_memory[world.scratch];

    world.scratch += pages;
    memset(memory, 0, pages * 4096ull);
    return memory;
}

/* ---- the run ---- */

extern const struct test *const suites[];
extern const struct test measure_tests[], latency_tests[], pick_tests[], giant_tests[],
    fuzz_tests[];
static unsigned passed, failed;

/* Frames in use afterwards, less those before. */
static int64_t run_once(const struct test *test)
{
    uint64_t before[10], after[10];

    world = (struct world){.next_slot = CASE_SLOTS};
    root.next_utcb = 0x7e0000200000ull;
    pool = slot();
    op(JN_CAP_POOL, JN_OP_POOL_INFO, 0, 0, 0, 0, 0, before);
    CHECK_OK(OP2(JN_CAP_POOL, JN_OP_POOL_CREATE, pool, 2000));
    test->run();
    CHECK_OK(OP1(JN_CAP_TASK, JN_OP_CAP_DESTROY, pool));
    for (cap_t cap = CASE_SLOTS; cap <= world.next_slot; cap += JN_CAP_STEP)
        CHECK_OK(OP1(JN_CAP_TASK, JN_OP_CAP_DELETE, cap));
    op(JN_CAP_POOL, JN_OP_POOL_INFO, 0, 0, 0, 0, 0, after);
    CHECK_IS(after[0], before[0]);
    return (int64_t)(before[1] - after[1]);
}

/* The root task's own tables and slabs may grow: a case that takes frames and keeps them is run
 * again. What leaks does so each time. */
unsigned case_keeps;

static void run_case(const struct test *test)
{
    current_case = test->name;
    failed_checks = 0;
    case_keeps = 0;
    int64_t kept = run_once(test);
    for (unsigned i = 0; i < 3 && kept > case_keeps && !failed_checks; i++)
        kept = run_once(test);
    CHECK(kept <= case_keeps);
    if (failed_checks) {
        failed++;
    } else {
        passed++;
        print("ok %s\n", test->name);
    }
}

/* Everything that follows is written down, if only to be forgotten: the traced entries have to do
 * the same as the plain ones. */
static void trace_all(void)
{
    uint32_t cpus = ((const struct jn_info *)JN_ROOT_INFO)->cpus;

    for (uint64_t i = 0; i < cpus; i++)
        CHECK_OK(OP3(JN_CAP_LOG, JN_OP_TRACE_RING, i, 6, TRACE_RINGS + i * TRACE_RING_SPACE));
    CHECK_OK(OP3(JN_CAP_LOG, JN_OP_TRACE_CONTROL, 1, 0, 0));
}

static const char *only; /* the case that is asked for */

static bool wanted(const char *name)
{
    unsigned i = 0;

    while (only && name[i] && only[i] == name[i])
        i++;
    return !only || (!name[i] && (!only[i] || only[i] == ' '));
}

static void run_suite(const struct test *test)
{
    for (; test->name; test++)
        if (wanted(test->name))
            run_case(test);
}

/* What follows `word` in `text`, or NULL. */
bool isolating;

static const char *after_word(const char *text, const char *word)
{
    for (; *text; text++) {
        unsigned i = 0;
        while (word[i] && text[i] == word[i])
            i++;
        if (!word[i])
            return &text[i];
    }
    return NULL;
}

static uint64_t number_after(const char *text, const char *word)
{
    const char *at = after_word(text, word);
    uint64_t value = 0;

    while (at && *at >= '0' && *at <= '9')
        value = value * 10 + (uint64_t)(*at++ - '0');
    return value;
}

_Noreturn void main(const struct jn_boot *boot);

_Noreturn void main(const struct jn_boot *boot)
{
    if (boot->magic != JN_BOOT_MAGIC)
        print("FAIL boot page\n");
    start_clock();
    uint64_t value;
    if (after_word(boot->command_line, "traced"))
        trace_all();
    if (after_word(boot->command_line, "untraced")) /* it was on, and left nothing behind */
        CHECK_OK(OP3(JN_CAP_LOG, JN_OP_TRACE_CONTROL, 2, 0, 0));
    only = after_word(boot->command_line, "only=");
    isolating = after_word(boot->command_line, "isolate=");
    if ((value = number_after(boot->command_line, "rounds=")) != 0)
        life_rounds = value;
    if ((value = number_after(boot->command_line, "steps=")) != 0)
        model_steps = value;
    if (after_word(boot->command_line, "hold")) {
        print("selftest: holding\n");
        sys(JN_WAIT, SLOT_NEVER, &(regs_t){0});
    }
    if (after_word(boot->command_line, "measure")) {
        run_suite(measure_tests);
        run_suite(latency_tests);
        run_suite(pick_tests);
    } else if (after_word(boot->command_line, "giant")) {
        run_suite(giant_tests);
    } else if ((value = number_after(boot->command_line, "fuzz=")) != 0) {
        fuzz_calls = value;
        fuzz_seed += number_after(boot->command_line, "seed=") << 20;
        run_suite(fuzz_tests);
    } else {
        for (unsigned i = 0; suites[i]; i++)
            run_suite(suites[i]);
    }
    print("selftest: %u passed, %u failed\n", passed, failed);
    OP1(JN_CAP_LOG, JN_OP_CONSOLE_SHUTDOWN, failed ? 1 : 0);
    __builtin_unreachable();
}
