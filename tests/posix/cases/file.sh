# The program t-file: what Linux says to the same calls. Oracle: Linux.
t-file 2>&1; echo "status $?"
