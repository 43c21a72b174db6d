# Structured exceptions: mended, passed on, unhandled. Oracle: Wine (whose debugger writes below).
seh.exe; echo "status $?"
seh.exe filter; echo "status $?"
seh.exe crash 2>/dev/null | head -n 7
seh.exe crash >/dev/null 2>&1; echo "status $?"
seh.exe abort >/dev/null 2>&1; echo "status $?"
