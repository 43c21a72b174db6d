; Transfers of leased opens on the program's own thread (fast_io.c): the lock, what has to hold, the copy and
; the one store that counts. From win32_move_begin to that store a transfer has not happened: the handler
; takes a thread out of it at any instruction and does the call itself (leases.c). What is behind the store
; cannot fail; a ring that is taken away there has nobody left to be told (win32_told_over).
;
; In (C's ABI): rdi = struct adapter_lease, rsi = the program's buffer, rdx = its length, 1 to COPY_MOST,
;   rcx = IO_STATUS_BLOCK, r8 = where in the file (-1: at the position), r9 = struct fast_block of the thread
; Out: rax = MOVE_SLOW: nothing has happened; MOVE_EMPTY: nor has anything, a ring holds nothing; else the bytes
;   moved, and in the upper half what the other end of a ring waits for: then BLOCK_WAKE and BLOCK_OPEN say
;   whom to wake. Destroys what a C function may.
bits 64
default rel

%include "adapter/lease.inc"

BLOCK equ 3072 ; in the UTCB's page: FAST_BLOCK
BLOCK_WAKE equ 152
BLOCK_OPEN equ 160
MOVE_SLOW equ -1
MOVE_EMPTY equ -2

global win32_move_file:function, win32_move_in:function, win32_move_out:function
global win32_move_begin, win32_move_end, win32_told_end, win32_told_over

; The lock is the lower half of the UTCB's address. Destroys rax.
%macro LOCK_FILE 1
    lea r10, [r9 - BLOCK]
    xor eax, eax
    lock cmpxchg [rdi + FILE_LOCK], r10d
    jne busy
    cmp dword [rdi + FILE_KIND], %1
    jne slow
    mov r10, [rdi + FILE_CELL]
%endmacro

; %1 bytes, in rcx, from rsi to rdi. Destroys rax.
%macro COPY 0
    mov eax, ecx
    shr ecx, 3
    rep movsq
    mov ecx, eax
    and ecx, 7
    rep movsb
%endmacro

section .text.fast_move progbits alloc exec nowrite align=64
win32_move_begin:
win32_move_file:
    LOCK_FILE KIND_FILE
    cmp qword [r10 + CELL_STATE], 1
    jne slow
    mov rax, r8
    test rax, rax
    jns .at
    mov rax, [r10 + CELL_POSITION]
    test rax, rax
    js slow
.at:
    mov r11, [r10 + CELL_SIZE]
    sub r11, rax
    jbe slow ; at the end
    cmp rdx, r11
    cmova rdx, r11
    lea r8, [rax + rdx]
    cmp r8, [rdi + FILE_LIMIT]
    ja slow
    mov dword [rcx], 0
    mov [rcx + 8], rdx
    add rax, [rdi + FILE_DATA]
    mov r11, rdi
    mov rdi, rsi
    mov rsi, rax
    mov ecx, edx
    COPY
    mov rdi, r11
    cmp qword [r10 + CELL_STATE], 1
    jne slow
    mov rax, rdx
    mov [r10 + CELL_POSITION], r8 ; it has happened
    jmp moved

align 16
win32_move_in:
    LOCK_FILE KIND_PIPE_READ
    mov r8, [r10 + RING_HEAD]
    mov rax, [r10 + RING_TAIL]
    sub rax, r8
    cmp rax, RING_BYTES
    ja slow
    test rax, rax
    jz .empty
    cmp rdx, rax
    cmova rdx, rax
    call whom_to_wake
    mov r11, rdi
    movzx eax, r8w
    mov rdi, rsi
    mov rsi, [r11 + FILE_DATA]
    add rsi, rax
    mov ecx, RING_BYTES
    sub ecx, eax ; up to the ring's end
    cmp rcx, rdx
    cmova rcx, rdx
    mov r9, rdx
    sub r9, rcx
    COPY
    test r9, r9
    jz .copied
    mov rsi, [r11 + FILE_DATA]
    mov rcx, r9
    COPY
.copied:
    mov rdi, r11
    mov rax, rdx
    add r8, rdx
    mov r9d, RING_WRITER_WAITS
    xchg [r10 + RING_HEAD], r8 ; it has happened; and a fence
    jmp moved_in_ring
.empty:
    mov dword [rdi + FILE_LOCK], 0
    mov rax, MOVE_EMPTY
    ret

; All of it, or nothing.
align 16
win32_move_out:
    LOCK_FILE KIND_PIPE_WRITE
    test dword [r10 + RING_ENDS], RING_NO_READER
    jnz slow
    mov r8, [r10 + RING_TAIL]
    mov rax, [r10 + RING_HEAD]
    add rax, RING_BYTES
    sub rax, r8
    cmp rax, RING_BYTES
    ja slow
    cmp rdx, rax
    ja slow
    call whom_to_wake
    mov r11, rdi
    movzx eax, r8w
    mov rdi, [r11 + FILE_DATA]
    add rdi, rax
    mov ecx, RING_BYTES
    sub ecx, eax
    cmp rcx, rdx
    cmova rcx, rdx
    mov r9, rdx
    sub r9, rcx
    COPY
    test r9, r9
    jz .copied
    mov rdi, [r11 + FILE_DATA]
    mov rcx, r9
    COPY
.copied:
    mov rdi, r11
    mov rax, rdx
    add r8, rdx
    mov r9d, RING_READER_WAITS
    xchg [r10 + RING_TAIL], r8 ; it has happened; and a fence
    jmp moved_in_ring

; The status block, and while the lock makes sure whose they are, the other end's Signal and the open.
whom_to_wake:
    mov dword [rcx], 0
    mov [rcx + 8], rdx
    mov rax, [rdi + FILE_WAKE]
    mov [r9 + BLOCK_WAKE], rax
    mov rax, [rdi + FILE_NUMBER]
    mov [r9 + BLOCK_OPEN], rax
    ret

slow:
    mov dword [rdi + FILE_LOCK], 0
busy:
    mov rax, MOVE_SLOW
    ret

win32_move_end:
; rdi = lease, r10 = ring, r9 = offset of the other end's flag, rax = bytes
moved_in_ring:
    mov dword [rdi + FILE_LOCK], 0
    cmp dword [r10 + r9], 0
    je win32_told_over
    ; A reader has not made room for its writer before there is RING_ROOM.
    cmp r9d, RING_WRITER_WAITS
    jne .sure
    mov rcx, [r10 + RING_TAIL]
    sub rcx, [r10 + RING_HEAD]
    cmp rcx, RING_BYTES - RING_ROOM
    ja win32_told_over
.sure:
    xor ecx, ecx
    xchg [r10 + r9], ecx
win32_told_end:
    shl rcx, 32
    or rax, rcx
win32_told_over:
    ret

moved:
    mov dword [rdi + FILE_LOCK], 0
    ret

section .note.GNU-stack noalloc noexec nowrite progbits
