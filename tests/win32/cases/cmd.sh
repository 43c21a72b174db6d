# cmd.exe: commands, pipes, redirection, status. Oracle: Wine.
cmd.exe /c 'echo hi& exit 7'; echo "status $?"
cmd.exe /c 'echo one & echo two' | od -An -c
printf 'x y\r\nz\r\n' > list.txt
cmd.exe /c 'type list.txt | find x'
printf '@echo off\r\nfor /f "tokens=2" %%%%i in (list.txt) do echo %%%%i\r\nif "%%1"=="a b" echo quoted\r\nexit /b 4\r\n' > t.bat
cmd.exe /c t.bat 'a b'; echo "status $?"
cmd.exe /c 'copy list.txt copy.txt >nul & if exist copy.txt echo copied'
cmd.exe /c 'no-such-command' 2>/dev/null; echo "status $?"
cmd.exe /c 'hello.exe a > out.txt & type out.txt'
cmd.exe /c cd
