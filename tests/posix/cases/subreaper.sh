# Orphans go to the nearest ancestor that asked for them. Oracle: the same program on Linux.
t-subreaper
