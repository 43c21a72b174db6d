# The program t-process: what Linux says to the same calls. Oracle: Linux.
t-process 2>&1; echo "status $?"
