# wait(2) while SIGCHLD is ignored, and with SA_NOCLDWAIT. Oracle: Linux.
t-reap
