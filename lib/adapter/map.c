/* How an adapter's memory comes into a Task: into the space of the process's client at the pager. */
#include "janus/adapter_runtime.h"
#include "janus/idl/dataspace.h"

static jn_status_t map(cap_t pager, uint64_t ds, uint64_t offset, uint64_t address, uint64_t length,
                       uint32_t access, uint32_t flags)
{
    for (uint64_t done = 0, part = 0; done < length; done += part) {
        jn_status_t status = dataspace_map(pager, ds, offset + done, address + done, length - done,
                                           access, flags, &part);
        if (status == JN_OK && !part)
            status = JN_NO_MEMORY;
        if (status != JN_OK)
            return status;
    }
    return JN_OK;
}

jn_status_t adapter_map_range(cap_t pager, struct adapter_range range)
{
    return map(pager, ADAPTER_DS_MEMORY, range.begin - ADAPTER_WRITABLE, range.begin,
               range.end - range.begin, JN_R | JN_W, DS_MAP_FILL);
}

jn_status_t adapter_map_text(cap_t pager)
{
    return map(pager, ADAPTER_DS_TEXT, 0, ADAPTER_BASE, ADAPTER_TEXT_BYTES, JN_R | JN_X, 0);
}
