# Threads and what they wait for. Oracle: Wine.
threads.exe
