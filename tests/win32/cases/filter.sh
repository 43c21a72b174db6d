# A filter between ELF programs; bytes untouched. Oracle: Wine.
printf 'abc\r\n\032def\n\0x' | upper.exe | od -An -c
echo one two | upper.exe | tr -d '\n' | wc -c
printf '' | upper.exe | wc -c
upper.exe < /dev/null | wc -c
echo file > in; upper.exe < in > out; cat out in
