#include "janus/adapter.h"

const char *const adapter_takers[ADAPTER_TAKERS] = {"svc/posix", "svc/posix-library", "svc/win32",
                                                    "svc/win32-library"};
