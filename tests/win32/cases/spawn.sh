# CreateProcessW of Win32 programs. Oracle: Wine.
spawn.exe 'exit3.exe'; spawn.exe 'exit3.exe 0x12345678'; spawn.exe 'no-such-program.exe'
spawn.exe -p 'hello.exe x'; spawn.exe 'args.exe "a b" c\"d'
echo input | spawn.exe -p upper.exe
spawn.exe -p 'spawn.exe exit3.exe'
