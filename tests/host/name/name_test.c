/* The name space: publishing, views, waiting, promises, death; the world is a few arrays. */
#undef NDEBUG
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "janus/idl/name.h"
#include "name.h"

#define CAPS 100

static int held[CAPS];        /* how often the name space has the capability */
static bool dead[CAPS];
static jn_status_t answered[CAPS]; /* by Reply; 1: not yet */
static cap_t answer_object[CAPS];
static uint64_t raised[CAPS];

static bool alive(cap_t object)
{
    return !dead[object];
}

static void drop(cap_t cap)
{
    assert(held[cap] > 0);
    held[cap]--;
}

static void answer(cap_t reply, jn_status_t status, cap_t object)
{
    assert(answered[reply] == 1);
    answered[reply] = status;
    answer_object[reply] = object;
}

static bool raise_bits(cap_t signal, uint64_t bits)
{
    raised[signal] |= bits;
    return !dead[signal];
}

static const struct name_hooks hooks = {alive, drop, answer, raise_bits};
const struct name_hooks *name_hooks = &hooks;

#define P(text) text, sizeof text - 1

static jn_status_t enter(struct view *view, const char *path, size_t length, cap_t object)
{
    held[object]++;
    return name_enter(view, path, length, object);
}

static cap_t find(struct view *view, const char *path, size_t length)
{
    cap_t object = 0;
    return name_find(view, path, length, &object) == JN_OK ? object : 0;
}

static jn_status_t failure(struct view *view, const char *path, size_t length)
{
    cap_t object;
    jn_status_t status = name_find(view, path, length, &object);
    assert(status != JN_OK);
    return status;
}

static void hold(struct view *view, const char *path, size_t length, cap_t reply, uint64_t deadline)
{
    answered[reply] = 1;
    jn_status_t status = waiter_add(view, path, length, reply, deadline);
    assert(status == JN_OK);
}

static void paths(void)
{
    assert(name_path_ok(P("")) && name_path_ok(P("a")) && name_path_ok(P("svc/fs")));
    assert(!name_path_ok(P("/a")) && !name_path_ok(P("a/")) && !name_path_ok(P("a//b")));
    assert(!name_path_ok("a\0b", 3));
}

static void objects(struct view *root)
{
    assert(failure(root, P("svc/fs")) == JN_NOT_FOUND);
    assert(enter(root, P("svc/fs"), 5) == JN_OK && find(root, P("svc/fs")) == 5);
    assert(enter(root, P("svc/fs"), 6) == JN_EXISTS && held[6] == 0);
    assert(failure(root, P("svc")) == JN_NOT_FOUND && failure(root, P("svc/fs/x")) == JN_NOT_FOUND);
    assert(name_remove(root, P("svc/fs")) == JN_OK && held[5] == 0);
    assert(name_remove(root, P("svc/fs")) == JN_NOT_FOUND);
    /* A destroyed object takes its name along. */
    assert(enter(root, P("svc/fs"), 5) == JN_OK);
    dead[5] = true;
    assert(failure(root, P("svc/fs")) == JN_NOT_FOUND && held[5] == 0);
    dead[5] = false;
}

static void waiting(struct view *root)
{
    hold(root, P("svc/a"), 20, 0);
    hold(root, P("svc/a"), 21, 50);
    hold(root, P("svc/b"), 22, 40);
    assert(waiter_next_deadline() == 40);
    waiter_expire(40);
    assert(answered[22] == JN_TIMEOUT && waiter_next_deadline() == 50);
    assert(enter(root, P("svc/a"), 7) == JN_OK);
    assert(answered[20] == JN_OK && answer_object[20] == 7 && answered[21] == JN_OK);
    assert(waiter_next_deadline() == 0 && name_remove(root, P("svc/a")) == JN_OK);
    hold(root, P("svc/a"), 23, 0);
    assert(waiter_find(23) && !waiter_find(24));
    waiter_remove(waiter_find(23));
    assert(root->root->child_count == 0); /* nothing needs the nodes any more */
}

static void views(struct view *root)
{
    struct view *part = view_create(root, P("svc"), 0);
    struct view *few = view_create(root, P(""), NAME_RESTRICTED);
    assert(enter(part, P("x"), 8) == JN_OK && find(root, P("svc/x")) == 8);
    assert(failure(few, P("svc/x")) == JN_NOT_PERMITTED);
    assert(view_allow(few, P("svc/x"), NAME_READ_ONLY) == JN_OK);
    assert(view_allow(root, P("svc/x"), 0) == JN_BAD_ARG);
    assert(find(few, P("svc/x")) == 8 && failure(few, P("svc/xy")) == JN_NOT_PERMITTED);
    assert(enter(few, P("svc/x/y"), 9) == JN_NOT_PERMITTED && held[9] == 0);
    /* Overrides are the view's own. */
    held[9]++;
    assert(name_shadow(few, P("svc/x"), 9) == JN_OK);
    assert(find(few, P("svc/x")) == 9 && find(root, P("svc/x")) == 8);
    held[10]++;
    assert(name_shadow(few, P("svc/x"), 10) == JN_OK && held[9] == 0);
    hold(few, P("svc/z"), 30, 0);
    held[11]++;
    assert(name_shadow(few, P("svc/z"), 11) == JN_OK && answered[30] == JN_OK);
    hold(few, P("svc/q"), 31, 0);
    view_destroy(few);
    assert(held[10] == 0 && held[11] == 0 && answered[31] == JN_DEAD);
    /* What a view published goes with it. */
    view_destroy(part);
    assert(held[8] == 0 && failure(root, P("svc/x")) == JN_NOT_FOUND);
}

static void promises(struct view *root)
{
    assert(name_promise(root, P("svc/fs"), true) == JN_OK);
    assert(name_promise(root, P("svc/win32"), false) == JN_OK);
    assert(failure(root, P("svc/fs")) == JN_NOT_FOUND);
    assert(failure(root, P("svc/win32")) == JN_NO_SERVICE);
    assert(failure(root, P("svc/typo")) == JN_NO_SERVICE);
    assert(failure(root, P("dev/x")) == JN_NOT_FOUND);
    hold(root, P("svc/fs"), 40, 0);
    assert(name_promise(root, P("svc/fs"), false) == JN_OK && answered[40] == JN_NO_SERVICE);
}

static void watching(struct view *root)
{
    held[50]++;
    assert(name_watch(root, P("dev"), 50, 4) == JN_OK);
    assert(enter(root, P("dev/b/c"), 12) == JN_OK && raised[50] == 4);
    raised[50] = 0;
    assert(enter(root, P("other"), 13) == JN_OK && raised[50] == 0);
    dead[50] = true;
    assert(name_remove(root, P("dev/b/c")) == JN_OK && held[50] == 0);
    assert(name_remove(root, P("other")) == JN_OK);
}

static void listing(struct view *root)
{
    const char *name;
    size_t length;
    uint32_t kind;
    assert(enter(root, P("d/b"), 14) == JN_OK && enter(root, P("d/a/x"), 15) == JN_OK);
    assert(enter(root, P("d/ab"), 16) == JN_OK);
    assert(name_entry_after(root, P("d"), P(""), &name, &length, &kind) == JN_OK);
    assert(length == 1 && *name == 'a' && kind == NAME_IS_DIRECTORY);
    assert(name_entry_after(root, P("d"), P("a"), &name, &length, &kind) == JN_OK && length == 2);
    assert(name_entry_after(root, P("d"), P("ab"), &name, &length, &kind) == JN_OK);
    assert(*name == 'b' && kind == NAME_IS_OBJECT);
    assert(name_entry_after(root, P("d"), P("b"), &name, &length, &kind) == JN_NOT_FOUND);
    struct view *few = view_create(root, P(""), NAME_RESTRICTED);
    assert(view_allow(few, P("d/a/x"), 0) == JN_OK);
    assert(name_entry_after(few, P("d"), P(""), &name, &length, &kind) == JN_OK && *name == 'a');
    assert(name_entry_after(few, P("d"), P("a"), &name, &length, &kind) == JN_NOT_FOUND);
    view_destroy(few);
}

/* Random publishing and removing against a table. */
static void random_names(struct view *root)
{
    static const char *const names[] = {"r/a", "r/b", "r/a/b", "r/a/b/c", "r/ab", "r", "s/a", "s"};
    cap_t model[8] = {0};
    uint32_t seed = 3;
    for (unsigned step = 0; step < 20000; step++) {
        seed = seed * 1664525u + 1013904223u;
        unsigned i = seed >> 8 & 7;
        size_t length = strlen(names[i]);
        if (seed >> 16 & 1) {
            cap_t object = 60 + i;
            jn_status_t status = enter(root, names[i], length, object);
            assert(status == (model[i] ? JN_EXISTS : JN_OK));
            model[i] = object;
        } else {
            jn_status_t status = name_remove(root, names[i], length);
            assert(status == (model[i] ? JN_OK : JN_NOT_FOUND));
            model[i] = 0;
        }
        for (i = 0; i < 8; i++)
            assert(find(root, names[i], strlen(names[i])) == model[i] &&
                   held[60 + i] == (model[i] != 0));
    }
}

int main(void)
{
    struct view *root = view_create_root();
    paths();
    objects(root);
    waiting(root);
    views(root);
    watching(root);
    listing(root);
    random_names(root);
    promises(root);
    node_free_tree(root->root);
    free(root);
    for (unsigned i = 0; i < CAPS; i++)
        assert(held[i] == 0);
    puts("name: good");
    return 0;
}
