# The program t-memory: what Linux says to the same calls. Oracle: Linux.
t-memory 2>&1; echo "status $?"
