# The program t-wait: what Linux says to the same calls. Oracle: Linux.
t-wait 2>&1; echo "status $?"
