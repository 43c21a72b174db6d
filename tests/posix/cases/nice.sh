# Nice values of oneself and of others, kept by fork and exec; the signal at a parent's death. Oracle: Linux.
t-nice
