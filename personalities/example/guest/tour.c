/* tour [WORD...]: uses every call of the example personality once, without any library. */
#include "../abi.h"

void begin(uint64_t count, const char *arguments);

__attribute__((section(".header"), used)) static const struct example_header header = {
    EXAMPLE_MAGIC, sizeof header, 4096};

static int64_t call(uint64_t number, uint64_t a, uint64_t b)
{
    int64_t result;
    __asm__ volatile("syscall" : "=a"(result) : "a"(number), "D"(a), "S"(b)
                     : "rcx", "r11", "memory");
    return result;
}

static void say(const char *text)
{
    uint64_t length = 0;
    while (text[length])
        length++;
    for (uint64_t done = 0; done < length;) {
        int64_t n = call(EXAMPLE_SAY, (uint64_t)(text + done), length - done);
        if (n <= 0)
            call(EXAMPLE_LEAVE, 2, 0);
        done += (uint64_t)n;
    }
}

static void check(const char *what, int ok)
{
    say(what), say(ok ? " ok\n" : " FAIL\n");
}

__attribute__((section(".text.begin"))) void begin(uint64_t count, const char *arguments)
{
    char name[16] = {0}, buffer[64];
    int64_t got;
    call(EXAMPLE_BUILD, (uint64_t)name, sizeof name);
    say("build "), say(name), say("\n");
    for (uint64_t i = 0; i < count; i++) {
        say("argument "), say(arguments), say("\n");
        while (*arguments++)
            ;
    }
    volatile char *memory = (volatile char *)call(EXAMPLE_GROW, 1 << 20, 0);
    for (int i = 0; i < 1 << 20; i += 4096)
        memory[i] = memory[i] + 1;
    check("memory", memory[0] == 1 && memory[(1 << 20) - 4096] == 1);
    check("no memory", call(EXAMPLE_GROW, 0, 0) == EXAMPLE_NO_MEMORY);
    int64_t first = call(EXAMPLE_CLOCK, 0, 0);
    check("clock", first > 0 && call(EXAMPLE_CLOCK, 0, 0) >= first);
    check("self", call(EXAMPLE_SELF, 0, 0) > 1);
    check("address", call(EXAMPLE_SAY, 0x1000, 5) == EXAMPLE_BAD_ADDRESS);
    check("no call", call(39, 0, 0) == EXAMPLE_NO_CALL); /* Linux's getpid */
    while ((got = call(EXAMPLE_HEAR, (uint64_t)buffer, sizeof buffer)) > 0)
        call(EXAMPLE_SAY, (uint64_t)buffer, (uint64_t)got);
    call(EXAMPLE_LEAVE, got ? 3 : 7, 0);
    __builtin_trap();
}
