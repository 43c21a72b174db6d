/* Shared by the operations on names. */
#ifndef FS_VFS_PLACE_H
#define FS_VFS_PLACE_H

#include "path_walk.h"
#include "vfs.h"

/* Begins a walk at a place. walk_end is needed afterwards, also after an error. */
JN_CHECKED jn_status_t place_begin(struct walk *walk, struct client *client, struct place place,
                                   uint32_t lookup);

#endif
