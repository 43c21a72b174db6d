# End-of-file and broken pipes cross both ways. Oracle: Wine.
yes | head1.exe
yes | head -n 100000 | cat.exe | head -n 1
head -c 3000000 /dev/zero | cat.exe | true
echo through | cat.exe | cat | cat.exe
