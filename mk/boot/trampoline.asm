; The way of another CPU from real mode, where the start-up interrupt puts it at TRAMPOLINE:0 of its page, to
; processor_main() in long mode, on the page tables of boot.asm (Intel SDM Vol. 3A, 9.4). The code is
; copied to that page; nothing in it is reached by a link-time address but what is below 4 GiB or 64
; bits wide.

TRAMPOLINE equ 0x8000                   ; processors.c: TRAMPOLINE_PAGE

%define AT(label) (TRAMPOLINE + (label) - trampoline_begin)

extern early_top, kernel_cr3, processor_main, processor_stack
global trampoline_begin, trampoline_end

section .rodata.trampoline progbits alloc noexec nowrite align=16
bits 16
trampoline_begin:
        cli
        cld
        xor ax, ax
        mov ds, ax
        lgdt [AT(pointer)]
        mov eax, cr0
        or al, 1
        mov cr0, eax
        jmp dword 0x08:AT(protected)

bits 32
protected:
        mov ax, 0x10
        mov ds, ax
        mov es, ax
        mov ss, ax
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
        jmp 0x18:AT(wide)

bits 64
wide:
        mov rax, processor_entry
        jmp rax

align 8
gdt:    dq 0
        dq 0x00cf9b000000ffff           ; code, 32 bits
        dq 0x00cf93000000ffff           ; data
        dq 0x00af9b000000ffff           ; code, 64 bits
pointer:
        dw pointer - gdt - 1
        dd AT(gdt)
trampoline_end:

; At the kernel's addresses: the one-to-one mapping can go.
section .text
processor_entry:
        mov rax, kernel_cr3
        mov rax, [rax]
        mov cr3, rax
        mov rax, processor_stack
        mov rsp, [rax]
        xor ebp, ebp
        call processor_main
        ud2
