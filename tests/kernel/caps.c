/* Capability tables, derivation, and rights. */
#include "harness.h"

static uint64_t type_of(cap_t cap, uint64_t *rights, uint64_t *identity, uint64_t *label)
{
    uint64_t out[10];

    CHECK_OK(op(JN_CAP_TASK, JN_OP_CAP_INFO, cap, 0, 0, 0, 0, out));
    if (rights)
        *rights = out[1];
    if (identity)
        *identity = out[2];
    if (label)
        *label = out[3];
    return out[0];
}

static void cap_copy_and_rights(void)
{
    cap_t gate = make_gate(), copy = slot(), weak = slot();
    uint64_t rights, identity, other, label;

    CHECK_IS(type_of(gate, &rights, &identity, &label), JN_TYPE_GATE);
    CHECK_IS(rights, JN_RIGHT_ALL);
    CHECK_OK(OP3(JN_CAP_TASK, JN_OP_CAP_COPY, gate, copy, JN_RIGHT_RECV | JN_RIGHT_COPY));
    CHECK_IS(type_of(copy, &rights, &other, NULL), JN_TYPE_GATE);
    CHECK_IS(rights, JN_RIGHT_RECV | JN_RIGHT_COPY);
    CHECK_IS(other, identity);
    /* Rights only shrink. */
    CHECK_OK(OP3(JN_CAP_TASK, JN_OP_CAP_COPY, copy, weak, JN_RIGHT_ALL & ~JN_RIGHT_COPY));
    CHECK_IS(type_of(weak, &rights, NULL, NULL), JN_TYPE_GATE);
    CHECK_IS(rights, JN_RIGHT_RECV);
    CHECK_IS(OP3(JN_CAP_TASK, JN_OP_CAP_COPY, weak, slot(), JN_RIGHT_ALL), JN_NO_RIGHT);
    CHECK_IS(call1(weak, 0, NULL), JN_NO_RIGHT);
    /* And on the way elsewhere. */
    cap_t moved = slot();
    CHECK_OK(OP3(JN_CAP_TASK, JN_OP_CAP_MOVE, copy, moved, JN_RIGHT_COPY | JN_RIGHT_SEND));
    CHECK_IS(type_of(moved, &rights, &other, NULL), JN_TYPE_GATE);
    CHECK_IS(rights, JN_RIGHT_COPY);
    CHECK_IS(other, identity);
    CHECK_OK(OP3(JN_CAP_TASK, JN_OP_CAP_MOVE, moved, copy, JN_RIGHT_ALL));
    CHECK_IS(type_of(copy, &rights, NULL, NULL), JN_TYPE_GATE);
    CHECK_IS(rights, JN_RIGHT_COPY);
    CHECK_IS(OP3(JN_CAP_TASK, JN_OP_CAP_COPY, gate, copy, JN_RIGHT_ALL), JN_EXISTS);
    CHECK_IS(OP3(JN_CAP_TASK, JN_OP_CAP_COPY, slot(), slot(), JN_RIGHT_ALL), JN_BAD_CAP);
    CHECK_IS(OP3(gate, JN_OP_CAP_COPY, gate, slot(), JN_RIGHT_ALL), JN_BAD_CAP);
}

static void cap_hostile_handles(void)
{
    static const uint64_t handles[] = {
        0, 1, 63, 65, JN_CAP_HANDLES * 64ull, -64ull, -1ull, 1ull << 63, 0x7f0000000000ull};
    cap_t gate = make_gate();

    for (unsigned i = 0; i < sizeof handles / sizeof handles[0]; i++) {
        uint64_t handle = handles[i];
        CHECK_IS(OP3(JN_CAP_TASK, JN_OP_CAP_COPY, gate, handle, JN_RIGHT_ALL), JN_BAD_ARG);
        CHECK_IS(OP3(JN_CAP_TASK, JN_OP_CAP_COPY, handle, slot(), JN_RIGHT_ALL), JN_BAD_CAP);
        CHECK_IS(OP1(JN_CAP_TASK, JN_OP_CAP_DELETE, handle), JN_BAD_ARG);
        CHECK_IS(OP1(JN_CAP_TASK, JN_OP_CAP_REVOKE, handle), JN_BAD_CAP);
        CHECK_IS(OP1(JN_CAP_TASK, JN_OP_CAP_DESTROY, handle), JN_BAD_CAP);
        CHECK_IS(OP1(pool, JN_OP_CREATE_GATE, handle), JN_BAD_ARG);
    }
    CHECK_IS(OP0(0, JN_OP_POOL_INFO), JN_BAD_CAP);
    CHECK_IS(OP0(-1ull, JN_OP_POOL_INFO), JN_BAD_CAP);
    CHECK_IS(OP0(pool, JN_OP_COUNT), JN_BAD_CALL);
    CHECK_IS(op(pool, (enum jn_object_op)0xffffffff, 0, 0, 0, 0, 0, NULL), JN_BAD_CALL);
}

/* A capability and all that was derived from it, over two tasks. */
static void cap_revoke(void)
{
    struct task *task = make_task();
    cap_t gate = make_gate(), a = slot(), b = slot(), c = slot();
    uint64_t out[10];

    CHECK_OK(OP3(JN_CAP_TASK, JN_OP_CAP_COPY, gate, a, JN_RIGHT_ALL));
    CHECK_OK(OP3(JN_CAP_TASK, JN_OP_CAP_COPY, a, b, JN_RIGHT_ALL));
    CHECK_OK(OP3(JN_CAP_TASK, JN_OP_CAP_COPY, gate, c, JN_RIGHT_ALL));
    cap_t theirs = give(task, b, JN_RIGHT_ALL);
    cap_t minted = mint(a, 5);
    CHECK_OK(OP1(JN_CAP_TASK, JN_OP_CAP_REVOKE, a));
    CHECK_IS(type_of(a, NULL, NULL, NULL), JN_TYPE_GATE);
    CHECK_IS(type_of(b, NULL, NULL, NULL), JN_TYPE_NONE);
    CHECK_IS(type_of(minted, NULL, NULL, NULL), JN_TYPE_NONE);
    CHECK_IS(type_of(c, NULL, NULL, NULL), JN_TYPE_GATE);
    CHECK_OK(op(task->task, JN_OP_CAP_INFO, theirs, 0, 0, 0, 0, out));
    CHECK_IS(out[0], JN_TYPE_NONE);
}

/* Whoever was derived from a deleted capability belongs to its parent then. */
static void cap_delete_in_the_middle(void)
{
    cap_t gate = make_gate(), a = slot(), b = slot(), c = slot(), moved = slot();

    CHECK_OK(OP3(JN_CAP_TASK, JN_OP_CAP_COPY, gate, a, JN_RIGHT_ALL));
    CHECK_OK(OP3(JN_CAP_TASK, JN_OP_CAP_COPY, a, b, JN_RIGHT_ALL));
    CHECK_OK(OP3(JN_CAP_TASK, JN_OP_CAP_COPY, a, c, JN_RIGHT_ALL));
    CHECK_OK(OP3(JN_CAP_TASK, JN_OP_CAP_MOVE, b, moved, JN_RIGHT_ALL));
    CHECK_IS(type_of(b, NULL, NULL, NULL), JN_TYPE_NONE);
    CHECK_OK(OP1(JN_CAP_TASK, JN_OP_CAP_DELETE, a));
    CHECK_IS(type_of(moved, NULL, NULL, NULL), JN_TYPE_GATE);
    CHECK_OK(OP1(JN_CAP_TASK, JN_OP_CAP_REVOKE, gate));
    CHECK_IS(type_of(moved, NULL, NULL, NULL), JN_TYPE_NONE);
    CHECK_IS(type_of(c, NULL, NULL, NULL), JN_TYPE_NONE);
    CHECK_IS(type_of(gate, NULL, NULL, NULL), JN_TYPE_GATE);
}

/* A pseudo-random tree of copies, moves, deletions and revocations against a model that knows every
 * slot's parent. */
#define SLOTS 64

static unsigned seed = 1;

static unsigned dice(unsigned sides)
{
    seed = seed * 1103515245 + 12345;
    return (seed >> 16) % sides;
}

static bool derived(const int *parent, int slot_, int from)
{
    while (slot_ != from && slot_ >= 0)
        slot_ = parent[slot_];
    return slot_ == from;
}

static void cap_tree_against_model(void)
{
    cap_t base = make_gate();
    int parent[SLOTS]; /* -2: empty, -1: the root capability, else a slot */
    cap_t first = slot();

    for (int i = 0; i < SLOTS; i++) {
        parent[i] = -2;
        slot();
    }
    CHECK_OK(OP3(JN_CAP_TASK, JN_OP_CAP_COPY, base, first, JN_RIGHT_ALL));
    parent[0] = -1;
    for (unsigned step = 0; step < 4000; step++) {
        int from = (int)dice(SLOTS), to = (int)dice(SLOTS);
        cap_t from_cap = first + 64u * (unsigned)from, to_cap = first + 64u * (unsigned)to;
        int64_t expected = parent[from] == -2 ? JN_BAD_CAP : parent[to] != -2 ? JN_EXISTS : JN_OK;
        switch (dice(8)) {
        default:
            if (parent[from] == -2 && dice(4) == 0) {
                CHECK_OK(OP3(JN_CAP_TASK, JN_OP_CAP_COPY, base, from_cap, JN_RIGHT_ALL));
                parent[from] = -1;
                break;
            }
            CHECK_IS(OP3(JN_CAP_TASK, JN_OP_CAP_COPY, from_cap, to_cap, JN_RIGHT_ALL), expected);
            if (!expected)
                parent[to] = from;
            break;
        case 5:
            CHECK_IS(OP3(JN_CAP_TASK, JN_OP_CAP_MOVE, from_cap, to_cap, JN_RIGHT_ALL), expected);
            if (expected)
                break;
            parent[to] = parent[from];
            parent[from] = -2;
            for (int i = 0; i < SLOTS; i++)
                if (parent[i] == from)
                    parent[i] = to;
            break;
        case 6:
            CHECK_OK(OP1(JN_CAP_TASK, JN_OP_CAP_DELETE, from_cap));
            for (int i = 0; i < SLOTS; i++)
                if (parent[i] == from)
                    parent[i] = parent[from];
            parent[from] = -2;
            break;
        case 7:
            if (parent[from] == -2)
                break;
            CHECK_OK(OP1(JN_CAP_TASK, JN_OP_CAP_REVOKE, from_cap));
            bool gone[SLOTS];
            for (int i = 0; i < SLOTS; i++)
                gone[i] = parent[i] != -2 && i != from && derived(parent, i, from);
            for (int i = 0; i < SLOTS; i++)
                if (gone[i])
                    parent[i] = -2;
        }
    }
    for (int i = 0; i < SLOTS; i++)
        CHECK_IS(type_of(first + 64u * (unsigned)i, NULL, NULL, NULL),
                 parent[i] == -2 ? JN_TYPE_NONE : JN_TYPE_GATE);
}

static void cap_table_grows(void)
{
    struct task *task = make_task();
    cap_t gate = make_gate();
    uint64_t before[10], after[10], out[10];

    CHECK_OK(op(pool, JN_OP_POOL_INFO, 0, 0, 0, 0, 0, before));
    CHECK_OK(OP3(task->task, JN_OP_CAP_COPY, gate, (JN_CAP_HANDLES - 1) * 64, JN_RIGHT_ALL));
    CHECK_OK(OP3(task->task, JN_OP_CAP_COPY, gate, 1000 * 64, JN_RIGHT_ALL));
    CHECK_OK(op(pool, JN_OP_POOL_INFO, 0, 0, 0, 0, 0, after));
    CHECK(after[1] < before[1]);
    CHECK_OK(op(task->task, JN_OP_CAP_INFO, (JN_CAP_HANDLES - 1) * 64, 0, 0, 0, 0, out));
    CHECK_IS(out[0], JN_TYPE_GATE);
    CHECK_OK(op(task->task, JN_OP_CAP_INFO, 5000 * 64, 0, 0, 0, 0, out));
    CHECK_IS(out[0], JN_TYPE_NONE);
}

/* The account is charged, and says so when it is empty. */
static void pool_exhausted(void)
{
    cap_t small = slot();
    unsigned made = 0;
    int64_t status;
    uint64_t out[10];

    CHECK_OK(OP2(pool, JN_OP_POOL_CREATE, small, 4));
    while (!(status = OP1(small, JN_OP_CREATE_GATE, slot())) && made < 1000)
        made++;
    CHECK_IS(status, JN_NO_MEMORY);
    CHECK(made > 10);
    CHECK_IS(OP2(small, JN_OP_CREATE_TASK, slot(), 0), JN_NO_MEMORY);
    CHECK_IS(op(small, JN_OP_CREATE_THREAD, slot(), JN_CAP_TASK, 0x7e0000300000ull, 0, 0, NULL),
             JN_NO_MEMORY);
    CHECK_OK(OP2(pool, JN_OP_POOL_FUND, small, 1));
    CHECK_OK(OP1(small, JN_OP_CREATE_GATE, slot()));
    CHECK_IS(OP2(pool, JN_OP_POOL_FUND, small, -2), JN_BUSY);
    CHECK_IS(OP2(pool, JN_OP_POOL_CREATE, slot(), 1u << 30), JN_NO_MEMORY);
    CHECK_OK(op(small, JN_OP_POOL_INFO, 0, 0, 0, 0, 0, out));
    CHECK_IS(out[0], 5);
    CHECK_OK(OP1(JN_CAP_TASK, JN_OP_CAP_DESTROY, small));
    CHECK_IS(OP1(small, JN_OP_CREATE_GATE, slot()), JN_BAD_CAP);
}

static void cap_rights_of_operations(void)
{
    struct task *task = make_task();
    cap_t none = slot(), pool_none = slot(), thread = start_thread(&root, 0, 0), t = slot();

    CHECK_OK(OP3(JN_CAP_TASK, JN_OP_CAP_COPY, task->task, none, JN_RIGHT_COPY));
    CHECK_OK(OP3(JN_CAP_TASK, JN_OP_CAP_COPY, pool, pool_none, 0));
    CHECK_OK(OP3(JN_CAP_TASK, JN_OP_CAP_COPY, thread, t, 0));
    CHECK_IS(OP2(none, JN_OP_CAP_COPY, thread, 64), JN_NO_RIGHT);
    CHECK_IS(OP1(none, JN_OP_CAP_DELETE, 64), JN_NO_RIGHT);
    CHECK_IS(OP4(none, JN_OP_TASK_MAP, 0, 0, 1, 1), JN_NO_RIGHT);
    CHECK_IS(OP4(none, JN_OP_TASK_UNMAP, 0, 1, 1, 0), JN_NO_RIGHT);
    CHECK_IS(OP1(none, JN_OP_TASK_PAGE, 0), JN_NO_RIGHT);
    CHECK_IS(OP0(none, JN_OP_TASK_INFO), JN_NO_RIGHT);
    CHECK_IS(OP2(none, JN_OP_TASK_BIND_END, 0, 0), JN_NO_RIGHT);
    for (unsigned i = JN_OP_POOL_CREATE; i <= JN_OP_CREATE_SCHED; i++)
        CHECK_IS(OP2(pool_none, i, slot(), 1), JN_NO_RIGHT);
    for (unsigned i = JN_OP_THREAD_RESUME; i <= JN_OP_THREAD_INFO; i++)
        CHECK_IS(OP2(t, i, 0, 0), JN_NO_RIGHT);
    CHECK_IS(OP1(JN_CAP_TASK, JN_OP_CAP_DESTROY, t), JN_NO_RIGHT);
    CHECK_IS(op(pool, JN_OP_CREATE_THREAD, slot(), none, 0x7e0000300000ull, 0, 0, NULL),
             JN_NO_RIGHT);
    CHECK_OK(OP0(thread, JN_OP_THREAD_SUSPEND));
}

const struct test cap_tests[] = {
    TEST(cap_copy_and_rights),      TEST(cap_hostile_handles),      TEST(cap_revoke),
    TEST(cap_delete_in_the_middle), TEST(cap_tree_against_model),   TEST(cap_table_grows),
    TEST(pool_exhausted),           TEST(cap_rights_of_operations), {0}};
