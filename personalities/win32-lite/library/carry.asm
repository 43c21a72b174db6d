; The adapter and the personality's name, for the launcher (servers/library).
bits 64
global adapter_image, adapter_image_end, launcher_personality
section .rodata.adapter progbits alloc noexec nowrite align=64
adapter_image:
    incbin "win32-adapter.bin"
adapter_image_end:
launcher_personality: db "win32", 0
section .note.GNU-stack noalloc noexec nowrite progbits
