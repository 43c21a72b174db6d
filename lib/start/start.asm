; First instruction of a native task: rsp is the top of the stack (16-byte aligned), GS base the
; UTCB. Calls jn_start, which does not return.

bits 64
default rel

section .text.start progbits alloc exec nowrite align=16
extern jn_start
global _start:function
_start:
    xor ebp, ebp
    and rsp, -16
    call jn_start
    ud2

section .note.GNU-stack noalloc noexec nowrite progbits
