/* The build "lazy": new memory becomes present where the program touches it. */
#include "core.h"

const char build_name[] = "lazy";

void build_grown(struct program *program, uint64_t address, uint64_t length)
{
    (void)program, (void)address, (void)length;
}
