# Wine's other console programs. Oracle: Wine.
printf 'apple\r\nbanana\r\ncherry\r\n' > fruit.txt
find.exe "an" < fruit.txt; echo "status $?"; find.exe "zz" < fruit.txt; echo "status $?"
findstr.exe an fruit.txt; echo "status $?"
mkdir from; echo 1 > from/a.txt; echo 2 > from/b.txt
xcopy.exe /q /i from to >/dev/null; echo "status $?"; ls to
attrib.exe fruit.txt | sed 's/ *[A-Z]:/ X:/'
fc.exe fruit.txt fruit.txt >/dev/null; echo "status $?"
