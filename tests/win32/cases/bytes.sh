# A megabyte of all byte values through two Win32 programs. Oracle: Wine.
i=0; while [ $i -lt 256 ]; do printf "\\$(printf %03o $i)"; i=$((i+1)); done > all
i=0; while [ $i -lt 12 ]; do cat all all > twice; mv twice all; i=$((i+1)); done
sha256sum < all
cat all | cat.exe | cat.exe | sha256sum
cat.exe < all > copy; cmp all copy && echo same
