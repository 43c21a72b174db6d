# A limit on descriptors holds, and nothing else notices. Oracle: Linux.
bash -c 'ulimit -n 20; i=3; while { eval "exec $i</dev/null"; } 2>/dev/null; do i=$((i+1)); done; echo $i'
echo still here
