/* The kernel's binary interface, whole. Constants and structs only: kernel, servers and (through
 * the generated include) NASM share it. docs/kernel-abi.md explains it. */
#ifndef JANUS_ABI_H
#define JANUS_ABI_H

#include "janus/abi/info.h"
#include "janus/abi/ipc.h"
#include "janus/abi/object.h"
#include "janus/abi/status.h"
#include "janus/abi/trace.h"
#include "janus/abi/utcb.h"

#endif
