; An adapter and programs that enter it through the door. What it serves, by eax:
;   39        getpid: 4242
;   40        a native call on the gate in rdi, with rdx as word 0; answers its word 0
;   41        stays inside until door_go is set, in steps of one instruction
;   42        waits for ever for the Signal in rdi
;   43        goes on as a foreign call of a task without door
;   44        the same, after door_go is set
;   1000 up   7, for foreign_check
;   else      -38
bits 64
default rel
global door_begin, door_entry, door_end, door_program, door_go, door_seen, door_inside
global door_thread_handle, door_program_syscall
extern foreign_result

; utcb.h, from its beginning: self 1016, thread 1024, then
IN_ADAPTER equ 1032
DOOR_RIP equ 1040
DOOR_RSP equ 1048
USER equ 1056
DOOR_RAX equ 1168
DOOR_RFLAGS equ 1176
STATE equ 1216
INVOKE equ 7
FOREIGN equ 11
THREAD_WRITE equ 25 ; enum jn_object_op; door.c checks it

section .data align=8
door_go: dq 0
door_inside: dq 0          ; turns of 41
door_seen: times 4 dq 0    ; rcx, r11, rsp, rip of the last entry
door_thread_handle: dq 0

section .text align=64
door_begin:
; First in the range: what is not the entry must not be entered.
    ud2
door_entry:
    mov [rcx + USER], r11
    mov [rel door_seen], rcx
    mov [rel door_seen + 8], r11
    mov [rel door_seen + 16], rsp
    cmp eax, 39
    je .getpid
    cmp eax, 40
    je .call
    cmp eax, 41
    je .stay
    cmp eax, 42
    je .wait
    cmp eax, 43
    je .foreign
    cmp eax, 44
    je .foreign_later
    cmp eax, 1000
    jae .seven
    mov rax, -38
.leave:
    xor r11d, r11d
    xchg r11, [rcx + IN_ADAPTER]
    test r11d, 2
    jnz .stop
    lea rsp, [rcx + USER]
    popfq
    mov rsp, [rcx + DOOR_RSP]
    jmp [rcx + DOOR_RIP]
.getpid:
    mov eax, 4242
    jmp .leave
.seven:
    mov eax, 7
    jmp .leave
.call:
    mov [rcx + USER + 8], rcx
    mov [rcx + USER + 16], rdi
    mov esi, 1
    xor eax, eax
    xor r11d, r11d
    syscall
    mov rcx, [rel door_seen]
    mov rdi, [rcx + USER + 16]
    test rax, rax
    jnz .leave
    mov rax, rdx
    jmp .leave
.stay:
    inc qword [rel door_inside]
    cmp qword [rel door_go], 0
    je .stay
    mov eax, 41
    jmp .leave
.foreign_later:
    inc qword [rel door_inside]
    cmp qword [rel door_go], 0
    je .foreign_later
.foreign:
    mov [rcx + DOOR_RAX], rax
    mov [rcx + DOOR_RFLAGS], r11
    mov eax, FOREIGN
    syscall
    ud2
.wait:
    mov [rcx + USER + 16], rdi
    mov eax, 2
    xor esi, esi
    syscall
    mov rcx, [rel door_seen]
    mov rdi, [rcx + USER + 16]
    jmp .leave

; Something waits for the exit: the program's whole state, to go on with or to be looked at.
.stop:
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
    mov rax, [rcx + USER]
    mov [rcx + STATE + 8 * 11], rax
    mov [rcx + STATE + 136], rax
    mov rdi, [rel door_thread_handle]
    mov rsi, THREAD_WRITE << 32 | 1
    mov edx, 1
    mov eax, INVOKE
    syscall
    ud2
door_end:

; rdi = handle for the call, rsi = what to call, once: the answer stands in foreign_result.
door_program:
    mov eax, esi
    mov rbx, 0x101
    mov edx, 5
door_program_syscall:
    syscall
    mov [rel foreign_result], rax
    cmp rbx, 0x101
    jne .bad
    jmp $
.bad:
    ud2
