# Win32 programs in shell scripts, loops, substitutions, the background. Oracle: Wine.
for i in 1 2 3; do exit3.exe $i; printf "$? "; done; echo
x=$(hello.exe | head -1); echo "<$x>" | tr -d '\r'
bash -c 'exit3.exe 9 & wait $!; echo $?'
mksh -c 'exit3.exe 8; echo $?'
(sleep.exe 100; exit3.exe 4); echo $?
if exit3.exe 0; then echo yes; fi
