# Found by exec from a process in either placement of POSIX. Oracle: personalities/example/abi.h.
for place in central library; do
    place $place sh -c 'tour x < /dev/null > out; echo "$? $(wc -l < out)"; unset JANUS_PLACE; exec tour < /dev/null > out2'
    echo "$? $(wc -l < out2)"
done
