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

; ---- foreign threads ----------------------------------------------------------------------------
global foreign_check, foreign_count, foreign_fault, foreign_copy, foreign_spin, foreign_result
global foreign_vector, foreign_fpu, foreign_xsave, foreign_step, foreign_step_end, native_fault, exec_zero


section .data
align 8
foreign_result: dq 0
vector_a: dq 0x1111111111111111, 0x2222222222222222, 0x3333333333333333, 0x4444444444444444

section .text
; Makes system calls for ever, and checks after each that all registers but rax, rcx and r11 have
; kept their values; foreign_result counts, or is negative when one had not.
foreign_check:
    mov rbx, 0x101
    mov rdx, 0x102
    mov rsi, 0x103
    mov rbp, 0x104
    mov r8, 0x105
    mov r9, 0x106
    mov r10, 0x107
    mov r12, 0x108
    mov r13, 0x109
    mov r14, 0x10a
    mov r15, 0x10b
    mov rdi, 0x10c
.again:
    mov rax, [rel foreign_result]
    add rax, 1000
    stc
    syscall
    jnc .bad
    lea r11, [rel .after]
    cmp rax, 7
    jne .bad
    cmp rbx, 0x101
    jne .bad
    cmp rdx, 0x102
    jne .bad
    cmp rsi, 0x103
    jne .bad
    cmp rbp, 0x104
    jne .bad
    cmp r8, 0x105
    jne .bad
    cmp r9, 0x106
    jne .bad
    cmp r10, 0x107
    jne .bad
    cmp r12, 0x108
    jne .bad
    cmp r13, 0x109
    jne .bad
    cmp r14, 0x10a
    jne .bad
    cmp r15, 0x10b
    jne .bad
    cmp rdi, 0x10c
    jne .bad
.after:
    inc qword [rel foreign_result]
    jmp .again
.bad:
    mov qword [rel foreign_result], -1
    jmp $

; rax = 1, then what the answer said, and so on: adds up what is answered.
foreign_count:
    xor eax, eax
.again:
    syscall
    add [rel foreign_result], rax
    jmp .again

; Reads and writes at rdi.
foreign_fault:
    mov rax, [rdi]
    mov [rel foreign_result], rax
    mov byte [rdi + 8], 1
    mov qword [rel foreign_result], 2
    jmp $

; One system call with rdi as it is, then again.
foreign_copy:
    mov eax, 5
    syscall
    mov [rel foreign_result], rax
    jmp foreign_copy

foreign_spin:
    inc qword [rel foreign_result]
    jmp foreign_spin

foreign_vector:
    mov [rel foreign_result], rsp
    ud2
    mov qword [rel foreign_result], 77
    int3
    jmp $

foreign_step:
    nop
    nop
    inc qword [rel foreign_result]
    nop
foreign_step_end:
    jmp $

; Goes on by a user-mode iretq, to .there with another stack and the carry flag.
global foreign_iretq
foreign_iretq:
    mov rbx, rsp
    and rsp, -16
    lea rax, [rsp - 1024]
    push 0x2b
    push rax
    push 0x203
    push 0x33
    lea rcx, [rel .there]
    push rcx
    iretq
.there:
    jnc .bad
    cmp rsp, rax
    jne .bad
    mov qword [rel foreign_result], 5
    jmp $
.bad:
    mov qword [rel foreign_result], -1
    jmp $

; Two native system calls, for single steps.
global native_step, native_step_end
native_step:
    mov eax, 10
    syscall
    nop
    mov eax, 10
    syscall
    nop
native_step_end:
    jmp $

; AVX state that is live across system calls, checked after each.
foreign_fpu:
    vmovdqu ymm0, [rel vector_a]
    vpaddq ymm5, ymm0, ymm0
    vmovdqu ymm15, ymm0
    mov rbx, rdi
    movq xmm7, rbx
.again:
    mov eax, 1
    syscall
    movq rcx, xmm7
    cmp rcx, rbx
    jne .bad
    vpsubq ymm6, ymm5, ymm15
    vpxor ymm6, ymm6, ymm0
    vptest ymm6, ymm6
    jnz .bad
    inc qword [rel foreign_result]
    jmp .again
.bad:
    bts qword [rel foreign_result], 63      ; the others' counting does not hide it
    jmp $

; Touches vector registers by XSAVE and XRSTOR alone. rdi = what it puts there; its area is the one of
; that number's low bits. They are empty at first, and after each system call what it has put there;
; foreign_result counts, or is negative when they were not.
foreign_xsave:
    mov rbx, rdi
    mov r12d, edi
    and r12d, 3
    shl r12d, 10
    lea rdi, [rel xsave_areas]
    add r12, rdi
    mov eax, 7
    xor edx, edx
    xsave [r12]
    mov ecx, 16
.empty:
    mov rax, [r12 + 160 - 8 + rcx * 8]      ; xmm0 to xmm7
    or rax, [r12 + 576 - 8 + rcx * 8]       ; and the upper halves of their ymm
    jnz .bad
    dec ecx
    jnz .empty
.again:
    mov qword [r12 + 512], 7                ; XSTATE_BV
    mov [r12 + 160 + 7 * 16], rbx
    mov [r12 + 576 + 9 * 16], rbx
    mov eax, 7
    xor edx, edx
    xrstor [r12]
    mov eax, 1
    syscall
    mov qword [r12 + 160 + 7 * 16], 0
    mov qword [r12 + 576 + 9 * 16], 0
    mov eax, 7
    xor edx, edx
    xsave [r12]
    cmp [r12 + 160 + 7 * 16], rbx
    jne .bad
    cmp [r12 + 576 + 9 * 16], rbx
    jne .bad
    inc rbx
    inc qword [rel foreign_result]
    jmp .again
.bad:
    bts qword [rel foreign_result], 63      ; the others' counting does not hide it
    jmp $

section .bss align=64
xsave_areas: resb 4 * 1024
