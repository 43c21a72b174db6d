# Files that are no program of either kind: refused, and nothing else notices. Oracle: construction.
printf 'MZ' > mz.exe; printf '\177ELF' > elf
printf 'plain text' > text.exe
f=/c/windows/system32/hostname.exe
head -c 100 $f > short1.exe; head -c 600 $f > short2.exe; head -c 3000 $f > short3.exe
mkdir directory.exe
chmod +x *.exe elf
for p in mz.exe elf short1.exe short2.exe short3.exe directory.exe; do
    ./$p >/dev/null 2>&1 </dev/null; s=$?
    [ $s = 126 ] || [ $s = 127 ] || [ $s = 2 ] || echo "$p: $s"
done
cmd.exe /c mz.exe >/dev/null 2>&1; [ $? != 0 ] && echo refused
hello.exe
