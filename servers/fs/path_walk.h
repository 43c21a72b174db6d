/* Walking paths (path_resolution(7)): from a directory through names and symbolic links to the last
 * component, which the caller then looks up, makes or removes. */
#ifndef FS_PATH_WALK_H
#define FS_PATH_WALK_H

#include "janus/types.h"
#include "mode.h"

struct client;
struct entry;

enum walk_last {
    WALK_NAME,   /* `name` in `at` */
    WALK_DOT,    /* "." or the start itself: `at` */
    WALK_DOTDOT, /* `at` is already the parent */
    WALK_ROOT,   /* "/": `at` */
};

/* What is left to be walked: the path, and targets of links on top of it. */
struct walk_part {
    const char *at, *end;
};

struct walk {
    struct client *client;
    uint32_t lookup; /* FS_LOOKUP_.. */
    struct entry *start; /* BENEATH: ".." does not leave it */
    struct entry *at; /* referenced */
    enum walk_last last;
    const char *name;
    size_t name_length;
    uint32_t name_hash;
    bool wants_directory; /* a slash follows the last name */
    bool slash_at_end;    /* the same, through links at the end */
    unsigned links;
    unsigned depth;       /* parts in use */
    unsigned owned_count;
    uint64_t descriptor;  /* with REDIRECT: N of /proc/self/fd/N */
    struct walk_part parts[LINK_LIMIT + 1];
    char *owned[LINK_LIMIT]; /* targets that were made up: names may stand in them */
};

/* Starts at `from` or, if the path begins with '/', at the client's root. The path must live as long
 * as the walk. NOT_FOUND: the path is empty. */
JN_CHECKED jn_status_t walk_begin(struct walk *walk, struct client *client, struct entry *from,
                                  const char *path, size_t length, uint32_t lookup);
/* Follows everything up to the last component, whose directory the client may search. */
JN_CHECKED jn_status_t walk_to_last(struct walk *walk);
/* The entry of the last component, referenced; NOT_FOUND. */
JN_CHECKED jn_status_t walk_lookup(struct walk *walk, struct entry **found);
/* Goes into the link that the last component turned out to be; walk_to_last follows. */
JN_CHECKED jn_status_t walk_enter_link(struct walk *walk, struct entry *link);
/* All together: the entry that the path leads to, referenced. A link at the end is followed unless
 * FS_LOOKUP_NOFOLLOW (and no slash comes after it). */
JN_CHECKED jn_status_t walk_resolve(struct walk *walk, struct entry **found);
void walk_end(struct walk *walk);

/* Looks a name up in a directory without permission checks: referenced. */
JN_CHECKED jn_status_t walk_find(struct client *client, struct entry *directory, const char *name,
                                 size_t length, uint32_t hash, bool caseless, struct entry **found);

#endif
