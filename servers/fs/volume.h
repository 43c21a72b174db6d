/* The trees that are mounted. */
#ifndef FS_VOLUME_H
#define FS_VOLUME_H

#include "node.h"

extern struct volume volume_root;
extern struct volume volume_pipes;
extern struct volume volume_proc;
extern struct volume volume_sys;
extern struct volume volume_terminals;

#endif
