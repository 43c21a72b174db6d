/* The name service (idl/name.idl). Calls nobody but the kernel, the pager and, once, its supervisor. */
#include <string.h>

#include "janus/idl/name.h"
#include "janus/idl/supervisor.h"
#include "janus/labels.h"
#include "janus/object.h"
#include "janus/runtime.h"
#include "janus/server.h"
#include "name.h"

static struct jn_labels labels = {.gate = JN_CAP_SELF_GATE};
static struct view *root_view;
const struct name_hooks *name_hooks;

/* ---- the world ---- */

static bool object_alive(cap_t object)
{
    uint32_t type, rights;
    uint64_t identity, label;
    return jn_cap_info(object, &type, &rights, &identity, &label) == JN_OK &&
           type != JN_TYPE_NONE;
}

static void answer(cap_t reply, jn_status_t status, cap_t object)
{
    /* A caller that is gone needs no answer. */
    jn_status_t ignored = name_lookup_reply(reply, status, object);
    (void)ignored;
}

static bool raise_bits(cap_t signal, uint64_t bits)
{
    return jn_signal_raise(signal, bits) == JN_OK;
}

/* ---- the interface ---- */

static struct view *view_of(const struct jn_call *call)
{
    return call->label == JN_LABEL_ADMIN ? root_view : jn_labels_find(&labels, call->label);
}

/* The caller's view if the path is well formed. */
static jn_status_t check(const struct jn_call *call, const char *path, size_t length,
                         struct view **view)
{
    *view = view_of(call);
    if (!*view)
        return JN_NO_RIGHT;
    return name_path_ok(path, length) ? JN_OK : JN_BAD_ARG;
}

static jn_status_t op_lookup(struct jn_call *call, const char *path, size_t length, uint32_t flags,
                             uint64_t deadline, cap_t *object)
{
    struct view *view;
    cap_t reply;
    jn_status_t status = check(call, path, length, &view);
    if (status != JN_OK)
        return status;
    status = name_find(view, path, length, object);
    if (status != JN_NOT_FOUND || !(flags & NAME_WAIT))
        return status;
    if (deadline && deadline <= jn_time_monotonic())
        return JN_TIMEOUT;
    status = jn_call_hold(call, &reply);
    if (status != JN_OK)
        return status;
    status = waiter_add(view, path, length, reply, deadline);
    if (status != JN_OK)
        answer(reply, status, JN_CAP_NULL);
    return JN_HELD;
}

static jn_status_t op_publish(struct jn_call *call, const char *path, size_t length, cap_t object)
{
    struct view *view;
    jn_status_t status = check(call, path, length, &view);
    if (status != JN_OK) {
        jn_cap_delete(object);
        return status;
    }
    return name_enter(view, path, length, object);
}

static jn_status_t op_withdraw(struct jn_call *call, const char *path, size_t length)
{
    struct view *view;
    jn_status_t status = check(call, path, length, &view);
    return status == JN_OK ? name_remove(view, path, length) : status;
}

static jn_status_t op_subscribe(struct jn_call *call, const char *path, size_t length,
                                cap_t signal, uint64_t bits)
{
    struct view *view;
    jn_status_t status = check(call, path, length, &view);
    if (status != JN_OK) {
        jn_cap_delete(signal);
        return status;
    }
    return name_watch(view, path, length, signal, bits);
}

static jn_status_t op_list(struct jn_call *call, const char *path, size_t length,
                           const char *after, size_t after_length, char *entry,
                           size_t *entry_length, uint32_t *kind)
{
    struct view *view;
    const char *name;
    jn_status_t status = check(call, path, length, &view);
    if (status == JN_OK)
        status = name_entry_after(view, path, length, after, after_length, &name, entry_length,
                                  kind);
    if (status == JN_OK)
        memcpy(entry, name, *entry_length);
    else
        *entry_length = 0;
    return status;
}

static jn_status_t op_make_view(struct jn_call *call, const char *path, size_t length,
                                uint32_t flags, cap_t *cap)
{
    struct view *view;
    jn_status_t status = check(call, path, length, &view);
    if (status != JN_OK)
        return status;
    if (flags & ~(uint32_t)(NAME_READ_ONLY | NAME_RESTRICTED))
        return JN_BAD_ARG;
    /* A view never reaches more than the one that made it. */
    if (!view_may(view, path, length, false))
        return JN_NOT_PERMITTED;
    if (!view_may(view, path, length, true))
        flags |= NAME_READ_ONLY;
    struct view *made = view_create(view, path, length, flags);
    if (!made)
        return JN_NO_MEMORY;
    status = jn_labels_mint(&labels, made, &made->label, cap);
    if (status != JN_OK)
        view_destroy(made);
    return status;
}

static jn_status_t op_override(struct jn_call *call, const char *path, size_t length, cap_t object)
{
    struct view *view;
    jn_status_t status = check(call, path, length, &view);
    if (status != JN_OK) {
        jn_cap_delete(object);
        return status;
    }
    return name_shadow(view, path, length, object);
}

static jn_status_t op_allow(struct jn_call *call, cap_t target, const char *path, size_t length,
                            uint32_t flags)
{
    struct view *view;
    void *other = NULL;
    jn_status_t status = jn_labels_identify(&labels, target, &other);
    if (status == JN_OK)
        status = check(call, path, length, &view);
    if (status != JN_OK)
        return status;
    /* Only a view that sees everything below the other's root may widen it. */
    if (view == other || view->flags & NAME_RESTRICTED)
        return JN_NOT_PERMITTED;
    for (const struct node *node = ((struct view *)other)->root; node != view->root;
         node = node->parent)
        if (!node)
            return JN_NOT_PERMITTED;
    return view_allow(other, path, length, flags);
}

static jn_status_t op_expect(struct jn_call *call, const char *path, size_t length,
                             uint32_t expected)
{
    struct view *view;
    jn_status_t status = check(call, path, length, &view);
    return status == JN_OK ? name_promise(view, path, length, expected) : status;
}

static jn_status_t kernel_message(struct jn_server *server, struct jn_call *call, uint32_t kind)
{
    struct view *view;
    struct waiter *waiter;
    (void)server;
    switch (kind) {
    case JN_KM_LABEL_GONE:
        view = jn_labels_remove(&labels, call->label);
        if (view)
            view_destroy(view);
        return JN_OK;
    case JN_KM_CANCEL:
    case JN_KM_CALLER_GONE:
        waiter = waiter_find(call->message.words[0]);
        if (!waiter)
            return JN_OK;
        answer(waiter->reply, JN_INTERRUPTED, JN_CAP_NULL);
        waiter_remove(waiter);
        return JN_OK;
    default:
        return JN_BAD_CALL;
    }
}

static uint64_t deadline(struct jn_server *server)
{
    (void)server;
    return waiter_next_deadline();
}

static void on_timeout(struct jn_server *server)
{
    (void)server;
    waiter_expire(jn_time_monotonic());
}

int main(void)
{
    static const struct name_hooks hooks = {object_alive, jn_cap_delete, answer, raise_bits};
    static const struct name_ops ops = {
        .lookup = op_lookup,
        .publish = op_publish,
        .withdraw = op_withdraw,
        .subscribe = op_subscribe,
        .list = op_list,
        .make_view = op_make_view,
        .override = op_override,
        .allow = op_allow,
        .expect = op_expect,
    };
    static struct jn_interface interface;
    static struct jn_server server;
    jn_log_set_name("name");
    name_hooks = &hooks;
    root_view = view_create_root();
    if (!root_view)
        jn_panic("no memory for the root");
    interface = name_interface(&ops);
    server = (struct jn_server){
        .gate = JN_CAP_SELF_GATE,
        .interfaces = &interface,
        .interface_count = 1,
        .kernel_message = kernel_message,
        .deadline = deadline,
        .on_timeout = on_timeout,
    };
    jn_status_t status = supervisor_ready(JN_CAP_SUPERVISOR);
    if (status != JN_OK)
        jn_panic("the supervisor does not answer: %s", jn_status_text(status));
    jn_server_run(&server);
}
