/* The sequence of the host's test of the mapping database, against the same model, through system
 * calls and a processor: each space is a task, with a thread that maps for it and touches pages. */
#include "harness.h"
#include "mapping_model.h"

#define WINDOW 2048
#define BASE   0x600000ull /* as on the host */

/* In each task's table. */
#define HANDLE(space) ((40ull + (space)) * 64)

/* What the thread of a space is asked for: word 0. */
enum { MAP, TOUCH };

static struct task *tasks[MODEL_SPACES];
static cap_t pools[MODEL_SPACES], clients[MODEL_SPACES];
static uint64_t ram, images[MODEL_SPACES];
static cap_t slots; /* of what is made anew: 16 for each space */
static struct world places;
uint64_t model_steps = 2000, model_seed = 4;

void backend_failed(const char *what, uint64_t a, uint64_t b, uint64_t c, uint64_t d)
{
    print("FAIL mapping_same: %s: %lu %lu %lu %lu\n", what, a, b, c, d);
    OP1(JN_CAP_LOG, JN_OP_CONSOLE_SHUTDOWN, 1);
    __builtin_unreachable();
}

static uint64_t address_of(unsigned page)
{
    return BASE + ((uint64_t)page << 12);
}

/* A page has its number in the first word, and an instruction `ret` at 64. */
static int touch(uint64_t address, uint64_t access)
{
    volatile uint64_t *page = (volatile uint64_t *)address;

    if (access == JN_W)
        page[1] = page[0];
    if (access == JN_X)
        ((void (*)(void))(address + 64))();
    return (int)page[0];
}

static void serve(uint64_t gate)
{
    regs_t regs = {0};

    sys(JN_WAIT, gate, &regs);
    for (;;) {
        const uint64_t *w = regs.words;
        uint64_t out[10] = {0};
        int64_t status = JN_OK;
        if (w[0] == MAP)
            status = op(w[1], JN_OP_TASK_MAP, w[2], w[3], w[4], w[5], w[6], out);
        else
            out[0] = (uint64_t)touch(w[1], w[2]);
        regs = (regs_t){.tag = 2, .words = {(uint64_t)status, out[0]}};
        sys(JN_REPLY_WAIT, gate, &regs);
    }
}

void backend_create(unsigned s)
{
    struct world mark = world;
    cap_t case_pool = pool;

    world.next_slot = slots + s * 16 * 64;
    world.tasks = places.tasks + s;
    world.threads = places.threads + s;
    CHECK_OK(OP2(pool, JN_OP_POOL_CREATE, pools[s] = slot(), 1000));
    pool = pools[s];
    tasks[s] = make_task();
    cap_t gate = make_gate();
    clients[s] = mint(gate, 1);
    start_thread(tasks[s], serve, give(tasks[s], gate, JN_RIGHT_ALL));
    pool = case_pool;
    world = mark;
    for (unsigned i = 0; i < MODEL_SPACES; i++) {
        if (!tasks[i])
            continue;
        CHECK_OK(OP3(tasks[i]->task, JN_OP_CAP_COPY, tasks[s]->task, HANDLE(s), JN_RIGHT_ALL));
        if (i != s)
            CHECK_OK(OP3(tasks[s]->task, JN_OP_CAP_COPY, tasks[i]->task, HANDLE(i), JN_RIGHT_ALL));
    }
    images[s] = 0;
    images[s] = backend_count(s);
    /* The kernel's page: another thread's UTCB. */
    if (s == 1)
        CHECK_OK(op(pools[s], JN_OP_CREATE_THREAD, slots + s * 16 * 64 + 15 * 64, tasks[s]->task,
                    address_of(MODEL_KERNEL_AT), 0, 0, NULL));
}

void backend_destroy(unsigned s)
{
    CHECK_OK(OP1(JN_CAP_TASK, JN_OP_CAP_DESTROY, pools[s]));
    tasks[s] = NULL;
}

void backend_fill(void)
{
    CHECK_OK(OP4(tasks[0]->task, JN_OP_TASK_MAP, ram, BASE, WINDOW, JN_R | JN_W | JN_X));
}

static int64_t ask(unsigned s, uint64_t what, const uint64_t *words, unsigned count, uint64_t *out)
{
    regs_t regs = {.tag = count + 1, .words = {what}};

    memcpy(&regs.words[1], words, count * sizeof *words);
    int64_t status = sys(JN_CALL, clients[s], &regs);
    *out = regs.words[1];
    return status ? status : (int64_t)regs.words[0];
}

int64_t backend_map(unsigned from, unsigned at, unsigned to, unsigned where, unsigned count,
                    unsigned rights, bool grant, uint64_t *done)
{
    const uint64_t words[] = {HANDLE(to), address_of(at), address_of(where), count, rights, grant};
    int64_t status = ask(from, MAP, words, 6, done);

    /* An error does not say how far it came. Without grant the only one is the kernel's page, with
     * it the first page stopped it that the source still has. */
    if (status && !grant)
        *done = MODEL_KERNEL_AT - where;
    for (*done = status && grant ? 0 : *done; status && grant && *done < count; ++*done) {
        unsigned bits, page = at + (unsigned)*done;
        if (backend_page(from, page, &bits) && (from != 1 || page != MODEL_KERNEL_AT))
            break;
    }
    return status;
}

int64_t backend_unmap(unsigned s, unsigned first, unsigned count, unsigned rights,
                      bool derived_only, uint64_t *seen, uint64_t *bits)
{
    uint64_t out[10];
    int64_t status = op(tasks[s]->task, JN_OP_TASK_UNMAP, address_of(first), count, rights,
                        derived_only ? JN_UNMAP_DERIVED_ONLY : 0, 0, out);

    *seen = out[0];
    *bits = out[1];
    return status;
}

unsigned backend_page(unsigned s, unsigned p, unsigned *bits)
{
    uint64_t out[10];

    CHECK_OK(op(tasks[s]->task, JN_OP_TASK_PAGE, address_of(p), 0, 0, 0, 0, out));
    *bits = (unsigned)out[2];
    return (unsigned)out[0];
}

uint64_t backend_count(unsigned s)
{
    uint64_t out[10];

    CHECK_OK(op(tasks[s]->task, JN_OP_TASK_INFO, 0, 0, 0, 0, 0, out));
    return out[1] - images[s];
}

int backend_access(unsigned s, unsigned p, unsigned access)
{
    unsigned bits, rights = backend_page(s, p, &bits);
    uint64_t frame;

    if (!(rights & access))
        return -1;
    CHECK_OK(ask(s, TOUCH, (uint64_t[]){address_of(p), access}, 2, &frame));
    return (int)frame;
}

bool backend_frames(unsigned page, unsigned order, bool may, bool writable)
{
    (void)page, (void)order, (void)may, (void)writable;
    return false;
}

void backend_preempt(bool often)
{
    (void)often;
}

static void mapping_same(void)
{
    const struct model_options options = {.seed = model_seed,
                                          .pages = WINDOW,
                                          .levels = 2,
                                          .per_table = 512,
                                          .every = 4000,
                                          .look_at = 8};

    case_keeps = 100;
    ram = free_ram(64ull << 20) + (32ull << 20) + BASE; /* aligned as it is in the spaces */
    for (unsigned i = 0; i < WINDOW; i++) {
        volatile uint64_t *page = (volatile uint64_t *)(ram + i * 4096ull);
        page[0] = i;
        page[8] = 0xc3;
    }
    slots = slot();
    for (unsigned i = 0; i < 16 * MODEL_SPACES; i++)
        slot();
    places = world;
    cap_t large = slot(), case_pool = pool;
    CHECK_OK(OP2(JN_CAP_POOL, JN_OP_POOL_CREATE, large, 1000 * MODEL_SPACES + 100));
    pool = large;
    uint64_t digest = model_run(&options, model_steps);
    CHECK_OK(OP1(JN_CAP_TASK, JN_OP_CAP_DESTROY, large));
    pool = case_pool;
    print("model: %lu steps agree, digest %lx\n", model_steps, digest);
}

const struct test mapping_tests[] = {TEST(mapping_same), {0}};
