# The example personality: every call, ends of every kind, programs of other personalities beside it.
# Oracle: personalities/example/abi.h.
echo one | tour x 'y z' > out; echo "status $?"; tail -n +2 out
(echo early; sleep 0.1; echo late) | tour | tail -n 2
tour < /dev/null | sort | head -n 1
mkfifo fifo
for signal in TERM KILL; do
    sleep 100 > fifo & holder=$!
    tour < fifo > out & victim=$!
    until [ "$(cat out 2> /dev/null | wc -l)" = 8 ]; do :; done
    kill -$signal $victim; wait $victim 2> /dev/null; echo "$signal $?"
    kill $holder; wait $holder 2> /dev/null
done
cp /bin/tour bad; dd if=/dev/zero of=bad bs=1 seek=16 count=64 conv=notrunc 2> /dev/null
(./bad) 2> /dev/null; echo "fault $?"
head -c 6 /bin/tour > short; chmod +x short; env ./short 2> /dev/null; echo "short $?"
i=0; while [ $i -lt 30 ]; do tour < /dev/null > out; i=$((i + 1)); done; wc -l < out
