# busybox on a tree: copies, moves, archives, finds, permissions. Oracle: Linux.
mkdir -p a/b/c; for i in 1 2 3; do echo $i > a/$i; echo $i$i > a/b/c/$i; done
ln -s ../1 a/b/link; ln a/1 a/hard; cp -a a copy; diff -r a copy && echo same
tar cf - a | tar tf - | sort | tr '\n' ' '; echo
tar czf t.tgz a && mkdir x && tar xzf t.tgz -C x && diff -r a x/a && echo unpacked
find a -type f -size -1k | wc -l; find a -newer a/1 -type d | wc -l | grep -q . && echo ok
find a -name '[12]' -exec cat {} + | sort | tr '\n' ' '; echo
mv a/b moved; ls a moved; rm -rf moved; ls -d moved 2>/dev/null || echo removed
chmod 000 a/2; stat -c %a a/2; chmod u=rw,go=r a/2; stat -c %a a/2; umask 077; touch p; stat -c %a p
touch -d '2020-01-02 03:04:05' a/3; TZ=UTC date -r a/3 '+%F %T'; stat -c %h a/1 a/hard
du -s a >/dev/null && echo sizes
echo content > 'name with spaces'; cat name*; touch -- -dash; ls -1 ./-dash
mkdir deep; cd deep; for i in 1 2 3 4 5 6 7 8 9 10; do mkdir d$i; cd d$i; done; pwd | sed 's,.*/deep,deep,'; cd ../../../../../../../../../../..
dd if=/dev/zero of=big bs=1M count=8 2>/dev/null; stat -c %s big; sha1sum big; truncate -s 3 big; wc -c < big
i=0; while [ $i -lt 200 ]; do : > f$i; i=$((i+1)); done; ls f* | wc -l; rm f*; ls f* 2>/dev/null | wc -l
printf 'caf\303\251' > 'café'; cat caf*; echo; ls | grep -c 'café'
cd / && ls -d tmp dev proc root
gzip -c < /etc/passwd | gunzip -c | cmp - /etc/passwd && echo gzip; bzip2 -c < /etc/passwd | bunzip2 -c | cmp - /etc/passwd && echo bzip2
