# What execve keeps, within a placement and between the two. Oracle: Linux.
t-carry central central library library central
