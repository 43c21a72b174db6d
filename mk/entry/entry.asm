; The kernel's one code page that is always hot: system call entry, IPC fast path, and exit.
;
; The fast path is one straight line for a call to a waiting receiver, an answer to a waiting caller
; with a new wait, and a foreign system call delivered and answered. It uses no stack, lock,
; scheduler or run queue: a call leaves the scheduling context on the CPU and only the thread
; changes. The register file is the message and is not touched: rdx r10 r8 r9 rbx rbp r12-r15 pass
; from one address space to the other, rsi too (the tag). Left to work with are rax, rcx, r11, and
; rsp, which holds the running thread from entry to exit (interrupts are off; NMI, #MC, #DB and
; #DF have stacks of their own and trust nothing).
;
; Everything is checked before anything is changed. Each rare condition is made to fail a check that
; is there anyway: an empty receiver list ends with `nobody`, whose state is DEAD, as does a thread
; without caller; timers, suspension, parked Replies, debug registers and the like are flags in the
; state word, which is compared whole; a foreign, signalled or marked thread has bits in `kind`,
; which is OR-ed to the operation; an undeliverable tag has bits above its word count.
;
; Whoever leaves for the slow path leaves rdi, rsi, rax (up to kind) and the ten words as they came.

%include "offsets.inc"

extern kernel_syscall, kernel_leave, trap, foreign_syscall, nobody
global entry_syscall, entry_trap, leave_kernel

bits 64
default rel
section .text.entry progbits alloc exec nowrite align=4096

; From thread rsp to thread r11: state, counters, CR0.TS, address space, segment bases. rdi, rsi and
; the words are r11's already. Destroys rax, rcx. Afterwards GS is the user's.
%macro switch_registers 1
    mov dword [r11 + T_STATE], STATE_RUN
    inc qword [gs:CPU_IPCS]
    inc qword [rsp + T_IPCS]
    mov [gs:CPU_CURRENT], r11
    cmp r11, [gs:CPU_FPU_OWNER]
    sete al
    cmp al, [gs:CPU_FPU_ON]
    jne %{1}_fpu
%{1}_fpu_done:
    mov rcx, [r11 + T_CR3]
    cmp rcx, [gs:CPU_CR3]
    je %%same_space
    mov [gs:CPU_CR3], rcx
    inc qword [gs:CPU_SWITCHES]
    mov cr3, rcx
%%same_space:
    rdfsbase rcx
    mov [rsp + T_FS], rcx
    mov rcx, [r11 + T_FS]
    wrfsbase rcx
    swapgs
    rdgsbase rcx
    mov [rsp + T_GS], rcx
    mov rcx, [r11 + T_GS]
    wrgsbase rcx
%endmacro

; CR0.TS has to change. al = 1: the registers are the next thread's own.
%macro switch_fpu 1
%{1}_fpu:
    mov [gs:CPU_FPU_ON], al
    test al, al
    jz %{1}_fpu_off
    clts
    jmp %{1}_fpu_done
%{1}_fpu_off:
    mov rcx, cr0
    or ecx, 8
    mov cr0, rcx
    jmp %{1}_fpu_done
%endmacro

; ---------------------------------------------------------------------------------------------
; In: user registers, rcx = rip, r11 = flags, GS the user's.
align 64
entry_syscall:
    swapgs
    mov [gs:CPU_SCRATCH], rsp
    mov rsp, [gs:CPU_CURRENT]
    mov [rsp + T_RIP], rcx
    mov rcx, [gs:CPU_SCRATCH]
    mov [rsp + T_RSP], rcx
    or rax, [rsp + T_KIND]
    jnz .not_call

    ; call: rdi = handle, rsi = tag
    cmp esi, WORDS_REG
    ja .slow
    mov ecx, edi
    and ecx, HANDLE_MASK
    add rcx, [rsp + T_CAPTABLE]             ; rcx = slot
    test byte [rcx + CAP_FAST], CAP_FAST_CALL
    jz .slow
    mov rax, [rcx + CAP_OBJECT]
    add rax, [gs:CPU_GATE_OFFSET]           ; rax = this CPU's part of the gate
    mov r11, [rax + PART_RECEIVERS]         ; r11 = who will run
    cmp dword [r11 + T_STATE], STATE_RECV
    jne .slow_call
    ; nothing can fail from here on
    mov rdi, [r11 + T_NEXT]
    mov [rax + PART_RECEIVERS], rdi
    mov [rax + PART_WORKER], r11
    mov rdi, [rcx + CAP_LABEL]
    mov [rsp + T_LABEL], rdi
    mov dword [rsp + T_STATE], STATE_REPLY
    mov [r11 + T_CALLER], rsp
    mov [rsp + T_PARTNER], r11
    switch_registers .call
    mov rsp, [r11 + T_RSP]
    mov rcx, [r11 + T_RIP]
    mov r11d, 0x202
    xor eax, eax
    o64 sysret

    switch_fpu .call

align 16
.not_call:
    js .foreign
    cmp rax, REPLY_WAIT
    jne .slow
    ; reply_wait: rdi = handle of the gate, rsi = tag of the answer
    cmp esi, WORDS_REG
    ja .slow
    mov ecx, edi
    and ecx, HANDLE_MASK
    add rcx, [rsp + T_CAPTABLE]
    test byte [rcx + CAP_FAST], CAP_FAST_WAIT
    jz .slow
    mov rax, [rcx + CAP_OBJECT]
    add rax, [gs:CPU_GATE_OFFSET]           ; rax = part of the gate
    cmp rax, [rsp + T_GATE]                 ; is this thread among its workers?
    jne .slow_wait
    cmp qword [rax + PART_PENDING], 0
    jne .slow_wait
    mov r11, [rsp + T_CALLER]
    mov ecx, [r11 + T_STATE]
    cmp ecx, STATE_REPLY
    jne .other_caller
.answer:
    mov rcx, [rax + PART_RECEIVERS]
    mov [rsp + T_NEXT], rcx
    mov [rax + PART_RECEIVERS], rsp
    mov dword [rsp + T_STATE], STATE_RECV
    mov qword [rsp + T_CALLER], nobody
    xor edi, edi
    switch_registers .native_answer
    mov rsp, [r11 + T_RSP]
    mov rcx, [r11 + T_RIP]
    mov r11d, 0x202
    xor eax, eax
    o64 sysret

    switch_fpu .native_answer

.other_caller:
    cmp ecx, STATE_REPLY_WINDOWS
    je .answer
    cmp ecx, STATE_FOREIGN
    je .answer_foreign
.slow_wait:
    mov eax, REPLY_WAIT
    jmp .slow
.slow_call:
    xor eax, eax
    jmp .slow

; The answer to a foreign system call: word 0 is its rax, all else its own.
align 16
.answer_foreign:
    mov rcx, [rax + PART_RECEIVERS]
    mov [rsp + T_NEXT], rcx
    mov [rax + PART_RECEIVERS], rsp
    mov dword [rsp + T_STATE], STATE_RECV
    mov qword [rsp + T_CALLER], nobody
    switch_registers .foreign_answer
    mov rax, rdx
.load_syscall:
    mov rdx, [r11 + T_R + 8 * 3]
    mov rsi, [r11 + T_R + 8 * 4]
    mov rdi, [r11 + T_R + 8 * 5]
    mov r8, [r11 + T_R + 8 * 8]
    mov r9, [r11 + T_R + 8 * 9]
    mov r10, [r11 + T_R + 8 * 10]
    mov rbx, [r11 + T_R + 8 * 1]
    mov rbp, [r11 + T_R + 8 * 6]
    mov r12, [r11 + T_R + 8 * 12]
    mov r13, [r11 + T_R + 8 * 13]
    mov r14, [r11 + T_R + 8 * 14]
    mov r15, [r11 + T_R + 8 * 15]
    mov rsp, [r11 + T_RSP]
    mov rcx, [r11 + T_RIP]
    mov r11, [r11 + T_RFLAGS]
    o64 sysret

    switch_fpu .foreign_answer

; A foreign system call: everything is kept, then it becomes a message to the exception gate.
align 16
.foreign:
    btr rax, 63
    mov [rsp + T_R + 8 * 0], rax
    mov [rsp + T_R + 8 * 1], rbx
    mov [rsp + T_R + 8 * 3], rdx
    mov [rsp + T_R + 8 * 4], rsi
    mov [rsp + T_R + 8 * 5], rdi
    mov [rsp + T_R + 8 * 6], rbp
    mov [rsp + T_R + 8 * 8], r8
    mov [rsp + T_R + 8 * 9], r9
    mov [rsp + T_R + 8 * 10], r10
    mov [rsp + T_R + 8 * 12], r12
    mov [rsp + T_R + 8 * 13], r13
    mov [rsp + T_R + 8 * 14], r14
    mov [rsp + T_R + 8 * 15], r15
    mov [rsp + T_RFLAGS], r11
    mov dword [rsp + T_FRAME], FRAME_SYSCALL
    bt qword [rsp + T_KIND], 61             ; marked
    jc .slow_foreign
    test byte [rsp + T_EXCEPTION_GATE + CAP_FAST], CAP_FAST_CALL
    jz .slow_foreign
    mov rcx, [rsp + T_EXCEPTION_GATE + CAP_OBJECT]
    add rcx, [gs:CPU_GATE_OFFSET]
    mov r11, [rcx + PART_RECEIVERS]
    cmp dword [r11 + T_STATE], STATE_RECV
    jne .slow_foreign
    mov rbx, [r11 + T_NEXT]
    mov [rcx + PART_RECEIVERS], rbx
    mov [rcx + PART_WORKER], r11
    mov rbx, rax                            ; words 4 to 9
    mov rbp, rdi
    mov r12, rsi
    mov r13, [rsp + T_RIP]
    mov r14, [rsp + T_RSP]
    xor r15d, r15d
    mov rdi, [rsp + T_EXCEPTION_GATE + CAP_LABEL]
    mov [rsp + T_LABEL], rdi
    mov esi, TAG_SYSCALL & 0xffffffff
    mov dword [rsp + T_STATE], STATE_FOREIGN
    mov [r11 + T_CALLER], rsp
    mov [rsp + T_PARTNER], r11
    switch_registers .foreign_call
    mov rsp, [r11 + T_RSP]
    mov rcx, [r11 + T_RIP]
    mov r11d, 0x202
    xor eax, eax
    o64 sysret

    switch_fpu .foreign_call

.slow_foreign:
    mov rdi, rsp
    mov rsp, [gs:CPU_STACK]
    call foreign_syscall
    jmp leave_kernel

; Any other native system call.
align 16
.slow:
    mov [rsp + T_R + 8 * 0], rax
    mov [rsp + T_R + 8 * 1], rbx
    mov [rsp + T_R + 8 * 3], rdx
    mov [rsp + T_R + 8 * 4], rsi
    mov [rsp + T_R + 8 * 5], rdi
    mov [rsp + T_R + 8 * 6], rbp
    mov [rsp + T_R + 8 * 8], r8
    mov [rsp + T_R + 8 * 9], r9
    mov [rsp + T_R + 8 * 10], r10
    mov [rsp + T_R + 8 * 12], r12
    mov [rsp + T_R + 8 * 13], r13
    mov [rsp + T_R + 8 * 14], r14
    mov [rsp + T_R + 8 * 15], r15
    mov rdi, rsp
    mov rsp, [gs:CPU_STACK]
    call kernel_syscall

; ---------------------------------------------------------------------------------------------
; Every way out but the fast path's: kernel_leave() says who runs.
leave_kernel:
    call kernel_leave
    mov r11, rax
    mov eax, [r11 + T_FRAME]
    test eax, eax                           ; FRAME_CALL
    jnz .not_native
    mov rax, [r11 + T_R + 8 * 0]
    mov rdx, [r11 + T_R + 8 * 3]
    mov rsi, [r11 + T_R + 8 * 4]
    mov rdi, [r11 + T_R + 8 * 5]
    mov r8, [r11 + T_R + 8 * 8]
    mov r9, [r11 + T_R + 8 * 9]
    mov r10, [r11 + T_R + 8 * 10]
    mov rbx, [r11 + T_R + 8 * 1]
    mov rbp, [r11 + T_R + 8 * 6]
    mov r12, [r11 + T_R + 8 * 12]
    mov r13, [r11 + T_R + 8 * 13]
    mov r14, [r11 + T_R + 8 * 14]
    mov r15, [r11 + T_R + 8 * 15]
    mov rsp, [r11 + T_RSP]
    mov rcx, [r11 + T_RIP]
    mov r11d, 0x202
    swapgs
    o64 sysret

.not_native:
    cmp eax, FRAME_FULL
    je .full
    ja .idle
    swapgs
    mov rax, [r11 + T_R + 8 * 0]
    jmp entry_syscall.load_syscall

.full:
    mov rsp, [gs:CPU_STACK]
    push 0x2b
    push qword [r11 + T_RSP]
    push qword [r11 + T_RFLAGS]
    push 0x33
    push qword [r11 + T_RIP]
    mov rax, [r11 + T_R + 8 * 0]
    mov rbx, [r11 + T_R + 8 * 1]
    mov rcx, [r11 + T_R + 8 * 2]
    mov rdx, [r11 + T_R + 8 * 3]
    mov rsi, [r11 + T_R + 8 * 4]
    mov rdi, [r11 + T_R + 8 * 5]
    mov rbp, [r11 + T_R + 8 * 6]
    mov r8, [r11 + T_R + 8 * 8]
    mov r9, [r11 + T_R + 8 * 9]
    mov r10, [r11 + T_R + 8 * 10]
    mov r12, [r11 + T_R + 8 * 12]
    mov r13, [r11 + T_R + 8 * 13]
    mov r14, [r11 + T_R + 8 * 14]
    mov r15, [r11 + T_R + 8 * 15]
    mov r11, [r11 + T_R + 8 * 11]
    swapgs
    iretq

; Nothing is to be done. The interrupt that ends this abandons the stack.
.idle:
    mov rsp, [gs:CPU_STACK]
    sti
.halt:
    hlt
    jmp .halt

; ---------------------------------------------------------------------------------------------
; Exceptions and interrupts. In: on the stack vector, error code, rip, cs, rflags, rsp, ss.
align 16
entry_trap:
    push 2                                  ; a gate leaves DF and AC as the user had them
    popfq
    test byte [rsp + 24], 3
    jz .from_kernel
    swapgs
    push rax
    mov rax, [gs:CPU_CURRENT]
    mov [rax + T_R + 8 * 1], rbx
    mov [rax + T_R + 8 * 2], rcx
    mov [rax + T_R + 8 * 3], rdx
    mov [rax + T_R + 8 * 4], rsi
    mov [rax + T_R + 8 * 5], rdi
    mov [rax + T_R + 8 * 6], rbp
    mov [rax + T_R + 8 * 8], r8
    mov [rax + T_R + 8 * 9], r9
    mov [rax + T_R + 8 * 10], r10
    mov [rax + T_R + 8 * 11], r11
    mov [rax + T_R + 8 * 12], r12
    mov [rax + T_R + 8 * 13], r13
    mov [rax + T_R + 8 * 14], r14
    mov [rax + T_R + 8 * 15], r15
    pop qword [rax + T_R + 8 * 0]
    pop rdi                                 ; vector
    pop rsi                                 ; error code
    pop qword [rax + T_RIP]
    pop rcx
    pop qword [rax + T_RFLAGS]
    pop qword [rax + T_RSP]
    mov dword [rax + T_FRAME], FRAME_FULL
    mov rdx, rax
    mov rsp, [gs:CPU_STACK]                 ; from an IST stack, too
    call trap
    jmp leave_kernel

; The kernel is interrupted in idle only; an exception in it is a bug that trap_kernel() reports.
.from_kernel:
    cmp qword [rsp], 32
    jb trap_in_kernel
    mov rdi, [rsp]
    xor esi, esi
    mov rdx, [gs:CPU_CURRENT]
    mov rsp, [gs:CPU_STACK]
    call trap
    jmp leave_kernel

extern trap_kernel
trap_in_kernel:
    push rax
    push rbx
    push rcx
    push rdx
    push rsi
    push rdi
    push rbp
    push r8
    push r9
    push r10
    push r11
    push r12
    push r13
    push r14
    push r15
    mov rdi, rsp
    and rsp, -16
    call trap_kernel
    ud2

%if ($ - $$) > 4096
%error "the entry page is full"
%endif
