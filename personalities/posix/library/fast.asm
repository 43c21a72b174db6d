; Calls that the adapter answers on the program's own thread (docs/library.md: fast calls): the table,
; and reads and writes of leased descriptors (fast_files.h). Registers on entry: rcx = UTCB, r11 = flags,
; rax = number, all else the program's; none of them may be lost, and there is no stack.
;
; From taking a descriptor's lock to its commit a routine can be abandoned: the handler moves a thread
; whose rip is between fast_begin and fast_end to fast_abort, which drops the lock and lets the handler
; do the call (fast_inside.c). The commit is one store; what comes after it is finished.
bits 64
default rel
global adapter_fast, adapter_fast_count, adapter_sample
extern fast_functions
global fast_c_abort, fast_return, fast_return_left, fast_return_end
global fast_begin, fast_end, fast_abort, fast_told_begin, fast_told_end, fast_finish
extern adapter_leave, adapter_slow, fast_files, fast_file_count, stat_cache
extern fast_getpid, fast_gettid, fast_getuid, fast_geteuid, fast_getgid, fast_getegid, fast_umask

%include "fast.inc"

section .rodata.fast progbits alloc noexec nowrite align=64
%macro ROUTINE 2
    times (%1 - ($ - adapter_fast) / 8) dq adapter_slow
    dq %2
%endmacro
adapter_fast:
    ROUTINE 0, fast_read
    ROUTINE 1, fast_write
    ROUTINE 4, fast_stat
    ROUTINE 5, fast_fstat
    ROUTINE 6, fast_lstat
    ROUTINE 7, fast_enter
    ROUTINE 8, fast_lseek
    ROUTINE 13, fast_enter
    ROUTINE 14, fast_enter
    ROUTINE 15, fast_enter
    ROUTINE 17, fast_pread
    ROUTINE 23, fast_enter
    ROUTINE 24, fast_yield
    ROUTINE 39, fast_getpid
    ROUTINE 62, fast_enter
    ROUTINE 95, fast_umask
    ROUTINE 102, fast_getuid
    ROUTINE 104, fast_getgid
    ROUTINE 107, fast_geteuid
    ROUTINE 108, fast_getegid
    ROUTINE 127, fast_enter
    ROUTINE 131, fast_enter
    ROUTINE 186, fast_gettid
    ROUTINE 200, fast_enter
    ROUTINE 202, fast_enter
    ROUTINE 234, fast_enter
    ROUTINE 262, fast_newfstatat
    ROUTINE 270, fast_enter
    ROUTINE 271, fast_enter
adapter_fast_end:
adapter_fast_count: dd (adapter_fast_end - adapter_fast) / 8
adapter_sample: dd FAST_SAMPLE

section .text.fast progbits alloc exec nowrite align=64

; r11 = the file of descriptor edi, eax = its kind; else to the handler.
%macro FILE_OF_EDI 0
    cmp edi, [fast_file_count]
    jae adapter_slow
    mov [rcx + DOOR_RAX], rax
    mov r11, [fast_files]
    mov eax, edi
    shl eax, FILE_SHIFT
    add r11, rax
    mov eax, [r11 + FILE_KIND]
%endmacro

%macro SAVE 0
    mov [rcx + SAVED_RDI], rdi
    mov [rcx + SAVED_RSI], rsi
    mov [rcx + SAVED_RDX], rdx
    mov [rcx + SAVED_R8], r8
    mov [rcx + SAVED_R9], r9
    mov [rcx + SAVED_R10], r10
%endmacro

%macro RESTORE 0
    mov rdi, [rcx + SAVED_RDI]
    mov rsi, [rcx + SAVED_RSI]
    mov rdx, [rcx + SAVED_RDX]
    mov r8, [rcx + SAVED_R8]
    mov r9, [rcx + SAVED_R9]
    mov r10, [rcx + SAVED_R10]
%endmacro

; The lock holds the owner's UTCB, its lower half, which tells threads apart. Taken: to the handler.
%macro LOCK_FILE 0
    xor eax, eax
    lock cmpxchg [r11 + FILE_LOCK], ecx
    jne slow_saved
%endmacro

; Copies rcx bytes from rsi to rdi; destroys rcx and %1.
%macro COPY 1
    mov %1, rcx
    shr rcx, 3
    rep movsq
    mov ecx, %1d
    and ecx, 7
    rep movsb
%endmacro

; r8 = the cell of the file, whose lock is taken and whose lease stands.
%macro TAKE_CELL 0
    SAVE
    LOCK_FILE
    mov r8, [r11 + FILE_CELL]
    cmp dword [r8 + CELL_STATE], 1
    jne slow_locked
%endmacro

; Copies at most rdx bytes of the file from r9 on to rsi, with rdx = how many and r10 = the place behind
; them; destroys r9. At the end of the file: to %1.
%macro COPY_OF_FILE 1
    mov r10, [r8 + CELL_SIZE]
    sub r10, r9
    jbe %1
    cmp rdx, r10
    cmova rdx, r10
    cmp rdx, COPY_MOST
    ja slow_locked
    lea r10, [r9 + rdx]
    cmp r10, [r11 + FILE_LIMIT]
    ja slow_locked
    mov rdi, rsi
    mov rsi, [r11 + FILE_DATA]
    add rsi, r9
    mov rax, rcx
    mov rcx, rdx
    COPY r9
    mov rcx, rax
%endmacro

; ---- the abortable part ----
fast_begin:

align 16
fast_read:
    FILE_OF_EDI
    cmp eax, KIND_ZERO
    je .zero
    cmp eax, KIND_FILE
    je .file
    cmp eax, KIND_PIPE_READ
    je pipe_read
    cmp eax, KIND_NULL
    jne slow_untouched
    xor eax, eax
    jmp adapter_leave
.zero:
    cmp rdx, COPY_MOST
    ja slow_untouched
    SAVE
    mov r8, rcx
    mov rdi, rsi
    mov rcx, rdx
    xor eax, eax
    shr rcx, 3
    rep stosq
    mov ecx, edx
    and ecx, 7
    rep stosb
    mov rcx, r8
    mov rax, rdx
    RESTORE
    jmp adapter_leave
.file:
    TAKE_CELL
    mov r9, [r8 + CELL_POSITION]
    COPY_OF_FILE .end
    mov [r8 + CELL_POSITION], r10 ; it has happened
    jmp done_locked
.end:
    xor edx, edx
    jmp done_locked

align 16
fast_pread:
    FILE_OF_EDI
    cmp eax, KIND_FILE
    jne slow_untouched
    test r10, r10
    js slow_untouched
    TAKE_CELL
    mov r9, r10
    COPY_OF_FILE .end
    jmp done_locked
.end:
    xor edx, edx
    jmp done_locked

; Absolute and relative; from the end as well, by the size that the server keeps in the cell.
align 16
fast_lseek:
    FILE_OF_EDI
    cmp eax, KIND_FILE
    jne slow_untouched
    TAKE_CELL
    xor r9d, r9d
    cmp edx, 1
    cmove r9, [r8 + CELL_POSITION]
    cmp edx, 2
    cmove r9, [r8 + CELL_SIZE]
    ja slow_locked
    add r9, rsi
    jo slow_locked
    js slow_locked
    mov rdx, r9
    mov [r8 + CELL_POSITION], r9 ; it has happened
    jmp done_locked

; Empty pipes wait at their Signal, below; ends, faults and what does not fit are the handler's.
align 16
pipe_read:
    SAVE
    LOCK_FILE
    mov r8, [r11 + FILE_CELL]
    mov r9, [r8 + RING_HEAD]
    mov r10, [r8 + RING_TAIL]
    sub r10, r9
    jz pipe_empty
    cmp r10, RING_BYTES
    ja slow_locked
    test rdx, rdx
    jz slow_locked
    cmp rdx, r10
    cmova rdx, r10
    mov rdi, rsi
    movzx eax, r9w
    mov r10d, RING_BYTES
    sub r10d, eax
    cmp r10, rdx
    cmova r10, rdx ; the first piece
    mov rsi, [r11 + FILE_DATA]
    add rsi, rax
    mov rax, rcx
    mov rcx, r10
    add r9, rdx
    sub rdx, r10   ; the second
    jz .last
    mov [rax + RESULT], r9
    COPY r9
    mov r9, [rax + RESULT]
    mov rsi, [r11 + FILE_DATA]
    mov rcx, rdx
.last:
    COPY r10
    mov rcx, rax
    mov rdx, rdi
    sub rdx, [rcx + SAVED_RSI]
    mov eax, RING_WRITER_WAITS
    xchg [r8 + RING_HEAD], r9 ; it has happened; and a fence
    jmp pipe_moved

; Whole or not at all up to a page; longer ones only if they fit.
align 16
fast_write:
    FILE_OF_EDI
    cmp eax, KIND_PIPE_WRITE
    je pipe_write
    cmp eax, KIND_NULL
    je .nowhere
    cmp eax, KIND_ZERO
    jne slow_untouched
.nowhere:
    mov rax, rdx
    test rdx, rdx
    jns adapter_leave
    jmp slow_untouched

pipe_write:
    SAVE
    LOCK_FILE
    mov r8, [r11 + FILE_CELL]
    test dword [r8 + RING_ENDS], RING_NO_READER
    jnz slow_locked
    mov r9, [r8 + RING_TAIL]
    mov r10, [r8 + RING_HEAD]
    lea r10, [r10 + RING_BYTES]
    sub r10, r9 ; room
    cmp r10, RING_BYTES
    ja slow_locked
    test rdx, rdx
    jz slow_locked
    cmp rdx, r10
    ja slow_locked
    movzx eax, r9w
    mov r10d, RING_BYTES
    sub r10d, eax
    cmp r10, rdx
    cmova r10, rdx
    mov rdi, [r11 + FILE_DATA]
    add rdi, rax
    mov rax, rcx
    mov rcx, r10
    add r9, rdx
    sub rdx, r10
    jz .last
    mov [rax + RESULT], r9
    COPY r9
    mov r9, [rax + RESULT]
    mov rdi, [r11 + FILE_DATA]
    mov rcx, rdx
.last:
    COPY r10
    mov rcx, rax
    mov rdx, [rcx + SAVED_RDX]
    mov eax, RING_READER_WAITS
    xchg [r8 + RING_TAIL], r9 ; it has happened; and a fence
    jmp pipe_moved

; r8 = ring, r9 = head, the lock is ours. One thread waits at the Signal, others at the server.
align 16
pipe_empty:
    test dword [r11 + FILE_FLAGS], FLAG_NONBLOCK
    jnz slow_locked
    test rdx, rdx
    jz slow_locked
    cmp dword [r11 + FILE_WAITER], 0
    jne slow_locked
    lock or dword [r8 + RING_READER_WAITS], WAITS_CLIENT
    cmp r9, [r8 + RING_TAIL]
    jne .again
    test dword [r8 + RING_ENDS], RING_NO_WRITER
    jnz slow_locked
    mov [r11 + FILE_WAITER], ecx
    jmp pipe_wait
.again:
    mov dword [r11 + FILE_LOCK], 0
    RESTORE
    mov rax, [rcx + DOOR_RAX]
    jmp fast_read

%include "fast_stat.inc"
fast_end:
; ---- from here on the call has happened, or the lock is free ----

; r8 = ring, eax = offset of the other end's flag, rdx = bytes moved. If the ring is taken away here, there
; is nobody left to tell: the handler moves the thread to fast_finish.
fast_told_begin:
pipe_moved:
    mov dword [r11 + FILE_LOCK], 0
    cmp dword [r8 + rax], 0
    je fast_finish
    ; The other end waits. A reader has not made room for its writer before there is RING_ROOM.
    cmp eax, RING_WRITER_WAITS
    jne .sure
    mov r9, [r8 + RING_TAIL]
    sub r9, [r8 + RING_HEAD]
    cmp r9, RING_BYTES - RING_ROOM
    ja fast_finish
.sure:
    xor r9d, r9d
    xchg [r8 + rax], r9d
fast_told_end:
    jmp wake
fast_finish:
    mov rax, rdx
    RESTORE
    jmp adapter_leave

; rdx = result
done_locked:
    mov dword [r11 + FILE_LOCK], 0
    mov rax, rdx
    RESTORE
    jmp adapter_leave

slow_locked:
    mov dword [r11 + FILE_LOCK], 0
slow_saved:
    RESTORE
slow_untouched:
    mov rax, [rcx + DOOR_RAX]
    jmp adapter_slow

; By the handler's hand: rcx = UTCB, r11 = the file whose lock is this thread's, or 0.
align 16
fast_abort:
    test r11, r11
    jz slow_saved
    jmp slow_locked

; What the system calls below destroy beside what SAVE has saved.
%macro SAVE_REST 0
    mov [rcx + SAVED_RBX], rbx
    mov [rcx + SAVED_RBP], rbp
    mov [rcx + SAVED_R12], r12
    mov [rcx + SAVED_R13], r13
    mov [rcx + SAVED_R14], r14
    mov [rcx + SAVED_R15], r15
%endmacro
; Message registers beside rdx, which a kernel call takes.
%macro ZERO_WORDS 0
    xor r10d, r10d
    xor r8d, r8d
    xor r9d, r9d
    xor ebx, ebx
    xor ebp, ebp
    xor r12d, r12d
    xor r13d, r13d
    xor r14d, r14d
    xor r15d, r15d
%endmacro
%macro RESTORE_REST 0
    mov rbx, [rcx + SAVED_RBX]
    mov rbp, [rcx + SAVED_RBP]
    mov r12, [rcx + SAVED_R12]
    mov r13, [rcx + SAVED_R13]
    mov r14, [rcx + SAVED_R14]
    mov r15, [rcx + SAVED_R15]
%endmacro

; r9 = what the other end has said, r11 = file, rdx = result. From here the stack pointer, which DOOR_RSP has,
; is the UTCB: it is the one register that a kernel call keeps.
align 16
wake:
    mov rsp, rcx
    mov [rsp + RESULT], rdx
    mov [rsp + WAITS], r9
    mov rax, [r11 + FILE_WAKE]
    mov [rsp + WAKE], rax
    mov rax, [r11 + FILE_NUMBER]
    mov [rsp + NUMBER], rax
    SAVE_REST
    test r9d, WAITS_SERVER
    jz .signal
.kick:
    mov rdx, [rsp + NUMBER]
    mov edi, CAP_CLIENT_FS
    mov rsi, KICK_METHOD << 32 | 1
    ZERO_WORDS
    mov eax, JN_CALL
    syscall
    cmp eax, JN_CANCELLED ; by attention, before it was received: the other end must hear all the same
    je .kick
.signal:
    test byte [rsp + WAITS], WAITS_CLIENT
    jz .woken
    mov rdi, [rsp + WAKE]
    mov esi, 1
    mov edx, 1
    ZERO_WORDS
    mov eax, JN_SIGNAL
    syscall
.woken:
    mov rcx, rsp
    RESTORE_REST
    mov rdx, [rcx + RESULT]
    jmp fast_finish

; r11 = file
align 16
pipe_wait:
    mov rsp, rcx
    mov [rsp + FILE], r11
    mov rdi, [r11 + FILE_WAIT]
    SAVE_REST
    mov dword [r11 + FILE_LOCK], 0
    xor esi, esi
    xor edx, edx
    ZERO_WORDS
    mov eax, JN_WAIT
    syscall
    mov rcx, rsp
    mov r11, [rcx + FILE]
    mov dword [r11 + FILE_WAITER], 0
    mov rsp, [rcx + DOOR_RSP]
    RESTORE_REST
    RESTORE
    cmp eax, JN_SIGNALLED
    mov rax, [rcx + DOOR_RAX]
    je fast_read
    jmp adapter_slow ; cancelled, or the lease has ended

; sched_yield: the one that has nothing to do but a kernel call.
align 16
fast_yield:
    mov rsp, rcx
    SAVE
    SAVE_REST
    xor edi, edi
    xor esi, esi
    xor edx, edx
    ZERO_WORDS
    mov eax, JN_YIELD
    syscall
    mov rcx, rsp
    RESTORE_REST
    RESTORE
    xor eax, eax
    jmp adapter_leave

; Calls that are written in C (fast_thread.h): on the stack that ends where the page's last words begin.
align 16
fast_enter:
    mov [rcx + DOOR_RAX], rax
    SAVE
    SAVE_REST
    mov rbx, rcx
    lea rsp, [rcx + FAST_STACK]
    mov rdi, rcx
    lea r11, [fast_functions]
    call [r11 + rax * 8]
    mov rcx, rbx
    mov rbx, [rcx + SAVED_RBX]
    cmp rax, FAST_SPECIAL
    jle .special
    RESTORE
    jmp adapter_leave
.special:
    je fast_return
    mov rsp, [rcx + DOOR_RSP]
    jmp slow_saved

; By the handler's hand, from anywhere in C: rcx = UTCB.
align 16
fast_c_abort:
    mov rsp, [rcx + DOOR_RSP]
    RESTORE_REST
    jmp slow_saved

; The program goes on with all that is in the UTCB's state, rcx and r11 too: as adapter_leave, but that the last
; jump finds its target by GS, which must be ours.
align 16
fast_return:
    xor r11d, r11d
    xchg r11, [rcx + IN_ADAPTER]
fast_return_left:
    test r11d, LEAVE_WANTED
    jnz .stop
    lea rsp, [rcx + STATE + 136]
    popfq
    mov rax, [rcx + STATE + 8 * 0]
    mov rbx, [rcx + STATE + 8 * 1]
    mov rdx, [rcx + STATE + 8 * 3]
    mov rsi, [rcx + STATE + 8 * 4]
    mov rdi, [rcx + STATE + 8 * 5]
    mov rbp, [rcx + STATE + 8 * 6]
    mov r8, [rcx + STATE + 8 * 8]
    mov r9, [rcx + STATE + 8 * 9]
    mov r10, [rcx + STATE + 8 * 10]
    mov r11, [rcx + STATE + 8 * 11]
    mov r12, [rcx + STATE + 8 * 12]
    mov r13, [rcx + STATE + 8 * 13]
    mov r14, [rcx + STATE + 8 * 14]
    mov r15, [rcx + STATE + 8 * 15]
    mov rsp, [rcx + STATE + 8 * 7]
    mov rcx, [rcx + STATE + 8 * 2]
    jmp [gs:STATE + 128]
.stop:
    mov rdi, [rcx + UTCB_THREAD]
    mov rsi, THREAD_WRITE << 32 | 1
    mov edx, STATE_REGS
    mov eax, JN_INVOKE
    syscall
fast_return_end:
    ud2

section .note.GNU-stack noalloc noexec nowrite progbits
