/* Symbols of the linker script. */
#ifndef MK_BOOT_IMAGE_H
#define MK_BOOT_IMAGE_H

extern char image_begin_phys[], text_begin[], text_end[], rodata_end[], image_end[];

#endif
