# Run in the guest: driver.sh LIMIT JOB...; see README.md.
limit=$1
shift
for job; do
    rm -rf /tmp/janus-case /tmp/janus-files
    mkdir /tmp/janus-case
    cd /tmp/janus-case
    timeout -s KILL "$limit" sh "${JANUS_JOBS:-/tests/jobs}/$job" >/tmp/janus-out 2>/tmp/janus-err </dev/null
    status=$?
    cd /
    : >>/tmp/janus-files
    echo "=== $job $status $(wc -c </tmp/janus-out) $(wc -c </tmp/janus-err) $(wc -c </tmp/janus-files)"
    cat /tmp/janus-out /tmp/janus-err /tmp/janus-files
done
