# The program t-thread: what Linux says to the same calls. Oracle: Linux.
t-thread 2>&1; echo "status $?"
