# Reads and writes of files and pipes done the short way, and what must not differ by that. Oracle: Wine up to the
# cancelled wait; Windows' documentation for the locked range, which Wine 8.0 does not enforce, and for what comes
# behind it, for Wine 8.0 does not end a thread that reads from a pipe.
leased.exe
