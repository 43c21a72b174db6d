/* Which system calls may be replaced by a jump (PERSONALITIES 10). Oracle: the instruction encodings of the SDM. */
#include <assert.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "sites.h"

#define AT 0x400000u

static uint8_t bits[64];
static uint8_t text[256];

static bool plan_of(const uint8_t *code, size_t length, size_t site, struct site_plan *plan)
{
    struct site_targets targets = {AT, sizeof text, bits};
    memset(bits, 0, sizeof bits);
    memset(text, 0xcc, sizeof text);
    memcpy(text, code, length);
    site_targets_scan(&targets, AT, text, sizeof text, 0);
    return site_plan(&targets, AT + site, text + site, sizeof text - site, plan);
}
#define PLAN(plan, site, ...) \
    plan_of((const uint8_t[]){__VA_ARGS__}, sizeof(const uint8_t[]){__VA_ARGS__}, site, plan)

int main(void)
{
    struct site_plan p;
    /* glibc: syscall; cmp $-4096, %rax; ja */
    assert(PLAN(&p, 0, 0x0f, 0x05, 0x48, 0x3d, 0, 0xf0, 0xff, 0xff, 0x77, 0x10) &&
           p.length == 8 && p.copied == 6 && !p.ends);
    /* musl: syscall; mov %rax, %rdi; call */
    assert(PLAN(&p, 0, 0x0f, 0x05, 0x48, 0x89, 0xc7, 0xe8, 1, 2, 3, 4) && p.length == 5 &&
           p.copied == 3);
    /* syscall; ret, and what an assembler fills up with */
    assert(PLAN(&p, 0, 0x0f, 0x05, 0xc3, 0x66, 0x90, 0x55) && p.length == 5 && p.ends &&
           p.copied == 1);
    assert(PLAN(&p, 0, 0x0f, 0x05, 0xc3, 0x0f, 0x1f, 0x44, 0, 0, 0x55) && p.length == 8 && p.ends);
    /* not padding: the next function; not a syscall; a branch; an address relative to rip; int3 is data */
    assert(!PLAN(&p, 0, 0x0f, 0x05, 0xc3, 0x55, 0x48, 0x89, 0xe5));
    assert(!PLAN(&p, 0, 0x0f, 0x06, 0x48, 0x89, 0xc7, 0x48, 0x89, 0xc7));
    assert(!PLAN(&p, 0, 0x0f, 0x05, 0x85, 0xc0, 0x79, 0x01, 0xf4));
    assert(!PLAN(&p, 0, 0x0f, 0x05, 0x48, 0x8b, 0x05, 1, 2, 3, 4));
    assert(!PLAN(&p, 0, 0x0f, 0x05, 0xeb, 0x10, 0x90, 0x90));
    assert(!PLAN(&p, 0, 0x0f, 0x05, 0xf7, 0xc0, 1, 2, 3, 4)); /* test has an immediate */
    /* mov 0x18(%rsp), %rdx */
    assert(PLAN(&p, 0, 0x0f, 0x05, 0x48, 0x8b, 0x54, 0x24, 0x18) && p.copied == 5);
    /* Somebody jumps behind the syscall: to the second byte of the site and on, not to the first. */
    assert(!PLAN(&p, 2, 0xeb, 0x02, 0x0f, 0x05, 0x48, 0x89, 0xc7));
    assert(PLAN(&p, 2, 0xeb, 0x00, 0x0f, 0x05, 0x48, 0x89, 0xc7));
    assert(PLAN(&p, 2, 0xeb, 0x05, 0x0f, 0x05, 0x48, 0x89, 0xc7));
    assert(!PLAN(&p, 5, 0xe8, 0x02, 0, 0, 0, 0x0f, 0x05, 0x48, 0x89, 0xc7));
    assert(!PLAN(&p, 6, 0x0f, 0x84, 0x02, 0, 0, 0, 0x0f, 0x05, 0x48, 0x89, 0xc7));
    assert(!PLAN(&p, 0, 0x0f, 0x05, 0x48, 0x89, 0xc7, 0x7f, 0xfb)); /* backwards, to its copied part */
    assert(PLAN(&p, 0, 0x0f, 0x05, 0x48, 0x89, 0xc7, 0x7f, 0xf9));
    /* A jump in two pieces of a scan. */
    struct site_targets targets = {AT, sizeof text, bits};
    const uint8_t jump[] = {0xe9, 0x02, 0, 0, 0, 0x0f, 0x05, 0x48, 0x89, 0xc7, 0x90, 0x90, 0x90, 0x90};
    memset(bits, 0, sizeof bits);
    site_targets_scan(&targets, AT, jump, 3, 5);
    site_targets_scan(&targets, AT + 3, jump + 3, sizeof jump - 3, 0);
    assert(!site_plan(&targets, AT + 5, jump + 5, sizeof jump - 5, &p));
    /* The end of the text is no place to read beyond. */
    assert(!site_plan(&targets, AT, (const uint8_t[]){0x0f, 0x05, 0x48}, 3, &p));
    printf("sites: as they should be\n");
    return 0;
}
