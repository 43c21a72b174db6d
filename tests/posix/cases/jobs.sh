# Background jobs, wait, kill, traps. Oracle: Linux.
sleep 0.2 & p=$!; wait $p; echo $?
(exit 7) & wait $!; echo $?
sleep 100 & p=$!; kill $p; wait $p; echo $?
sleep 100 & p=$!; kill -9 $p; wait $p 2>/dev/null; echo $?
sleep 100 & p=$!; kill -STOP $p; kill -CONT $p; kill -TERM $p; wait $p; echo $?
trap 'echo usr1' USR1; kill -USR1 $$; trap - USR1
trap 'echo exit trap' EXIT
(trap 'echo inner; exit 3' TERM; kill -TERM $(exec sh -c 'echo $PPID')) ; echo $?
for i in 1 2 3 4 5; do (sleep 0.0$i; exit $i) & done; wait; echo all
kill -0 999999 2>/dev/null || echo no such process
(sleep 100; echo never) & sleep 0.1; kill %1 2>/dev/null || kill $!; wait; echo done
sh -c 'kill -SEGV $$'; echo $?
sh -c 'trap "" TERM; kill -TERM $$; echo ignored'
timeout 0.2 sleep 5; echo $?
timeout -s INT 0.2 sh -c 'trap "echo int; exit 9" INT; while :; do sleep 0.05; done'; echo $?
