# bash-static: arrays, regular expressions, traps, coprocesses, printf. Oracle: Linux.
bash <<'END'
a=(one two three); echo "${#a[@]} ${a[1]} ${a[@]:1}"; declare -A m=([x]=1 [y]=2); echo "${m[y]}"
[[ abc123 =~ ([a-z]+)([0-9]+) ]] && echo "${BASH_REMATCH[2]}"
printf '%q %05d %x\n' "a b" 42 255; echo $((2**40)) ${RANDOM:+random}
trap 'echo err $?' ERR; false; trap - ERR
f() { local x=$1; ((x > 0)) && f $((x-1)); echo -n "$x "; }; f 5; echo
coproc cat; echo hi >&${COPROC[1]}; read -u ${COPROC[0]} line; echo "got $line"; kill $COPROC_PID
mapfile -t lines < <(seq 3); echo "${lines[*]}"; echo {a..e}{1,2}; shopt -s extglob; echo /e@(tc|tx)
read -t 0.1 x < <(sleep 1); echo "timeout $((${?} > 128))"; echo "${x:-empty}"; time_=$SECONDS; echo $((time_ < 60))
(sleep 0.1; exit 5) & wait $!; echo $?; exec {fd}>tmpfile; echo x >&$fd; cat tmpfile
END
bash -c 'echo $BASHPID $$' | awk '{print $1==$2}'; bash --version | head -1 | cut -d' ' -f1-3; bash -c 'ulimit -c; type -t cd ls'
