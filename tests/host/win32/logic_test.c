/* Text, names, command lines, masks, handles and views of the Win32 core. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fake_world.h"

static uint32_t seed = 1;
static uint32_t next_random(void)
{
    seed = seed * 1664525 + 1013904223;
    return seed >> 8;
}

static void text(void)
{
    for (int round = 0; round < 20000; round++) {
        char bytes[24];
        size_t length = next_random() % sizeof bytes, units, back;
        for (size_t i = 0; i < length; i++)
            bytes[i] = (char)(next_random() % 4 ? 0x80 + next_random() % 128 : next_random());
        uint16_t *wide = nt_text_from_utf8(bytes, length, &units);
        char *again = nt_text_to_utf8(wide, units, &back);
        CHECK(back == length && !memcmp(again, bytes, length));
        free(wide);
        free(again);
    }
    CHECK(nt_text_upper('a') == 'A' && nt_text_upper(0xe9) == 0xc9 && nt_text_upper('[') == '[');
}

/* argv -> command line -> argv loses nothing; the program's name cannot hold a quote. */
static void arguments(void)
{
    static const char alphabet[] = "a \\\"\t\\b";
    for (int round = 0; round < 20000; round++) {
        char list[256] = "prog";
        size_t at = 5, count = 1, units, bytes, got;
        unsigned n = next_random() % 4;
        for (unsigned i = 0; i < n; i++, count++) {
            unsigned length = next_random() % 10;
            for (unsigned j = 0; j < length; j++)
                list[at++] = alphabet[next_random() % (sizeof alphabet - 1)];
            list[at++] = 0;
        }
        uint16_t *line = nt_arguments_to_line(list, count, &units);
        char *back = nt_line_to_arguments(line, units, &bytes, &got);
        CHECK(got == count && bytes == at && !memcmp(back, list, at));
        free(line);
        free(back);
    }
}

static void environment(void)
{
    static const char list[] = "PATH=/bin:/c/x:rel\0A=1\0TMP=/tmp\0bad\0=C:=x\0a=2";
    size_t units, bytes, count;
    uint16_t *block = nt_environment_to_block(list, 6, &units);
    char *back;
    bool path = false, a = false, tmp = false;

    CHECK(block && !block[units - 1] && !block[units - 2]);
    back = nt_block_to_environment(block, units, &bytes, &count);
    for (const char *v = back; v < back + bytes; v += strlen(v) + 1) {
        path |= !strcmp(v, "PATH=/c/windows/system32:/c/windows:/bin:/c/x:rel");
        a |= !strcmp(v, "A=1") || !strcmp(v, "a=2");
        tmp |= !strcmp(v, "TMP=/tmp");
    }
    CHECK(path && a && tmp);
    free(block);
    free(back);
}

static nt_status translate(const char *name, struct nt_path *path)
{
    size_t units;
    uint16_t *wide = nt_text_from_utf8(name, strlen(name), &units);
    nt_status status = nt_path_translate(wide, units, path);

    free(wide);
    return status;
}

static void paths(void)
{
    static const struct {
        const char *nt, *tree;
        nt_status status;
    } cases[] = {
        {"\\??\\C:\\windows\\x.dll", "/c/windows/x.dll", 0},
        {"\\??\\c:\\", "/c", 0},
        {"\\??\\Z:\\", "/", 0},
        {"\\??\\Z:\\etc\\passwd", "/etc/passwd", 0},
        {"\\??\\C:\\a\\\\b\\", "/c/a/b", 0},
        {"\\??\\C:\\a*b", NULL, NT_OBJECT_NAME_INVALID},
        {"\\??\\C:\\a\\..\\b", NULL, NT_OBJECT_NAME_INVALID},
        {"\\??\\D:\\x", NULL, NT_OBJECT_PATH_NOT_FOUND},
        {"\\??\\C:x", NULL, NT_OBJECT_NAME_INVALID},
        {"C:\\x", NULL, NT_OBJECT_PATH_SYNTAX_BAD},
        {"", NULL, NT_OBJECT_PATH_SYNTAX_BAD},
    };
    struct nt_path path;

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        nt_status status = translate(cases[i].nt, &path);
        CHECK(status == cases[i].status);
        if (cases[i].tree)
            CHECK(!strcmp(path.path, cases[i].tree));
        nt_path_free(&path);
    }
    CHECK(!translate("\\??\\nul", &path) && path.kind == NT_PATH_NULL);
    nt_path_free(&path);
    CHECK(!translate("\\??\\pipe\\x", &path) && path.kind == NT_PATH_PIPE);
    nt_path_free(&path);
    size_t units, bytes;
    uint16_t *dos = nt_path_to_dos("/c/users", 8, &units);
    char *utf8 = nt_text_to_utf8(dos, units, &bytes);
    CHECK(!strcmp(utf8, "C:\\users"));
    free(dos);
    free(utf8);
    dos = nt_path_to_dos("/cat", 4, &units);
    utf8 = nt_text_to_utf8(dos, units, &bytes);
    CHECK(!strcmp(utf8, "Z:\\cat"));
    free(dos);
    free(utf8);
}

static bool match(const char *name, const char *mask)
{
    size_t n, m;
    uint16_t *a = nt_text_from_utf8(name, strlen(name), &n);
    uint16_t *b = nt_text_from_utf8(mask, strlen(mask), &m);
    bool result = nt_name_matches(a, n, b, m);

    free(a);
    free(b);
    return result;
}

static void masks(void)
{
    CHECK(match("a.txt", "*") && match("a.txt", "*.txt") && match("A.TXT", "a.t?t"));
    CHECK(match("name", "name.*") && match("x", "*.*") && !match("name.c", "name.d*"));
    CHECK(!match("ab", "a") && !match("a", "ab") && match("abcabc", "*abc"));
    CHECK(match("", "*") && !match("a", "?b") && match("t.test.txt", "*.txt"));
}

static void handles(struct nt_process *p)
{
    struct nt_object *object = nt_object_create(p, NT_TYPE_TOKEN, sizeof(struct nt_token));
    uint64_t values[300], value;

    for (int i = 0; i < 300; i++) {
        CHECK(!nt_handle_insert(p, object, 1, 0, &values[i]));
        CHECK(values[i] % 4 == 0 && values[i]);
    }
    CHECK(object->refs == 301);
    for (int i = 0; i < 300; i += 2)
        CHECK(!nt_handle_close(p, values[i]));
    CHECK(nt_handle_close(p, values[0]) == NT_INVALID_HANDLE);
    CHECK(!nt_handle_insert(p, object, 1, 0, &value) && value <= values[299]);
    CHECK(!nt_handle_entry(p, 0) && !nt_handle_entry(p, 4000) && nt_handle_entry(p, value | 3));
    nt_handle_close_all(p);
    CHECK(object->refs == 1);
    CHECK(!nt_handle_place(p, 40, object, 1, 0) && nt_handle_entry(p, 40));
    CHECK(!nt_handle_insert(p, object, 1, 0, &value) && value < 40);
    nt_handle_close_all(p);
    nt_object_release(object);
}

/* Reservations, page states and free places against a plain model of pages. */
static void views(struct nt_process *p)
{
    static const struct world_backing zero = {.kind = WORLD_BACK_ZERO};
    struct nt_view *view, *list[64] = {0};
    uint64_t base;

    for (int round = 0; round < 20000; round++) {
        unsigned i = next_random() % 64;
        if (list[i]) {
            uint64_t pages = list[i]->size / NT_PAGE, at = next_random() % pages;
            uint64_t count = 1 + next_random() % (pages - at);
            uint8_t state = next_random() & 0x3f;
            CHECK(!nt_view_set_pages(list[i], list[i]->base + at * NT_PAGE, count * NT_PAGE, 0xff,
                                     state));
            CHECK(nt_view_page(list[i], list[i]->base + (at + count - 1) * NT_PAGE) == state);
            if (next_random() % 3 == 0) {
                base = list[i]->base;
                nt_view_destroy(p, list[i]);
                list[i] = NULL;
                CHECK(!nt_view_find(p, base));
            }
            continue;
        }
        base = next_random() % 2 ? 0 : (uint64_t)(1 + next_random() % 4096) * NT_GRANULARITY;
        uint64_t size = (uint64_t)(1 + next_random() % 3000) * NT_PAGE;
        nt_status status = nt_view_create(p, &base, size, 0, 0, 0, next_random() % 2,
                                          NT_MEM_PRIVATE, NT_PAGE_READWRITE, 0, &zero, &view);
        if (status) {
            CHECK(status == NT_CONFLICTING_ADDRESSES);
            continue;
        }
        CHECK(base % NT_GRANULARITY == 0 && view->base == base);
        for (unsigned j = 0; j < 64; j++)
            CHECK(!list[j] || list[j]->base + list[j]->size <= base ||
                  base + size <= list[j]->base);
        CHECK(nt_view_find(p, base) == view && nt_view_find(p, base + size - 1) == view);
        list[i] = view;
    }
    for (unsigned i = 0; i < 64; i++)
        if (list[i])
            nt_view_destroy(p, list[i]);
    CHECK(!p->space.count && !p->space.mapped_pages);
    for (uint32_t protection = 1; protection < 0x100; protection *= 2) {
        uint8_t page;
        CHECK(nt_page_from_protection(protection, &page));
        CHECK(nt_page_protection(page | NT_PG_COMMITTED, false) == protection);
    }
    uint8_t page;
    CHECK(!nt_page_from_protection(3, &page) && !nt_page_from_protection(0, &page));
}

int main(void)
{
    struct nt_process *p = calloc(1, sizeof *p);

    nt_core_init();
    nt_list_init(&p->threads);
    text();
    arguments();
    environment();
    paths();
    masks();
    handles(p);
    views(p);
    free(p->space.views);
    free(p);
    return 0;
}
