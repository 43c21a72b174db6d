# What one process does to another's threads, with both in either placement. Oracle: Linux.
t-peer central; t-peer library
