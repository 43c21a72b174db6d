/* Foreign system calls, page faults and exceptions, and their answers. */
#include "harness.h"

#pragma GCC visibility push(hidden)
extern void foreign_check(void), foreign_fault(void), foreign_copy(void), foreign_spin(void),
    foreign_vector(void), foreign_fpu(void), foreign_xsave(void), foreign_iretq(void);
extern volatile uint64_t foreign_result;
#pragma GCC visibility pop

#define LABEL_CALL  0x1001
#define LABEL_FAULT 0x1002

static volatile uint64_t seen[16];
static volatile unsigned count;

static void answer_seven(uint64_t gate)
{
    regs_t regs = {0};

    sys(JN_WAIT, gate, &regs);
    for (;;) {
        seen[0] = regs.label;
        seen[1] = regs.tag;
        for (unsigned i = 0; i < 10; i++)
            seen[2 + i] = regs.words[i];
        count++;
        regs = (regs_t){.tag = 1, .words = {7}};
        sys(JN_REPLY_WAIT, gate, &regs);
    }
}

static void foreign_registers(void)
{
    cap_t gate = make_gate();
    struct task *server = make_task(), *client = make_task();

    count = 0;
    foreign_result = 0;
    start_thread(server, answer_seven, give(server, gate, JN_RIGHT_ALL));
    settle();
    cap_t thread = make_foreign(client, foreign_check, 0);
    CHECK_OK(OP4(thread, JN_OP_THREAD_SET_GATES, gate, LABEL_CALL, gate, LABEL_FAULT));
    CHECK_OK(OP0(thread, JN_OP_THREAD_RESUME));
    settle();
    CHECK_OK(OP0(thread, JN_OP_THREAD_SUSPEND));
    CHECK((int64_t)foreign_result > 2);
    CHECK(count >= foreign_result);
    CHECK_IS(seen[0], LABEL_CALL);
    CHECK_IS(seen[1], (uint64_t)JN_TAG_KERNEL | JN_KM_SYSCALL << JN_TAG_KIND_SHIFT | 10);
    static const uint64_t words[] = {0x102, 0x107, 0x105, 0x106};
    for (unsigned i = 0; i < 4; i++)
        CHECK_IS(seen[2 + i], words[i]);
    CHECK(seen[6] >= 1000 && seen[6] <= 1000 + count);
    CHECK_IS(seen[7], 0x10c);
    CHECK_IS(seen[8], 0x103);
    CHECK_IS(seen[11], 0);
    /* Each round trip was two messages of its, and an entry into its space. */
    uint64_t out[10];
    CHECK_OK(op(thread, JN_OP_THREAD_INFO, 0, 0, 0, 0, 0, out));
    CHECK(out[3] >= foreign_result && out[4] >= foreign_result);
}

/* The same calls held as Replies and answered by the root thread: the slow path. */
static void foreign_parked(void)
{
    cap_t gate = make_gate(), thread;

    foreign_result = 0;
    thread = make_foreign(make_task(), foreign_check, 0);
    CHECK_OK(OP4(thread, JN_OP_THREAD_SET_GATES, gate, LABEL_CALL, 0, 0));
    CHECK_OK(OP0(thread, JN_OP_THREAD_RESUME));
    for (unsigned i = 0; i < 5; i++) {
        regs_t regs = {0};
        cap_t reply = slot();
        CHECK_OK(sys(JN_WAIT, gate, &regs));
        CHECK_IS(regs.words[4], 1000 + i);
        regs = (regs_t){.words = {reply}};
        CHECK_OK(sys(JN_PARK, 0, &regs));
        CHECK_IS(thread_was(thread), JN_WAS_FOREIGN_CALL);
        regs = (regs_t){.tag = 1, .words = {7}};
        CHECK_OK(sys(JN_REPLY, reply, &regs));
        settle();
        CHECK_IS((int64_t)foreign_result, i + 1);
    }
    /* Repeated: the same call arrives again. */
    regs_t regs = {0};
    CHECK_OK(sys(JN_WAIT, gate, &regs));
    CHECK_IS(regs.words[4], 1005);
    regs = (regs_t){.tag = JN_TAG_RESTART};
    CHECK_OK(sys(JN_REPLY, 0, &regs));
    CHECK_OK(sys(JN_WAIT, gate, &regs));
    CHECK_IS(regs.words[4], 1005);
    regs = (regs_t){.tag = JN_TAG_ITEMS};
    CHECK_IS(sys(JN_REPLY, 0, &regs), JN_BAD_ARG);
    regs = (regs_t){.tag = JN_TAG_STATE | JN_TAG_RESUME};
    CHECK_IS(sys(JN_REPLY, 0, &regs), JN_BAD_ARG);
}

/* Two foreign threads with live AVX state over a server, in three tasks. */
static void foreign_avx(void)
{
    cap_t gate = make_gate();
    struct task *server = make_task();
    cap_t threads[3];

    foreign_result = 0;
    count = 0;
    start_thread(server, answer_seven, give(server, gate, JN_RIGHT_ALL));
    for (unsigned i = 0; i < 3; i++) {
        threads[i] = make_foreign(make_task(), foreign_fpu, 0x1234560000 + i);
        CHECK_OK(OP4(threads[i], JN_OP_THREAD_SET_GATES, gate, LABEL_CALL, 0, 0));
        CHECK_OK(OP0(threads[i], JN_OP_THREAD_RESUME));
    }
    for (unsigned i = 0; i < 20; i++)
        settle();
    CHECK((int64_t)foreign_result > 30);
    for (unsigned i = 0; i < 3; i++) {
        CHECK_OK(OP0(threads[i], JN_OP_THREAD_SUSPEND));
        CHECK_OK(OP1(threads[i], JN_OP_THREAD_READ, JN_STATE_XSAVE));
        CHECK_IS(*(uint64_t *)&own_state()->xsave[160 + 7 * 16], 0x1234560000 + i);
    }
}

/* XSAVE and XRSTOR alone, which QEMU 7.2 lets pass whatever CR0.TS says, between threads with live AVX
 * state: neither sees or changes what the other has. */
static void foreign_xsaves(void)
{
    cap_t gate = make_gate();
    struct task *server = make_task();

    foreign_result = 0;
    start_thread(server, answer_seven, give(server, gate, JN_RIGHT_ALL));
    for (unsigned i = 0; i < 5; i++) {
        cap_t thread = make_foreign(make_task(), i == 0 || i == 3 ? foreign_fpu : foreign_xsave,
                                    0x1234560000 + i);
        CHECK_OK(OP4(thread, JN_OP_THREAD_SET_GATES, gate, LABEL_CALL, 0, 0));
        CHECK_OK(OP0(thread, JN_OP_THREAD_RESUME));
        settle();
    }
    for (unsigned i = 0; i < 20; i++)
        settle();
    CHECK((int64_t)foreign_result > 30);
}

static _Alignas(64) uint8_t native_area[1024];
static volatile uint64_t native_seen;

/* A server that looks at its vector registers, and writes them, in the same way. */
static void answer_with_xsave(uint64_t gate)
{
    regs_t regs = {0};

    native_seen = 0;
    for (uint64_t round = 0;; round++) {
        sys(round ? JN_REPLY_WAIT : JN_WAIT, gate, &regs);
        memset(&native_area[160], 0, 256);
        __asm__ volatile("xsave %0" : "+m"(native_area) : "a"(7), "d"(0) : "memory");
        for (unsigned i = 0; i < 16; i++)
            if (*(uint64_t *)&native_area[160 + i * 16] != (i == 7 ? round : 0))
                native_seen = 1;
        *(uint64_t *)&native_area[160 + 7 * 16] = round + 1;
        *(uint64_t *)&native_area[512] = 7;
        __asm__ volatile("xrstor %0" : : "m"(native_area), "a"(7), "d"(0) : "memory");
        regs = (regs_t){.tag = 1, .words = {7}};
    }
}

static void native_xsaves(void)
{
    cap_t gate = make_gate();
    struct task *server = make_task();

    foreign_result = 0;
    start_thread(server, answer_with_xsave, give(server, gate, JN_RIGHT_ALL));
    for (unsigned i = 0; i < 3; i++) {
        cap_t thread = make_foreign(make_task(), i ? foreign_fpu : foreign_xsave, 0x1234560000 + i);
        CHECK_OK(OP4(thread, JN_OP_THREAD_SET_GATES, gate, LABEL_CALL, 0, 0));
        CHECK_OK(OP0(thread, JN_OP_THREAD_RESUME));
        settle();
    }
    for (unsigned i = 0; i < 20; i++)
        settle();
    CHECK((int64_t)foreign_result > 30);
    CHECK_IS(native_seen, 0);
}

static void user_iretq(void)
{
    cap_t thread = make_foreign(make_task(), foreign_iretq, 0);

    foreign_result = 0;
    CHECK_OK(OP0(thread, JN_OP_THREAD_RESUME));
    settle();
    CHECK_IS((int64_t)foreign_result, 5);
}

/* ---- page faults ---- */

static void fault_answered_by_items(void)
{
    cap_t gate = make_gate(), thread;
    uint64_t *page = scratch(1), address = 0x10000000;

    foreign_result = 0;
    page[0] = 1;
    thread = make_foreign(make_task(), foreign_fault, address);
    CHECK_OK(OP4(thread, JN_OP_THREAD_SET_GATES, 0, 0, gate, LABEL_FAULT));
    CHECK_OK(OP0(thread, JN_OP_THREAD_RESUME));
    for (unsigned i = 0; i < 2; i++) {
        regs_t regs = {0};
        CHECK_OK(sys(JN_WAIT, gate, &regs));
        CHECK_IS(regs.label, LABEL_FAULT);
        CHECK_IS(kind_of(regs.tag), JN_KM_PAGE_FAULT);
        CHECK_IS(regs.words[0], address + 8 * i);
        CHECK_IS(regs.words[1], i ? JN_ACCESS_WRITE | JN_FAULT_PRESENT : JN_ACCESS_READ);
        CHECK_IS(regs.words[4], 0);
        CHECK_IS(thread_was(thread), JN_WAS_FAULT);
        struct jn_utcb *utcb = jn_utcb();
        utcb->items[0].what = JN_ITEM_MAP | (i ? JN_R | JN_W : JN_R) << JN_ITEM_RIGHTS_SHIFT |
                              12 << JN_ITEM_ORDER_SHIFT;
        utcb->items[0].where = (uint64_t)page;
        utcb->item_offset[0] = address;
        regs = (regs_t){.tag = tag_of(0, 1, 0, 0)};
        CHECK_OK(sys(JN_REPLY, 0, &regs));
        settle();
        CHECK_IS((int64_t)foreign_result, i + 1);
    }
    CHECK_IS(page[1], 1);
}

/* A fault that the pager refuses becomes an exception; one without pager, too. */
static void fault_refused(void)
{
    for (unsigned with_pager = 0; with_pager < 2; with_pager++) {
        cap_t pager = make_gate(), handler = make_gate();
        cap_t thread = make_foreign(make_task(), foreign_fault, 0x20000000);
        regs_t regs = {0};

        CHECK_OK(OP4(thread, JN_OP_THREAD_SET_GATES, handler, 1, with_pager ? pager : 0, 2));
        CHECK_OK(OP0(thread, JN_OP_THREAD_RESUME));
        if (with_pager) {
            CHECK_OK(sys(JN_WAIT, pager, &regs));
            regs = (regs_t){.tag = tag_of(0, 0, 0, (uint32_t)JN_FAULT)};
            CHECK_OK(sys(JN_REPLY, 0, &regs));
        }
        CHECK_OK(sys(JN_WAIT, handler, &regs));
        CHECK_IS(kind_of(regs.tag), JN_KM_EXCEPTION);
        CHECK_IS(regs.words[0], 14);
        CHECK_IS(regs.words[4], 0x20000000);
        CHECK_IS(own_state()->trap_vector, 14);
        CHECK_IS(own_state()->r[JN_REG_RDI], 0x20000000);
        regs = (regs_t){.tag = tag_of(0, 0, 0, (uint32_t)JN_FAULT)};
        CHECK_OK(sys(JN_REPLY, 0, &regs)); /* and so it ends */
    }
}

static void exception_and_state(void)
{
    cap_t gate = make_gate(), thread = make_foreign(make_task(), foreign_vector, 0);
    regs_t regs = {0};
    struct jn_state *state = own_state();

    foreign_result = 0;
    CHECK_OK(OP4(thread, JN_OP_THREAD_SET_GATES, gate, 3, 0, 0));
    CHECK_OK(OP0(thread, JN_OP_THREAD_RESUME));
    CHECK_OK(sys(JN_WAIT, gate, &regs));
    CHECK_IS(regs.label, 3);
    CHECK_IS(kind_of(regs.tag), JN_KM_EXCEPTION);
    CHECK_IS(regs.words[0], 6);
    CHECK_IS(regs.words[2], state->rip);
    CHECK_IS(regs.words[3], state->r[JN_REG_RSP]);
    CHECK_IS(foreign_result, state->r[JN_REG_RSP]);
    /* Over the ud2, with all registers set. */
    state->rip += 2;
    for (unsigned i = 0; i < 16; i++)
        if (i != JN_REG_RSP)
            state->r[i] = 0x5000 + i;
    state->rflags |= 0xff00; /* TF, NT, IOPL, and so on: sanitised where they would hurt */
    state->rflags &= ~0x500ull;
    state->valid = JN_STATE_REGS;
    regs = (regs_t){.tag = JN_TAG_STATE};
    CHECK_OK(sys(JN_REPLY_WAIT, gate, &regs));
    CHECK_IS((int64_t)foreign_result, 77);
    CHECK_IS(regs.words[0], 3);
    CHECK_IS(regs.words[2], state->rip);
    for (unsigned i = 0; i < 16; i++)
        if (i != JN_REG_RSP)
            CHECK_IS(state->r[i], 0x5000 + i);
    CHECK_IS(state->rflags & 0x7200, 0x200);
    regs = (regs_t){.tag = 0};
    CHECK_OK(sys(JN_REPLY, 0, &regs)); /* int3: goes on behind it */
    settle();
    CHECK_IS(thread_was(thread), JN_WAS_RUNNING);
}

/* Hostile state: nothing of it may reach the processor. */
static void state_is_sanitised(void)
{
    cap_t thread = make_foreign(make_task(), foreign_spin, 0);
    struct jn_state *state = own_state();

    memset(state, 0xff, sizeof *state);
    CHECK_OK(OP1(thread, JN_OP_THREAD_WRITE, 15));
    CHECK_OK(OP1(thread, JN_OP_THREAD_READ, 15));
    CHECK_IS(state->rip, 0);
    CHECK_IS(state->fs_base, 0);
    CHECK_IS(state->gs_base, 0);
    CHECK_IS(state->rflags & 0x3b7000, 0x210000 & 0x3b7000);
    CHECK_IS(state->dr[0], 0);
    CHECK_IS(*(uint64_t *)&state->xsave[512] & ~7ull, 0);
    CHECK_IS(*(uint32_t *)&state->xsave[24] >> 16, 0);
    CHECK_IS(*(uint64_t *)&state->xsave[520], 0);
    CHECK_OK(OP0(thread, JN_OP_THREAD_RESUME)); /* faults at 0, unhandled: ends */
    settle();
    CHECK_IS(OP0(thread, JN_OP_THREAD_RESUME), JN_BAD_CAP);
}

/* ---- copies, and faults raised by the server ---- */

static void foreign_copies(void)
{
    cap_t gate = make_gate(), pager = make_gate();
    struct task *task = make_task();
    cap_t thread = make_foreign(task, foreign_copy, 0x30000ff0);
    char *memory = scratch(3), *own = scratch(3);
    uint64_t there = 0x30000000, mapped = (uint64_t)memory;

    for (unsigned i = 0; i < 3 * 4096; i++)
        memory[i] = (char)(i * 7 + i / 256 + 1);
    memory[4096 + 20] = 0;
    CHECK_OK(OP4(task->task, JN_OP_TASK_MAP, mapped, there, 2, JN_R));
    CHECK_OK(OP4(thread, JN_OP_THREAD_SET_GATES, gate, 1, pager, 2));
    CHECK_OK(OP0(thread, JN_OP_THREAD_RESUME));
    regs_t regs = {0};
    CHECK_OK(sys(JN_WAIT, gate, &regs));
    CHECK_IS(regs.words[5], 0x30000ff0);

    /* In, over a page's end, up to a fault. */
    regs = (regs_t){.tag = tag_of(3, 0, 0, JN_COPY_IN | JN_COPY_SPACE),
                    .words = {there + 0xff0, (uint64_t)own, 100}};
    CHECK_OK(sys(JN_COPY, 0, &regs));
    CHECK_IS(regs.words[0], 100);
    for (unsigned i = 0; i < 100; i++)
        CHECK_IS(own[i], memory[0xff0 + i]);
    CHECK_IS(own[100], 0);
    regs = (regs_t){.tag = tag_of(3, 0, 0, JN_COPY_IN | JN_COPY_SPACE),
                    .words = {there + 0xff0, (uint64_t)own, 3 * 4096 - 0xff0}};
    CHECK_IS(sys(JN_COPY, 0, &regs), JN_FAULT);
    CHECK_IS(regs.words[0], 2 * 4096 - 0xff0);
    CHECK_IS(regs.words[1], there + 2 * 4096);
    CHECK_IS(regs.words[2], JN_ACCESS_READ);
    /* A string. */
    regs = (regs_t){.tag = tag_of(3, 0, 0, JN_COPY_IN | JN_COPY_SPACE | JN_COPY_STRING),
                    .words = {there + 4096 + 10, (uint64_t)own, 4000}};
    CHECK_OK(sys(JN_COPY, 0, &regs));
    CHECK_IS(regs.words[0], 11);
    CHECK_IS(own[10], 0);
    /* Out: not writable there. */
    regs = (regs_t){.tag = tag_of(3, 0, 0, JN_COPY_OUT | JN_COPY_SPACE),
                    .words = {there, (uint64_t)own, 8}};
    CHECK_IS(sys(JN_COPY, 0, &regs), JN_FAULT);
    CHECK_IS(regs.words[0], 0);
    CHECK_IS(regs.words[1], there);
    CHECK_IS(regs.words[2], JN_ACCESS_WRITE);
    /* Bad arguments. */
    static const unsigned bad[] = {0, JN_COPY_IN | JN_COPY_OUT, JN_COPY_OUT | JN_COPY_STRING, 0x80,
                                   0x100};
    for (unsigned i = 0; i < 5; i++) {
        regs = (regs_t){.tag = tag_of(3, 0, 0, bad[i] | 3), .words = {there, (uint64_t)own, 8}};
        CHECK_IS(sys(JN_COPY, 0, &regs), JN_BAD_ARG);
    }
    regs = (regs_t){.tag = tag_of(3, 0, 0, JN_COPY_IN | JN_COPY_WINDOW0),
                    .words = {0, (uint64_t)own, 8}};
    CHECK_IS(sys(JN_COPY, 0, &regs), JN_WINDOW);
    regs = (regs_t){.tag = tag_of(3, 0, 0, JN_COPY_IN | JN_COPY_SPACE),
                    .words = {there, (uint64_t)own, 8}};
    CHECK_IS(sys(JN_COPY, gate, &regs), JN_BAD_CAP);
    regs = (regs_t){.tag = tag_of(3, 0, 0, JN_COPY_IN | JN_COPY_SPACE),
                    .words = {-4096ull, (uint64_t)own, 8}};
    CHECK_IS(sys(JN_COPY, 0, &regs), JN_FAULT);
    regs = (regs_t){.tag = tag_of(3, 0, 0, JN_COPY_IN | JN_COPY_SPACE),
                    .words = {there, (uint64_t)own, -1ull}};
    CHECK_IS(sys(JN_COPY, 0, &regs), JN_BAD_ARG);

    /* The server asks for the fault; the call is then made again. */
    regs = (regs_t){.tag = tag_of(2, 0, 0, 0) | JN_TAG_FAULT_AT, .words = {there, JN_ACCESS_WRITE}};
    CHECK_OK(sys(JN_REPLY, 0, &regs));
    CHECK_OK(sys(JN_WAIT, pager, &regs));
    CHECK_IS(kind_of(regs.tag), JN_KM_PAGE_FAULT);
    CHECK_IS(regs.words[0], there);
    CHECK_IS(regs.words[1], JN_ACCESS_WRITE);
    CHECK_IS(regs.words[4], 1);
    CHECK_OK(OP4(task->task, JN_OP_TASK_MAP, mapped, there, 1, JN_R | JN_W));
    regs = (regs_t){0};
    CHECK_OK(sys(JN_REPLY, 0, &regs));
    CHECK_OK(sys(JN_WAIT, gate, &regs));
    CHECK_IS(regs.words[4], 5);
    CHECK_IS(regs.words[5], 0x30000ff0);
    own[0] = 'Z';
    regs = (regs_t){.tag = tag_of(3, 0, 0, JN_COPY_OUT | JN_COPY_SPACE),
                    .words = {there, (uint64_t)own, 1}};
    CHECK_OK(sys(JN_COPY, 0, &regs));
    CHECK_IS(memory[0], 'Z');
}

/* Native callers: what their windows say. */
static void window_caller(uint64_t argument)
{
    struct jn_utcb *utcb = jn_utcb();
    regs_t regs = {.tag = tag_of(0, 0, 2, 0)};

    utcb->windows[0] = (struct jn_window){seen[14], 100, JN_R, 0};
    utcb->windows[1] = (struct jn_window){seen[14] + 200, 50, JN_R | JN_W, 0};
    seen[0] = (uint64_t)sys(JN_CALL, argument, &regs);
    regs.tag = 0;
    seen[1] = (uint64_t)sys(JN_CALL, argument, &regs);
}

static int64_t copy(cap_t reply, unsigned what, uint64_t offset, void *own, uint64_t bytes)
{
    regs_t regs = {.tag = tag_of(3, 0, 0, what), .words = {offset, (uint64_t)own, bytes}};
    int64_t status = sys(JN_COPY, reply, &regs);

    return status ? status : (int64_t)regs.words[0];
}

static void native_windows(void)
{
    cap_t gate = make_gate();
    char *memory = scratch(1), *own = scratch(1);
    struct task *task = make_task();
    regs_t regs = {0};

    memcpy(memory, "window 0", 9);
    memcpy(memory + 200, "window 1", 9);
    seen[14] = (uint64_t)memory;
    seen[0] = 55;
    start_thread(task, window_caller, give(task, gate, JN_RIGHT_ALL));
    CHECK_OK(sys(JN_WAIT, gate, &regs));
    CHECK_IS(copy(0, JN_COPY_IN | 0, 0, own, 9), 9);
    CHECK_IS(own[7], '0');
    CHECK_IS(copy(0, JN_COPY_IN | 1, 3, own, 6), 6);
    CHECK_IS(own[4], '1');
    CHECK_IS(copy(0, JN_COPY_IN | 0, 0, own, 101), JN_WINDOW);
    CHECK_IS(copy(0, JN_COPY_IN | 0, 100, own, 1), JN_WINDOW);
    CHECK_IS(copy(0, JN_COPY_IN | 0, -1ull, own, 1), JN_WINDOW);
    CHECK_IS(copy(0, JN_COPY_OUT | 0, 0, own, 1), JN_WINDOW);
    CHECK_IS(copy(0, JN_COPY_OUT | 1, 0, "x", 1), 1);
    CHECK_IS(memory[200], 'x');
    CHECK_IS(copy(0, JN_COPY_IN | JN_COPY_SPACE, (uint64_t)memory, own, 1), JN_WINDOW);
    /* The answer may take the fast path; the next call offers nothing. */
    regs.tag = 0;
    CHECK_OK(sys(JN_REPLY_WAIT, gate, &regs));
    CHECK_IS(seen[0], JN_OK);
    CHECK_IS(copy(0, JN_COPY_IN | 0, 0, own, 1), JN_WINDOW);
}

/* A server lends its foreign caller's memory onward: the second server copies into it directly. */
static void middle_server(uint64_t gates)
{
    regs_t regs = {0};
    struct jn_utcb *utcb = jn_utcb();

    sys(JN_WAIT, gates & 0xffffffff, &regs);
    utcb->windows[0] = (struct jn_window){regs.words[5], 64, JN_R | JN_W, JN_WINDOW_CURRENT};
    regs = (regs_t){.tag = tag_of(0, 0, 1, 0)};
    sys(JN_CALL, gates >> 32, &regs);
    regs = (regs_t){.tag = 1, .words = {88}};
    sys(JN_REPLY, 0, &regs);
}

static void lent_reply(void)
{
    cap_t front = make_gate(), back = make_gate();
    struct task *client = make_task(), *middle = make_task();
    char *memory = scratch(1);
    cap_t thread = make_foreign(client, foreign_copy, 0x40000010);
    regs_t regs = {0};

    CHECK_OK(OP4(client->task, JN_OP_TASK_MAP, (uint64_t)memory, 0x40000000, 1, JN_R | JN_W));
    CHECK_OK(OP4(thread, JN_OP_THREAD_SET_GATES, front, 1, 0, 0));
    start_thread(middle, middle_server,
                 give(middle, front, JN_RIGHT_ALL) | give(middle, back, JN_RIGHT_ALL) << 32);
    CHECK_OK(OP0(thread, JN_OP_THREAD_RESUME));
    foreign_result = 0;
    CHECK_OK(sys(JN_WAIT, back, &regs));
    CHECK_IS(copy(0, JN_COPY_OUT | 0, 4, "direct", 6), 6);
    CHECK_IS(copy(0, JN_COPY_OUT | 0, 60, "direct", 6), JN_WINDOW);
    regs.tag = 0;
    CHECK_OK(sys(JN_REPLY, 0, &regs));
    settle();
    CHECK_IS((int64_t)foreign_result, 88);
    CHECK_IS(memory[0x14], 'd');
    CHECK_IS(memory[0x19], 't');
}

const struct test foreign_tests[] = {TEST(foreign_registers),
                                     TEST(foreign_parked),
                                     TEST(foreign_avx),
                                     TEST(foreign_xsaves),
                                     TEST(native_xsaves),
                                     TEST(user_iretq),
                                     TEST(fault_answered_by_items),
                                     TEST(fault_refused),
                                     TEST(exception_and_state),
                                     TEST(state_is_sanitised),
                                     TEST(foreign_copies),
                                     TEST(native_windows),
                                     TEST(lent_reply),
                                     {0}};
