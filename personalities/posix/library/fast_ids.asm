; Calls that tell what a thread and its process are called. The convention is fast.asm's; they touch
; nothing of the program's, so that nothing has to be saved.
bits 64
default rel
global fast_getpid, fast_gettid, fast_getuid, fast_geteuid, fast_getgid, fast_getegid, fast_umask
extern adapter_leave, adapter_slow

; struct fast_ids (fast_ids.c), in the UTCB's page
PID equ 4032
TID equ 4040
CREDENTIALS equ 4048
KNOWN equ 4056
UMASK equ 4064

section .text.fast_ids progbits alloc exec nowrite align=64

align 16
fast_getpid:
    mov rax, [rcx + PID]
    jmp adapter_leave

align 16
fast_gettid:
    mov rax, [rcx + TID]
    jmp adapter_leave

; %1 = offset in struct task_credentials
%macro CREDENTIAL 1
    mov r11, [rcx + KNOWN]
    cmp byte [r11], 0
    je adapter_slow
    mov r11, [rcx + CREDENTIALS]
    mov eax, [r11 + %1]
    jmp adapter_leave
%endmacro

align 16
fast_getuid:
    CREDENTIAL 0
align 16
fast_geteuid:
    CREDENTIAL 4
align 16
fast_getgid:
    CREDENTIAL 16
align 16
fast_getegid:
    CREDENTIAL 20

; One store, so that threads that set it at once each see what another had set.
align 16
fast_umask:
    mov r11, [rcx + UMASK]
    mov eax, edi
    and eax, 0o777
    xchg [r11], eax
    jmp adapter_leave

section .note.GNU-stack noalloc noexec nowrite progbits
