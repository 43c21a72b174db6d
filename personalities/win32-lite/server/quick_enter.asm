; From the server loop (lib/server/serve.asm) to a quick service (quick.c): NT's arguments stand in other
; words of the message than those of a Linux call. In: as serve.asm calls a handler; words 0 to 3 stand at
; [rsp + 8] on, word 3 is still in r9, word 4, the number, in rbx, and word 8, the program's rsp, in r14.
bits 64
default rel

extern win32_quick_services
global win32_quick_enter:function

section .text.win32_quick progbits alloc exec nowrite align=64
win32_quick_enter:
    lea rax, [win32_quick_services]
    mov rsi, r8             ; word 1: r10
    mov rdx, rcx            ; word 0: rdx
    mov rcx, [rsp + 8 + 16] ; word 2: r8
    mov r8, r9              ; word 3
    mov r9, r14
    jmp [rax + rbx * 8]

section .note.GNU-stack noalloc noexec nowrite progbits
