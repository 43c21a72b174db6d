/* Flexpages of 4 KiB, 2 MiB and 1 GiB (promises A5 to A8): mapped, granted and taken away, by
 * operation and as items of a message, whole and in parts. The 1 GiB page needs a machine with 3
 * GiB: word `giant`. */
#include "harness.h"

#define SMALL (4ull << 10)
#define LARGE (2ull << 20)
#define GIANT (1ull << 30)
#define THERE 0x4000000000ull /* aligned to all of them */

static uint64_t order_at(cap_t task, uint64_t address, uint64_t *rights)
{
    uint64_t out[10];

    CHECK_OK(op(task, JN_OP_TASK_PAGE, address, 0, 0, 0, 0, out));
    if (rights)
        *rights = out[0];
    return out[0] ? out[1] : 0;
}

static int64_t map(cap_t task, uint64_t from, uint64_t to, uint64_t size, unsigned rights,
                   bool grant)
{
    return op(task, JN_OP_TASK_MAP, from, to, size >> 12, rights, grant, NULL);
}

static void unmap(cap_t task, uint64_t address, uint64_t size, unsigned flags)
{
    CHECK_OK(OP4(task, JN_OP_TASK_UNMAP, address, size >> 12, JN_R, flags));
}

static uint64_t mapped(const struct task *task)
{
    uint64_t out[10];

    CHECK_OK(op(task->task, JN_OP_TASK_INFO, 0, 0, 0, 0, 0, out));
    return out[1];
}

/* ---- items ---- */

static volatile struct {
    uint64_t from, order, type, offset;
    int64_t status;
    bool done;
} item;

static void sender(uint64_t gate)
{
    struct jn_utcb *utcb = jn_utcb();
    regs_t regs = {.tag = 1ull << JN_TAG_ITEMS_SHIFT};

    utcb->items[0].what =
        item.type | (JN_R | JN_W) << JN_ITEM_RIGHTS_SHIFT | item.order << JN_ITEM_ORDER_SHIFT;
    utcb->items[0].where = item.from;
    utcb->item_offset[0] = item.offset;
    item.status = sys(JN_SEND, gate, &regs);
    item.done = true;
    sys(JN_WAIT, 30 * JN_CAP_STEP, &regs);
}

/* A flexpage of `task` at `from` is sent to the root task's window. */
static int64_t send_item(struct task *task, cap_t gate, cap_t handle, uint64_t from, uint64_t order,
                         uint64_t type, uint64_t offset)
{
    struct world mark = world;
    regs_t regs = {0};

    item.from = from;
    item.order = order;
    item.type = type;
    item.offset = offset;
    item.done = false;
    jn_utcb()->recv_base = 2 * THERE;
    jn_utcb()->recv_order = 31;
    cap_t thread = start_thread(task, sender, handle);
    jn_utcb()->recv_deadline = now() + 1000000000;
    int64_t status = sys(JN_WAIT | JN_RECV_UNTIL, gate, &regs);
    for (unsigned i = 0; i < 100 && !item.done; i++)
        settle();
    CHECK(item.done);
    CHECK_IS(status, item.status ? JN_TIMEOUT : JN_OK);
    CHECK_OK(OP1(JN_CAP_TASK, JN_OP_CAP_DESTROY, thread));
    jn_utcb()->recv_order = 0;
    world = mark;
    return item.status;
}

/* A page of size[i] from `ram`, which is one of the root task's, and then parts of all smaller
 * sizes. */
static void whole_and_parts(uint64_t ram, const uint64_t *size, unsigned i)
{
    struct task *task = make_task();
    uint64_t images = mapped(task), rights;

    uint64_t order = (uint64_t)__builtin_ctzll(size[i]);

    /* Whole, with fewer rights. */
    CHECK_OK(map(task->task, ram, THERE, size[i], JN_R, false));
    CHECK_IS(order_at(task->task, THERE, &rights), order);
    CHECK_IS(rights, JN_R);
    CHECK_IS(mapped(task), images + (size[i] >> 12));
    CHECK_IS(order_at(task->task, THERE + size[i] - 1, NULL), order);
    CHECK_IS(order_at(task->task, THERE + size[i], NULL), 0);
    unmap(JN_CAP_TASK, ram, size[i], JN_UNMAP_DERIVED_ONLY);
    CHECK_IS(mapped(task), images);
    CHECK_IS(order_at(JN_CAP_TASK, ram, NULL), order_at(JN_CAP_TASK, ram + size[i] - 1, NULL));

    /* Parts of it, given and taken. */
    for (unsigned j = i; j-- > 0;) {
        uint64_t part = __builtin_ctzll(size[j]);
        CHECK_OK(map(task->task, ram, THERE, size[i], JN_R | JN_W, false));
        unmap(task->task, THERE + size[j], size[j], 0);
        CHECK_IS(order_at(task->task, THERE + size[j], NULL), 0);
        CHECK_IS(order_at(task->task, THERE, NULL), part);
        CHECK_IS(mapped(task), images + ((size[i] - size[j]) >> 12));
        unmap(JN_CAP_TASK, ram + 2 * size[j], size[j], JN_UNMAP_DERIVED_ONLY);
        CHECK_IS(order_at(task->task, THERE + 2 * size[j], NULL), 0);
        CHECK_IS(mapped(task), images + ((size[i] - 2 * size[j]) >> 12));
        CHECK_OK(map(task->task, ram + size[j], THERE + size[j], size[j], JN_R, false));
        CHECK_IS(order_at(task->task, THERE + size[j], NULL), part);
        unmap(task->task, THERE, size[i], 0);
        CHECK_IS(mapped(task), images);
    }
    /* To a place that is not aligned to it: in the largest pages that fit. */
    uint64_t part = size[i] < GIANT ? size[i] : 4 * LARGE;
    CHECK_OK(map(task->task, ram, THERE + SMALL, part, JN_R, false));
    CHECK_IS(order_at(task->task, THERE + SMALL, NULL), 12);
    CHECK_IS(mapped(task), images + (part >> 12));
    unmap(task->task, THERE, 2 * part, 0);
    CHECK_IS(mapped(task), images);
}

/* As items: a mapped one goes on, a granted one leaves its sender. */
static void as_items(uint64_t ram, const uint64_t *size, unsigned i)
{
    struct task *task = make_task();
    uint64_t images = mapped(task);
    cap_t gate = make_gate(), handle = give(task, gate, JN_RIGHT_ALL);

    uint64_t order = (uint64_t)__builtin_ctzll(size[i]);

    CHECK_OK(map(task->task, ram, THERE, size[i], JN_R | JN_W, false));
    CHECK_OK(send_item(task, gate, handle, THERE, order, JN_ITEM_MAP, size[i] % GIANT));
    CHECK_IS(order_at(JN_CAP_TASK, 2 * THERE + size[i] % GIANT, NULL), order);
    *(volatile uint64_t *)(2 * THERE + size[i] % GIANT + 8) = i + 77;
    CHECK_IS(*(volatile uint64_t *)(ram + 8), i + 77);
    CHECK_IS(mapped(task), images + (size[i] >> 12));
    unmap(task->task, THERE, size[i], 0);
    CHECK_IS(order_at(JN_CAP_TASK, 2 * THERE + size[i] % GIANT, NULL), 0);

    CHECK_OK(map(task->task, ram, THERE, size[i], JN_R | JN_W, false));
    CHECK_OK(send_item(task, gate, handle, THERE, order, JN_ITEM_GRANT, 0));
    CHECK_IS(order_at(JN_CAP_TASK, 2 * THERE, NULL), order);
    CHECK_IS(mapped(task), images);
    /* Whoever gave it first still has it, and takes it from whoever has it now. */
    unmap(JN_CAP_TASK, ram, size[i], JN_UNMAP_DERIVED_ONLY);
    CHECK_IS(order_at(JN_CAP_TASK, 2 * THERE, NULL), 0);
    CHECK_IS(send_item(task, gate, handle, THERE + SMALL / 2, order, JN_ITEM_MAP, 0), JN_BAD_ARG);
    /* A part of what was received as a whole cannot be granted. */
    if (i) {
        CHECK_OK(map(task->task, ram, THERE, size[i], JN_R | JN_W, false));
        CHECK_IS(send_item(task, gate, handle, THERE, 12, JN_ITEM_GRANT, 0), JN_NOT_SUPPORTED);
        unmap(task->task, THERE, size[i], 0);
    }
}

/* Larger ones first: a page of the root task's is split by what is done with its parts. */
static void all_sizes(uint64_t ram, const uint64_t *size, unsigned count)
{
    for (unsigned i = count; i-- > 0;) {
        struct world mark = world;
        uint64_t from = size[i] == GIANT ? ram : ram + (8 + 4 * i) * LARGE;
        as_items(from, size, i);
        whole_and_parts(from, size, i);
        world.tasks = mark.tasks;
        world.threads = mark.threads;
    }
}

static void flexpages(void)
{
    static const uint64_t size[] = {SMALL, LARGE};
    static unsigned run;
    uint64_t ram = free_ram(128ull << 20) + 4 * LARGE * run++;

    case_keeps = 20; /* the root task's superpages are split */
    all_sizes(ram, size, 2);
}

static void flexpages_giant(void)
{
    static const uint64_t size[] = {SMALL, LARGE, GIANT};
    cap_t large = slot(), case_pool = pool;

    case_keeps = 4000;
    CHECK_OK(OP2(JN_CAP_POOL, JN_OP_POOL_CREATE, large, 6000));
    pool = large;
    CHECK_IS(order_at(JN_CAP_TASK, free_ram(GIANT), NULL), 30);
    all_sizes(free_ram(GIANT), size, 3);
    CHECK_OK(OP1(JN_CAP_TASK, JN_OP_CAP_DESTROY, large));
    pool = case_pool;
}

const struct test flexpage_tests[] = {TEST(flexpages), {0}};
const struct test giant_tests[] = {TEST(flexpages_giant), {0}};
