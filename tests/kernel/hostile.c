/* What the processor keeps from programs: privileged instructions, the kernel's memory and tables,
 * their own text, ports; and that what was taken away is gone. */
#include "harness.h"

#pragma GCC visibility push(hidden)
extern const struct attempt {
    void (*code)(void);
    const char *name;
    uint64_t vector;
} hostile_table[];
extern volatile uint64_t hostile_survived, hostile_port_value;
extern void hostile_port_in(void);
#pragma GCC visibility pop

#define HARMLESS 255

/* One thread each, native without pager, so that its fault is an exception, too. */
static void one_attempt(struct task *task, const struct attempt *attempt, cap_t gate)
{
    struct world mark = world;
    cap_t thread = make_thread(task, (void (*)(uint64_t))attempt->code, 0, PRIORITY_TEST);
    regs_t regs = {0};

    own_state()->rip = (uint64_t)attempt->code;
    CHECK_OK(OP1(thread, JN_OP_THREAD_WRITE, JN_STATE_REGS));
    CHECK_OK(OP4(thread, JN_OP_THREAD_SET_GATES, gate, 1, 0, 0));
    hostile_survived = 0;
    CHECK_OK(OP0(thread, JN_OP_THREAD_RESUME));
    jn_utcb()->recv_deadline = now() + 5000000000;
    bool ended = false;
    if (attempt->vector == HARMLESS) {
        for (unsigned i = 0; i < 200 && !hostile_survived; i++)
            settle();
        ended = !hostile_survived;
    } else if (sys(JN_WAIT | JN_RECV_UNTIL, gate, &regs) != JN_OK ||
               kind_of(regs.tag) != JN_KM_EXCEPTION || hostile_survived) {
        ended = true;
    } else {
        /* QEMU raises #GP for a stack that is not canonical. */
        ended = regs.words[0] != attempt->vector && (attempt->vector != 12 || regs.words[0] != 13);
    }
    if (ended) {
        print("attempt: %s\n", attempt->name);
        CHECK_IS(regs.words[0], attempt->vector);
        CHECK_IS(hostile_survived, attempt->vector == HARMLESS);
    }
    if (regs.tag)
        CHECK_OK(sys(JN_REPLY, 0, &(regs_t){.tag = (uint64_t)JN_NOT_PERMITTED << 32}));
    settle(); /* a thread whose exception is refused ends */
    OP1(JN_CAP_TASK, JN_OP_CAP_DESTROY, thread);
    world = mark;
}

static void forbidden_instructions(void)
{
    struct task *task = make_task();
    cap_t gate = make_gate();

    for (const struct attempt *i = hostile_table; i->code; i++)
        one_attempt(task, i, gate);
}

/* ---- what is withdrawn is gone ---- */

/* User `in`, performed by the kernel for whoever holds the range (KERNEL 11), until it is revoked.
 */
static void withdrawn_ports(void)
{
    struct task *task = make_task();
    cap_t part = slot(), gate = make_gate(), thread = make_foreign(task, hostile_port_in, 0);
    regs_t regs = {0};

    CHECK_OK(OP3(JN_CAP_IOPORTS, JN_OP_PORTS_SPLIT, part, 0x3f8, 8));
    CHECK_OK(OP3(task->task, JN_OP_CAP_COPY, part, JN_CAP_IOPORTS, JN_RIGHT_ALL));
    CHECK_OK(OP4(thread, JN_OP_THREAD_SET_GATES, gate, 1, 0, 0));
    hostile_port_value = 0;
    CHECK_OK(OP0(thread, JN_OP_THREAD_RESUME));
    for (unsigned i = 0; i < 200 && hostile_port_value < 5; i++)
        settle();
    CHECK(hostile_port_value >= 5);
    CHECK_IS(sys(JN_WAIT | JN_RECV_NOW, gate, &regs), JN_TIMEOUT);
    CHECK_OK(OP1(JN_CAP_TASK, JN_OP_CAP_REVOKE, part));
    CHECK_OK(sys(JN_WAIT, gate, &regs));
    CHECK_IS(kind_of(regs.tag), JN_KM_EXCEPTION);
    CHECK_IS(regs.words[0], 13);
    uint64_t value = hostile_port_value;
    CHECK_OK(sys(JN_REPLY, 0, &(regs_t){0})); /* once more: the same */
    regs = (regs_t){0};
    CHECK_OK(sys(JN_WAIT, gate, &regs));
    CHECK_IS(regs.words[0], 13);
    CHECK_IS(hostile_port_value, value);
    CHECK_OK(OP1(JN_CAP_TASK, JN_OP_CAP_DESTROY, part));
}

#define PIT_GSI 2

static void pit_one_shot(void)
{
    CHECK_OK(OP3(JN_CAP_IOPORTS, JN_OP_PORT_OUT, 0x43, 1, 0x30));
    CHECK_OK(OP3(JN_CAP_IOPORTS, JN_OP_PORT_OUT, 0x40, 1, 0x00));
    CHECK_OK(OP3(JN_CAP_IOPORTS, JN_OP_PORT_OUT, 0x40, 1, 0x08));
}

/* Longer than the one shot takes. */
static void let_it_fire(void)
{
    regs_t regs = {0};

    pit_one_shot();
    jn_utcb()->recv_deadline = now() + 4000000;
    CHECK_IS(sys(JN_WAIT | JN_RECV_UNTIL, 30 * JN_CAP_STEP, &regs), JN_TIMEOUT);
}

static volatile uint64_t interrupts, refused;

struct driver {
    uint64_t irq, signal;
};

static struct driver driver_handles;

static void driver(uint64_t unused)
{
    (void)unused;
    for (;;) {
        regs_t regs = {0};
        sys(JN_WAIT, driver_handles.signal, &regs);
        interrupts++;
        if (OP0(driver_handles.irq, JN_OP_IRQ_ACK) == JN_BAD_CAP)
            refused++;
    }
}

/* An Irq that its holder has bound: revoked, the holder can do nothing with it; bound anew or
 * destroyed, it hears of no interrupt. */
static void withdrawn_interrupt(void)
{
    struct task *task = make_task();
    cap_t irq = slot(), signal = make_signal(), other = make_signal();
    uint64_t out[10];

    CHECK_OK(OP3(JN_CAP_IRQ_CONTROL, JN_OP_IRQ_CREATE, irq, PIT_GSI, JN_IRQ_EDGE));
    driver_handles =
        (struct driver){give(task, irq, JN_RIGHT_ALL), give(task, signal, JN_RIGHT_ALL)};
    CHECK_OK(OP2(irq, JN_OP_IRQ_BIND, signal, 1));
    interrupts = refused = 0;
    start_thread(task, driver, 0);
    settle();
    for (unsigned i = 0; i < 200 && !interrupts; i++)
        let_it_fire();
    CHECK(interrupts > 0);
    CHECK_IS(refused, 0);
    CHECK_OK(OP1(JN_CAP_TASK, JN_OP_CAP_REVOKE, irq));
    for (unsigned i = 0; i < 200 && !refused; i++)
        let_it_fire();
    CHECK(refused > 0);
    CHECK_OK(OP2(irq, JN_OP_IRQ_BIND, other, 1));
    /* What was raised until then may not have been taken yet. */
    uint64_t before;
    do {
        before = interrupts;
        settle();
        CHECK_OK(op(signal, JN_OP_SIGNAL_POLL, 0, 0, 0, 0, 0, out));
    } while (out[0] || interrupts != before);
    pit_one_shot();
    CHECK_IS(sys(JN_WAIT, other, &(regs_t){0}), JN_SIGNALLED);
    settle();
    CHECK_IS(interrupts, before);
    CHECK_OK(OP1(JN_CAP_TASK, JN_OP_CAP_DESTROY, irq));
    let_it_fire();
    CHECK_IS(interrupts, before);
    CHECK_OK(op(other, JN_OP_SIGNAL_POLL, 0, 0, 0, 0, 0, out));
    CHECK_IS(out[0], 0);
}

const struct test hostile_tests[] = {
    TEST(forbidden_instructions), TEST(withdrawn_ports), TEST(withdrawn_interrupt), {0}};
