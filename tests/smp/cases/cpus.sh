# How many processors there are, on a machine of four, to both kinds of programs. Oracle: Linux with
# four CPUs (nproc, taskset, /proc), and Wine there.
nproc
grep -c ^processor /proc/cpuinfo
grep -c '^cpu[0-9]' /proc/stat
taskset -p $$ | sed 's/.*: //'
taskset 2 nproc
taskset 0xa sh -c 'nproc; taskset -p $$ | sed "s/.*: //"; sh -c nproc & wait'
taskset -p 4 $$ | sed 's/.*: //'
nproc
taskset 10 nproc 2>&1 | grep -c .
cpus.exe
