# The program t-vector: vector registers are a process's own. Oracle: Linux.
t-vector; echo "status $?"
