/* The hand-over record: what is encoded comes back; no mutation of it is accepted with a pointer
 * outside the record. Oracle: the layout rules of janus/handover.h. */
#include "janus/handover.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint64_t seed = 88172645463325252ull;

static uint64_t next(void)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return seed;
}

static size_t make(uint64_t *buffer, size_t capacity)
{
    static const struct handover_descriptor descriptors[] = {
        {0, HANDOVER_CONSOLE, 5, 0, 1},
        {1, HANDOVER_FS, 6, 0, 2},
        {255, HANDOVER_OBJECT, 7, HANDOVER_CLOSE_ON_EXEC, 3},
        {256, HANDOVER_FS, 8, 0, 1},
        {256, HANDOVER_FS, 9, HANDOVER_SECOND, 2},
    };
    struct handover h;
    handover_init(&h);
    h.header.pid = 42;
    h.header.descriptor_count = 5;
    h.descriptors = descriptors;
    h.arguments = "ls\0-l";
    h.header.arguments_length = 6;
    h.header.argument_count = 2;
    h.environment = "A=b";
    h.header.environment_length = 4;
    h.header.environment_count = 1;
    h.path = "/bin/ls";
    h.name = "./script";
    h.own = "own bytes";
    h.header.own_length = 9;
    size_t length;
    assert(handover_encode(&h, buffer, 100, &length) == JN_RANGE);
    assert(handover_encode(&h, buffer, capacity, &length) == JN_OK);
    assert(length == handover_size(&h));
    return length;
}

/* Touches everything that the decoded record reaches. */
static uint64_t walk(const struct handover *h)
{
    uint64_t sum = strlen(h->path) + strlen(h->name);
    const char *s = h->arguments;
    for (uint32_t i = 0; i < h->header.argument_count; i++, s = handover_next(s))
        sum += strlen(s);
    s = h->environment;
    for (uint32_t i = 0; i < h->header.environment_count; i++, s = handover_next(s))
        sum += strlen(s);
    for (uint32_t i = 0; i < h->header.descriptor_count; i++)
        sum += h->descriptors[i].number;
    return sum;
}

static void test_programs(void)
{
    static const char setting[] = "7f4a5850=example,ca=other,zz=x,1=y,=n,00ff=";
    char name[8];
    struct {
        const char *head, *wanted;
        size_t length;
    } cases[] = {
        {"\x7fJXP\1", "example", 5}, {"\x7fJXP", "example", 4}, {"\x7fJX", NULL, 3},
        {"\xca", "other", 1},         {"\x7f" "ELF", NULL, 4},   {"", NULL, 0},
        {"\0\xff", NULL, 2},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        bool found = handover_program_of(setting, sizeof setting - 1, cases[i].head,
                                         cases[i].length, name, sizeof name);
        assert(found == (cases[i].wanted != NULL));
        assert(!found || !strcmp(name, cases[i].wanted));
    }
    assert(!handover_program_of(setting, sizeof setting - 1, "\x7fJXP", 4, name, 7)); /* too long */
    static const char pairs[] = "7f4a5850=example,,41=b,42";
    static const char *const names[] = {"example", NULL, "b", NULL, NULL};
    for (unsigned i = 0; i < sizeof names / sizeof *names; i++) {
        bool found = handover_program_name(pairs, sizeof pairs - 1, i, name, sizeof name);
        assert(found == (names[i] != NULL));
        assert(!found || !strcmp(name, names[i]));
    }
    assert(!handover_program_name(pairs, sizeof pairs - 1, 0, name, 7)); /* too long */
    assert(!handover_program_name("", 0, 0, name, sizeof name));
}

int main(void)
{
    test_programs();
    static uint64_t buffer[256];
    size_t length = make(buffer, sizeof buffer);
    struct handover h;
    assert(handover_decode(buffer, length, &h) == JN_OK);
    assert(h.header.pid == 42 && !strcmp(handover_next(h.arguments), "-l"));
    assert(!strcmp(h.path, "/bin/ls") && h.descriptors[2].fd == 255);
    for (size_t cut = 0; cut < length; cut++) {
        uint64_t *copy = malloc(cut + 1);
        memcpy(copy, buffer, cut);
        assert(handover_decode(copy, cut, &h) == JN_BAD_MESSAGE);
        free(copy);
    }
    unsigned accepted = 0;
    for (int round = 0; round < 200000; round++) {
        uint64_t *copy = malloc(length); /* exact, so that the sanitizer sees every overrun */
        memcpy(copy, buffer, length);
        for (int n = 1 + next() % 3; n; n--) {
            unsigned char *byte = (unsigned char *)copy + next() % length;
            *byte = next() % 3 ? (unsigned char)next() : (unsigned char)(*byte + next() % 3 - 1);
        }
        if (handover_decode(copy, length, &h) == JN_OK) {
            accepted++;
            walk(&h);
        }
        free(copy);
    }
    printf("handover: %u mutations accepted\n", accepted);
    return 0;
}
