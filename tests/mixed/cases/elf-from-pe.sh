# A Win32 program starts Linux programs; their status and output come back. Oracle: construction.
spawn.exe -p '/bin/echo from elf'
spawn.exe 'Z:\bin\true'; spawn.exe 'Z:\bin\false'
spawn.exe "Z:\\bin\\sh -c \"exit 42\""
spawn.exe "Z:\\bin\\sh -c \"kill -9 \$\$\""
