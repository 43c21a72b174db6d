/* What the Win32 victims of win_kills.c do, and how one sees whether what they shared is still usable. */
#ifndef WIN_KILLS_H
#define WIN_KILLS_H

#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <windows.h>

/* One kind of victim. `prepare` runs once, in the parent; `each` before each victim; `live` in the victim, for
 * ever; `beside`, if any, is what the parent does until the victim, a process, ends; `check` after that: NULL,
 * or what is wrong. */
struct kind {
    const char *name;
    void (*prepare)(void);
    void (*each)(void);
    void (*live)(void);
    void (*beside)(HANDLE victim);
    const char *(*check)(void);
};

extern const struct kind kinds_of_objects[], kinds_of_files[], kinds_of_processes[];

/* Seen by parent and victims. */
#define HANDLES 4
struct shared {
    HANDLE handles[HANDLES]; /* of the kind's own, inherited */
    volatile LONG inside;
    DWORD parent;
    char program[MAX_PATH], folder[MAX_PATH];
};
extern struct shared *shared;

/* `handle` for victims to inherit. */
static inline HANDLE inherited(HANDLE handle)
{
    SetHandleInformation(handle, HANDLE_FLAG_INHERIT, HANDLE_FLAG_INHERIT);
    return handle;
}

#define PATIENCE 2000 /* ms: longer means that nobody comes */

#define BLOCK 512
static inline int uniform(const char *block, size_t size)
{
    return !memcmp(block, block + 1, size - 1);
}

#endif
