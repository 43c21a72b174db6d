/* Trace rings. The root task is the tracer; what it does itself is not written down. */
#include "harness.h"

#pragma GCC visibility push(hidden)
extern void foreign_check(void), foreign_fault(void);
#pragma GCC visibility pop

static uint32_t cpus(void)
{
    return ((const struct jn_info *)JN_ROOT_INFO)->cpus;
}

static const volatile struct jn_trace_ring *ring(unsigned cpu)
{
    return (const volatile struct jn_trace_ring *)(TRACE_RINGS + cpu * TRACE_RING_SPACE);
}

static const struct jn_trace_record *record(unsigned cpu, uint64_t number)
{
    const char *records = (const char *)TRACE_RINGS + cpu * TRACE_RING_SPACE + 4096;

    return (const struct jn_trace_record *)records + number % ring(cpu)->size;
}

/* False: the whole self-test is traced, by others' rings. */
static bool begin(unsigned order)
{
    if (OP3(JN_CAP_LOG, JN_OP_TRACE_RING, 0, order, TRACE_RINGS) == JN_BUSY)
        return false;
    for (uint64_t i = 1; i < cpus(); i++)
        CHECK_OK(OP3(JN_CAP_LOG, JN_OP_TRACE_RING, i, order, TRACE_RINGS + i * TRACE_RING_SPACE));
    for (uint64_t i = 0; i < cpus(); i++) {
        CHECK_IS(ring(i)->magic, JN_TRACE_MAGIC);
        CHECK_IS(ring(i)->size, (4096 << order) / JN_TRACE_RECORD);
        CHECK_IS(ring(i)->head, 0);
    }
    return true;
}

static void on(void)
{
    CHECK_OK(OP3(JN_CAP_LOG, JN_OP_TRACE_CONTROL, 1, 0, 0));
}

static void end(void)
{
    CHECK_OK(OP3(JN_CAP_LOG, JN_OP_TRACE_CONTROL, 2, 0, 0));
}

static uint64_t identity(cap_t cap)
{
    uint64_t out[10];

    CHECK_OK(op(JN_CAP_TASK, JN_OP_CAP_INFO, cap, 0, 0, 0, 0, out));
    return out[2];
}

static volatile uint64_t answers;

static void echo(uint64_t gate)
{
    regs_t regs = {0};

    sys(JN_WAIT, gate, &regs);
    for (;;) {
        regs.words[0]++;
        sys(JN_REPLY_WAIT, gate, &regs);
    }
}

static void caller(uint64_t gate)
{
    for (unsigned i = 0; i < 3; i++) {
        regs_t regs = {.tag = tag_of(i == 2 ? 30 : 2, 0, 0, 77), .words = {40 + i, 9}};
        for (unsigned word = 10; word < 30; word++)
            jn_utcb()->words[word] = 1000 + word;
        if (sys(JN_CALL, gate, &regs) == JN_OK)
            answers += regs.words[0];
    }
    regs_t regs = {0};
    sys(JN_NULL, 0, &regs);
    op(JN_CAP_TASK, JN_OP_CAP_DELETE, 12345 * JN_CAP_STEP, 0, 0, 0, 0, NULL);
    sys(JN_WAIT, 0, &regs);
}

/* The next record of a kind, after *at; NULL: none. */
static const struct jn_trace_record *next(unsigned kind, uint64_t *at)
{
    while (*at < ring(0)->head)
        if (record(0, (*at)++)->kind == kind)
            return record(0, *at - 1);
    return NULL;
}

static void trace_messages(void)
{
    cap_t gate = make_gate();
    struct task *server = make_task(), *client = make_task();

    if (!begin(3))
        return;
    answers = 0;
    cap_t servant = start_thread(server, echo, give(server, gate, JN_RIGHT_ALL));
    settle();
    cap_t minted = mint(gate, 99);
    cap_t thread = make_thread(client, caller, give(client, minted, JN_RIGHT_SEND), PRIORITY_TEST);
    CHECK_OK(op(client->task, JN_OP_TASK_NAME, 0x656d616e, 0, 0, 0, 0, NULL));
    CHECK_OK(OP1(thread, JN_OP_THREAD_NUMBER, 4711));
    on();
    CHECK_OK(OP0(thread, JN_OP_THREAD_RESUME));
    settle();
    CHECK_IS(answers, 41 + 42 + 43);

    uint64_t at = 0, from = identity(thread), to = identity(servant), tsc = 0;
    const struct jn_trace_record *r;
    bool named = false, numbered = false;
    while ((r = next(JN_TRACE_TASK, &at)))
        named |= r->other == identity(client->task) && r->words[0] == 0x656d616e;
    for (at = 0; (r = next(JN_TRACE_THREAD, &at));)
        numbered |= r->thread == from && r->other == identity(client->task) && r->label == 4711;
    CHECK(named && numbered);
    at = 0;
    for (unsigned i = 0; i < 3; i++) {
        CHECK((r = next(JN_TRACE_DELIVER, &at)) != NULL);
        if (!r)
            break;
        CHECK(r->thread == from && r->other == to && r->label == 99 && r->tsc > tsc);
        CHECK_IS(r->tag, tag_of(i == 2 ? 30 : 2, 0, 0, 77));
        CHECK_IS(r->flags, JN_TRACE_ENTRY | JN_TRACE_SPACE);
        CHECK(r->words[0] == 40 + i && r->words[1] == 9 && r->words[2] == 0);
        if (i == 2) { /* words 10 to 29, 14 a record */
            const struct jn_trace_record *more = record(0, at);
            CHECK_IS(more->kind, JN_TRACE_MORE);
            CHECK(more->thread == 1010 && more->words[9] == 1023);
            CHECK(record(0, at + 1)->kind == JN_TRACE_MORE && record(0, at + 1)->thread == 1024);
        }
        tsc = r->tsc;
        CHECK((r = next(JN_TRACE_ANSWER, &at)) != NULL);
        if (!r)
            break;
        CHECK(r->thread == to && r->other == from && r->detail == JN_TRACE_OF_CALL && r->tsc > tsc);
        CHECK(r->words[0] == 41 + i);
        tsc = r->tsc;
    }
    CHECK((r = next(JN_TRACE_KCALL, &at)) && r->detail == JN_NULL && r->thread == from);
    CHECK((r = next(JN_TRACE_KCALL, &at)) && r->detail == JN_INVOKE && r->other == 0 &&
          r->words[0] == 12345 * JN_CAP_STEP && r->label == (uint64_t)JN_BAD_CAP);
    CHECK((r = next(JN_TRACE_SWITCH, &at)) && r->thread == from);
    /* Off, nothing more is written, and what was begun goes on. */
    CHECK_OK(OP3(JN_CAP_LOG, JN_OP_TRACE_CONTROL, 0, 0, 0));
    uint64_t head = ring(0)->head;
    regs_t regs = {.tag = 1, .words = {1}};
    CHECK_OK(sys(JN_CALL, gate, &regs));
    settle();
    CHECK_IS(ring(0)->head, head);
    end();
}

static void trace_faults_and_signals(void)
{
    cap_t gate = make_gate(), signal = make_signal();
    struct task *server = make_task(), *client = make_task();
    cap_t thread = make_foreign(client, foreign_fault, 0);
    uint64_t at = 0;

    if (!begin(3))
        return;
    CHECK_OK(OP4(thread, JN_OP_THREAD_SET_GATES, gate, 5, gate, 6));
    start_thread(server, echo, give(server, gate, JN_RIGHT_ALL));
    settle();
    cap_t waiter = make_thread(server, echo, 0, PRIORITY_TEST);
    CHECK_OK(OP1(waiter, JN_OP_THREAD_BIND_SIGNAL, signal));
    CHECK_OK(OP2(thread, JN_OP_THREAD_BIND_END, signal, 8));
    on();
    CHECK_OK(OP0(thread, JN_OP_THREAD_RESUME));
    settle();
    const struct jn_trace_record *r = next(JN_TRACE_DELIVER, &at);
    CHECK(r && r->thread == identity(thread) && kind_of(r->tag) == JN_KM_PAGE_FAULT && r->label == 6);
    r = next(JN_TRACE_ANSWER, &at);
    CHECK(r && r->other == identity(thread) && r->detail == JN_TRACE_OF_FAULT);
    uint64_t ended = identity(thread);
    CHECK_OK(OP1(JN_CAP_TASK, JN_OP_CAP_DESTROY, thread));
    settle();
    at = 0;
    CHECK((r = next(JN_TRACE_THREAD_END, &at)) && r->thread == ended);
    CHECK_OK(OP3(JN_CAP_LOG, JN_OP_TRACE_CONTROL, 0, 0, 0));
    end();
}

/* Who reads too late can tell how much was lost, and is told in time if it asks. */
static void trace_overrun(void)
{
    cap_t gate = make_gate(), signal = make_signal();
    struct task *server = make_task();
    uint64_t out[10];

    if (!begin(0))
        return;
    start_thread(server, echo, give(server, gate, JN_RIGHT_ALL));
    settle();
    cap_t thread = make_foreign(make_task(), foreign_check, 0);
    CHECK_OK(OP4(thread, JN_OP_THREAD_SET_GATES, gate, 7, 0, 0));
    CHECK_OK(OP3(JN_CAP_LOG, JN_OP_TRACE_CONTROL, 1, signal, 16));
    CHECK_OK(OP0(thread, JN_OP_THREAD_RESUME));
    while (ring(0)->head < 10 * ring(0)->size)
        settle();
    CHECK_OK(op(signal, JN_OP_SIGNAL_POLL, 0, 0, 0, 0, 0, out));
    CHECK_IS(out[0], 16);
    CHECK_OK(OP0(thread, JN_OP_THREAD_SUSPEND));
    CHECK_OK(OP3(JN_CAP_LOG, JN_OP_TRACE_CONTROL, 0, 0, 0));
    /* What is there is whole and the newest: times rise from the oldest to the head. */
    uint64_t head = ring(0)->head, size = ring(0)->size;
    for (uint64_t i = head - size + 1; i < head; i++)
        CHECK(record(0, i)->tsc >= record(0, i - 1)->tsc);
    end();
}

static void trace_refusals(void)
{
    uint64_t here = TRACE_RINGS + 0x40000000;
    cap_t weak = slot();

    CHECK_OK(OP3(JN_CAP_TASK, JN_OP_CAP_COPY, JN_CAP_LOG, weak, JN_RIGHT_INFO | JN_RIGHT_SEND));
    CHECK_IS(OP3(weak, JN_OP_TRACE_RING, 0, 0, here), JN_NO_RIGHT);
    CHECK_IS(OP3(weak, JN_OP_TRACE_CONTROL, 0, 0, 0), JN_NO_RIGHT);
    CHECK_IS(OP3(pool, JN_OP_TRACE_RING, 0, 0, here), JN_BAD_CAP);
    CHECK_IS(OP3(JN_CAP_LOG, JN_OP_TRACE_RING, 8, 0, here), JN_BAD_ARG);
    CHECK_IS(OP3(JN_CAP_LOG, JN_OP_TRACE_RING, 0, 11, here), JN_BAD_ARG);
    CHECK_IS(OP3(JN_CAP_LOG, JN_OP_TRACE_RING, 0, 0, here + 1), JN_BAD_ARG);
    CHECK_IS(OP3(JN_CAP_LOG, JN_OP_TRACE_RING, 0, 0, 0xffff800000000000), JN_BAD_ARG);
    CHECK_IS(OP3(JN_CAP_LOG, JN_OP_TRACE_CONTROL, 3, 0, 0), JN_BAD_ARG);
    CHECK_IS(OP3(JN_CAP_LOG, JN_OP_TRACE_CONTROL, 1, pool, 0), JN_BAD_CAP);
    if (!begin(0))
        return;
    CHECK_IS(OP3(JN_CAP_LOG, JN_OP_TRACE_RING, 0, 0, here), JN_BUSY);
    end();
    CHECK_IS(OP3(JN_CAP_LOG, JN_OP_TRACE_CONTROL, 1, 0, 0), JN_BUSY); /* no rings */
    CHECK_IS(OP3(JN_CAP_LOG, JN_OP_TRACE_RING, 0, 0, JN_ROOT_UTCB), JN_BUSY);
}

const struct test trace_tests[] = {TEST(trace_messages), TEST(trace_faults_and_signals),
                                   TEST(trace_overrun), TEST(trace_refusals), {0}};
