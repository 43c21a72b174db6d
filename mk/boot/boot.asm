; From the multiboot loader (32-bit protected mode, paging off) to boot_main() in long mode.
; Multiboot specification 0.6.96, 3.1 (header) and 3.2 (machine state).

bits 32

HEADER_MAGIC equ 0x1badb002
HEADER_FLAGS equ 3                      ; modules on page boundaries, memory information
LOADER_MAGIC equ 0x2badb002

extern boot_main

section .multiboot progbits alloc noexec nowrite align=4
        dd HEADER_MAGIC
        dd HEADER_FLAGS
        dd -(HEADER_MAGIC + HEADER_FLAGS)

section .boot progbits alloc exec write align=4096

; In: eax = loader's magic, ebx = physical address of the multiboot information.
global boot_start
boot_start:
        cli
        cld
        cmp eax, LOADER_MAGIC
        jne .halt
        mov eax, 0x80000000
        mov esi, ebx
        cpuid
        cmp eax, 0x80000001
        jb .halt
        mov eax, 0x80000001
        cpuid
        bt edx, 29                      ; long mode
        jnc .halt
        bt edx, 20                      ; NX
        jnc .halt

        ; The first 4 GiB in pages of 2 MiB: one to one, in the direct map, and 1 GiB at KERNEL_BASE.
        mov edi, early_directories
        mov eax, 0x83                   ; present, writable, large
        mov ecx, 2048
.fill:  mov [edi], eax
        add edi, 8
        add eax, 0x200000
        loop .fill
        mov edi, early_pointers
        mov eax, early_directories + 3
        mov ecx, 4
.link:  mov [edi], eax
        add edi, 8
        add eax, 0x1000
        loop .link
        mov dword [early_kernel + 510 * 8], early_directories + 3
        mov dword [early_top], early_pointers + 3
        mov dword [early_top + 256 * 8], early_pointers + 3
        mov dword [early_top + 511 * 8], early_kernel + 3

        mov eax, cr4
        or eax, 1 << 5                  ; PAE
        mov cr4, eax
        mov eax, early_top
        mov cr3, eax
        mov ecx, 0xc0000080             ; EFER: LME, NXE
        rdmsr
        or eax, (1 << 8) | (1 << 11)
        wrmsr
        mov eax, cr0
        or eax, (1 << 31) | (1 << 16) | 1 ; PG, WP, PE
        mov cr0, eax
        lgdt [early_gdt_pointer]
        jmp 0x08:.long
.halt:  mov dword [0xb8000], 0x4f214f21 ; "!!"
        hlt
        jmp .halt

bits 64
.long:  mov ax, 0x10
        mov ds, ax
        mov es, ax
        mov ss, ax
        xor eax, eax
        mov fs, ax
        mov gs, ax
        mov edi, esi
        ; .boot stays mapped one to one until boot_main() loads its own tables.


        mov rsp, early_stack_top
        xor ebp, ebp
        mov rax, boot_main
        call rax
        ud2


align 8
early_gdt:
        dq 0
        dq 0x00af9b000000ffff           ; code, 64 bits
        dq 0x00cf93000000ffff           ; data
early_gdt_pointer:
        dw 23
        dd early_gdt

align 4096
global early_top
early_top:      times 4096 db 0
early_pointers: times 4096 db 0
early_kernel:   times 4096 db 0
early_directories: times 4 * 4096 db 0

section .bss nobits alloc noexec write align=16
        resb 16384
early_stack_top:
