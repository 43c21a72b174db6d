/* bootstrap, the supervisor: reads the manifest, starts the servers in its order and looks after them. */
#include <stdlib.h>
#include <string.h>

#include "bootstrap.h"
#include "janus/boot_layout.h"
#include "janus/idl/supervisor.h"
#include "janus/ipc.h"
#include "janus/object.h"
#include "janus/runtime.h"

struct manifest manifest;
struct server *servers;
size_t server_count;
struct bootimage boot_image;
uint64_t boot_image_bytes;
cap_t own_gate, end_signal;

static const struct jn_boot *const boot = (const struct jn_boot *)JN_BOOT_ADDRESS;
static bool rest_started;

_Noreturn void leave(uint32_t code)
{
    uint64_t words[JN_WORDS_REG] = {code};
    jn_status_t ignored = jn_invoke(JN_CAP_LOG, JN_OP_CONSOLE_SHUTDOWN, words);
    (void)ignored;
    jn_panic("the machine cannot be left");
}

static void must(const char *what, jn_status_t status)
{
    if (status == JN_OK)
        return;
    jn_log(JN_LOG_ERROR, "%s: %s", what, jn_status_text(status));
    leave(125);
}

struct server *server_named(struct text name)
{
    for (size_t i = 0; i < server_count; i++)
        if (text_is(name, servers[i].name))
            return &servers[i];
    return NULL;
}

struct server *server_of_label(uint64_t label)
{
    return label >= LABEL_SERVER && label - LABEL_SERVER < server_count
               ? &servers[label - LABEL_SERVER] : NULL;
}

/* ---- the start ---- */

static void read_manifest(void)
{
    struct manifest_error error;
    const void *text;
    uint64_t size;
    uint64_t base = BOOTSTRAP_IMAGE_WINDOW + boot->modules[1].base;
    must("boot image", bootimage_open((const void *)base, boot->modules[1].size, &boot_image));
    boot_image_bytes = boot_image.size;
    must("etc/manifest", bootimage_find(&boot_image, "etc/manifest", 12, &text, &size));
    if (!manifest_parse(text, size, &manifest, &error)) {
        jn_log(JN_LOG_ERROR, "etc/manifest, line %u: %s", error.line, error.text);
        leave(125);
    }
    if (!manifest_override(&manifest, boot->command_line, strlen(boot->command_line)))
        must("command line", JN_NO_MEMORY);
}

/* Is there a server NAME-library? */
static bool has_library(struct text name)
{
    static const char suffix[] = "-library";
    for (size_t i = 0; i < manifest.server_count; i++) {
        struct text server = manifest.servers[i].name;
        if (server.length == name.length + sizeof suffix - 1 &&
            !memcmp(server.at, name.at, name.length) &&
            !memcmp(server.at + name.length, suffix, sizeof suffix - 1))
            return true;
    }
    return false;
}

static void check_personalities(void)
{
    for (size_t i = 0; i < manifest.personality_count; i++) {
        struct text name = manifest.personalities[i], place;
        if (!manifest_setting(&manifest, name.at, name.length, &place))
            continue;
        if (text_is(place, "central") || text_is(place, "off") ||
            (text_is(place, "library") && has_library(name)))
            continue;
        jn_log(JN_LOG_ERROR, "personality %.*s: placement \"%.*s\" is not in this build",
               (int)name.length, name.at, (int)place.length, place.at);
        leave(125);
    }
}

static void make_servers(void)
{
    servers = calloc(manifest.server_count, sizeof *servers);
    if (!servers)
        must("servers", manifest.server_count ? JN_NO_MEMORY : JN_NOT_FOUND);
    server_count = manifest.server_count;
    for (size_t i = 0; i < server_count; i++) {
        struct server *server = &servers[i];
        server->manifest = &manifest.servers[i];
        server->index = (uint32_t)i;
        memcpy(server->name, server->manifest->name.at, server->manifest->name.length);
        if (manifest_includes(&manifest, server->manifest)) {
            server->state = SERVER_IDLE;
            must(server->name, server_make_gate(server));
        }
    }
}

static void start(struct server *server)
{
    jn_status_t status = server_start(server);
    if (status == JN_OK)
        return;
    jn_log(JN_LOG_ERROR, "%s cannot be started: %s", server->name, jn_status_text(status));
    if (server->state == SERVER_IDLE)
        server->state = SERVER_RUNNING; /* what exists of it is taken back as after an end */
    server_ended(server);
}

/* The name server is first. The others follow in the order of the manifest when it is ready; they
 * wait for each other through their names. */
void server_ready(struct server *server)
{
    if (server->state == SERVER_RUNNING)
        server->state = SERVER_READY;
    jn_log(JN_LOG_INFO, "%s is ready", server->name);
    if (rest_started || !text_is(server->manifest->name, "name")) {
        names_publish(server);
        return;
    }
    rest_started = true;
    must("names", names_open());
    for (size_t i = 0; i < server_count; i++)
        if (servers[i].state == SERVER_IDLE)
            start(&servers[i]);
}

/* ---- the loop ---- */

static void on_signal(struct jn_server *loop, uint64_t bits)
{
    (void)loop;
    for (size_t i = 0; i < server_count; i++)
        if (bits >> (i % 63) & 1 && server_has_ended(&servers[i]))
            server_ended(&servers[i]);
}

static uint64_t inject_at; /* when inject_run is wanted; 0: never */

static uint64_t deadline(struct jn_server *loop)
{
    (void)loop;
    return inject_at;
}

static void on_timeout(struct jn_server *loop)
{
    (void)loop;
    inject_run();
    inject_at = inject_next();
}

static jn_status_t kernel_message(struct jn_server *loop, struct jn_call *call, uint32_t kind)
{
    struct server *server = server_of_label(call->label);
    (void)loop;
    return server ? report_fault(server, call, kind) : JN_BAD_CALL;
}

int main(void)
{
    static struct jn_interface interface;
    static struct jn_server loop;
    jn_log_set_name("bootstrap");
    jn_task_name(JN_CAP_TASK, "bootstrap", 9);
    read_manifest();
    check_personalities();
    must("gate", jn_gate_create(JN_CAP_POOL, &own_gate));
    must("signal", jn_signal_create(JN_CAP_POOL, &end_signal));
    make_servers();
    struct server *name = server_named((struct text){"name", 4});
    if (!name)
        must("the manifest has no server \"name\"", JN_NOT_FOUND);
    start(name);
    inject_at = inject_next();
    interface = supervisor_interface(&bootstrap_ops);
    loop = (struct jn_server){
        .gate = own_gate,
        .signal = end_signal,
        .interfaces = &interface,
        .interface_count = 1,
        .on_signal = on_signal,
        .kernel_message = kernel_message,
        .deadline = deadline,
        .on_timeout = on_timeout,
    };
    jn_server_run(&loop);
}
