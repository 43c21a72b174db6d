# Jobs that spin, sleep and catch signals are stopped, continued and killed while others pump data;
# children upon children. Oracle: Linux.
for i in 1 2; do
    (while :; do :; done) & a=$!
    sleep 1000 & b=$!
    (yes | head -c 100000 | wc -c) > y & c=$!
    (head -c 1000000 /dev/zero | md5sum) > m & d=$!
    kill -STOP $a; kill -CONT $a
    kill -9 $a; wait $a 2> /dev/null; echo $?
    kill $b; wait $b 2> /dev/null; echo $?
    wait $c $d
    cat y m
    for k in 1 2 3 4 5 6 7 8; do (exit $k) & done; wait
    for k in 1 2 3; do for l in 1 2 3; do (: & : & wait) & done; done; wait
    timeout 0.05 sh -c 'while :; do :; done'; echo $?
done 2> /dev/null
