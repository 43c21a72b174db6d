/* Crash reports: lines that a person can read, and a program can unwind a stack from.
 *
 * What runs here is the reporter, never the task that crashed: so nothing is assumed of its memory,
 * and the backtrace is made where the unwind tables are, on the host. */
#include "janus/crash.h"

#include <stdio.h>
#include <string.h>

#include "janus/runtime.h"

#define STACK_BYTES 4096 /* of the stack that a report shows: some thirty frames */
#define LINE_WORDS  8
#define PAGES_ABOVE 16

const char *jn_crash_vector(uint64_t vector)
{
    static const char *const names[] = {
        [0] = "division error",  [1] = "debug exception", [3] = "breakpoint",
        [4] = "overflow",        [5] = "bound range",     [6] = "invalid instruction",
        [7] = "no FPU",          [12] = "stack fault",    [13] = "protection fault",
        [14] = "page fault",     [16] = "x87 exception",  [17] = "misaligned access",
        [19] = "SIMD exception",
    };
    const char *name = vector < sizeof names / sizeof *names ? names[vector] : NULL;
    return name ? name : "exception";
}

void jn_crash_registers(const struct jn_state *state)
{
    static const char *const names[JN_REG_COUNT] = {
        "rax", "rbx", "rcx", "rdx", "rsi", "rdi", "rbp", "rsp",
        "r8",  "r9",  "r10", "r11", "r12", "r13", "r14", "r15",
    };
    for (unsigned i = 0; i < JN_REG_COUNT; i += 4)
        jn_log(JN_LOG_INFO, "crash: %s %016lx %s %016lx %s %016lx %s %016lx", names[i],
               (unsigned long)state->r[i], names[i + 1], (unsigned long)state->r[i + 1],
               names[i + 2], (unsigned long)state->r[i + 2], names[i + 3],
               (unsigned long)state->r[i + 3]);
    jn_log(JN_LOG_INFO, "crash: rip %016lx flags %lx fs %lx gs %lx", (unsigned long)state->rip,
           (unsigned long)state->rflags, (unsigned long)state->fs_base,
           (unsigned long)state->gs_base);
}

void jn_crash_module(uint64_t begin, uint64_t end, uint64_t offset, const char *path)
{
    jn_log(JN_LOG_INFO, "crash: map %lx %lx %lx %s", (unsigned long)begin, (unsigned long)end,
           (unsigned long)offset, path);
}

void jn_crash_end(uint64_t rsp,
                  size_t (*read)(void *context, uint64_t address, void *buffer, size_t length),
                  void *context)
{
    uint64_t words[LINE_WORDS], at = rsp & ~7ull;
    /* A stack that has overflowed begins where nothing is: its oldest frames are further up. */
    for (unsigned i = 0; i < PAGES_ABOVE && read(context, at, words, 8) < 8; i++)
        at = (at | 4095) + 1;
    for (uint64_t end = at + STACK_BYTES; at < end; at += sizeof words) {
        char line[32 + LINE_WORDS * 17];
        size_t count = read(context, at, words, sizeof words) / 8;
        int length = snprintf(line, sizeof line, "stack %lx:", (unsigned long)at);
        for (size_t i = 0; i < count; i++)
            length += snprintf(line + length, sizeof line - (size_t)length, " %lx",
                               (unsigned long)words[i]);
        if (count)
            jn_log(JN_LOG_INFO, "crash: %s", line);
        if (count < LINE_WORDS)
            break;
    }
    jn_log(JN_LOG_INFO, "crash: end");
}
