# mksh-static (klibc). Oracle: Linux.
mksh -c 'typeset -i x=5; print $((x*2)); set -A arr a b c; print ${arr[2]} ${#arr[*]}; print -r -- "$KSH_VERSION" | cut -c1-4'
mksh -c 'function f { typeset y=$1; return $y; }; f 9; print $?; print -n x | cat; print; [[ abc = a* ]] && print glob'
mksh -c 'print hi |& read -p v; print $v; select w in; do :; done </dev/null; print ${.sh.version:-none}' 2>/dev/null | head -1
mksh -c 'trap "print bye" EXIT; (exit 3); print $?'; mksh -c 'kill -TERM $$'; echo $?
