/* The Win32 console view of a terminal (PERSONALITIES 15): what Wine's console device answers. */
#ifndef CONSOLE_CONDRV_H
#define CONSOLE_CONDRV_H

#include "console.h"

/* A PE program opens the console of this terminal. */
JN_CHECKED jn_status_t condrv_attach(struct terminal *terminal);
void condrv_free(struct condrv *condrv);
void condrv_resized(struct terminal *terminal);
bool condrv_readable(const struct terminal *terminal);

JN_CHECKED jn_status_t condrv_read(struct jn_call *call, struct client *client,
                                   struct description *d, uint64_t length, uint64_t cookie,
                                   uint64_t *done);
JN_CHECKED jn_status_t condrv_write(struct jn_call *call, struct client *client,
                                    struct description *d, uint64_t length, uint64_t cookie,
                                    uint64_t *done);
/* A control code of Wine's condrv.h. */
JN_CHECKED jn_status_t condrv_control(struct jn_call *call, struct client *client,
                                      struct description *d, uint32_t code, uint64_t cookie,
                                      uint64_t *result);

#endif
