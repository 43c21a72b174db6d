/* /dev/pts. */
#ifndef FS_TERMINALS_H
#define FS_TERMINALS_H

#include "janus/types.h"

JN_CHECKED jn_status_t terminals_init(void);

#endif
