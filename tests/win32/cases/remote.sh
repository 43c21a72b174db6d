# One process acts on another: memory, views, handles, threads, ends; in every pair of placements. Oracle: the
# documentation of Windows.
remote.exe
remote.exe central
remote.exe library
