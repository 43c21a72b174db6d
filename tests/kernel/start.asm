; The self-test's first instruction, and pieces of user code whose registers a C compiler would not
; let us choose.

bits 64
default rel
extern main
global _start, thread_start, measure_call, measure_server, measure_mark, foreign_loop, foreign_regs

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
    ud2
