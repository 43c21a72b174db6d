# The low eight bits of a 32-bit status. Oracle: Wine, but 256 is 0 as PERSONALITIES 16 wants (Wine makes it 1).
exit3.exe; echo $?
for code in 0 1 255 256 261 0xffffffff 0xc0000005; do exit3.exe $code; echo "$code $?"; done
exit3.exe && echo yes || echo no
