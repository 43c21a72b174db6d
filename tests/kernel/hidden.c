/* Pages that can be executed and not read (JN_X alone), and PKRU, which nobody keeps. From here on
 * protection keys are on in this boot. */
#include "harness.h"

#define THERE   0x10000000ull
#define ALL_OFF 0xfffffffcu /* all of PKRU but key 0 */
#define USUAL   0x55555554u

/* mov rax, [rdi]; syscall; jmp back to the first */
static const uint8_t look[] = {0x48, 0x8b, 0x07, 0x0f, 0x05, 0xeb, 0xf9};
/* mov eax, edi; xor ecx, ecx; xor edx, edx; wrpkru; syscall; xor ecx, ecx; rdpkru; syscall; jmp $ */
static const uint8_t change[] = {0x89, 0xf8, 0x31, 0xc9, 0x31, 0xd2, 0x0f, 0x01, 0xef, 0x0f, 0x05,
                                 0x31, 0xc9, 0x0f, 0x01, 0xee, 0x0f, 0x05, 0xeb, 0xfe};

static uint32_t pkru(void)
{
    uint32_t value, zero;
    __asm__ volatile("rdpkru" : "=a"(value), "=d"(zero) : "c"(0));
    return value;
}

static uint64_t rights_at(cap_t task)
{
    uint64_t out[10];

    CHECK_OK(op(task, JN_OP_TASK_PAGE, THERE, 0, 0, 0, 0, out));
    return out[0];
}

static cap_t start(struct task *task, cap_t gate, cap_t pager, uint64_t argument)
{
    cap_t thread = make_foreign(task, (void (*)(void))THERE, argument);

    CHECK_OK(OP4(thread, JN_OP_THREAD_SET_GATES, gate, 1, pager, 2));
    CHECK_OK(OP0(thread, JN_OP_THREAD_RESUME));
    return thread;
}

static void hidden_pages(void)
{
    cap_t gate = make_gate(), pager = make_gate();
    struct task *task = make_task(), *other = make_task();
    uint64_t *page = scratch(1), own = 0;
    regs_t regs = {0};

    memcpy(page, look, sizeof look);
    /* Only so: writing or reading is not hidden. */
    CHECK_IS(OP4(task->task, JN_OP_TASK_MAP, page, THERE, 1, JN_W | JN_X), JN_BAD_ARG);
    CHECK_IS(OP4(task->task, JN_OP_TASK_MAP, page, THERE, 1, JN_W), JN_BAD_ARG);
    CHECK_IS(OP4(task->task, JN_OP_TASK_MAP, page, THERE, 1, 0), JN_BAD_ARG);
    /* A page that can be read becomes one that cannot. */
    CHECK_OK(OP4(task->task, JN_OP_TASK_MAP, page, THERE, 1, JN_R | JN_X));
    CHECK_OK(OP4(task->task, JN_OP_TASK_MAP, page, THERE, 1, JN_X));
    CHECK_IS(rights_at(task->task), JN_X);

    /* It is executed; the read faults. */
    start(task, gate, pager, THERE);
    CHECK_OK(sys(JN_WAIT, pager, &regs));
    CHECK_IS(kind_of(regs.tag), JN_KM_PAGE_FAULT);
    CHECK_IS(regs.words[0], THERE);
    CHECK_IS(regs.words[1], JN_ACCESS_READ | JN_FAULT_PRESENT);
    CHECK_IS(regs.words[2], THERE);
    CHECK_OK(OP4(task->task, JN_OP_TASK_MAP, page, THERE, 1, JN_R | JN_X));
    CHECK_IS(rights_at(task->task), JN_R | JN_X);
    regs = (regs_t){0};
    CHECK_OK(sys(JN_REPLY, 0, &regs));
    CHECK_OK(sys(JN_WAIT, gate, &regs));
    CHECK_IS(kind_of(regs.tag), JN_KM_SYSCALL);
    CHECK_IS(regs.words[4], page[0]);

    /* A copy from it by the server stops there, as at a page that is missing. */
    CHECK_OK(OP4(task->task, JN_OP_TASK_MAP, page, THERE, 1, JN_X));
    for (unsigned how = 0; how < 2; how++) {
        regs = (regs_t){.tag = tag_of(3, 0, 0, JN_COPY_IN | JN_COPY_SPACE | (how ? JN_COPY_STRING : 0)),
                        .words = {THERE, (uint64_t)&own, 8}};
        CHECK_IS(sys(JN_COPY, 0, &regs), JN_FAULT);
        CHECK_IS(regs.words[0], 0);
        CHECK_IS(regs.words[1], THERE);
        CHECK_IS(regs.words[2], JN_ACCESS_READ);
    }
    CHECK_IS(own, 0);

    /* It is taken away like any other. */
    CHECK_OK(OP4(task->task, JN_OP_TASK_UNMAP, THERE, 1, JN_R, 0));
    CHECK_IS(rights_at(task->task), 0);
    CHECK_OK(OP4(other->task, JN_OP_TASK_MAP, page, THERE, 1, JN_X));
    CHECK_IS(rights_at(other->task), JN_X);
    CHECK_OK(OP4(JN_CAP_TASK, JN_OP_TASK_UNMAP, page, 1, JN_R, JN_UNMAP_DERIVED_ONLY));
    CHECK_IS(rights_at(other->task), 0);
}

/* Whatever a program writes to PKRU, the next one finds the usual value, and itself when it comes back. */
static void keys_of_nobody(void)
{
    static const uint32_t values[] = {0, ALL_OFF, USUAL, 0x55555550};
    uint8_t *page = scratch(1);
    cap_t gate = make_gate(), pager = make_gate();

    memcpy(page, change, sizeof change);
    for (unsigned i = 0; i < 4; i++) {
        struct task *task = make_task();
        regs_t regs = {0};

        CHECK_OK(OP4(task->task, JN_OP_TASK_MAP, page, THERE, 1, JN_X));
        start(task, gate, pager, values[i]);
        CHECK_OK(sys(JN_WAIT, gate, &regs));
        CHECK_IS(kind_of(regs.tag), JN_KM_SYSCALL);
        CHECK_IS(regs.words[4], values[i]);
        CHECK_IS(pkru(), USUAL);
        regs = (regs_t){.tag = 1};
        CHECK_OK(sys(JN_REPLY, 0, &regs));
        CHECK_OK(sys(JN_WAIT, gate, &regs));
        CHECK_IS(regs.words[4], USUAL);
        regs = (regs_t){.tag = 1};
        CHECK_OK(sys(JN_REPLY, 0, &regs)); /* it goes on for ever, and is preempted */
        settle();
        CHECK_IS(pkru(), USUAL);
    }
}

const struct test hidden_tests[] = {TEST(hidden_pages), TEST(keys_of_nobody), {0}};
