# Overlapped I/O on named pipes: events, APCs, completion ports, cancellation. Oracle: Wine.
overlapped.exe
