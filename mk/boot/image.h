/* Symbols of the linker script, in this order; between rodata_end and text_begin is free RAM, between
 * text_end and data_begin what fills the last page of text. */
#ifndef MK_BOOT_IMAGE_H
#define MK_BOOT_IMAGE_H

extern char image_begin_phys[], rodata_begin[], rodata_end[], text_begin[], text_end[], data_begin[],
    image_end[];

#endif
