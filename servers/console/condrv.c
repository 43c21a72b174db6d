/* The Win32 console view is not there yet: no console is attached. */
#include "condrv.h"

jn_status_t condrv_attach(struct terminal *terminal) { (void)terminal; return JN_NO_DEVICE; }
void condrv_free(struct condrv *condrv) { (void)condrv; }
void condrv_resized(struct terminal *terminal) { (void)terminal; }
bool condrv_readable(const struct terminal *terminal) { (void)terminal; return false; }
jn_status_t condrv_read(struct jn_call *call, struct client *client, struct description *d,
                        uint64_t length, uint64_t cookie, uint64_t *done)
{ (void)call, (void)client, (void)d, (void)length, (void)cookie, (void)done; return JN_NOT_SUPPORTED; }
jn_status_t condrv_write(struct jn_call *call, struct client *client, struct description *d,
                        uint64_t length, uint64_t cookie, uint64_t *done)
{ (void)call, (void)client, (void)d, (void)length, (void)cookie, (void)done; return JN_NOT_SUPPORTED; }
jn_status_t condrv_control(struct jn_call *call, struct client *client, struct description *d,
                        uint32_t code, uint64_t cookie, uint64_t *result)
{ (void)call, (void)client, (void)d, (void)code, (void)cookie, (void)result; return JN_NOT_SUPPORTED; }
