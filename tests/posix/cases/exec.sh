# exec: scripts, interpreters, arguments, environment, failures. Oracle: Linux.
printf '#!/bin/sh\necho "$0 $*"\n' > s; chmod +x s; ./s a 'b c'
printf '#!/bin/busybox sed -f\ns/x/y/\n' > sed-script; chmod +x sed-script; echo axb | ./sed-script 2>/dev/null || echo one argument
printf '#!/bin/busybox cat\nline\n' > c; chmod +x c; ./c
printf '#!/no/such/interpreter\n' > n; chmod +x n; ./n 2>/dev/null; echo $?
printf 'echo no header; exit 4\n' > h; chmod +x h; ./h; echo $?
./missing 2>/dev/null; echo $?; ./. 2>/dev/null; echo $?
echo x > plain; ./plain 2>/dev/null; echo $?
A=1 B='2 3' sh -c 'echo "$A,$B"'; env -i X=y env
env -u HOME sh -c 'echo ${HOME-unset}'
sh -c 'echo $0 $1 $#' name one two
(exec echo replaced); exec 3>&1; echo kept >&3
cp /bin/busybox bb && ./bb echo copied
ln -s bb ls && ./ls -d /
printf '\177ELF\002\001\001' > short; chmod +x short; ./short 2>/dev/null; echo $?
head -c 64 /bin/busybox > header; chmod +x header; ./header 2>/dev/null; [ $? -ne 0 ] && echo refused
head -c 5000 /bin/busybox > cut; chmod +x cut; ./cut 2>/dev/null; [ $? -ne 0 ] && echo refused
mkdir d; chmod +x d; ./d 2>/dev/null; echo $?
printf '#!' > e1; printf '#!/bin/sh' > e2; chmod +x e1 e2; ./e2; echo $?
