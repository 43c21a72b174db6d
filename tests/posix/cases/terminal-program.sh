# The program t-terminal: what Linux says to the same calls on pseudo-terminals. Oracle: Linux.
t-terminal 2>&1; echo "status $?"
