/* A process on its way from the core that creates it to the one that runs it: the parameters and the
 * inherited handles, as one block of bytes (handover_header.own). */
#ifndef WIN32_NT_BIRTH_H
#define WIN32_NT_BIRTH_H

#include "nt_create.h"

#define NT_BIRTH_MAGIC 0x3148545249424e54ull
#define NT_BIRTH_TEXTS 7u /* image, command line, directory, environment, title, desktop, shell */
#define NT_BIRTH_MAX (6u << 20)

/* Followed by the texts, the runtime data and the handles, each padded to eight bytes. */
struct nt_birth {
    uint64_t magic, length;
    uint64_t standard[3], console, affinity;
    uint32_t console_flags, window[9], process_group, hard_error_mode, handle_count;
    uint32_t texts[NT_BIRTH_TEXTS]; /* units */
    uint32_t runtime_length;
    uint8_t has_console, ctrl_ignored, reserved[6];
};
struct nt_birth_handle { /* followed by its parcel */
    uint64_t handle;
    uint32_t access, flags;
    uint64_t length;
};

/* The block is allocated; q's standard handles become those of the child. */
nt_status nt_birth_encode(struct nt_process *p, struct nt_create *r, struct nt_parameters *q,
                          bool inherit, void **block, size_t *length);

#endif
