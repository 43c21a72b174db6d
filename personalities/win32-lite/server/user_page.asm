; The page at 0x7ffe1000 of every process of the central server, and part of this server's text: what the
; stubs of ntdll.dll call when SystemCall is 1. The clock is answered here; every other call is made by the
; stub after all, whose `syscall; ret` stands in front of its call: who looks at a thread finds it there.
bits 64
%include "user_clock.inc"

STUB_SYSCALL equ 13     ; syscall (2), ret (1), jmp over a ret (3), call [0x7ffe1000] (7)
SYSCALL_CODE equ 0x050f
PAGE_ADDRESS equ 0x7ffe1000 ; NT_DISPATCHER_ADDRESS
global win32_user_page:data, win32_user_page_slow:function

section .text.user_page progbits alloc exec nowrite align=4096
win32_user_page:
    dq PAGE_ADDRESS + (entry - win32_user_page)
align 16
; rax = number, r10, rdx, r8, r9 and the stack = the arguments, [rsp] = return address to the stub's `ret`.
entry:
    user_clock
win32_user_page_slow:
    pop rcx
    cmp word [rcx - STUB_SYSCALL], SYSCALL_CODE
    jne .own
    sub rcx, STUB_SYSCALL
    jmp rcx
.own:                           ; another kind of stub: it, too, would only return
    syscall
    ret
user_clock_code win32_user_page_slow
    times 4096 - ($ - win32_user_page) db 0xcc

section .note.GNU-stack noalloc noexec nowrite progbits
