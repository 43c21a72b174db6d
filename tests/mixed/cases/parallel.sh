# Background pipelines of both kinds at the same time, again and again; nothing is lost, nothing
# hangs. Oracle: construction.
for i in 1 2; do
    for j in 1 2; do
        (hello.exe | cat | wc -l) > o.$j 2>&1 &
        (echo a b c | tr ' ' '\n' | sort | wc -l) > p.$j &
    done
    (seq 1 500 | upper.exe | cat.exe | wc -l) > q &
    threads.exe > t 2>&1 &
    wait
    cat o.? p.? q | tr -d '\n'
    wc -l < t
done
sleep.exe 60000 & kill -9 $!; wait $!; echo $?
