/* The binary boundary of the example personality: its program files and its calls. Programs (guest/)
 * and the core include this, nothing else is common to them. */
#ifndef EXAMPLE_ABI_H
#define EXAMPLE_ABI_H

#include <stdint.h>

/* A program file begins with this and is mapped whole at EXAMPLE_BASE, readable and executable. */
struct example_header {
    uint32_t magic;
    uint32_t entry;  /* offset of the first instruction in the file */
    uint64_t memory; /* bytes of zeroed memory behind the file's last page */
};
#define EXAMPLE_MAGIC 0x50584a7fu /* 7f 4a 58 50 */
#define EXAMPLE_BASE 0x400000ull
#define EXAMPLE_STACK_TOP 0x7f0000000ull /* rsp at the start; its arguments stand there */
#define EXAMPLE_STACK_SIZE 0x10000ull
#define EXAMPLE_LIMIT 0x800000000ull
#define EXAMPLE_ARGUMENTS_MAX 4000 /* bytes of all arguments with their zeroes */

/* A call: `syscall` with rax = number, rdi and rsi = arguments; rax = result, negative: an error. rcx
 * and r11 are lost. At the start rdi = how many arguments, rsi = the first of them. */
enum {
    EXAMPLE_SAY = 0x701, /* address, length -> bytes that went to the output; waits for room */
    EXAMPLE_HEAR,        /* address, length -> bytes from the input, 0 at its end; waits for some */
    EXAMPLE_GROW,        /* bytes -> address of so much zeroed memory */
    EXAMPLE_CLOCK,       /* -> nanoseconds since the machine started */
    EXAMPLE_SELF,        /* -> process id */
    EXAMPLE_BUILD,       /* address, length -> length of the name of this build of the personality */
    EXAMPLE_LEAVE,       /* status; does not return */
    EXAMPLE_CALL_END
};
enum {
    EXAMPLE_NO_CALL = -1, /* there is no such call; the log has a line */
    EXAMPLE_NO_MEMORY = -2,
    EXAMPLE_BAD_ADDRESS = -3,
    EXAMPLE_FAILED = -4 /* the other side of input or output */
};

#endif
