/* The three levels of pagers and the region map at work: own memory, dataspaces, and foreign processes
 * that fault, fork, share and end. Prints "ok NAME" or "FAIL NAME"; the last line has the numbers. */
#include <stdlib.h>
#include <string.h>

#include "janus/idl/client.h"
#include "janus/idl/dataspace.h"
#include "janus/idl/supervisor.h"
#include "janus/object.h"
#include "janus/runtime.h"
#include "janus/server.h"
#include "process.h"

static unsigned passed, failed;
static uint32_t seed = 7;

static void result(const char *name, bool good)
{
    jn_log(JN_LOG_INFO, "%s %s", good ? "ok" : "FAIL", name);
    *(good ? &passed : &failed) += 1;
}

static uint32_t draw(uint32_t bound)
{
    seed = seed * 1664525u + 1013904223u;
    return (seed >> 8) % bound;
}

#define PAGE 4096ull

static bool own_pages(void)
{
    static const size_t sizes[] = {1, 3, 511, 512, 700};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        uint64_t *pages = jn_map_pages(sizes[i]);
        if (!pages)
            return false;
        for (size_t j = 0; j < sizes[i] * 512; j++)
            if (pages[j])
                return false;
        memset(pages, 0xee, sizes[i] * PAGE); /* so that frames that come back are seen */
        jn_unmap_pages(pages);
    }
    return true;
}

static bool heap(void)
{
    void *blocks[200];
    for (unsigned i = 0; i < 200; i++) {
        size_t size = 1 + draw(9000);
        blocks[i] = malloc(size);
        if (!blocks[i])
            return false;
        memset(blocks[i], (int)i, size);
    }
    bool good = true;
    for (unsigned i = 0; i < 200; i++) {
        good &= *(uint8_t *)blocks[i] == (uint8_t)i;
        free(blocks[i]);
    }
    return good;
}

static bool contents(void)
{
    static uint8_t in[3 * 4096], out[3 * 4096];
    uint64_t ds, done, size, resident, identity, physical;
    uint32_t flags;
    cap_t client;
    for (unsigned i = 0; i < sizeof in; i++)
        in[i] = (uint8_t)(i * 7);
    bool good = client_create(pager_admin, 0, 0, 0, &client) == JN_OK &&
                dataspace_create(client, 10 * PAGE, 0, &ds) == JN_OK &&
                dataspace_fill(client, ds, 100, sizeof in, jn_window(in, sizeof in), &done) ==
                    JN_OK && done == sizeof in &&
                dataspace_extract(client, ds, 100, sizeof out, jn_window(out, sizeof out),
                                  &done) == JN_OK &&
                done == sizeof out && !memcmp(in, out, sizeof in) &&
                dataspace_info(client, ds, &size, &resident, &flags, &identity) == JN_OK &&
                size == 10 * PAGE && resident == 4;
    good &= dataspace_discard(client, ds, 0, PAGE) == JN_OK &&
            dataspace_extract(client, ds, 0, PAGE, jn_window(out, PAGE), &done) == JN_OK &&
            !out[100] && !out[4095];
    good &= dataspace_extract(client, ds, 10 * PAGE, 1, jn_window(out, 1), &done) == JN_RANGE;
    good &= dataspace_close(client, ds) == JN_OK && dataspace_close(client, ds) == JN_BAD_HANDLE;
    good &= dataspace_create(client, 1 << 21, DS_CONTIGUOUS, &ds) == JN_OK &&
            dataspace_pin(client, ds, PAGE, PAGE, &physical) == JN_OK && physical &&
            (physical & 0x1fffff) == PAGE;
    jn_cap_delete(client);
    return good;
}

static bool quotas(void)
{
    static uint8_t page[4096];
    uint64_t ds, done, limit, used, peak;
    cap_t client;
    bool good = client_create(pager_admin, 0, 0, 0, &client) == JN_OK &&
                dataspace_set_quota(JN_CAP_PAGER, client, 3) == JN_OK &&
                dataspace_create(client, 1 << 20, 0, &ds) == JN_OK;
    for (unsigned i = 0; i < 3; i++)
        good &= dataspace_fill(client, ds, i * PAGE, PAGE, jn_window(page, PAGE), &done) == JN_OK;
    good &= dataspace_fill(client, ds, 3 * PAGE, PAGE, jn_window(page, PAGE), &done) == JN_QUOTA;
    good &= dataspace_quota(client, &limit, &used, &peak) == JN_OK && limit == 3 && used == 3;
    good &= dataspace_discard(client, ds, 0, 2 * PAGE) == JN_OK &&
            dataspace_quota(client, &limit, &used, &peak) == JN_OK && used == 1 && peak == 3;
    good &= dataspace_create(client, 1 << 20, DS_PINNED, &ds) == JN_QUOTA;
    good &= dataspace_set_quota(client, JN_CAP_PAGER, 1) == JN_BAD_ARG; /* a circle */
    good &= client_create(JN_CAP_PAGER, 0, 0, 0, &client) == JN_NO_RIGHT;
    jn_cap_delete(client);
    return good;
}

/* What many hold to clone: nobody changes it for the others, and what is cloned of it is as any other. */
static bool sealed(void)
{
    uint64_t ds, shared, other, limit, used, peak;
    cap_t client, copy;
    bool good = client_create(pager_admin, 1, 0, 0, &client) == JN_OK &&
                dataspace_seal(client) == JN_OK && dataspace_seal(client) == JN_OK &&
                dataspace_create(JN_CAP_PAGER, PAGE, DS_SHARED, &shared) == JN_OK;
    good &= dataspace_create(client, PAGE, 0, &ds) == JN_NO_RIGHT &&
            dataspace_commit(client, 1) == JN_NO_RIGHT &&
            client_set_space(client, JN_CAP_TASK) == JN_NO_RIGHT &&
            client_set_credentials(client, 0, 0, 0) == JN_NO_RIGHT;
    good &= dataspace_share(JN_CAP_PAGER, shared, client, JN_R, &other) == JN_NOT_PERMITTED &&
            dataspace_set_quota(JN_CAP_PAGER, client, 1) == JN_NOT_PERMITTED &&
            dataspace_set_quota(client, JN_CAP_PAGER, 1) == JN_NO_RIGHT;
    good &= client_clone(client, 2, &copy) == JN_OK &&
            dataspace_create(copy, PAGE, 0, &ds) == JN_OK && ds == 1 &&
            dataspace_share(JN_CAP_PAGER, shared, copy, JN_R, &other) == JN_OK &&
            dataspace_quota(copy, &limit, &used, &peak) == JN_OK && limit > 1;
    /* A process bounds nobody, and does not say of itself that it is none. */
    good &= client_set_credentials(copy, 0, 0, 0) == JN_NO_RIGHT &&
            dataspace_set_quota(copy, JN_CAP_PAGER, 1) == JN_NOT_PERMITTED;
    good &= dataspace_close(JN_CAP_PAGER, shared) == JN_OK;
    jn_cap_delete(copy);
    jn_cap_delete(client);
    return good;
}

/* Shared for reading: the text of an adapter, which all processes execute. */
static bool read_only(void)
{
    static uint8_t page[4096], seen[4096];
    uint64_t ds, other, done, token;
    cap_t client;
    memset(page, 'o', sizeof page);
    bool good = client_create(pager_admin, 0, 0, 0, &client) == JN_OK &&
                dataspace_create(JN_CAP_PAGER, 2 * PAGE, DS_SHARED | DS_CONTIGUOUS, &ds) == JN_OK &&
                dataspace_fill(JN_CAP_PAGER, ds, 0, PAGE, jn_window(page, PAGE), &done) == JN_OK &&
                dataspace_share(JN_CAP_PAGER, ds, client, JN_R | JN_X, &other) == JN_OK;
    good &= client_set_space(client, JN_CAP_TASK) == JN_OK &&
            dataspace_fill(client, other, 0, PAGE, jn_window(page, PAGE), &done) == JN_ACCESS &&
            dataspace_discard(client, other, 0, PAGE) == JN_ACCESS &&
            dataspace_resize(client, other, PAGE) == JN_ACCESS &&
            dataspace_map(client, other, 0, 0x600000000000, PAGE, JN_R | JN_W, 0, &done) == JN_ACCESS &&
            dataspace_overlay(client, other, PAGE, 0x600000000000, JN_R, jn_window(page, PAGE)) ==
                JN_ACCESS &&
            client_offer(client, other, 0, &token) == JN_ACCESS;
    /* It stays when who made it has ended. */
    good &= dataspace_close(JN_CAP_PAGER, ds) == JN_OK &&
            dataspace_extract(client, other, 0, PAGE, jn_window(seen, PAGE), &done) == JN_OK &&
            !memcmp(page, seen, PAGE);
    jn_cap_delete(client);
    return good;
}

/* ---- foreign processes ---- */

static bool touches(void)
{
    struct process p;
    uint64_t value;
    jn_status_t status;
    if (!process_make(&p, 40))
        return false;
    uint64_t base = process_map(&p, 0, 64 * PAGE, JN_R | JN_W);
    bool good = base != 0;
    for (uint64_t i = 0; i < 64; i++)
        good &= process_read(&p, base + i * PAGE + 8, &value, &status) && value == 0;
    for (uint64_t i = 0; i < 64; i++)
        good &= process_write(&p, base + i * PAGE, i + 1, &status);
    uint64_t faults = p.faults;
    for (uint64_t i = 0; i < 64; i++)
        good &= process_read(&p, base + i * PAGE, &value, &status) && value == i + 1;
    good &= p.faults == faults && faults < 64 + 40; /* pages ahead were mapped */
    /* What is not there, or not allowed. */
    good &= !process_read(&p, base + 64 * PAGE, &value, &status) && status == JN_NOT_FOUND;
    good &= region_map_protect(p.map, base, PAGE, JN_R) == JN_OK;
    good &= !process_write(&p, base, 5, &status) && status == JN_ACCESS;
    good &= process_read(&p, base, &value, &status) && value == 1;
    good &= region_map_protect(p.map, base, PAGE, 0) == JN_OK;
    good &= !process_read(&p, base, &value, &status) && status == JN_ACCESS;
    good &= region_map_protect(p.map, base, PAGE, JN_R | JN_W) == JN_OK;
    good &= process_read(&p, base, &value, &status) && value == 1;
    good &= region_map_discard(p.map, base + PAGE, PAGE) == JN_OK;
    good &= process_read(&p, base + PAGE, &value, &status) && value == 0;
    good &= region_map_remove(p.map, base + 2 * PAGE, PAGE) == JN_OK;
    good &= !process_read(&p, base + 2 * PAGE, &value, &status) && status == JN_NOT_FOUND;
    uint64_t moved;
    good &= region_map_move(p.map, base + 3 * PAGE, 4 * PAGE, 100 * PAGE, REGION_MOVE_MAY, 0,
                            &moved) == JN_OK;
    good &= process_read(&p, moved + 3 * PAGE, &value, &status) && value == 7;
    process_end(&p);
    return good;
}

static bool small_pool(void)
{
    struct process p;
    jn_status_t status;
    uint64_t value;
    bool good = process_make(&p, 12);
    uint64_t base = good ? process_map(&p, 0, 1ull << 40, JN_R | JN_W) : 0;
    /* Each page needs page tables of its own: the Pool must be funded on the way. */
    for (uint64_t i = 0; base && i < 20; i++)
        good &= process_write(&p, base + (i << 30), i, &status) &&
                process_read(&p, base + (i << 30), &value, &status) && value == i;
    process_end(&p);
    return good && base;
}

#define FAMILY 6
#define FAMILY_PAGES 24
#define SHARED_PAGES 4

/* Random reads, writes, forks and ends against a model. */
static bool forks(void)
{
    static struct process family[FAMILY];
    static uint64_t model[FAMILY][FAMILY_PAGES], shared[SHARED_PAGES];
    static bool exists[FAMILY];
    uint64_t ds, value;
    jn_status_t status;
    const uint64_t private_at = 0x100000, shared_at = 0x200000;
    if (!process_make(&family[0], 40) ||
        !process_map(&family[0], private_at, FAMILY_PAGES * PAGE, JN_R | JN_W))
        return false;
    bool good = dataspace_create(family[0].pager, SHARED_PAGES * PAGE, DS_SHARED, &ds) == JN_OK;
    struct region_source *source = region_source_create(family[0].map, REGION_SOURCE_MEMORY, ds, 1,
                                                        JN_R | JN_W);
    struct region_request request = {.place = REGION_FIXED, .address = shared_at,
                                     .length = SHARED_PAGES * PAGE, .kind = REGION_SHARED,
                                     .access = JN_R | JN_W, .source = source};
    uint64_t at;
    good &= region_map_add(family[0].map, &request, &at) == JN_OK;
    region_source_release(family[0].map, source);
    exists[0] = true;
    memset(model, 0, sizeof model);
    for (unsigned step = 0; step < 1500 && good; step++) {
        unsigned i = draw(FAMILY), page = draw(FAMILY_PAGES), what = draw(40);
        struct process *p = &family[i];
        if (!exists[i]) {
            unsigned parent = draw(FAMILY);
            if (what < 10 && exists[parent]) {
                good = process_fork(&family[parent], p, 40);
                memcpy(model[i], model[parent], sizeof model[i]);
                exists[i] = true;
            }
        } else if (what == 0 && i) {
            process_end(p);
            exists[i] = false;
        } else if (what == 1) {
            good = region_map_discard(p->map, private_at + page * PAGE, PAGE) == JN_OK;
            model[i][page] = 0;
        } else if (what < 6) {
            unsigned s = draw(SHARED_PAGES);
            shared[s] = seed;
            good = process_write(p, shared_at + s * PAGE, seed, &status);
        } else if (what < 12) {
            unsigned s = draw(SHARED_PAGES);
            good = process_read(p, shared_at + s * PAGE, &value, &status) && value == shared[s];
        } else if (what < 24) {
            good = process_write(p, private_at + page * PAGE, seed, &status);
            model[i][page] = seed;
        } else {
            good = process_read(p, private_at + page * PAGE, &value, &status) &&
                   value == model[i][page];
        }
        if (!good)
            jn_log(JN_LOG_ERROR, "step %u, process %u, page %u, what %u: %s, %lx", step, i, page,
                   what, jn_status_text(status), value);
    }
    for (unsigned i = 0; i < FAMILY; i++)
        if (exists[i])
            process_end(&family[i]);
    return good;
}

#define MANY 200

/* More processes than the kernel memory of the start allows; each sees its own contents to the end. */
static bool many(void)
{
    static struct process crowd[MANY];
    const uint64_t at = 0x100000;
    uint64_t value;
    jn_status_t status;
    unsigned count = 0;
    bool good = process_make(&crowd[0], 40) &&
                process_map(&crowd[0], at, 16 * PAGE, JN_R | JN_W);
    for (uint64_t i = 0; good && i < 16; i++)
        good = process_write(&crowd[0], at + i * PAGE, i, &status);
    for (count = 1; good && count < MANY; count++) {
        good = process_fork(&crowd[draw(count)], &crowd[count], 40);
        for (uint64_t i = 0; good && i < 8; i++)
            good = process_write(&crowd[count], at + i * PAGE, count * 100 + i, &status);
    }
    for (unsigned c = 1; good && c < count; c++)
        for (uint64_t i = 0; good && i < 16; i++) {
            good = process_read(&crowd[c], at + i * PAGE, &value, &status) &&
                   value == (i < 8 ? c * 100 + i : i);
            if (!good)
                jn_log(JN_LOG_ERROR, "process %u, page %lu: %lx", c, i, value);
        }
    for (unsigned c = 0; c < count; c++)
        if (crowd[c].map)
            process_end(&crowd[c]);
    return good;
}

/* A shell that starts many background jobs: it writes between forks, the children read and stay. */
static bool jobs(void)
{
    static struct process crowd[MANY];
    static uint64_t model[16];
    const uint64_t at = 0x100000;
    uint64_t value;
    jn_status_t status;
    unsigned count = 1;
    bool good = process_make(&crowd[0], 40) &&
                process_map(&crowd[0], at, 16 * PAGE, JN_R | JN_W);
    for (; good && count < MANY; count++) {
        for (unsigned i = 0; good && i < 16; i++) {
            if (draw(2))
                good = process_write(&crowd[0], at + i * PAGE, model[i] = seed, &status);
            else
                good = process_read(&crowd[0], at + i * PAGE, &value, &status) &&
                       value == model[i];
        }
        good = good && process_fork(&crowd[0], &crowd[count], 40);
        for (unsigned i = 0; good && i < 16; i++)
            good = process_read(&crowd[count], at + i * PAGE, &value, &status) &&
                   value == model[i];
        if (!good)
            jn_log(JN_LOG_ERROR, "job %u: %s, %lx", count, jn_status_text(status), value);
    }
    for (unsigned c = 0; c < count; c++)
        if (crowd[c].map)
            process_end(&crowd[c]);
    return good;
}

/* All that the processes above used has come back. */
static bool nothing_left(uint64_t before)
{
    uint64_t limit, used, peak;
    for (unsigned i = 0; i < 100; i++) {
        if (dataspace_quota(pager_admin, &limit, &used, &peak) != JN_OK)
            return false;
        if (used <= before)
            return true;
    }
    jn_log(JN_LOG_ERROR, "%lu pages before, %lu after", before, used);
    return false;
}

int main(void)
{
    uint64_t limit, before, peak;
    jn_log_set_name("memory");
    jn_status_t status = supervisor_ready(JN_CAP_SUPERVISOR);
    if (status == JN_OK)
        status = jn_name_wait("svc/pager", &pager_admin);
    if (status == JN_OK)
        status = jn_gate_create(JN_CAP_POOL, &process_gate);
    if (status == JN_OK)
        status = dataspace_quota(pager_admin, &limit, &before, &peak);
    if (status != JN_OK)
        jn_panic("start: %s", jn_status_text(status));
    result("own-pages", own_pages());
    result("heap", heap());
    result("contents", contents());
    result("quotas", quotas());
    result("sealed", sealed());
    result("read_only", read_only());
    result("touches", touches());
    result("small-pool", small_pool());
    result("forks", forks());
    result("many", many());
    result("jobs", jobs());
    result("nothing-left", nothing_left(before));
    jn_log(JN_LOG_INFO, "%u passed, %u failed", passed, failed);
    status = supervisor_shutdown(JN_CAP_SUPERVISOR, failed ? 1 : 0);
    jn_panic("shutdown: %s", jn_status_text(status));
}
