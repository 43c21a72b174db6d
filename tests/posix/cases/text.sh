# Programs that read, copy, change or make code. Oracle: Linux.
cd /tmp && t-text 2>&1; echo "status $?"
