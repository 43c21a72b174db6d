/* What the root pager and the two tasks that it starts agree on: labels, handles, addresses. */
#ifndef JANUS_BOOT_LAYOUT_H
#define JANUS_BOOT_LAYOUT_H

#include "janus/abi.h"

/* Clients of interface root. */
#define ROOT_LABEL_PAGER 16
#define ROOT_LABEL_BOOTSTRAP 17
#define ROOT_LABEL_FAULTS 32 /* + index of the task: faults and exceptions of what root started */

/* The default pager and bootstrap find interface root, as this client, at JN_CAP_SUPERVISOR. */
/* bootstrap: the default pager's administrative capability (label 1). */
#define BOOT_CAP_PAGER_ADMIN (12 * JN_CAP_STEP)

/* Labels at the default pager that exist from the start. */
#define PAGER_LABEL_ADMIN 1
#define PAGER_LABEL_BOOTSTRAP 16

/* The default pager sees the frame with physical address p at p + PAGER_WINDOW. */
#define PAGER_WINDOW 0x600000000000ull
/* bootstrap sees the boot image (read, execute) at its physical address + this ... */
#define BOOTSTRAP_IMAGE_WINDOW 0x600000000000ull
/* ... and a copy of struct jn_boot at JN_BOOT_ADDRESS. */

#endif
