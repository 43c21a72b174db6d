# The program t-hostile: what Linux says to the same calls. Oracle: Linux.
t-hostile 2>&1; echo "status $?"
