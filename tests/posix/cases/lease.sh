# Descriptors and call sites that are used often. Oracle: Linux.
cd /tmp && t-lease 2>&1; echo "status $?"
