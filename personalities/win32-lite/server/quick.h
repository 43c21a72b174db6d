/* Services that the central server's loop answers by one function (janus/server.h). */
#ifndef WIN32_QUICK_H
#define WIN32_QUICK_H

#include "janus/server.h"

/* Objects are threads (struct nt_thread), labels their cookies. */
extern struct jn_quick quick_calls;
/* Before the first process. */
void quick_begin(void);

#endif
