# printf with arguments, and the status. Oracle: Wine.
hello.exe; echo "status $?"
hello.exe a 'b c' ''; echo "status $?"
hello.exe > out; wc -c < out
