# What execve leaves of the old image. Oracle: Linux.
t-image
