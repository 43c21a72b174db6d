# Only the C library's text mode translates line ends and stops at 0x1a. Oracle: Wine.
printf 'a\r\nb\n' | text.exe | od -An -c
printf 'a\r\n\032b\n' | text.exe | od -An -c
printf 'a\r\n\032b\n' > in; text.exe < in > out; od -An -c out
