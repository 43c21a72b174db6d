; The kernel's hot code: a page for system calls, the IPC fast paths and exit, and one for exceptions
; and interrupts.
;
; A fast path is one straight line: a call to a waiting receiver, an answer to a waiting caller with a
; new wait, a foreign system call, page fault or exception delivered and answered, a Signal to a more
; urgent waiter. None uses a stack, lock, scheduler or run queue: a call leaves the scheduling context
; on the CPU and only the thread changes. The register file is the message: rdx r10 r8 r9 rbx rbp
; r12-r15 and rsi (the tag) pass untouched from one address space to the other. Left to work with are
; rax, rcx, r11, and rsp, which holds the running thread from entry to exit (interrupts are off; NMI,
; #MC, #DB and #DF have stacks of their own and trust nothing).
;
; Everything is checked before anything is changed. Each rare condition is made to fail a check that
; is there anyway: an empty receiver list ends with `nobody`, whose state is DEAD, as does a thread
; without caller; timers, suspension, parked Replies, debug registers and the like are flags in the
; state word, which is compared whole; a foreign, signalled or marked thread has bits in `kind`,
; which is OR-ed to the operation; an undeliverable tag has bits above its word count. thread->frame
; is not kept up to date here: C sets it for whoever it lets out.
;
; trace/entry.asm assembles all of this a second time: what stands there for the time of tracing is
; left out here.
;
; Whoever leaves for the slow path leaves rdi, rsi, rax (up to kind) and the ten words as they came.

%include "offsets.inc"

extern kernel_syscall, kernel_leave, ipc_copy_quick, reply_with_page, trap, trap_kernel
extern foreign_syscall, nobody, cpu_count, object_work_list
%ifdef TRACED
extern trace_fast
%endif
global entry_syscall, entry_trap, leave_kernel

bits 64
default rel
%ifdef TRACED
section .text.traced progbits alloc exec nowrite align=4096
%else
section .text.entry progbits alloc exec nowrite align=4096
%endif

%define RAX T_R + 8 * 0
%define RBX T_R + 8 * 1
%define RCX T_R + 8 * 2
%define RDX T_R + 8 * 3
%define RSI T_R + 8 * 4
%define RDI T_R + 8 * 5
%define RBP T_R + 8 * 6
%define R8  T_R + 8 * 8
%define R9  T_R + 8 * 9
%define R10 T_R + 8 * 10
%define R11 T_R + 8 * 11
%define R12 T_R + 8 * 12
%define R13 T_R + 8 * 13
%define R14 T_R + 8 * 14
%define R15 T_R + 8 * 15

%define KERNEL_TAG(kind, words) (0x80000000 | (kind) << TAG_KIND_SHIFT | (words))
%define KM_SYSCALL 1

; ---- pieces -------------------------------------------------------------------------------------

; All registers that a system call keeps, to or from thread %1.
%macro save_registers 1
    mov [%1 + RBX], rbx
    mov [%1 + RDX], rdx
    mov [%1 + RSI], rsi
    mov [%1 + RDI], rdi
    mov [%1 + RBP], rbp
    mov [%1 + R8], r8
    mov [%1 + R9], r9
    mov [%1 + R10], r10
    mov [%1 + R12], r12
    mov [%1 + R13], r13
    mov [%1 + R14], r14
    mov [%1 + R15], r15
%endmacro

%macro load_registers 1
    mov rbx, [%1 + RBX]
    mov rdx, [%1 + RDX]
    mov rsi, [%1 + RSI]
    mov rdi, [%1 + RDI]
    mov rbp, [%1 + RBP]
    mov r8, [%1 + R8]
    mov r9, [%1 + R9]
    mov r10, [%1 + R10]
    mov r12, [%1 + R12]
    mov r13, [%1 + R13]
    mov r14, [%1 + R14]
    mov r15, [%1 + R15]
%endmacro

; The slot of handle rdi in rcx, if its fast byte has bit %1; else to %2.
%macro find_slot 2
    mov ecx, edi
    and ecx, HANDLE_MASK
    add rcx, [rsp + T_CAPTABLE]
    test byte [rcx + CAP_FAST], %1
    jz %2
%endmacro

; The receiver that waits on gate part %1 goes off its list, to serve. Destroys %2.
%macro take_receiver 2
    mov %2, [r11 + T_NEXT]
    mov [%1 + PART_RECEIVERS], %2
    mov [%1 + PART_WORKER], r11
%endmacro

; Thread rsp, now in state %1, waits for the answer of r11.
%macro set_partner 1
    mov dword [rsp + T_STATE], %1
    mov [r11 + T_CALLER], rsp
    mov [rsp + T_PARTNER], r11
%endmacro

; Thread rsp joins the receivers of part rax; its caller r11 is answered.
%macro wait_again 0
    mov rcx, [rax + PART_RECEIVERS]
    mov [rsp + T_NEXT], rcx
    mov [rax + PART_RECEIVERS], rsp
    mov dword [rsp + T_STATE], STATE_RECV
    mov qword [rsp + T_CALLER], nobody
%endmacro

; Words 10 and up of the tag in rsi, from the UTCB of rsp to that of r11. Destroys rcx, rdi.
%macro copy_words 0
    mov [rsp + RSI], rsi
    lea ecx, [esi - WORDS_REG]
    mov rdi, [r11 + T_UTCB]
    mov rsi, [rsp + T_UTCB]
    add rdi, UTCB_WORDS + 8 * WORDS_REG
    add rsi, UTCB_WORDS + 8 * WORDS_REG
    rep movsq
    mov rsi, [rsp + RSI]
%endmacro

; From thread rsp to thread r11: state, counters, FPU, address space, segment bases. Destroys rax,
; rcx; afterwards GS is the user's. %1 names labels for switch_fpu, which stands out of the line.
; With a second parameter, rdx is the kernel stack afterwards.
%macro switch_registers 1-2
    mov dword [r11 + T_STATE], STATE_RUN
    inc qword [gs:CPU_IPCS]
    inc qword [rsp + T_IPCS]
    mov [gs:CPU_CURRENT], r11
    mov al, [r11 + T_FPU]
    cmp al, [gs:CPU_FPU_ON]
    jne near %{1}_fpu
%{1}_fpu_done:
%if %0 == 2
    mov rdx, [gs:CPU_STACK]
%endif
    mov rax, [r11 + T_CR3]
    cmp rax, [gs:CPU_CR3]
    je %%same_space
    mov [gs:CPU_CR3], rax
    inc qword [gs:CPU_SWITCHES]
    inc qword [r11 + T_SWITCHES]            ; leaves ZF clear
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
    je %%space_loaded                       ; last: it forgets all translations
    mov cr3, rax
%%space_loaded:
%endmacro

; The next thread's al differs from what the FPU is set for (fpu.c), or protection keys are on (CPU_KEYS).
%macro switch_fpu 1
[section .text.keys progbits alloc exec nowrite align=16]
%{1}_fpu:
    jl %{1}_fpu_off                         ; OFF - ON
    jo %{1}_keys
    jp %{1}_load                            ; LOAD - ON, LOAD - OFF
    mov [gs:CPU_FPU_ON], al
    fpu_on
    jmp %{1}_fpu_done
%{1}_fpu_off:
    mov [gs:CPU_FPU_ON], al
    fpu_off
    jmp %{1}_fpu_done
%{1}_keys:
    lea rcx, [%{1}_fpu_done]
    jmp switch_keys
%{1}_load:
    lea rcx, [%{1}_fpu_done]
    jmp switch_load
__SECT__
%endmacro

; CR0.TS and CR4.OSXSAVE. Destroys rcx.
%macro fpu_on 0
    mov rcx, [gs:CPU_CR4]
    mov cr4, rcx
    clts
%endmacro

%macro fpu_off 0
    mov rcx, [gs:CPU_CR0_OFF]
    mov cr0, rcx
    mov rcx, [gs:CPU_CR4_OFF]
    mov cr4, rcx
%endmacro

; The owner's registers go to its struct, and those of thread r11, which is the owner then, are loaded.
; Destroys rax, rcx, rdx.
%macro change_owner 0
    fpu_on
    mov eax, -1
    mov edx, eax
    mov rcx, [gs:CPU_FPU_OWNER]
    cmp rcx, nobody
    je %%saved
    xsave64 [rcx + T_XSAVE]
    mov byte [rcx + T_FPU], FPU_LOAD
    bt qword [rcx + T_KIND], KIND_FOREIGN_BIT
    jc %%saved
    mov byte [rcx + T_FPU], FPU_OFF
%%saved:
    mov [gs:CPU_FPU_OWNER], r11
    mov byte [r11 + T_FPU], FPU_ON
    mov byte [r11 + T_FPU_USED], 1
    xrstor64 [r11 + T_XSAVE]
%endmacro

; What happened here is written down, by trace_fast(); all registers are kept. Nothing, unless this is
; assembled by trace/entry.asm. rsp is the thread, GS the kernel's, and the kernel stack is empty.
%macro trace_point 1
%ifdef TRACED
    mov [gs:CPU_SCRATCH], rsp
    mov rsp, [gs:CPU_STACK]
    push %1
    call trace_save
    mov rsp, [gs:CPU_SCRATCH]
%endif
%endmacro

%macro push_all 1-*
%rep %0
    push %1
%rotate 1
%endrep
%endmacro

%macro pop_all 1-*
%rep %0
    pop %1
%rotate 1
%endrep
%endmacro

; The tracer is to be woken: the slow path can.
%macro trace_full 1
%ifdef TRACED
    cmp byte [gs:CPU_TRACE_WAKE], 0
    jne %1
%endif
%endmacro

; To native thread r11, whose message is in the registers.
%macro leave_native 0
    mov rsp, [r11 + T_RSP]
    mov rcx, [r11 + T_RIP]
    mov r11d, 0x202
    xor eax, eax
    o64 sysret
%endmacro

; ---- system calls -------------------------------------------------------------------------------
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

.call:
    ; call: rdi = handle, rsi = tag
    trace_full .slow
    cmp esi, WORDS_REG
    ja .long_call
    find_slot CAP_FAST_CALL, .slow
    mov rax, [rcx + CAP_OBJECT]
    add rax, [gs:CPU_GATE_OFFSET]           ; rax = this CPU's part of the gate
    mov r11, [rax + PART_RECEIVERS]         ; r11 = who will run
    cmp dword [r11 + T_STATE], STATE_RECV
    jne .slow_call
    ; nothing can fail from here on
    take_receiver rax, rdi
    mov rdi, [rcx + CAP_LABEL]
    mov [rsp + T_LABEL], rdi
    set_partner STATE_REPLY
    trace_point POINT_DELIVER
    switch_registers .call
    leave_native
    switch_fpu .call

; The same with 11 to 64 words.
align 16
.long_call:
    cmp esi, WORDS_MAX
    ja call_windows
    cmp qword [rsp + T_UTCB], 0
    je .slow
    find_slot CAP_FAST_CALL, .slow
    mov rax, [rcx + CAP_OBJECT]
    add rax, [gs:CPU_GATE_OFFSET]
    mov r11, [rax + PART_RECEIVERS]
    cmp dword [r11 + T_STATE], STATE_RECV
    jne .slow_call
    cmp qword [r11 + T_UTCB], 0
    je .slow_call
    take_receiver rax, rdi
    mov rdi, [rcx + CAP_LABEL]
    mov [rsp + T_LABEL], rdi
    set_partner STATE_REPLY
    copy_words
    mov rdi, [rsp + T_LABEL]
    trace_point POINT_DELIVER
    switch_registers .long
    leave_native
    switch_fpu .long

align 16
.not_call:
    js .foreign
.native:
    trace_full .slow
    cmp rax, OP_REPLY_WAIT
    jne .not_reply
    ; reply_wait: rdi = handle of the gate, rsi = tag of the answer
    cmp esi, WORDS_REG
    ja .long_answer
    find_slot CAP_FAST_WAIT, .slow
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
    wait_again
    xor edi, edi
    trace_point POINT_ANSWER
    switch_registers .native_answer
    leave_native
    switch_fpu .native_answer

.other_caller:
    cmp ecx, STATE_FOREIGN
    je .answer_foreign
    cmp ecx, STATE_REPLY_WINDOWS
    je .answer
    cmp ecx, STATE_FAULT
    je .answer_full
    cmp ecx, STATE_EXCEPTION
    je .answer_full
.slow_wait:
    mov eax, OP_REPLY_WAIT
    jmp .slow
.slow_call:
    xor eax, eax
    jmp .slow

align 16
.long_answer:
    cmp esi, WORDS_MAX
    ja answer_page
    cmp qword [rsp + T_UTCB], 0
    je .slow
    find_slot CAP_FAST_WAIT, .slow
    mov rax, [rcx + CAP_OBJECT]
    add rax, [gs:CPU_GATE_OFFSET]
    cmp rax, [rsp + T_GATE]
    jne .slow_wait
    cmp qword [rax + PART_PENDING], 0
    jne .slow_wait
    mov r11, [rsp + T_CALLER]
    mov ecx, [r11 + T_STATE]
    and ecx, ~(STATE_REPLY_WINDOWS ^ STATE_REPLY)
    cmp ecx, STATE_REPLY
    jne .slow_wait
    cmp qword [r11 + T_UTCB], 0
    je .slow_wait
    wait_again
    copy_words
    xor edi, edi
    trace_point POINT_ANSWER
    switch_registers .long_answer
    leave_native
    switch_fpu .long_answer

; The answer to a foreign system call: word 0 is its rax, all else its own.
align 16
.answer_foreign:
    wait_again
    trace_point POINT_ANSWER
    switch_registers .foreign_answer
    mov rax, rdx
..@load_syscall:
    load_registers r11
    mov rsp, [r11 + T_RSP]
    mov rcx, [r11 + T_RIP]
    mov r11, [r11 + T_RFLAGS]
    o64 sysret
    switch_fpu .foreign_answer

; The plain answer to a page fault or an exception: go on as you were.
align 16
.answer_full:
    test rsi, rsi
    jnz .slow_wait
.go_on_full:
    wait_again
    trace_point POINT_ANSWER
    switch_registers .full_answer, stack
    mov rsp, rdx
    jmp load_full
    switch_fpu .full_answer

; A foreign system call: everything is kept, then it becomes a message to the exception gate.
align 16
.foreign:
    cmp byte [rsp + T_KIND + 7], 1 << KIND_FOREIGN_BIT >> 56
    jne .door
    btr rax, 63
.foreign_call:
    mov [rsp + RAX], rax
    save_registers rsp
    mov [rsp + T_RFLAGS], r11
    mov dword [rsp + T_FRAME], FRAME_SYSCALL
    test byte [rsp + T_EXCEPTION_GATE + CAP_FAST], CAP_FAST_CALL
    jz .slow_foreign
    mov rcx, [rsp + T_EXCEPTION_GATE + CAP_OBJECT]
    add rcx, [gs:CPU_GATE_OFFSET]
    mov r11, [rcx + PART_RECEIVERS]
    cmp dword [r11 + T_STATE], STATE_RECV
    jne .slow_foreign
    take_receiver rcx, rbx
    mov rbx, rax                            ; words 4 to 9
    mov rbp, rdi
    mov r12, rsi
    mov r13, [rsp + T_RIP]
    mov r14, [rsp + T_RSP]
    xor r15d, r15d
    mov rdi, [rsp + T_EXCEPTION_GATE + CAP_LABEL]
    mov [rsp + T_LABEL], rdi
    mov esi, KERNEL_TAG(KM_SYSCALL, WORDS_REG)
    set_partner STATE_FOREIGN
    trace_point POINT_DELIVER
    switch_registers .foreign_call
    leave_native
    switch_fpu .foreign_call

.slow_foreign:
    mov rdi, rsp
    mov rsp, [gs:CPU_STACK]
    call foreign_syscall
    jmp leave_kernel
; Rare, and in no page of their own.
[section .text.keys progbits alloc exec nowrite align=16]
.marked_foreign:
    bt qword [rsp + T_KIND], KIND_FOREIGN_BIT
    jnc .native_sign
    btr rax, 63
    btr rax, KIND_MARKED_BIT
    mov [rsp + RAX], rax
    save_registers rsp
    mov [rsp + T_RFLAGS], r11
    mov dword [rsp + T_FRAME], FRAME_SYSCALL
    jmp .slow_foreign
.native_sign:                               ; the sign was in its own rax
    btr rax, 63
    jmp .native
__SECT__

; A thread whose task has an adapter (KERNEL 18): in its range `syscall` is a kernel call, elsewhere it
; goes there. By iretq, for rcx is not the address that is returned to. The user's stack is not touched.
align 16
.door:
    bt qword [rsp + T_KIND], KIND_DOOR_BIT
    jnc .marked_foreign
    mov [rsp + T_RFLAGS], r11
    mov r11, [rsp + T_DOOR]
    mov rcx, [rsp + T_RIP]
    sub rcx, [r11 + DOOR_BEGIN]
    cmp rcx, [r11 + DOOR_SIZE]
    jb .in_adapter
    inc qword [gs:CPU_ENTRIES]
    mov eax, eax                            ; the upper half held the kind
    trace_point POINT_DOOR
    mov rcx, rsp
    mov rsp, [gs:CPU_STACK]
    push 0x2b
    push qword [rcx + T_RSP]
    push 0x202
    push 0x33
    push qword [r11 + DOOR_ENTRY]
    mov r11, [rcx + T_UTCB]
    or byte [r11 + UTCB_IN_ADAPTER], ADAPTER_INSIDE
    push qword [rcx + T_RIP]
    pop qword [r11 + UTCB_DOOR_RIP]
    push qword [rcx + T_RSP]
    pop qword [r11 + UTCB_DOOR_RSP]
    mov r11, [rcx + T_RFLAGS]
    mov rcx, [rcx + T_UTCB_ADDRESS]
    swapgs
    iretq
.in_adapter:
    btr rax, 63
    btr rax, KIND_DOOR_BIT
    test rax, rax
    jz .call
    cmp rax, OP_FOREIGN
    je entry_foreign
    jmp .native

align 16
.not_reply:
    cmp rax, OP_SIGNAL
    je .signal
    cmp rax, OP_NULL
    jne .not_null
    inc qword [gs:CPU_ENTRIES]
    trace_point POINT_NULL
; Returns JN_OK and zeroes.
.return_ok:
    mov rcx, [rsp + T_RIP]
    mov rsp, [rsp + T_RSP]
    xor eax, eax
    mov r11d, 0x202
    swapgs
.return_zeroes:
    xor edi, edi
    xor esi, esi
    xor edx, edx
    xor r10d, r10d
    xor r8d, r8d
    xor r9d, r9d
    xor ebx, ebx
    xor ebp, ebp
    xor r12d, r12d
    xor r13d, r13d
    xor r14d, r14d
    xor r15d, r15d
    o64 sysret

; Signal rdi, bits rdx, to a waiter that is more urgent, or to nobody. Whom it interrupts is ready and
; has returned; it stands on cpu->preempted until C is entered next (kernel_enter()).
align 16
.signal:
    find_slot CAP_FAST_RAISE, .slow
    test rdx, rdx
    jz .slow
    mov rax, [rcx + CAP_OBJECT]
    mov r11, [rax + SIGNAL_WAITERS]         ; the first waiter's queue link
    lea rcx, [rax + SIGNAL_WAITERS]
    cmp r11, rcx
    je .nobody_waits
    cmp dword [r11 - T_QUEUE + T_STATE], STATE_SIGNAL
    jne .slow_signal
    mov rcx, [r11 - T_QUEUE + T_SCHED]
    mov cl, [rcx + SCHED_PRIORITY]
    cmp cl, [gs:CPU_PRIORITY]
    jbe .slow_signal
    mov rcx, [r11]
    mov [rax + SIGNAL_WAITERS], rcx
    lea rdi, [rax + SIGNAL_WAITERS]
    mov [rcx + 8], rdi
    sub r11, T_QUEUE
    trace_point POINT_SIGNAL
    mov rdi, [rax + SIGNAL_BITS]
    or rdi, rdx
    mov qword [rax + SIGNAL_BITS], 0
    mov rcx, [gs:CPU_PREEMPTED]
    mov [rsp + T_NEXT], rcx
    mov [gs:CPU_PREEMPTED], rsp
    mov rcx, [gs:CPU_SCHED]
    mov [rsp + T_PREEMPTED_ON], rcx
    rdtsc                                   ; account for the context
    shl rdx, 32
    or rax, rdx
    mov rdx, rax
    sub rdx, [gs:CPU_SINCE]
    mov [gs:CPU_SINCE], rax
    add [rcx + SCHED_CONSUMED], rdx
    sub [rcx + SCHED_SLICE], rdx
    mov rax, [r11 + T_SCHED]
    mov [gs:CPU_SCHED], rax
    mov al, [rax + SCHED_PRIORITY]
    mov [gs:CPU_PRIORITY], al
    switch_registers .raise
    mov rsp, [r11 + T_RSP]
    mov rcx, [r11 + T_RIP]
    mov r11d, 0x202
    mov eax, SIGNALLED
    xor esi, esi
    xor edx, edx
    xor r10d, r10d
    xor r8d, r8d
    xor r9d, r9d
    xor ebx, ebx
    xor ebp, ebp
    xor r12d, r12d
    xor r13d, r13d
    xor r14d, r14d
    xor r15d, r15d
    o64 sysret
    switch_fpu .raise

.nobody_waits:
    cmp qword [rax + SIGNAL_BOUND], 0
    jne .slow_signal
    or [rax + SIGNAL_BITS], rdx
    inc qword [gs:CPU_ENTRIES]
%ifdef TRACED
    xor r11d, r11d
%endif
    trace_point POINT_SIGNAL
    jmp .return_ok
.slow_signal:
    mov eax, OP_SIGNAL
    jmp .slow
.not_null:
    cmp rax, OP_COPY
    je copy
%ifndef TRACED
    cmp rax, OP_YIELD
    jne .slow
; Nobody is ready here, nor is there work on objects, so nobody is given way to; the turn goes on. Another
; CPU that makes somebody ready right now comes with an interrupt.
    mov rcx, [gs:CPU_READY]
    or rcx, [gs:CPU_READY + 8]
    or rcx, [gs:CPU_READY + 16]
    or rcx, [gs:CPU_READY + 24]
    jnz .slow
    cmp [gs:CPU_RESCHED], cl
    jne .slow
    cmp qword [gs:CPU_PREEMPTED], nobody
    jne .slow
    cmp qword [object_work_list], object_work_list
    jne .slow
    inc qword [gs:CPU_ENTRIES]
    jmp .return_ok
%endif

; Any other native system call.
align 16
.slow:
    mov [rsp + RAX], rax
    save_registers rsp
    mov rdi, rsp
    mov rsp, [gs:CPU_STACK]
    call kernel_syscall

; ---- exit ---------------------------------------------------------------------------------------
; Every way out but the fast paths': kernel_leave() says who runs.
leave_kernel:
    call kernel_leave
    mov r11, rax
    mov eax, [r11 + T_FRAME]
    test eax, eax                           ; FRAME_CALL
    jnz .not_native
    mov rax, [r11 + RAX]
    load_registers r11
    mov rsp, [r11 + T_RSP]
    mov rcx, [r11 + T_RIP]
    mov r11d, 0x202
    swapgs
    o64 sysret

.not_native:
    cmp eax, FRAME_FULL
    ja .idle
    mov rsp, [gs:CPU_STACK]
    swapgs
    je load_full
    mov rax, [r11 + RAX]
    jmp ..@load_syscall

; Nothing is to be done. The interrupt that ends this abandons the stack.
.idle:
    mov rsp, [gs:CPU_STACK]
    sti
.halt:
    hlt
    jmp .halt

; To user mode with all registers of thread r11. rsp = kernel stack, GS the user's.
align 16
load_full:
    push 0x2b
    push qword [r11 + T_RSP]
    push qword [r11 + T_RFLAGS]
    push 0x33
    push qword [r11 + T_RIP]
    mov rax, [r11 + RAX]
    mov rcx, [r11 + RCX]
    load_registers r11
    mov r11, [r11 + R11]
    iretq

%ifdef TRACED
; [rsp + 8]: the point. The registers as struct trace_frame.
trace_save:
    push_all r15, r14, r13, r12, r11, r10, r9, r8, rbp, rdi, rsi, rdx, rcx, rbx, rax
    mov rdi, rsp
    mov rsi, [gs:CPU_SCRATCH]
    call trace_fast
    pop_all rax, rbx, rcx, rdx, rsi, rdi, rbp, r8, r9, r10, r11, r12, r13, r14, r15
    ret
%elif ($ - $$) > 4096
%error "the entry page is full"
%endif

; ---- exceptions and interrupts: a page of their own ---------------------------------------------
%ifdef TRACED
section .text.traced_trap progbits alloc exec nowrite align=4096
%else
section .text.trap progbits alloc exec nowrite align=4096
%endif
; In: on the stack vector, error code, rip, cs, rflags, rsp, ss.

; Exceptions that become a message without another look: #DE #BP #OF #BR #TS #NP #SS #MF #AC #XM
%define PLAIN_EXCEPTIONS (1 << 0 | 1 << 3 | 1 << 4 | 1 << 5 | 1 << 10 | 1 << 11 | 1 << 12 \
                          | 1 << 16 | 1 << 17 | 1 << 19)
PAGE_FAULT equ 14

align 16
entry_trap:
    push 2                                  ; a gate leaves DF and AC as the user had them
    popfq
    test byte [rsp + 24], 3
    jz .from_kernel
    swapgs
    push rax
    mov rax, [gs:CPU_CURRENT]
    mov [rax + RCX], rcx
    mov [rax + R11], r11
    save_registers rax
    pop qword [rax + RAX]
    pop rdi                                 ; vector
    pop rsi                                 ; error code
    pop qword [rax + T_RIP]
    pop rcx
    pop qword [rax + T_RFLAGS]
    pop qword [rax + T_RSP]
    mov dword [rax + T_FRAME], FRAME_FULL
    cmp edi, PAGE_FAULT
    je .page_fault
    ja .slow
    mov ecx, PLAIN_EXCEPTIONS
    bt ecx, edi
    jnc .not_plain
.plain:
    bt qword [rax + T_KIND], KIND_MARKED_BIT
    jc .slow
    test byte [rax + T_EXCEPTION_GATE + CAP_FAST], CAP_FAST_CALL
    jz .slow
    mov rcx, [rax + T_EXCEPTION_GATE + CAP_OBJECT]
    add rcx, [gs:CPU_GATE_OFFSET]
    mov r11, [rcx + PART_RECEIVERS]
    cmp dword [r11 + T_STATE], STATE_RECV
    jne .slow
    mov rdx, [r11 + T_UTCB]
    test rdx, rdx
    jz .slow
    mov rsp, rax
    take_receiver rcx, rbx
    ; the message is kept, too: it may have to be sent again
    mov [rsp + T_FAULT], rdi
    mov [rsp + T_FAULT + 8], rsi
    mov r8, [rsp + T_RIP]
    mov [rsp + T_FAULT + 16], r8
    mov r9, [rsp + T_RSP]
    mov [rsp + T_FAULT + 24], r9
    mov qword [rsp + T_FAULT + 32], 0
    mov dword [rsp + T_MESSAGE], KM_EXCEPTION ; and windows, again, items: 0
    ; the state, into the receiver's UTCB
    rdfsbase rcx
    mov [rsp + T_FS], rcx
    swapgs
    rdgsbase rcx
    swapgs
    mov [rsp + T_GS], rcx
    add rdx, UTCB_STATE
    mov [rdx + STATE_TRAP], rdi
    mov [rdx + STATE_TRAP + 8], rsi
    mov qword [rdx + STATE_TRAP + 16], 0
    mov r10, rsi                            ; word 1
    mov rbp, rdx
    mov rbx, rdi
    mov dword [rdx + STATE_VALID], VALID_PLAIN
    lea rsi, [rsp + T_R]
    mov rdi, rdx
    mov ecx, STATE_WORDS
    rep movsq
    cmp byte [rsp + T_FPU_USED], 0
    jne .with_fpu
.state_done:
    mov rdx, rbx                            ; word 0
    mov rdi, [rsp + T_EXCEPTION_GATE + CAP_LABEL]
    mov [rsp + T_LABEL], rdi
    mov esi, KERNEL_TAG(KM_EXCEPTION, 6)
    set_partner STATE_EXCEPTION
    jmp .deliver

.slow:
    mov rdx, rax
    mov rsp, [gs:CPU_STACK]                 ; from an IST stack, too
    call trap
    jmp leave_kernel

; #UD is plain, too, unless it may be a native thread's first XSAVE (fpu.c).
.not_plain:
    cmp edi, 6
    jne .slow
    cmp byte [rax + T_FPU], FPU_ON
    je .plain
    jmp .slow

; FPU state: from the registers if they are the thread's, else from where it was saved.
.with_fpu:
    or dword [rbp + STATE_VALID], VALID_XSAVE
    mov dword [rbp + STATE_XSAVE_SIZE], 832
    lea rdi, [rbp + STATE_XSAVE]
    cmp rsp, [gs:CPU_FPU_OWNER]
    jne .saved_fpu
    mov eax, -1
    mov edx, -1
    xsave64 [rdi]
    jmp .state_done
.saved_fpu:
    lea rsi, [rsp + T_XSAVE]
    mov ecx, 832 / 8
    rep movsq
    jmp .state_done

align 16
.page_fault:
    test sil, 4                             ; an access of the user's, not one on its behalf
    jz .slow
    bt qword [rax + T_KIND], KIND_MARKED_BIT
    jc .slow
    test byte [rax + T_FAULT_GATE + CAP_FAST], CAP_FAST_CALL
    jz .slow
    mov rcx, [rax + T_FAULT_GATE + CAP_OBJECT]
    add rcx, [gs:CPU_GATE_OFFSET]
    mov r11, [rcx + PART_RECEIVERS]
    cmp dword [r11 + T_STATE], STATE_RECV
    jne .slow
    mov rsp, rax
    take_receiver rcx, rbx
    inc qword [gs:CPU_FAULTS]
    inc qword [rsp + T_FAULTS]
    mov rdx, cr2                            ; word 0
    mov [rsp + T_FAULT], rdx
    ; The error code (Intel SDM Vol. 3A, 4.7) as enum jn_access: bit 4 fetch, 1 write, 0 present.
    mov r10d, esi
    shr r10d, 1
    and r10d, 1
    inc r10d                                ; READ 1 or WRITE 2
    test sil, 16
    jz .not_fetch
    mov r10d, 4
.not_fetch:
    and esi, 1
    shl esi, 3
    or r10d, esi                            ; word 1
    mov [rsp + T_FAULT + 8], r10
    mov r8, [rsp + T_RIP]
    mov [rsp + T_FAULT + 16], r8
    mov r9, [rsp + T_RSP]
    mov [rsp + T_FAULT + 24], r9
    mov qword [rsp + T_FAULT + 32], 0
    mov dword [rsp + T_MESSAGE], KM_PAGE_FAULT
    mov rdi, [rsp + T_FAULT_GATE + CAP_LABEL]
    mov [rsp + T_LABEL], rdi
    mov esi, KERNEL_TAG(KM_PAGE_FAULT, 6)
    set_partner STATE_FAULT
.deliver:
    xor ebx, ebx
    xor ebp, ebp
    xor r12d, r12d
    xor r13d, r13d
    xor r14d, r14d
    xor r15d, r15d
    trace_point POINT_DELIVER
    switch_registers .trap
    leave_native
    switch_fpu .trap

; ---- system calls that the first page has no room for ----

; A call with up to ten words and one or two windows. rax = 0.
align 16
call_windows:
    mov ecx, esi
    and ecx, ~TAG_WINDOWS
    cmp ecx, WORDS_REG
    ja entry_syscall.slow
    mov ecx, esi
    shr ecx, TAG_WINDOWS_SHIFT
    cmp ecx, WINDOWS_MAX
    ja entry_syscall.slow
    cmp qword [rsp + T_UTCB], 0
    je entry_syscall.slow
    find_slot CAP_FAST_CALL, entry_syscall.slow
    mov rax, [rcx + CAP_OBJECT]
    add rax, [gs:CPU_GATE_OFFSET]
    mov r11, [rax + PART_RECEIVERS]
    cmp dword [r11 + T_STATE], STATE_RECV
    jne entry_syscall.slow_call
    take_receiver rax, rdi
    mov rdi, [rcx + CAP_LABEL]
    mov [rsp + T_LABEL], rdi
    mov ecx, esi
    shr ecx, TAG_WINDOWS_SHIFT
    shl ecx, 8 * (T_WINDOWS - T_MESSAGE)
    mov [rsp + T_MESSAGE], ecx              ; message CALL, windows, not again
    set_partner STATE_REPLY_WINDOWS
    trace_point POINT_DELIVER
    switch_registers .windows
    leave_native
    switch_fpu .windows

; JN_COPY of a little that needs nobody's help; everything else of it is a slow call.
align 16
copy:
    mov [rsp + RAX], rax
    save_registers rsp
    mov rdi, rsp
    mov rsp, [gs:CPU_STACK]
    call ipc_copy_quick
    mov rdi, [gs:CPU_CURRENT]
    test rax, rax
    js .slow
    mov rcx, [rdi + T_RIP]
    mov rsp, [rdi + T_RSP]
    mov rdx, rax                            ; word 0: bytes done
    xor eax, eax
    mov r11d, 0x202
    swapgs
    xor edi, edi
    xor esi, esi
    xor r10d, r10d
    xor r8d, r8d
    xor r9d, r9d
    xor ebx, ebx
    xor ebp, ebp
    xor r12d, r12d
    xor r13d, r13d
    xor r14d, r14d
    xor r15d, r15d
    o64 sysret
.slow:
    call kernel_syscall
    jmp leave_kernel

; ---- and a system call that has found no room in the other page -----------------------------------
align 16
entry_foreign:
; JN_FOREIGN (door_foreign() in C, which has all that is rare): the program's call after all.
    mov rcx, [rsp + T_UTCB]
    mov r11, [rcx + UTCB_DOOR_RIP]
    mov rax, r11
    shr rax, 47
    mov eax, OP_FOREIGN
    jnz entry_syscall.slow
    mov [rsp + T_RIP], r11
    mov rax, [rcx + UTCB_DOOR_RSP]
    mov [rsp + T_RSP], rax
    mov r11d, [rcx + UTCB_DOOR_RFLAGS]
    and r11d, FLAGS_USER
    or r11d, FLAGS_FIXED
    mov rax, [rcx + UTCB_DOOR_RAX]
    and byte [rcx + UTCB_IN_ADAPTER], ~ADAPTER_INSIDE
    jmp entry_syscall.foreign_call

; The kernel is interrupted in idle only; an exception in it is a bug.
entry_trap.from_kernel:
    mov rdi, [rsp]
    cmp rdi, 32
    jb .bug
    xor esi, esi
    mov rdx, [gs:CPU_CURRENT]
    mov rsp, [gs:CPU_STACK]
    call trap
    jmp leave_kernel
.bug:
    push_all rax, rbx, rcx, rdx, rsi, rdi, rbp, r8, r9, r10, r11, r12, r13, r14, r15
    mov rdi, rsp
    and rsp, -16
    call trap_kernel
    ud2

; ---- the answer to a page fault that maps one page -----------------------------------------------
; C maps it, or says that it is not as simple. The rest of a kernel entry is not needed, for nothing but
; two page tables changes; but where there is a lock, this needs it, so it is for one CPU alone.
; In: as entry_syscall.long_answer.
align 16
answer_page:
    cmp rsi, 1 << TAG_ITEMS_SHIFT
    jne entry_syscall.slow
    cmp dword [rel cpu_count], 1
    jne entry_syscall.slow
    find_slot CAP_FAST_WAIT, entry_syscall.slow
    mov rcx, [rcx + CAP_OBJECT]
    add rcx, [gs:CPU_GATE_OFFSET]
    cmp rcx, [rsp + T_GATE]
    jne entry_syscall.slow
    cmp qword [rcx + PART_PENDING], 0
    jne entry_syscall.slow
    mov r11, [rsp + T_CALLER]
    cmp dword [r11 + T_STATE], STATE_FAULT
    jne entry_syscall.slow
    mov [rsp + RDX], rdx
    mov [rsp + RDI], rdi
    mov [rsp + R8], r8
    mov [rsp + R9], r9
    mov [rsp + R10], r10
    mov rdi, rsp
    mov rsi, r11
    mov rsp, [gs:CPU_STACK]
    call reply_with_page
    mov rsp, [gs:CPU_CURRENT]
    test al, al
    jz .not_simple
    mov r11, [rsp + T_CALLER]
    mov rax, [rsp + T_GATE]
%ifdef TRACED
    mov esi, 1 << TAG_ITEMS_SHIFT
    xor edx, edx                            ; what C has left in the registers is no message
    xor r10d, r10d
    xor r8d, r8d
    xor r9d, r9d
%endif
    jmp entry_syscall.go_on_full
.not_simple:
    mov rdx, [rsp + RDX]
    mov rdi, [rsp + RDI]
    mov r8, [rsp + R8]
    mov r9, [rsp + R9]
    mov r10, [rsp + R10]
    mov esi, 1 << TAG_ITEMS_SHIFT
    mov eax, OP_REPLY_WAIT
    jmp entry_syscall.slow

%ifndef TRACED
%if ($ - $$) > 4096
%error "the page of traps is full"
%endif
%endif

; ---- what switch_fpu leaves to others -----------------------------------------------------------
; In: al as there, rcx = where to go on. Destroys rax, rcx.
section .text.keys
align 16
switch_load:
    mov [gs:CPU_GO_ON], rcx
    mov [gs:CPU_SCRATCH], rdx
    mov byte [gs:CPU_FPU_ON], FPU_ON
    change_owner
    mov rdx, [gs:CPU_SCRATCH]
    jmp [gs:CPU_GO_ON]

; Protection keys are on: the FPU as above, and PKRU as every program finds it, whatever the last one has
; written there.
align 16
switch_keys:
    mov [gs:CPU_GO_ON], rcx
    mov [gs:CPU_SCRATCH], rdx
    cmp al, [gs:CPU_FPU_IS]
    je .fpu_done
    jl .fpu_off                             ; OFF - ON
    mov byte [gs:CPU_FPU_IS], FPU_ON
    jp .load                                ; LOAD - ON, LOAD - OFF
    fpu_on
.fpu_done:
    xor ecx, ecx
    rdpkru
    cmp eax, PKRU_VALUE
    jne .restore
.go_on:
    mov rdx, [gs:CPU_SCRATCH]
    jmp [gs:CPU_GO_ON]
.fpu_off:
    mov [gs:CPU_FPU_IS], al
    fpu_off
    jmp .fpu_done
.load:
    change_owner
    jmp .fpu_done
.restore:
    mov eax, PKRU_VALUE
    xor edx, edx
    wrpkru
    jmp .go_on
