# Named events and sections between two processes. Oracle: Wine.
named.exe
