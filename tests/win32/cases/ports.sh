# Completion ports and sections that two processes have. Oracle: Wine.
ports.exe central
ports.exe library
