/* The build "eager": new memory is present before the program goes on, so it never faults there. */
#include "core.h"

const char build_name[] = "eager";

void build_grown(struct program *program, uint64_t address, uint64_t length)
{
    for (uint64_t at = address; at < address + length; at += REGION_PAGE)
        if (program_resolve(program, at, JN_W) != JN_OK)
            return; /* the fault will tell */
}
