# kill ends a Win32 program: at once with 9; other signals by default as well. Oracle: construction.
sleep.exe 60000 & kill -9 $!; wait $!; echo $?
sleep.exe 60000 spin & kill -9 $!; wait $!; echo $?
sleep.exe 60000 & sleep 1; kill $!; wait $!; echo "ended $?"
