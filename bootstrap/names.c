/* What bootstrap arranges at the name service: a view for each server that holds what its manifest
 * entry says, the names of servers, and which of them are not to be waited for. */
#include <string.h>

#include "bootstrap.h"
#include "janus/boot_layout.h"
#include "janus/idl/name.h"
#include "janus/object.h"
#include "janus/runtime.h"

static cap_t names; /* the whole tree; JN_CAP_NULL until the name server is ready */

struct path {
    char text[128];
    size_t length;
};

static struct path service_path(const char *name)
{
    struct path path;
    path.length = strlen(name) + 4;
    memcpy(path.text, "svc/", 4);
    memcpy(path.text + 4, name, path.length - 4);
    return path;
}

static void complain(const char *name, const char *what, jn_status_t status)
{
    if (status != JN_OK)
        jn_log(JN_LOG_WARNING, "%s: %s: %s", name, what, jn_status_text(status));
}

/* Names of all servers of the manifest are known from the start: those that are left out answer
 * NO_SERVICE, the others are waited for. */
jn_status_t names_open(void)
{
    struct server *server = server_named((struct text){"name", 4});
    if (!server)
        return JN_NOT_FOUND;
    names = server->admin;
    for (size_t i = 0; i < server_count; i++) {
        struct path path = service_path(servers[i].name);
        bool comes = servers[i].state != SERVER_LEFT_OUT;
        jn_status_t status = name_expect(names, path.text, path.length, comes);
        if (status != JN_OK)
            return status;
    }
    return name_publish(names, "svc/pager", 9, BOOT_CAP_PAGER_ADMIN);
}

/* `reach svc/X:own`: a label at X that no other client has. */
static jn_status_t give_own(struct server *server, cap_t view, struct text path)
{
    struct text name = {path.at + 4, path.length - 4};
    struct server *target = path.length > 4 && memcmp(path.at, "svc/", 4) == 0
                                ? server_named(name) : NULL;
    cap_t cap;
    if (!target)
        return JN_NOT_FOUND;
    if (target->state == SERVER_LEFT_OUT || target->state == SERVER_GONE)
        return JN_OK;
    uint64_t label = LABEL_OWN + ((uint64_t)server->starts << 16) + server->index;
    jn_status_t status = jn_gate_mint(target->gate, label, JN_RIGHT_SEND | JN_RIGHT_COPY, &cap);
    if (status == JN_OK) {
        status = name_override(view, path.at, path.length, cap);
        jn_cap_delete(cap); /* the view's copy is the only one: it ends with the server */
    }
    return status;
}

static jn_status_t reach(struct server *server, cap_t view, struct text path)
{
    static const char own[] = ":own";
    size_t suffix = sizeof own - 1;
    if (text_is(path, "*"))
        return name_allow(names, view, "", 0, NAME_READ_ONLY);
    if (path.length > suffix && memcmp(path.at + path.length - suffix, own, suffix) == 0)
        return give_own(server, view, (struct text){path.at, path.length - suffix});
    return name_allow(names, view, path.at, path.length, NAME_READ_ONLY);
}

jn_status_t names_view(struct server *server, cap_t *view)
{
    *view = JN_CAP_NULL;
    if (names == JN_CAP_NULL)
        return JN_OK;
    jn_status_t status = name_make_view(names, "", 0, NAME_RESTRICTED, view);
    for (size_t i = 0; status == JN_OK && i < server->manifest->reach.count; i++)
        complain(server->name, "reach", reach(server, *view, server->manifest->reach.items[i]));
    for (size_t i = 0; status == JN_OK && i < server->manifest->publish.count; i++) {
        struct text path = server->manifest->publish.items[i];
        complain(server->name, "publish", name_allow(names, *view, path.at, path.length, 0));
    }
    return status;
}

void names_publish(struct server *server)
{
    struct path path = service_path(server->name);
    if (names == JN_CAP_NULL || names == server->admin)
        return;
    jn_status_t status = name_publish(names, path.text, path.length, server->admin);
    if (status != JN_EXISTS) /* it was published before it was started again */
        complain(server->name, "its name", status);
}

void names_withdraw(struct server *server)
{
    struct path path = service_path(server->name);
    if (names == JN_CAP_NULL || names == server->admin)
        return;
    jn_status_t status = name_withdraw(names, path.text, path.length);
    if (status != JN_NOT_FOUND)
        complain(server->name, "its name", status);
    complain(server->name, "its name", name_expect(names, path.text, path.length, 0));
}
