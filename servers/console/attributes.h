/* Terminal settings with Linux's bit numbers (termios(3), asm-generic/termbits.h). The layout is
 * that of struct console_attributes in idl/console.idl; no dependency, so that host tests use it. */
#ifndef CONSOLE_ATTRIBUTES_H
#define CONSOLE_ATTRIBUTES_H

#include <stdint.h>

enum {
    ATTR_CC_COUNT = 31,
    ATTR_DISABLED = 0, /* _POSIX_VDISABLE: a control character that is switched off */
};

struct attributes {
    uint32_t input, output, control, local;
    uint32_t speed_in, speed_out;
    uint8_t line;
    uint8_t cc[ATTR_CC_COUNT];
};
_Static_assert(sizeof(struct attributes) == 56, "struct console_attributes");

enum attributes_cc {
    CC_INTR, CC_QUIT, CC_ERASE, CC_KILL, CC_EOF, CC_TIME, CC_MIN, CC_SWTC, CC_START, CC_STOP,
    CC_SUSP, CC_EOL, CC_REPRINT, CC_DISCARD, CC_WERASE, CC_LNEXT, CC_EOL2,
};

enum attributes_input {
    IN_IGNBRK = 0x1, IN_BRKINT = 0x2, IN_IGNPAR = 0x4, IN_PARMRK = 0x8, IN_INPCK = 0x10,
    IN_ISTRIP = 0x20, IN_INLCR = 0x40, IN_IGNCR = 0x80, IN_ICRNL = 0x100, IN_IUCLC = 0x200,
    IN_IXON = 0x400, IN_IXANY = 0x800, IN_IXOFF = 0x1000, IN_IMAXBEL = 0x2000, IN_IUTF8 = 0x4000,
};

enum attributes_output {
    OUT_OPOST = 0x1, OUT_OLCUC = 0x2, OUT_ONLCR = 0x4, OUT_OCRNL = 0x8, OUT_ONOCR = 0x10,
    OUT_ONLRET = 0x20, OUT_TABDLY = 0x1800, OUT_XTABS = 0x1800,
};

enum attributes_control {
    CTL_CSIZE = 0x30, CTL_CS8 = 0x30, CTL_CREAD = 0x80, CTL_PARENB = 0x100, CTL_HUPCL = 0x400,
    CTL_B38400 = 0xf,
};

enum attributes_local {
    LOC_ISIG = 0x1, LOC_ICANON = 0x2, LOC_XCASE = 0x4, LOC_ECHO = 0x8, LOC_ECHOE = 0x10,
    LOC_ECHOK = 0x20, LOC_ECHONL = 0x40, LOC_NOFLSH = 0x80, LOC_TOSTOP = 0x100,
    LOC_ECHOCTL = 0x200, LOC_ECHOPRT = 0x400, LOC_ECHOKE = 0x800, LOC_FLUSHO = 0x1000,
    LOC_PENDIN = 0x4000, LOC_IEXTEN = 0x8000, LOC_EXTPROC = 0x10000,
};

/* What a pseudo-terminal's slave starts with on Linux. */
void attributes_default(struct attributes *attributes);

#endif
