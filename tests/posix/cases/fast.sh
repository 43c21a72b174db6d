# The program t-fast: what Linux says to the same calls, when they are answered without the kernel. Oracle: Linux.
t-fast 2>&1; echo "status $?"
