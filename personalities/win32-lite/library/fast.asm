; From the door to a service that is answered on the program's own thread (fast.c), and back; or to the
; handler, with everything as it was.
;
; What must survive is kept in the last quarter of the thread's UTCB page, which the kernel does not
; use, and the same place has the stack. fast.c has the layout.
bits 64
default rel

FAST equ 3072
UTCB_DOOR_RSP equ 1048
PAGE equ 4096

extern adapter_leave, adapter_slow, win32_fast_functions
global win32_fast_enter:function, win32_fast_abort:function

section .text.fast progbits alloc exec nowrite align=64
; rcx = UTCB, r11 = flags, rax = number, all else the program's
win32_fast_enter:
    mov [rcx + FAST + 0], rax
    mov [rcx + FAST + 8], r10
    mov [rcx + FAST + 16], rdx
    mov [rcx + FAST + 24], r8
    mov [rcx + FAST + 32], r9
    mov [rcx + FAST + 40], rdi
    mov [rcx + FAST + 48], rsi
    mov [rcx + FAST + 56], rbx
    mov [rcx + FAST + 64], rbp
    mov [rcx + FAST + 72], r12
    mov [rcx + FAST + 80], r13
    mov [rcx + FAST + 88], r14
    mov [rcx + FAST + 96], r15
    mov rbx, rcx
    lea rsp, [rcx + PAGE]
    mov rdi, rcx
    mov rsi, r10
    mov rcx, r8
    mov r8, r9
    lea r11, [win32_fast_functions]
    call [r11 + rax * 8]
    mov rcx, rbx
    test rax, rax
    js win32_fast_abort
    mov rbx, [rcx + FAST + 56]
    mov rdi, [rcx + FAST + 40]
    mov rsi, [rcx + FAST + 48]
    jmp adapter_leave

; rcx = UTCB: as if nothing had happened, to the handler. Also where a fault in a fast service goes on.
align 16
win32_fast_abort:
    mov rax, [rcx + FAST + 0]
    mov r10, [rcx + FAST + 8]
    mov rdx, [rcx + FAST + 16]
    mov r8, [rcx + FAST + 24]
    mov r9, [rcx + FAST + 32]
    mov rdi, [rcx + FAST + 40]
    mov rsi, [rcx + FAST + 48]
    mov rbx, [rcx + FAST + 56]
    mov rbp, [rcx + FAST + 64]
    mov r12, [rcx + FAST + 72]
    mov r13, [rcx + FAST + 80]
    mov r14, [rcx + FAST + 88]
    mov r15, [rcx + FAST + 96]
    mov rsp, [rcx + UTCB_DOOR_RSP]
    jmp adapter_slow

section .note.GNU-stack noalloc noexec nowrite progbits
