/* The manifest: which servers there are, what each may have and reach. Syntax: docs/manifest.md. */
#ifndef BOOTSTRAP_MANIFEST_H
#define BOOTSTRAP_MANIFEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Text inside the manifest or the command line, not terminated. */
struct text {
    const char *at;
    size_t length;
};

struct text_list {
    struct text *items;
    size_t count;
};

struct setting {
    struct text key, value;
};

#define MANIFEST_ALWAYS UINT32_MAX
#define MANIFEST_UNLIMITED UINT64_MAX

struct manifest_server {
    struct text name;
    struct text path;      /* in the boot image; length 0: sbin/janus/NAME */
    struct text for_personality; /* length 0: always started */
    uint32_t priority;
    uint32_t restarts;     /* at most, or MANIFEST_ALWAYS */
    uint64_t memory_pages; /* quota at the default pager, or MANIFEST_UNLIMITED */
    uint32_t memory_percent; /* instead, if not 0: of all RAM */
    uint64_t kernel_pages; /* of its Pool at the start */
    uint32_t kernel_percent; /* instead, if not 0: of what bootstrap has then */
    uint64_t label_pages;  /* of the Pool for its gate and its clients' labels */
    bool essential;        /* Janus ends with it */
    struct text log;       /* the server whose log it uses; length 0: the kernel's Console */
    struct text_list reach;   /* paths that it may look up */
    struct text_list publish; /* paths below which it may publish */
    struct text_list grants;
};

struct manifest {
    struct setting *settings; /* `set KEY VALUE` and `personality NAME = PLACE` as NAME */
    size_t setting_count;
    struct text *personalities;
    size_t personality_count;
    struct manifest_server *servers;
    size_t server_count;
};

struct manifest_error {
    uint32_t line;
    char text[96];
};

/* The texts point into `source`, which must stay. False: *error says what is wrong; nothing is
 * allocated then. */
bool manifest_parse(const char *source, size_t length, struct manifest *manifest,
                    struct manifest_error *error);
void manifest_free(struct manifest *manifest);

/* Words KEY=VALUE of the command line override settings. False: no memory. */
bool manifest_override(struct manifest *manifest, const char *line, size_t length);

/* The value of a setting; false: none. */
bool manifest_setting(const struct manifest *manifest, const char *key, size_t key_length,
                      struct text *value);
bool text_is(struct text text, const char *string);
/* Is the server part of this boot? Those of a personality that is off are not. */
bool manifest_includes(const struct manifest *manifest, const struct manifest_server *server);

#endif
