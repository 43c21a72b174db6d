# Pipelines: status, broken pipes, much data, many stages. Oracle: Linux.
yes | head -n 3
seq 1 100000 | tail -n 1
head -c 5000000 /dev/zero | wc -c
false | true; echo $?; true | false; echo $?
bash -c 'yes | head -n 1 > /dev/null; echo "${PIPESTATUS[*]}"'
bash -c 'set -o pipefail; false | true; echo $?'
x=y; for i in 1 2 3 4 5 6 7 8; do x="$x|cat"; done; seq 5 | eval "cat ${x#y}" | tr '\n' ' '; echo
mkfifo f; (echo through the fifo > f) & cat f; wait
(sleep 0.1; echo late) | (read a; echo "<$a>")
echo abc | tee one two | cat - one two
dd if=/dev/zero bs=4k count=100 2>/dev/null | md5sum
seq 20 | xargs -n 7 echo
find / -maxdepth 1 -name tmp | while read d; do echo "dir $d"; done
bash -c 'cat <(echo one) <(echo two)'
bash -c 'diff <(seq 3) <(seq 4); echo $?'
