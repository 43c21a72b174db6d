; memcpy, memmove, memset with rep movsq/stosq: under the instruction clock each element counts as one
; instruction, so eight bytes at a time.

bits 64
default rel

section .text.memcpy progbits alloc exec nowrite align=16
global memcpy:function
; rdi destination, rsi source, rdx bytes; rax = destination. Destroys rcx, rdx, rsi, rdi.
memcpy:
    mov rax, rdi
    mov rcx, rdx
    shr rcx, 3
    and edx, 7
    rep movsq
    mov ecx, edx
    rep movsb
    ret

section .text.memmove progbits alloc exec nowrite align=16
global memmove:function
memmove:
    mov rax, rdi
    mov rcx, rdi
    sub rcx, rsi
    cmp rcx, rdx
    jae memcpy              ; the destination does not start inside the source
    std
    lea rsi, [rsi + rdx - 1]
    lea rdi, [rdi + rdx - 1]
    mov rcx, rdx
    and ecx, 7
    rep movsb
    sub rsi, 7
    sub rdi, 7
    mov rcx, rdx
    shr rcx, 3
    rep movsq
    cld
    ret

section .text.memset progbits alloc exec nowrite align=16
global memset:function
; rdi destination, esi byte, rdx bytes; rax = destination
memset:
    mov r8, rdi
    movzx eax, sil
    mov rcx, 0x0101010101010101
    imul rax, rcx
    mov rcx, rdx
    shr rcx, 3
    and edx, 7
    rep stosq
    mov ecx, edx
    rep stosb
    mov rax, r8
    ret

section .note.GNU-stack noalloc noexec nowrite progbits
