# malloc, heaps, VirtualAlloc. Oracle: Wine.
memory.exe
