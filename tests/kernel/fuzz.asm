; The fuzzer's way into the kernel, and an adapter for those of its threads that have a door: in the
; range fuzz_begin to fuzz_end `syscall` is a kernel call, elsewhere it enters fuzz_door.
;
; void fuzz_syscall(uint64_t operation, uint64_t handle, uint64_t registers[14])
;   registers: rsi, rdi (out), the ten words, rcx, r11 (out). rax comes back in rax.
bits 64
default rel
global fuzz_begin, fuzz_door, fuzz_syscall, fuzz_end, fuzz_outside, fuzz_entered

; utcb.h; fuzz.c checks it
IN_ADAPTER equ 1032
DOOR_RIP equ 1040
DOOR_RSP equ 1048

section .data align=8
fuzz_entered: dq 0

%macro with_registers 0
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
    push rcx
    mov rcx, [rsp + 8]
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
    mov [rcx + 104], r11
    pop r11
    mov [rcx + 96], r11
    pop rdx
    pop r15
    pop r14
    pop r13
    pop r12
    pop rbp
    pop rbx
    ret
%endmacro

section .text align=64
fuzz_begin:
    ud2
; Serves nothing. A stop that waits takes hold when its time is over.
fuzz_door:
    lock inc qword [rel fuzz_entered]
    xor r11d, r11d
    xchg r11, [rcx + IN_ADAPTER]
    mov rsp, [rcx + DOOR_RSP]
    mov rax, -38
    jmp [rcx + DOOR_RIP]
fuzz_syscall:
    with_registers
fuzz_end:

; The same, from where the door is entered.
fuzz_outside:
    with_registers
