; The self-test's first instruction, and pieces of user code whose registers a C compiler would not
; let us choose.

bits 64
default rel
extern main
global _start, thread_start

section .text
_start:
    xor ebp, ebp
    call main
    ud2

; A thread made by the harness: rdi = function, rsi = argument.
thread_start:
    mov rax, rdi
    mov rdi, rsi
    xor ebp, ebp
    call rax
; Nobody raises the Signal at this handle (harness.c: SLOT_NEVER).
.wait_for_ever:
    mov eax, 2
    mov edi, 30 * 64
    xor esi, esi
    syscall
    jmp .wait_for_ever
