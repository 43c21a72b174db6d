# 1,000 descriptors waited for at once. Oracle: Linux.
t-many
