/* Taking requests apart. */
#include "request.h"

#include "janus/object.h"

char request_buffer[2][PATH_LIMIT];

jn_status_t request_client(const struct jn_call *call, struct client **client)
{
    *client = client_find(call->label);
    return *client ? JN_OK : JN_NO_RIGHT;
}

jn_status_t request_open(const struct jn_call *call, uint64_t open, struct client **client,
                         struct description **description)
{
    *client = client_find(call->label);
    if (!*client)
        return JN_NO_RIGHT;
    *description = client_open(*client, open);
    return *description ? JN_OK : JN_BAD_HANDLE;
}

jn_status_t request_usable(const struct jn_call *call, uint64_t open, struct client **client,
                           struct description **description)
{
    jn_status_t status = request_open(call, open, client, description);
    if (status == JN_OK && (*description)->kind == OPEN_PATH)
        return JN_BAD_HANDLE;
    return status;
}

jn_status_t request_target(cap_t target, struct client **client)
{
    uint32_t type = 0, rights;
    uint64_t own = 0, identity = 0, own_label, label = 0;
    *client = NULL;
    jn_status_t status = jn_cap_info(JN_CAP_SELF_GATE, &type, &rights, &own, &own_label);
    if (status == JN_OK)
        status = jn_cap_info(target, &type, &rights, &identity, &label);
    jn_cap_delete(target);
    if (status == JN_OK && type == JN_TYPE_GATE && identity == own)
        *client = client_find(label);
    return *client ? JN_OK : JN_BAD_ARG;
}

jn_status_t request_place(struct jn_call *call, struct client *client, uint64_t dir,
                          uint64_t length, unsigned window, struct place *place)
{
    *place = (struct place){NULL, request_buffer[window], length};
    if (length >= PATH_LIMIT)
        return JN_NAME_TOO_LONG;
    if (length) {
        size_t done = 0;
        jn_status_t status =
            jn_copy_in(call, window, 0, request_buffer[window], length, &done);
        if (status != JN_OK)
            return status;
    }
    /* An absolute path does not look at the directory, as under openat(2). */
    if (dir && !(length && request_buffer[window][0] == '/')) {
        place->from = client_open(client, dir);
        if (!place->from)
            return JN_BAD_HANDLE;
    }
    return JN_OK;
}

jn_status_t request_answer(struct jn_call *call, unsigned window, const void *bytes, size_t length,
                           uint64_t *result)
{
    size_t done = 0;
    if (length == 0)
        return JN_OK;
    jn_status_t status = jn_copy_out(call, window, 0, bytes, length, &done);
    if (status == JN_FAULT) {
        *result = call->fault_address;
        return JN_FAULT_AT;
    }
    return status;
}
