/* The settings that a new pseudo-terminal has. */
#include "attributes.h"

void attributes_default(struct attributes *attributes)
{
    *attributes = (struct attributes){
        .input = IN_ICRNL | IN_IXON,
        .output = OUT_OPOST | OUT_ONLCR,
        .control = CTL_B38400 | CTL_CS8 | CTL_CREAD,
        .local = LOC_ISIG | LOC_ICANON | LOC_ECHO | LOC_ECHOE | LOC_ECHOK | LOC_ECHOCTL |
                 LOC_ECHOKE | LOC_IEXTEN,
        .speed_in = 38400,
        .speed_out = 38400,
        .cc = {
            [CC_INTR] = 'C' & 31, [CC_QUIT] = '\\' & 31, [CC_ERASE] = 0x7f, [CC_KILL] = 'U' & 31,
            [CC_EOF] = 'D' & 31, [CC_TIME] = 0, [CC_MIN] = 1, [CC_START] = 'Q' & 31,
            [CC_STOP] = 'S' & 31, [CC_SUSP] = 'Z' & 31, [CC_REPRINT] = 'R' & 31,
            [CC_DISCARD] = 'O' & 31, [CC_WERASE] = 'W' & 31, [CC_LNEXT] = 'V' & 31,
        },
    };
}
