# /proc as ps, top and programs read it. Oracle: Linux.
readlink /proc/self/exe; basename $(readlink /proc/self/cwd)
sh -c 'tr "\0" " " < /proc/self/cmdline | cut -d" " -f1'
sleep 5 & p=$!; sleep 0.1
cat /proc/$p/comm; tr '\0' ' ' < /proc/$p/cmdline; echo
awk '{print $2, $3, $4 == '$$'}' /proc/$p/stat
grep -E '^(Name|PPid):' /proc/$p/status | sed "s/$$/parent/"
tr '\0' '\n' < /proc/$p/environ | grep -c ^PATH=
ls /proc/$p/fd | tr '\n' ' '; echo
[ -n "$(cat /proc/$p/maps)" ] && echo maps; grep -c stack /proc/$p/maps
ps | grep -c '[s]leep 5'
kill $p
wait; ls -d /proc/$p 2>/dev/null || echo gone
for f in stat loadavg uptime mounts cpuinfo meminfo version; do [ -n "$(cat /proc/$f)" ] && echo $f; done
grep -c '^processor' /proc/cpuinfo | grep -q '^[1-9]' && echo processors
awk '/^MemTotal/ {print ($2 > 1000)}' /proc/meminfo
ls /proc/self/fd/0 >/dev/null && echo fd
