; The adapter and the personality's name, for the launcher (servers/library). ADAPTER: the file's name.
bits 64
global adapter_image, adapter_image_end, launcher_personality
section .rodata.adapter progbits alloc noexec nowrite align=64
adapter_image:
    incbin ADAPTER
adapter_image_end:
launcher_personality: db "example", 0
section .note.GNU-stack noalloc noexec nowrite progbits
