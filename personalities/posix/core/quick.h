/* Calls that the server loop answers by itself. */
#ifndef POSIX_QUICK_H
#define POSIX_QUICK_H

#include "janus/server.h"

/* Objects are threads (struct thread), labels their handles; handles.c keeps the table. */
extern struct jn_quick core_quick;
/* From now on every call goes through syscall_run(), where it is traced. */
void core_quick_stop(void);

#endif
