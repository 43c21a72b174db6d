# A Win32 shell's pipeline with Linux programs in it. Oracle: construction.
mkdir d; touch d/axb d/cyd; cd d
cmd.exe /c 'busybox ls | find.exe x'
cmd.exe /c 'busybox sh -c "exit 5"'; echo "status $?"
cmd.exe /c 'echo hello| busybox tr a-z A-Z'
