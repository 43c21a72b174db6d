; The measured sequences. Each reads the time-stamp counter right before and after what it measures, into
; stamp_out (about to leave), stamp_in (partner arrived), stamp_back (partner about to answer) and stamp_end.
; Under -icount the difference of two readings is the number of instructions between them plus one.
; OWN_... in main.c are those of these lines.

bits 64
default rel

%define JN_CALL 0
%define JN_REPLY_WAIT 1
%define JN_WAIT 2
%define JN_SIGNAL 8
%define JN_NULL 10

section .bss align=4096
global stamp_out, stamp_in, stamp_back, stamp_end
global path_gate, path_tag, path_rounds, path_utcb_state_rip, path_utcb_offset, path_page
stamp_out:  resq 1
stamp_in:   resq 1
stamp_back: resq 1
stamp_end:  resq 1
path_gate:  resq 1 ; of the server's loop
path_tag:   resq 1 ; of its answers
path_rounds: resq 1
path_utcb_state_rip: resq 1 ; address of the saved rip in the server's UTCB
path_utcb_offset: resq 1 ; address of its first item's offset
path_page:  resq 1 ; address that path_touch touches
alignb 4096

section .text

%macro keep 0
    push rbx
    push rbp
    push r12
    push r13
    push r14
    push r15
%endmacro
%macro restore 0
    pop r15
    pop r14
    pop r13
    pop r12
    pop rbp
    pop rbx
    ret
%endmacro

; void path_call(cap_t gate, uint64_t tag): 2 instructions before, none after
global path_call
path_call:
    keep
    rdtsc
    mov [stamp_out], eax
    xor eax, eax
    syscall
    rdtsc
    mov [stamp_end], eax
    restore

; void path_serve(void): answers all but the last of path_rounds messages; from stamp_back 3 instructions
global path_serve
path_serve:
    keep
    mov rdi, [path_gate]
    xor esi, esi
    mov eax, JN_WAIT
    jmp .enter
.loop:
    mov eax, JN_REPLY_WAIT
.enter:
    syscall
    rdtsc
    mov [stamp_in], eax
    dec qword [path_rounds]
    jz .done
    mov rdi, [path_gate]
    mov rsi, [path_tag]
    rdtsc
    mov [stamp_back], eax
    jmp .loop
.done:
    restore

; void path_serve_ud2(void): the same for exceptions: steps over the two bytes of ud2
global path_serve_ud2
path_serve_ud2:
    keep
    mov rdi, [path_gate]
    xor esi, esi
    mov eax, JN_WAIT
    jmp .enter
.loop:
    mov eax, JN_REPLY_WAIT
.enter:
    syscall
    rdtsc
    mov [stamp_in], eax
    dec qword [path_rounds]
    jz .done
    mov rdi, [path_utcb_state_rip]
    add qword [rdi], 2
    mov rdi, [path_gate]
    mov rsi, [path_tag]
    rdtsc
    mov [stamp_back], eax
    jmp .loop
.done:
    restore

; void path_serve_faults(void): the same for page faults, one instruction before stamp_in: the item in the
; UTCB goes to the address of the fault
global path_serve_faults
path_serve_faults:
    keep
    mov rdi, [path_gate]
    xor esi, esi
    mov eax, JN_WAIT
    jmp .enter
.loop:
    mov eax, JN_REPLY_WAIT
.enter:
    syscall
    mov r11, rdx                ; word 0: the address
    rdtsc
    mov [stamp_in], eax
    dec qword [path_rounds]
    jz .done
    and r11, -4096
    mov rdi, [path_utcb_offset]
    mov [rdi], r11
    mov rdi, [path_gate]
    mov rsi, [path_tag]
    rdtsc
    mov [stamp_back], eax
    jmp .loop
.done:
    restore

; void path_null(void): 2 instructions before
global path_null
path_null:
    keep
    rdtsc
    mov [stamp_out], eax
    mov eax, JN_NULL
    syscall
    rdtsc
    mov [stamp_end], eax
    restore

; void path_signal(cap_t signal): 4 instructions before
global path_signal
path_signal:
    keep
    rdtsc
    mov [stamp_out], eax
    mov esi, 1
    mov edx, 1
    mov eax, JN_SIGNAL
    syscall
    restore

; void path_await(cap_t signal): waits for a Signal once
global path_await
path_await:
    keep
    xor esi, esi
    mov eax, JN_WAIT
    syscall
    rdtsc
    mov [stamp_in], eax
    restore

; void path_ud2(void): 1 instruction before
global path_ud2
path_ud2:
    keep
    rdtsc
    mov [stamp_out], eax
    ud2
    rdtsc
    mov [stamp_end], eax
    restore

; void path_int3(void): the same with an exception after which the thread can go on as it is
global path_int3
path_int3:
    keep
    rdtsc
    mov [stamp_out], eax
    int3
    rdtsc
    mov [stamp_end], eax
    restore

; void path_touch(void): writes to *path_page; 1 instruction before. The write itself is executed again
; after the fault and counted once.
global path_touch
path_touch:
    keep
    mov rcx, [path_page]
    rdtsc
    mov [stamp_out], eax
    mov [rcx], eax
    rdtsc
    mov [stamp_end], eax
    restore

; void path_foreign(void): a system call that is reflected; 2 instructions before
global path_foreign
path_foreign:
    keep
    rdtsc
    mov [stamp_out], eax
    mov eax, 39
    syscall
    rdtsc
    mov [stamp_end], eax
    restore


; void path_door(void): a system call that enters the task's adapter, which goes straight back; 2
; instructions before. utcb.h: in_adapter at 1032, door_rip at 1040.
global path_door, path_adapter, path_adapter_end
path_door:
    keep
    rdtsc
    mov [stamp_out], eax
    mov eax, 39
    syscall
    restore
path_adapter:
    rdtsc
    mov [stamp_in], eax
    mov qword [rcx + 1032], 0
    jmp [rcx + 1040]
path_adapter_end:

; void path_dirty_avx(void): makes vector state live
global path_dirty_avx
path_dirty_avx:
    vpcmpeqd xmm0, xmm0, xmm0
    vinsertf128 ymm0, ymm0, xmm0, 1
    vmovaps ymm15, ymm0
    ret

section .note.GNU-stack noalloc noexec nowrite progbits
