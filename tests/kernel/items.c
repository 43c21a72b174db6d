/* Typed items: capabilities and flexpages in messages, both ways. */
#include "harness.h"

static volatile uint64_t seen[16];

/* Receives capabilities at handle 100 on, and answers with what landed; moves the first one back.
 */
static void cap_server(uint64_t gate)
{
    struct jn_utcb *utcb = jn_utcb();
    regs_t regs = {0};

    utcb->recv_cap_base = 100 * 64;
    utcb->recv_cap_count = 2;
    sys(JN_WAIT, gate, &regs);
    for (;;) {
        uint64_t out[10];
        seen[0] = utcb->got_items;
        seen[1] = utcb->got_caps;
        seen[2] = utcb->items[0].where;
        op(JN_CAP_TASK, JN_OP_CAP_INFO, 100 * 64, 0, 0, 0, 0, out);
        seen[3] = out[0];
        seen[4] = out[1];
        seen[5] = out[3];
        op(JN_CAP_TASK, JN_OP_CAP_INFO, 101 * 64, 0, 0, 0, 0, out);
        seen[6] = out[0];
        utcb->items[0].what = JN_ITEM_CAP_MOVE | (uint64_t)JN_RIGHT_ALL << 16;
        utcb->items[0].where = 100 * 64;
        regs = (regs_t){.tag = tag_of(1, 1, 0, 0), .words = {1}};
        op(JN_CAP_TASK, JN_OP_CAP_DELETE, 101 * 64, 0, 0, 0, 0, NULL);
        seen[7] = (uint64_t)sys(JN_REPLY_WAIT, gate, &regs);
    }
}

static void items_of_capabilities(void)
{
    cap_t gate = make_gate(), client = mint(gate, 3), other = make_signal(), back = slot();
    struct task *task = make_task();
    struct jn_utcb *utcb = jn_utcb();
    cap_t self = give(task, task->task, JN_RIGHT_ALL);
    uint64_t out[10];

    CHECK_OK(OP3(task->task, JN_OP_CAP_COPY, task->task, JN_CAP_TASK, JN_RIGHT_ALL));
    (void)self;
    start_thread(task, cap_server, give(task, gate, JN_RIGHT_ALL));
    utcb->items[0].what = JN_ITEM_CAP | (uint64_t)(JN_RIGHT_SEND | JN_RIGHT_COPY) << 16;
    utcb->items[0].where = client;
    utcb->items[1].what = JN_ITEM_CAP | (uint64_t)JN_RIGHT_ALL << 16;
    utcb->items[1].where = other;
    utcb->recv_cap_base = back;
    utcb->recv_cap_count = 1;
    regs_t regs = {.tag = tag_of(0, 2, 0, 0)};
    CHECK_OK(sys(JN_CALL, gate, &regs));
    CHECK_IS(seen[0], 2);
    CHECK_IS(seen[1], 2);
    CHECK_IS(seen[2], 100 * 64);
    CHECK_IS(seen[3], JN_TYPE_GATE);
    CHECK_IS(seen[4], JN_RIGHT_SEND | JN_RIGHT_COPY);
    CHECK_IS(seen[5], 3);
    CHECK_IS(seen[6], JN_TYPE_SIGNAL);
    CHECK_IS(regs.tag, tag_of(1, 1, 0, 0));
    CHECK_IS(utcb->got_caps, 1);
    CHECK_IS(utcb->items[0].where, back);
    CHECK_OK(op(JN_CAP_TASK, JN_OP_CAP_INFO, back, 0, 0, 0, 0, out));
    CHECK_IS(out[0], JN_TYPE_GATE);

    /* More than the window takes, a bad handle, a capability that may not be copied. */
    for (unsigned i = 0; i < 3; i++) {
        utcb->items[i].what = JN_ITEM_CAP | (uint64_t)JN_RIGHT_SEND << 16;
        utcb->items[i].where = other;
    }
    regs = (regs_t){.tag = tag_of(0, 3, 0, 0)};
    CHECK_IS(sys(JN_CALL, gate, &regs), JN_WINDOW);
    CHECK_IS(utcb->sent_items, 2);
    utcb->items[0].where = 12345;
    regs = (regs_t){.tag = tag_of(0, 1, 0, 0)};
    CHECK_IS(sys(JN_CALL, gate, &regs), JN_BAD_CAP);
    cap_t weak = slot();
    CHECK_OK(OP3(JN_CAP_TASK, JN_OP_CAP_COPY, other, weak, JN_RIGHT_SEND));
    utcb->items[0].where = weak;
    regs = (regs_t){.tag = tag_of(0, 1, 0, 0)};
    CHECK_IS(sys(JN_CALL, gate, &regs), JN_NO_RIGHT);
    utcb->items[0].what = 0;
    regs = (regs_t){.tag = tag_of(0, 1, 0, 0)};
    CHECK_IS(sys(JN_CALL, gate, &regs), JN_BAD_ARG);
    utcb->recv_cap_count = 0;
}

/* Offers pages in its answer; the client's window is 64 KiB at 0x50000000. */
static void page_server(uint64_t gate)
{
    regs_t regs = {0};
    struct jn_utcb *utcb = jn_utcb();

    sys(JN_WAIT, gate, &regs);
    for (;;) {
        uint64_t order = regs.words[0], offset = regs.words[1], where = regs.words[2];
        uint64_t rights = regs.words[3];
        utcb->items[0].what =
            regs.words[4] | rights << JN_ITEM_RIGHTS_SHIFT | order << JN_ITEM_ORDER_SHIFT;
        utcb->items[0].where = where;
        utcb->item_offset[0] = offset;
        regs = (regs_t){.tag = tag_of(0, 1, 0, 0)};
        int64_t status = sys(JN_REPLY_WAIT, gate, &regs);
        if (status < 0) {
            regs = (regs_t){.tag = tag_of(0, 0, 0, (uint32_t)status)};
            sys(JN_REPLY_WAIT, gate, &regs);
        }
    }
}

static int64_t ask(cap_t gate, uint64_t order, uint64_t offset, void *where, uint64_t rights,
                   unsigned type)
{
    regs_t regs = {.tag = 5, .words = {order, offset, (uint64_t)where, rights, type}};
    int64_t status = sys(JN_CALL, gate, &regs);

    return status ? status : (int32_t)(regs.tag >> 32);
}

static void items_of_pages(void)
{
    cap_t gate = make_gate();
    struct task *task = make_task();
    uint64_t *pages = scratch(16), base = 0x50000000;
    struct jn_utcb *utcb = jn_utcb();
    uint64_t out[10];

    /* Aligned to 32 KiB for the larger flexpages. */
    pages = (uint64_t *)(((uint64_t)pages + 0x7fff) & ~0x7fffull);
    pages[0] = 11;
    pages[512] = 12;
    start_thread(task, page_server, give(task, gate, JN_RIGHT_ALL));
    utcb->recv_base = base;
    utcb->recv_order = 16;
    CHECK_OK(ask(gate, 12, 0x3000, pages, JN_R, JN_ITEM_MAP));
    CHECK_IS(*(volatile uint64_t *)(base + 0x3000), 11);
    CHECK_OK(op(JN_CAP_TASK, JN_OP_TASK_PAGE, base + 0x3000, 0, 0, 0, 0, out));
    CHECK_IS(out[0], JN_R);
    CHECK_IS(out[1], 12);
    CHECK_OK(ask(gate, 15, 0x8000, pages, JN_R | JN_W, JN_ITEM_MAP));
    CHECK_IS(*(volatile uint64_t *)(base + 0x9000), 12);
    *(volatile uint64_t *)(base + 0x9008) = 13;
    CHECK_IS(pages[513], 13);
    CHECK_IS(ask(gate, 12, 0x10000, pages, JN_R, JN_ITEM_MAP), JN_WINDOW);
    CHECK_IS(ask(gate, 17, 0, (void *)0x100000, JN_R, JN_ITEM_MAP), JN_WINDOW);
    CHECK_IS(ask(gate, 12, 0x10, pages, JN_R, JN_ITEM_MAP), JN_BAD_ARG);
    CHECK_IS(ask(gate, 11, 0, pages, JN_R, JN_ITEM_MAP), JN_BAD_ARG);
    CHECK_IS(ask(gate, 31, 0, pages, JN_R, JN_ITEM_MAP), JN_BAD_ARG);
    CHECK_IS(ask(gate, 12, -0x1000ull, pages, JN_R, JN_ITEM_MAP), JN_WINDOW);
    utcb->recv_order = 0;
    CHECK_IS(ask(gate, 12, 0, pages, JN_R, JN_ITEM_MAP), JN_WINDOW);
    CHECK_OK(OP4(JN_CAP_TASK, JN_OP_TASK_UNMAP, base, 16, JN_R, 0));
}

const struct test item_tests[] = {TEST(items_of_capabilities), TEST(items_of_pages), {0}};
