# What a process may not do to one of another user. Oracle: Linux.
t-pry
