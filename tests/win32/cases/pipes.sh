# Named pipes of messages, waiting for them, and calls through them, between processes. Oracle: Wine.
pipes.exe central
pipes.exe library
