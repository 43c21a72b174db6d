/* What a stat by name said, kept while servers/fs says that it holds (idl/lease.idl). A hit asks nobody. */
#ifndef WIN32_STAT_CACHE_H
#define WIN32_STAT_CACHE_H

#include "guest.h"

/* As backend_fs_stat. The second time that a process asks about a name, the answer is kept. */
JN_CHECKED jn_status_t stat_cache_ask(struct world_process *p, const struct backend_path *path,
                                      struct world_stat *stat);
/* The answer about this name is kept: until when it holds. */
bool stat_cache_kept(const struct world_process *p, const char *path, size_t length,
                     struct backend_watch *watch);
/* Of one that was kept; for any thread. */
bool stat_cache_holds(const struct backend_watch *watch);
void stat_cache_fill(const struct io_stat *from, struct world_stat *to);

#endif
