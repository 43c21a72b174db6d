# What stat says is kept, and others change it. Oracle: Linux.
cd /tmp && t-stat 2>&1 < /dev/null; echo "status $?"
