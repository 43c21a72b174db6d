/* The sentences of status codes. */
#include "janus/runtime.h"

const char *jn_status_text(jn_status_t status)
{
    switch (status) {
#define X(name, value, sentence)                                                                  \
    case value:                                                                                   \
        return sentence;
        JN_STATUS_TABLE(X)
#undef X
    }
    return "unknown status";
}

const char *jn_status_name(jn_status_t status)
{
    switch (status) {
#define X(name, value, sentence)                                                                  \
    case value:                                                                                   \
        return #name;
        JN_STATUS_TABLE(X)
#undef X
    }
    return "JN_?";
}
