; User code of the measurements. A time is taken by rdtsc right before the instruction that enters
; the kernel and right after it came back; under -icount the difference is a number of instructions,
; of which the marks' own are subtracted in measure.c.
;
; m_t0: before the client enters; m_t1: the server is back in user mode; m_t2: before it enters
; again; m_t3: the client is back. In m_gate, m_tag, m_reply_tag: what to use. Loops for ever; the
; last round counts.

bits 64
default rel
global m_client, m_server, m_null, m_raiser, m_waiter, m_foreign, m_fault, m_int3, m_pager
global m_fpu_client
global m_door, m_door_begin, m_door_end, m_yielder, m_least, m_more, m_turns
global m_t0, m_t1, m_t2, m_t3, m_gate, m_tag, m_reply_tag, m_rounds, m_address

section .data align=64
m_t0: dq 0
m_t1: dq 0
m_t2: dq 0
m_t3: dq 0
m_gate: dq 0
m_tag: dq 0
m_reply_tag: dq 0
m_rounds: dq 0
m_address: dq 0
m_least: dq -1  ; of what a yield costs
m_more: dq 0    ; how often it was more
m_turns: dq 0

section .text align=4096

%macro take 1
    rdtsc
    mov [rel %1], eax
%endmacro

; rdi = gate. After the rdtsc: mov, mov, mov, xor = 4.
m_fpu_client:
    pxor xmm0, xmm0
m_client:
    mov [rsp - 8], rdi
.again:
    cmp qword [rel m_rounds], 0
    je .end
    dec qword [rel m_rounds]
    mov esi, [rel m_tag]
    take m_t0
    mov rdi, [rsp - 8]
    mov esi, [rel m_tag]
    xor eax, eax
    syscall
    take m_t3
    jmp .again
.end:
    ret

; rdi = gate. After the rdtsc: mov, mov, mov, mov = 4.
m_server:
    mov [rsp - 8], rdi
    mov eax, 2
    xor esi, esi
    syscall
.again:
    take m_t1
    take m_t2
    mov rdi, [rsp - 8]
    mov esi, [rel m_reply_tag]
    mov eax, 1
    syscall
    jmp .again

; A system call that does nothing. After the rdtsc: mov, mov = 2.
m_null:
    cmp qword [rel m_rounds], 0
    je .end
    dec qword [rel m_rounds]
    take m_t0
    mov eax, 10
    syscall
    take m_t3
    jmp m_null
.end:
    ret

; rdi = Signal. After the rdtsc: mov, mov, mov, mov = 4.
m_raiser:
    mov [rsp - 8], rdi
.again:
    cmp qword [rel m_rounds], 0
    je .end
    dec qword [rel m_rounds]
    take m_t0
    mov rdi, [rsp - 8]
    mov edx, 1
    mov eax, 8
    syscall
    take m_t3
    jmp .again
.end:
    ret

; rdi = Signal.
m_waiter:
    mov [rsp - 8], rdi
.again:
    mov rdi, [rsp - 8]
    mov eax, 2
    syscall
    take m_t1
    jmp .again

; A foreign thread: system calls. After the rdtsc: mov = 1.
m_foreign:
    cmp qword [rel m_rounds], 0
    je $
    dec qword [rel m_rounds]
    take m_t0
    syscall
    take m_t3
    jmp m_foreign

; The same with an adapter, which goes straight back. 1040: utcb.door_rip.
m_door:
    cmp qword [rel m_rounds], 0
    je $
    dec qword [rel m_rounds]
    take m_t0
    syscall
    take m_t3
    jmp m_door
m_door_begin:
    take m_t1
    mov qword [rcx + 1032], 0
    jmp [rcx + 1040]
m_door_end:

m_int3:
    cmp qword [rel m_rounds], 0
    je $
    dec qword [rel m_rounds]
    take m_t0
    int3
    take m_t3
    jmp m_int3

; Touches a page after the other from rdi on. After the rdtsc: mov = 1.
m_fault:
    mov rcx, rdi
.again:
    cmp qword [rel m_rounds], 0
    je $
    dec qword [rel m_rounds]
    take m_t0
    mov al, [rcx]
    take m_t3
    add rcx, 4096
    jmp .again

; rdi = gate: answers faults by the item that stands in its UTCB, at the faulting address.
; After the rdtsc of m_t2: mov, mov, mov, mov = 4. 0x240 + 256: utcb.item_offset[0].
m_pager:
    mov [rsp - 8], rdi
    mov eax, 2
    xor esi, esi
    syscall
.again:
    mov r8, rdx
    take m_t1
    mov rcx, [gs:ITEM_SELF]
    and r8, -4096
    mov [rcx + ITEM_OFFSET], r8
    take m_t2
    mov rdi, [rsp - 8]
    mov esi, 0x100
    mov eax, 1
    syscall
    jmp .again

; One of many, of equal priority: takes the time since the one before gave up the CPU.
m_yielder:
    rdtsc
    mov ecx, eax
    sub ecx, [rel m_t0]
    inc qword [rel m_turns]
    cmp rcx, [rel m_least]
    je .same
    ja .more
    mov [rel m_least], rcx
    jmp .same
.more:
    inc qword [rel m_more]
.same:
    mov eax, 9
    xor edi, edi
    mov r8d, eax
    take m_t0
    mov eax, r8d
    syscall
    jmp m_yielder

; utcb.h: words 512 bytes, items 16 * 16, item_offset 16 * 8, windows 2 * 24, then 14 words to self
ITEM_OFFSET equ 512 + 256
ITEM_SELF equ 512 + 256 + 128 + 48 + 9 * 8
