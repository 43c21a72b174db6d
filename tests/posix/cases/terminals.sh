# Without a terminal; a pseudo-terminal of script's own is not needed for that. Oracle: Linux.
[ -t 0 ] || echo no terminal; tty; [ -t 1 ] || echo pipe or file
stty 2>/dev/null || echo stty failed
(: < /dev/tty) 2>/dev/null || echo no controlling terminal
