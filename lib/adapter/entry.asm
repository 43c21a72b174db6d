; The adapter's image begins here: its header, the handler's first instruction, and what the door leads
; to. docs/library.md says how fast calls join in. Nothing here uses a stack: the one in rsp is the
; program's.
;
; A thread in here may be stopped at any instruction. Until adapter_leave's exchange the kernel lets
; it go on for a time; after it, the words of the UTCB still say where the program is, so that the
; instructions from there can be executed again.
bits 64
default rel

; struct jn_utcb; start.c asserts it
UTCB_THREAD equ 1024
IN_ADAPTER equ 1032
DOOR_RIP equ 1040
DOOR_RSP equ 1048
DOOR_RAX equ 1168
DOOR_RFLAGS equ 1176
STATE equ 1216

SELF equ 1016
COUNT equ 40   ; cells of words 5 and 6, which travel in registers
SAMPLED equ 48

INSIDE equ 1
LEAVE_WANTED equ 2
INVOKE equ 7
FOREIGN equ 11
THREAD_WRITE equ 25
STATE_REGS equ 1

extern adapter_start, adapter_text_bytes, adapter_memory_end, adapter_programs
extern adapter_fast, adapter_fast_count, adapter_sample
global _start:function, adapter_leave:function, adapter_slow:function, adapter_door:function
global adapter_redirected, adapter_inside, adapter_left, adapter_stop, adapter_stop_saved
global adapter_leave_end

section .adapter.header progbits alloc exec nowrite align=64
    dq 0x31524554504441
    dq _start
    dq adapter_door
    dq adapter_text_bytes
    dq adapter_memory_end
    dq adapter_programs

section .text.entry progbits alloc exec nowrite align=64
; rdi = enum adapter_kind, rsi = length of the record, rdx = settings
_start:
    xor ebp, ebp
    and rsp, -16
    call adapter_start
    ud2

; rcx = UTCB, r11 = the program's flags, rax = the number (upper half 0), the rest the program's
align 64
adapter_door:
    mov [rcx + DOOR_RFLAGS], r11
    cmp eax, [adapter_fast_count]
    jae adapter_slow
    lea r11, [adapter_fast]
    add word [rcx + COUNT], 0x100
    jc .sample
    jmp [r11 + rax * 8]
; One call in 256 that came the long way is shown to the handler, which may redirect its site.
.sample:
    cmp dword [adapter_sample], 0
    je .unwanted
    inc eax ; 0 is none
    mov [rcx + SAMPLED], rax
    mov eax, [adapter_sample]
    jmp adapter_slow
.unwanted:
    jmp [r11 + rax * 8]

; From a redirected call site (docs/library.md), without the kernel: rcx = where it goes on, all else the
; program's. Before adapter_inside a stop finds it as if it had not begun.
align 64
adapter_redirected:
    mov r11, [gs:SELF]
    mov qword [r11 + IN_ADAPTER], INSIDE
adapter_inside:
    mov [r11 + DOOR_RIP], rcx
    mov [r11 + DOOR_RSP], rsp
    mov qword [r11 + DOOR_RFLAGS], 0x202 ; no flag outlives a system call that a compiler made
    mov rcx, r11
    mov eax, eax
    cmp eax, [adapter_fast_count]
    jae adapter_slow
    lea r11, [adapter_fast]
    jmp [r11 + rax * 8]

; The handler's: rax = number, all registers but rcx and r11 as on entry.
align 16
adapter_slow:
    mov [rcx + DOOR_RAX], rax
    mov eax, FOREIGN
    syscall
    ud2

; Done: rax = result, all registers but rcx and r11 are the program's.
align 16
adapter_leave:
    xor r11d, r11d
    xchg r11, [rcx + IN_ADAPTER]
adapter_left:
    test r11d, LEAVE_WANTED
    jnz adapter_stop
    lea rsp, [rcx + DOOR_RFLAGS]
    popfq
    mov rsp, [rcx + DOOR_RSP]
    jmp [rcx + DOOR_RIP]

; Something waits for the exit: it finds the program's whole state.
adapter_stop:
    mov [rcx + STATE + 8 * 0], rax
    mov [rcx + STATE + 8 * 1], rbx
    mov [rcx + STATE + 8 * 3], rdx
    mov [rcx + STATE + 8 * 4], rsi
    mov [rcx + STATE + 8 * 5], rdi
    mov [rcx + STATE + 8 * 6], rbp
    mov rax, [rcx + DOOR_RSP]
    mov [rcx + STATE + 8 * 7], rax
    mov [rcx + STATE + 8 * 8], r8
    mov [rcx + STATE + 8 * 9], r9
    mov [rcx + STATE + 8 * 10], r10
    mov [rcx + STATE + 8 * 12], r12
    mov [rcx + STATE + 8 * 13], r13
    mov [rcx + STATE + 8 * 14], r14
    mov [rcx + STATE + 8 * 15], r15
    mov rax, [rcx + DOOR_RIP]
    mov [rcx + STATE + 8 * 2], rax
    mov [rcx + STATE + 128], rax
    mov rax, [rcx + DOOR_RFLAGS]
    mov [rcx + STATE + 8 * 11], rax
    mov [rcx + STATE + 136], rax
adapter_stop_saved:
    mov rdi, [rcx + UTCB_THREAD]
    mov rsi, THREAD_WRITE << 32 | 1
    mov edx, STATE_REGS
    mov eax, INVOKE
    syscall
adapter_leave_end:
    ud2

section .note.GNU-stack noalloc noexec nowrite progbits
