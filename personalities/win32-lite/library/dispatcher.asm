; What 0x7ffe1000 points to: the stubs of ntdll.dll call it when SystemCall is 1, without entering the
; kernel. It makes of the call what the door makes of a `syscall` (lib/adapter/entry.asm) and goes on there.
;
; In: rax = number, r10 = first argument, rdx, r8, r9 and the stack = the others, [rsp] = return address
; to the stub's `ret`. Out: rax. rcx, r11 and flags are lost, as they are to `syscall`; flags are no
; business of Win32's calling convention, but DF is 0.
;
; The thread's UTCB is found at TEB+0x328, where Wine's own dispatcher keeps its frame; that it is
; this thread's is seen from the TEB's address in it. Who writes elsewhere to that cell harms himself.
bits 64
default rel

UTCB_IN_ADAPTER equ 1032
UTCB_DOOR_RIP equ 1040
UTCB_DOOR_RSP equ 1048
UTCB_TEB equ 1056 + 8 ; user[1]
TEB_SELF equ 0x30
TEB_UTCB equ 0x328
INSIDE equ 1

%include "user_clock.inc"
extern adapter_door
global win32_dispatcher:function, win32_dispatcher_slow:function

section .text.dispatcher progbits alloc exec nowrite align=64
win32_dispatcher:
    user_clock
win32_dispatcher_slow:
    mov rcx, [gs:TEB_UTCB]
    mov r11, [gs:TEB_SELF]
    cmp [rcx + UTCB_TEB], r11
    jne .foul
    mov qword [rcx + UTCB_IN_ADAPTER], INSIDE
    pop r11
    mov [rcx + UTCB_DOOR_RIP], r11
    mov [rcx + UTCB_DOOR_RSP], rsp
    mov r11d, 0x202
    jmp adapter_door
.foul:
    ud2
user_clock_code win32_dispatcher_slow

section .note.GNU-stack noalloc noexec nowrite progbits
