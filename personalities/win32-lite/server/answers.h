/* What NtQueryAttributesFile said of a name, as the program spelt it, kept while servers/fs says that it
 * holds (idl/lease.idl). Kept by the core's thread, found by any: by the quick services of the central
 * server, and on a program's own thread in the library placement. */
#ifndef WIN32_ANSWERS_H
#define WIN32_ANSWERS_H

#include "guest.h"
#include "janus/backend/question.h"

/* Answers for names up to this many bytes, BACKEND_QUESTION_MOST less an end. */
static inline bool answers_ask(struct backend_question *q, uint64_t process_cookie,
                               const void *name, size_t bytes)
{
    return backend_question_text(q, process_cookie, name, bytes);
}

/* Reads the tables only, waits for nobody; false: nothing is known. */
bool answers_find(const struct backend_question *q, struct nt_file_network_open *answer);

#endif
