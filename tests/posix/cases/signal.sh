# The program t-signal: what Linux says to the same calls. Oracle: Linux.
t-signal 2>&1; echo "status $?"
