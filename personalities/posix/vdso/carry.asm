; The object as a page of the server's own text, from where it is mapped into programs.
bits 64
section .text.vdso progbits alloc exec nowrite align=4096
global posix_vdso_page
posix_vdso_page:
    incbin "vdso.so"
    times (4096 - ($ - posix_vdso_page)) db 0
section .note.GNU-stack noalloc noexec nowrite progbits
