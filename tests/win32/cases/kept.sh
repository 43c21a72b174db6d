# Attributes by name, asked for again and again while this and another process change things. Oracle: Wine.
kept.exe
