# The same on C:. Oracle: Wine.
rm -rf /c/windows/temp/files; mkdir /c/windows/temp/files
files.exe 'C:\windows\temp\files' | tail -n +2; ls /c/windows/temp/files
