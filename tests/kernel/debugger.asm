; What debugger.c debugs: a foreign thread that counts in its memory, 16 instructions a round.

bits 64
default rel
global target_loop, target_step, target_steps_end, target_call

section .text
; rdi: its counter, at [rdi]; [rdi + 8]: what is added.
target_loop:
    mov rax, [rdi]
    add rax, [rdi + 8]
target_step:
    mov [rdi], rax
    lea rbx, [rax + rax]
    mov [rdi + 16], rbx
target_steps_end:
    jmp target_loop

; The same with a system call in each round: rax = 500.
target_call:
    mov eax, 500
    syscall
    inc qword [rdi]
    jmp target_call
