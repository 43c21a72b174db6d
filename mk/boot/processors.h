/* The start of the other CPUs. */
#ifndef MK_BOOT_PROCESSORS_H
#define MK_BOOT_PROCESSORS_H

/* Starts every CPU that the firmware lists, up to CPU_MAX, one after the other, and sets cpu_count.
 * They then wait for the kernel lock, which the caller holds, to become idle. One that does not
 * answer is left out with a line in the log. */
void processors_start(void);

#endif
