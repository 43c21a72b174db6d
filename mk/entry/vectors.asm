; One stub per vector, 16 bytes apart: pushes an error code where the processor does not, and the
; vector, and goes on to entry_trap. NMI is answered here: it may come anywhere, with either GS.

extern entry_trap, nmi_count
global vectors
%ifndef TRACED
global vector_nmi
%endif

bits 64
default rel
section .text.vectors progbits alloc exec nowrite align=64

; Vectors for which the processor pushes an error code (Intel SDM Vol. 3A, 6.15).
%define WITH_ERROR ((1 << 8) | (1 << 10) | (1 << 11) | (1 << 12) | (1 << 13) | (1 << 14) \
                    | (1 << 17) | (1 << 21) | (1 << 29) | (1 << 30))

vectors:
%assign v 0
%rep 256
    align 16
  %if v >= 32
    push 0
  %elif ((WITH_ERROR >> v) & 1) == 0
    push 0
  %endif
    push v
    jmp entry_trap
  %assign v v + 1
%endrep

%ifndef TRACED
align 16
vector_nmi:
    inc qword [nmi_count]
    iretq
%endif
