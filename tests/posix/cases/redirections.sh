# Redirections, here-documents, descriptors. Oracle: Linux.
echo one > a; echo two >> a; cat < a; cat a a > b; wc -l < b
cat <<END | tr a-z A-Z
here $((1+2)) $(echo sub)
END
cat <<'END'
$literal `quoted`
END
{ echo out; echo err >&2; } 2> e > o; cat o e
{ echo out; echo err >&2; } > both 2>&1; cat both
exec 5> five; echo to five >&5; exec 5>&-; cat five
exec 6< a; read x <&6; read y <&6; echo "$y $x"
echo text >&7 2>/dev/null || echo bad descriptor
set -C; echo x > a 2>/dev/null || echo noclobber; echo y >| a; cat a
: > empty; wc -c < empty; echo $(< a) "$(cat < /dev/null)"
ls missing 2>&1 >/dev/null | grep -c 'No such file'
echo abc > /dev/full 2>/dev/null || echo full
cat /dev/fd/0 < a
