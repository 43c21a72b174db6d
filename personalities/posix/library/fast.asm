; Calls that the adapter answers on the program's own thread (docs/library.md: fast calls).
bits 64
default rel
global adapter_fast, adapter_fast_count

section .rodata.fast progbits alloc noexec nowrite align=64
adapter_fast_count: dd 0
align 8
adapter_fast:

section .note.GNU-stack noalloc noexec nowrite progbits
