; The one place where native code enters the kernel.
;
; int64_t jn_syscall(uint64_t operation, cap_t capability, struct jn_registers *registers)
;   in:  rdi operation, rsi capability, rdx registers {tag, label, words[10]}
;   out: rax status; *registers as the kernel left them
;   keeps rbx rbp r12-r15; destroys all else that the C ABI lets it

bits 64
default rel

%include "ipc/frame.inc"

section .text.jn_syscall progbits alloc exec nowrite align=64
global jn_syscall:function
jn_syscall:
    push rbx
    push rbp
    push r12
    push r13
    push r14
    push r15
    push rdx
    mov rax, rdi
    mov rdi, rsi
    mov rsi, [rdx]
    mov r10, [rdx + 24]
    mov r8, [rdx + 32]
    mov r9, [rdx + 40]
    mov rbx, [rdx + 48]
    mov rbp, [rdx + 56]
    mov r12, [rdx + 64]
    mov r13, [rdx + 72]
    mov r14, [rdx + 80]
    mov r15, [rdx + 88]
    mov rdx, [rdx + 16]
    syscall
    pop rcx
    mov [rcx], rsi
    mov [rcx + 8], rdi
    mov [rcx + 16], rdx
    mov [rcx + 24], r10
    mov [rcx + 32], r8
    mov [rcx + 40], r9
    mov [rcx + 48], rbx
    mov [rcx + 56], rbp
    mov [rcx + 64], r12
    mov [rcx + 72], r13
    mov [rcx + 80], r14
    mov [rcx + 88], r15
    pop r15
    pop r14
    pop r13
    pop r12
    pop rbp
    pop rbx
    ret
.end:

frame_table jn_syscall, jn_syscall.end, 8, 1

; int64_t jn_syscall_copy(cap_t reply, uint64_t tag, const uint64_t arguments[3], uint64_t results[3])
;   JN_COPY with the three words of its request and those of its answer, and no others
;   in:  rdi Reply, rsi tag, rdx arguments, rcx results
;   out: rax status; keeps rbx rbp r12-r15

section .text.jn_syscall_copy progbits alloc exec nowrite align=64
global jn_syscall_copy:function
jn_syscall_copy:
    push rbx
    push rbp
    push r12
    push r13
    push r14
    push r15
    push rcx
    mov eax, 6                              ; JN_COPY
    mov r10, [rdx + 8]
    mov r8, [rdx + 16]
    mov rdx, [rdx]
    syscall
    pop rcx
    mov [rcx], rdx
    mov [rcx + 8], r10
    mov [rcx + 16], r8
    pop r15
    pop r14
    pop r13
    pop r12
    pop rbp
    pop rbx
    ret

section .note.GNU-stack noalloc noexec nowrite progbits
