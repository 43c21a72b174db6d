# One process acts on another: memory, handles, threads, ends. Oracle: the documentation of Windows.
remote.exe
