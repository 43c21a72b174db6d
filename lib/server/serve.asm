; The wait of a server of foreign threads. System calls that need one function and nothing else are
; answered here without leaving the registers: the message is the register file, so a handler finds
; its arguments there, and the kernel takes of a foreign answer word 0 alone, so nothing is zeroed.
;
; int64_t jn_serve_quick(uint64_t operation, cap_t gate, struct jn_registers *registers,
;                        const struct jn_quick *quick)
;   in:  rdi JN_WAIT or JN_REPLY_WAIT with its timeout, rsi gate, rdx registers {tag, label,
;        words[10]}, rcx handlers
;   out: as jn_syscall(), for the first message that is not quick
;   keeps rbx rbp r12-r15; destroys all else that the C ABI lets it

bits 64
default rel

%include "ipc/frame.inc"

%define JN_REPLY_WAIT 1
%define JN_WAIT 2
; JN_TAG_KERNEL, JN_KM_SYSCALL, ten words
%define SYSCALL_TAG (0x80000000 | 1 << 24 | 10)
%define QUICK_TABLE 0
%define QUICK_SIZE 8
%define QUICK_OTHER 16
%define QUICK_CALL 24
%define QUICK_CALLS 512
%define INDEX_MASK 0xfffffff

section .text.jn_serve_quick progbits alloc exec nowrite align=64
global jn_serve_quick:function

; the frame, from rsp up; a handler that wants other words of the message than its arguments looks here
; (personalities/win32-lite/server/quick_enter.asm), words 4 to 9 are in their registers
%define RDX 0
%define R10 8
%define R8 16
%define R9 24
%define RDI 32
%define OPERATION 40
%define GATE 48
%define REGISTERS 56
%define QUICK 64
%define FRAME 72

; What the wait returned with, to registers at rcx.
%macro store_registers 0
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
%endmacro

jn_serve_quick:
    push rbx
    push rbp
    push r12
    push r13
    push r14
    push r15
    sub rsp, FRAME
    mov rax, rdi
    and rdi, ~0xff
    or rdi, JN_REPLY_WAIT
    mov [rsp + OPERATION], rdi
    mov [rsp + GATE], rsi
    mov [rsp + REGISTERS], rdx
    mov [rsp + QUICK], rcx
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
.wait:
    syscall
    ; Whatever else ends the wait has another tag: 0 with a status or Signal bits.
    cmp esi, SYSCALL_TAG
    jne .out
    mov rax, [rsp + QUICK]
    cmp rbx, QUICK_CALLS                    ; word 4: the number
    jae .not_quick
    mov r11, [rax + rbx * 8 + QUICK_CALL]
    test r11, r11
    jz .not_quick
    mov ecx, edi
    and ecx, INDEX_MASK
    cmp rcx, [rax + QUICK_SIZE]
    jae .not_quick
    shl rcx, 4
    add rcx, [rax + QUICK_TABLE]
    cmp [rcx + 8], rdi
    jne .not_quick
    mov [rsp + RDX], rdx
    mov [rsp + R10], r10
    mov [rsp + R8], r8
    mov [rsp + R9], r9
    mov [rsp + RDI], rdi
    mov rdi, [rcx]
    mov rsi, rbp                            ; words 5, 6, 0, 1: the first four arguments
    mov rcx, rdx
    mov rdx, r12
    mov r8, r10
    call r11
    cmp rax, -0x80000000                    ; JN_NOT_QUICK
    je .back
.answer:
    mov rdx, rax
    mov esi, 1
    mov rdi, [rsp + GATE]
    mov rax, [rsp + OPERATION]
    jmp .wait

.back:
    mov rdx, [rsp + RDX]
    mov r10, [rsp + R10]
    mov r8, [rsp + R8]
    mov r9, [rsp + R9]
    mov rdi, [rsp + RDI]
    mov esi, SYSCALL_TAG
.not_quick:
    mov rax, [rsp + QUICK]
    mov rcx, [rsp + REGISTERS]
    store_registers
    mov rax, [rax + QUICK_OTHER]
    test rax, rax
    jz .leave
    call rax
    cmp rax, -0x80000000
    jne .answer
    xor esi, esi
    mov rdi, [rsp + GATE]
    mov eax, JN_WAIT
    jmp .wait

.out:
    mov rcx, [rsp + REGISTERS]
    store_registers
.leave:
    add rsp, FRAME
    pop r15
    pop r14
    pop r13
    pop r12
    pop rbp
    pop rbx
    ret

section .note.GNU-stack noalloc noexec nowrite progbits
