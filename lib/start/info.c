/* Where a native task finds the information page; an adapter has another (lib/adapter). */
#include "janus/runtime.h"

const struct jn_info *jn_info(void)
{
    return (const struct jn_info *)JN_NATIVE_INFO;
}
