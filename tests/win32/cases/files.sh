# Files by the C library and the Win32 API, on Z:. Oracle: Wine.
files.exe; echo "status $?"; ls
