# The clock's services with good and bad addresses, and threads stopped in them. Oracle: Wine.
clocks.exe
