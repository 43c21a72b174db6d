# Waiting threads that are suspended, moved, ended, and woken in every way. Oracle: Wine.
waits.exe
