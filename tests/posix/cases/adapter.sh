# A process against its own adapter. Oracle: Linux, for a process that does the like to itself.
t-adapter 2>/dev/null; echo "status $?"
