/* The launcher of one personality's adapters. */
#ifndef LIBRARY_LAUNCHER_H
#define LIBRARY_LAUNCHER_H

#include "janus/adapter_runtime.h"

/* The personality's object file: an ELF program, 8-byte aligned, and the name. */
extern const char adapter_image[], adapter_image_end[];
extern const char launcher_personality[];

struct template {
    cap_t full;  /* a client of the pager with the adapter's two dataspaces */
    cap_t empty; /* one without any */
    struct adapter_header header;
};

/* Reads the image into a fresh template, with the setting `programs`. pager_admin: lent. */
JN_CHECKED jn_status_t template_make(cap_t pager_admin, const char programs[ADAPTER_PROGRAMS_MAX],
                                     struct template *template);

#endif
