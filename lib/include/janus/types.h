/* The scalar types that every Janus interface uses. */
#ifndef JANUS_TYPES_H
#define JANUS_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "janus/abi.h"

typedef uint64_t cap_t;      /* capability handle; JN_CAP_NULL is none */
typedef int32_t jn_status_t; /* 0 or a negative enum jn_status_code */

/* Ignoring the status of a function so marked does not compile. */
#define JN_CHECKED __attribute__((warn_unused_result))

/* Result of a server operation that keeps the Reply and answers later (never leaves the server). */
#define JN_HELD 1

#endif
