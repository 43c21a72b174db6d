# One pipeline of both kinds. Oracle: Wine.
printf 'c\na\nb\n' | upper.exe | sort | head -3
ls / | grep -x tmp | upper.exe
hello.exe > /tmp/x && wc -l < /tmp/x
seq 1 1000 | cat.exe | awk '{s+=$1} END{print s}' | upper.exe
