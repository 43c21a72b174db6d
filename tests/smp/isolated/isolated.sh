# A machine whose fourth processor is isolated. Oracle: Linux with isolcpus=3 (the masks), promise E11
# (nothing is added to the quanta of who is alone there).
nproc
taskset 8 nproc
taskset 8 sh -c 'nproc; sh -c nproc & wait'
t-isolated
t-isolated 3
