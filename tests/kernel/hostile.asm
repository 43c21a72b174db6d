; What a program must not be able to do, one attempt each, and what becomes of it: a table of
; address, name, and vector or HARMLESS. Whatever is survived sets hostile_survived.
bits 64
default rel
global hostile_table, hostile_survived, hostile_port_in, hostile_port_value

HARMLESS equ 255

section .data align=8
hostile_survived: dq 0
hostile_port_value: dq 0
descriptor: times 16 db 0
hostile_table:

%macro try 3+ ; name, vector, code
section .data
    dq %%begin, %%name, %2
section .rodata
%%name: db %1, 0
section .text
%%begin:
    %3
    mov qword [rel hostile_survived], 1
    jmp $
%endmacro

%macro at_address 2 ; value, instruction
    mov rax, %1
    %2
%endmacro

; UMIP (Intel SDM Vol. 3A, 2.5): the addresses of the kernel's tables
try "sgdt", 13, sgdt [rel descriptor]
try "sidt", 13, sidt [rel descriptor]
try "sldt", 13, sldt ax
try "str", 13, str ax
try "smsw", 13, smsw ax
; privileged instructions
try "mov cr0", 13, mov rax, cr0
try "mov cr3", 13, mov rax, cr3
try "mov to cr4", 13, mov cr4, rax
try "mov dr7", 13, mov rax, dr7
try "rdmsr", 13, rdmsr
try "wrmsr", 13, wrmsr
try "lgdt", 13, lgdt [rel descriptor]
try "lidt", 13, lidt [rel descriptor]
try "ltr", 13, ltr ax
try "lmsw", 13, lmsw ax
try "clts", 13, clts
try "hlt", 13, hlt
try "cli", 13, cli
try "sti", 13, sti
try "invlpg", 13, invlpg [rel descriptor]
try "wbinvd", 13, wbinvd
try "swapgs", 13, swapgs
try "sysret", 13, o64 sysret
try "xsetbv", 13, xsetbv
try "rdpmc", 13, rdpmc
; ports, without the capability
try "in", 13, in al, 0x60
try "out", 13, out 0x70, al
try "insb", 13, insb
; gates of the kernel's
try "int 0x80", 13, int 0x80
try "int 14", 13, int 14
try "int 2", 13, int 2
try "int 8", 13, int 8
; the kernel's memory, at its ends and where it is
try "read kernel text", 14, at_address 0xffffffff80100000, {mov rbx, [rax]}
try "write kernel text", 14, at_address 0xffffffff80100000, {mov [rax], rbx}
try "read direct map", 14, at_address 0xffff800000000000, {mov rbx, [rax]}
try "write direct map", 14, at_address 0xffff800000100000, {mov [rax], rbx}
try "read end", 14, at_address 0xfffffffffffff000, {mov rbx, [rax]}
try "not canonical", 13, at_address 0x800000000000, {mov rbx, [rax]}
try "last user page", 14, at_address 0x7ffffffff000, {mov rbx, [rax]}
try "jump to kernel", 14, at_address 0xffffffff80100000, {jmp rax}
try "jump out of user space", 13, at_address 0x800000000000, {jmp rax}
try "null", 14, at_address 0, {mov rbx, [rax]}
; own memory
try "write own text", 14, mov [rel hostile_port_in], al
section .text
execute_data:
    lea rax, [rel descriptor]
    jmp rax
section .data
    dq execute_data, execute_data_name, 14
section .rodata
execute_data_name: db "execute data", 0
section .text
bad_stack:
    mov rsp, 0x800000001000
    push rax
section .data
    dq bad_stack, bad_stack_name, 12
section .rodata
bad_stack_name: db "stack not canonical", 0

; What is in the user's hand and does no harm.
section .text
kernel_stack_pointer:                   ; the kernel does not touch the user's stack
    mov rsp, 0xffff800000001000
    mov eax, 10
    syscall
    mov rax, rsp
    mov rcx, 0xffff800000001000
    cmp rax, rcx
    jne $
    mov qword [rel hostile_survived], 1
    jmp $
all_flags:                              ; FMASK (KERNEL 23): AC, NT, DF, and the trap flag come last
    mov eax, 10
    mov rsp, hostile_stack_end
    push qword 0x44602
    popfq
    syscall
    mov qword [rel hostile_survived], 1
    jmp $
bad_gs:                                 ; the kernel's own GS is not the user's
    mov rax, 0x123456789000
    wrgsbase rax
    mov eax, 10
    syscall
    mov qword [rel hostile_survived], 1
    jmp $
section .data
    dq kernel_stack_pointer, kernel_stack_name, HARMLESS
    dq all_flags, all_flags_name, HARMLESS
    dq bad_gs, bad_gs_name, HARMLESS
    dq 0, 0, 0
section .rodata
kernel_stack_name: db "stack in the kernel", 0
all_flags_name: db "all flags", 0
bad_gs_name: db "gs", 0
section .bss
    resb 256
hostile_stack_end:

; Reads a port for ever.
section .text
hostile_port_in:
    mov edx, 0x3fd
.again:
    in al, dx
    inc qword [rel hostile_port_value]
    jmp .again
