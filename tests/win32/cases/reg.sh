# The registry outlives the process that wrote it. Oracle: Wine.
reg.exe add 'HKCU\Software\JanusTest' /v name /d value /f >/dev/null; echo "status $?"
reg.exe query 'HKCU\Software\JanusTest' /v name | tr -d '\r' | grep name
reg.exe add 'HKCU\Software\JanusTest' /v number /t REG_DWORD /d 77 /f >/dev/null
reg.exe query 'HKCU\Software\JanusTest' | tr -d '\r' | grep number
reg.exe delete 'HKCU\Software\JanusTest' /f >/dev/null; echo "status $?"
reg.exe query 'HKCU\Software\JanusTest' >/dev/null 2>&1; echo "status $?"
