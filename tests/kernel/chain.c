/* A chain of pagers, each of which maps what it has on to the next; and the case that takes all of
 * it back from its first link. */
#include "chain.h"

static volatile uint64_t pages, linked, bad_links;

/* In each task: one map operation of its own range. */
static void link_on(uint64_t next)
{
    uint64_t out[10];
    int64_t status = op(next, JN_OP_TASK_MAP, CHAIN_AT, CHAIN_AT, pages, JN_R | JN_W, 0, out);

    if (status || out[0] != pages)
        bad_links++;
    linked++;
    sys(JN_WAIT, 30 * JN_CAP_STEP, &(regs_t){0});
}

void chain_make(struct chain *chain, uint64_t memory, uint64_t count)
{
    pages = count;
    linked = bad_links = 0;
    chain->memory = memory;
    chain->pages = count;
    for (unsigned i = 0; i < CHAIN_DEPTH; i++)
        chain->task[i] = make_task();
    CHECK_OK(OP4(chain->task[0]->task, JN_OP_TASK_MAP, memory, CHAIN_AT, count, JN_R | JN_W));
    for (unsigned i = 0; i + 1 < CHAIN_DEPTH; i++) {
        cap_t next = give(chain->task[i], chain->task[i + 1]->task, JN_RIGHT_ALL);
        start_thread(chain->task[i], link_on, next);
        for (unsigned turn = 0; turn < 1000 && linked <= i; turn++)
            settle();
    }
    CHECK_IS(linked, CHAIN_DEPTH - 1);
    CHECK_IS(bad_links, 0);
}

uint64_t chain_mapped(const struct chain *chain)
{
    uint64_t out[10], count = 0;

    for (unsigned i = 0; i < CHAIN_DEPTH; i++) {
        CHECK_OK(op(chain->task[i]->task, JN_OP_TASK_INFO, 0, 0, 0, 0, 0, out));
        count += out[1];
    }
    return count;
}

uint64_t free_ram(uint64_t size)
{
    const struct jn_boot *boot = (const void *)JN_BOOT_ADDRESS;
    uint64_t end = 0, best = 0;

    for (unsigned i = 0; i < boot->region_count; i++)
        if (boot->regions[i].kind == JN_REGION_RAM && boot->regions[i].size > best) {
            best = boot->regions[i].size;
            end = boot->regions[i].base + best;
        }
    return (end - size) & ~(size - 1);
}

static uint64_t rights_at(const struct task *task, uint64_t page, uint64_t *bits)
{
    uint64_t out[10];

    CHECK_OK(op(task->task, JN_OP_TASK_PAGE, CHAIN_AT + (page << 12), 0, 0, 0, 0, out));
    if (bits)
        *bits = out[2];
    return out[0];
}

static volatile uint64_t written;

static void write_there(uint64_t page)
{
    *(volatile uint64_t *)(CHAIN_AT + (page << 12)) = page;
    written = page;
    sys(JN_WAIT, 30 * JN_CAP_STEP, &(regs_t){0});
}

/* 100,000 mappings, eight deep: rights go from all, what the last wrote is known at the first, and
 * then nobody has anything. */
static void chain_of_pagers(void)
{
    const uint64_t count = CHAIN_MAPPINGS / CHAIN_DEPTH;
    struct chain chain;
    cap_t large = slot(), case_pool = pool;
    uint64_t out[10], bits, memory = free_ram(64ull << 20);

    case_keeps = 100; /* the root task's superpages are split */
    written = 0;
    CHECK_OK(OP2(JN_CAP_POOL, JN_OP_POOL_CREATE, large, CHAIN_FRAMES));
    pool = large;
    chain_make(&chain, memory, count);
    /* Each has its image, too. */
    uint64_t images = chain_mapped(&chain) - CHAIN_MAPPINGS;
    start_thread(chain.task[CHAIN_DEPTH - 1], write_there, 777);
    for (unsigned turn = 0; turn < 1000 && written != 777; turn++)
        settle();
    CHECK_IS(written, 777);
    rights_at(chain.task[CHAIN_DEPTH - 1], 777, &bits);
    CHECK_IS(bits, JN_PAGE_ACCESSED | JN_PAGE_DIRTY);
    CHECK_OK(op(JN_CAP_TASK, JN_OP_TASK_UNMAP, memory, count, JN_W, JN_UNMAP_DERIVED_ONLY, 0, out));
    CHECK_IS(out[0], count);
    CHECK_IS(out[1] & JN_PAGE_DIRTY, JN_PAGE_DIRTY);
    for (unsigned i = 0; i < CHAIN_DEPTH; i++)
        for (uint64_t page = 0; page < count; page += 1249)
            CHECK_IS(rights_at(chain.task[i], page, NULL), JN_R);
    CHECK_IS(*(volatile uint64_t *)(memory + (777 << 12)), 777);
    /* A pager in the middle takes back what those below it have. */
    CHECK_OK(op(chain.task[3]->task, JN_OP_TASK_UNMAP, CHAIN_AT, count / 2, JN_R,
                JN_UNMAP_DERIVED_ONLY, 0, out));
    for (unsigned i = 0; i < CHAIN_DEPTH; i++) {
        CHECK_IS(rights_at(chain.task[i], 0, NULL), i <= 3 ? JN_R : 0);
        CHECK_IS(rights_at(chain.task[i], count - 1, NULL), JN_R);
    }
    CHECK_OK(op(JN_CAP_TASK, JN_OP_TASK_UNMAP, memory, count, JN_R, JN_UNMAP_DERIVED_ONLY, 0, out));
    CHECK_IS(chain_mapped(&chain), images);
    CHECK_OK(OP1(JN_CAP_TASK, JN_OP_CAP_DESTROY, large));
    pool = case_pool;
}

const struct test chain_tests[] = {TEST(chain_of_pagers), {0}};
