# ps shows programs of both kinds; their pids are of one space. Oracle: construction.
sleep.exe 60000 & pe=$!
sleep 60 & elf=$!
sleep 1
ps -o pid,comm | grep -c -E 'sleep(\.exe)?$'
ps -o pid,comm | awk -v a=$pe -v b=$elf '$1==a||$1==b {n++} END{print n}'
[ $((pe % 4)) = 0 ] && echo multiple of four
kill -9 $pe $elf
