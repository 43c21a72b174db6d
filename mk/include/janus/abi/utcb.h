/* The user thread control block: one page per native thread, mapped in its task at the address its
 * creator chose, never unmapped while the thread lives; the kernel reaches it through the direct
 * map and reads each word once. In native tasks (and POSIX adapters) the GS base is its address. */
#ifndef JANUS_ABI_UTCB_H
#define JANUS_ABI_UTCB_H

#include <stdint.h>

#include "janus/abi/ipc.h"

#define JN_UTCB_SIZE 4096

/* What a caller offers to be copied during its call (KERNEL 6, 9). */
struct jn_window {
    uint64_t address; /* in the own space, or in that of the Reply's caller */
    uint64_t length;  /* bytes */
    uint32_t access;  /* JN_R: the server may copy from it; JN_W: it may copy to it */
    uint32_t reply;   /* 0: own memory; else a held Reply whose caller's memory is lent onward:
                       * a foreign caller's whole space, or window 0 of a native caller */
};
#define JN_WINDOW_CURRENT 1 /* as `reply`: the current caller, whose Reply was not parked */

/* General registers in the order of struct jn_state.r. */
enum jn_reg {
    JN_REG_RAX, JN_REG_RBX, JN_REG_RCX, JN_REG_RDX, JN_REG_RSI, JN_REG_RDI, JN_REG_RBP, JN_REG_RSP,
    JN_REG_R8, JN_REG_R9, JN_REG_R10, JN_REG_R11, JN_REG_R12, JN_REG_R13, JN_REG_R14, JN_REG_R15,
    JN_REG_COUNT
};

/* The full state of a thread as exceptions, attention and thread control carry it. The kernel
 * sanitises whatever is written: rip canonical and in user space, flags, bases, MXCSR, XSTATE_BV. */
struct jn_state {
    uint64_t r[16]; /* enum jn_reg */
    uint64_t rip;
    uint64_t rflags;
    uint64_t fs_base;
    uint64_t gs_base;
    uint64_t dr[6]; /* dr0-dr3, dr6, dr7 */
    uint32_t valid; /* JN_STATE_..: which groups are there, or are to be written */
    uint32_t xsave_size;
    uint64_t trap_vector; /* exceptions: vector, error code and cr2 again, for signal frames */
    uint64_t trap_error;
    uint64_t trap_cr2;
    uint64_t reserved[2];
    _Alignas(64) uint8_t xsave[1024]; /* standard XSAVE format, XCR0 = x87|SSE|AVX: 832 bytes */
};
/* in_adapter: the kernel sets INSIDE when a system call comes through the door; an adapter that is
 * entered in another way sets it itself. While it stands, suspension and attention wait, up to their
 * caller's time, and the kernel sets LEAVE. The adapter exchanges the word for 0 as it leaves; if it
 * finds LEAVE it makes one kernel call, any: there the stop takes hold, best with the program's
 * whole state by JN_OP_THREAD_WRITE on itself. */
#define JN_ADAPTER_INSIDE 1
#define JN_ADAPTER_LEAVE 2

#define JN_STATE_REGS 1  /* r, rip, rflags */
#define JN_STATE_BASES 2 /* fs_base, gs_base */
#define JN_STATE_DEBUG 4
#define JN_STATE_XSAVE 8

struct jn_utcb {
    uint64_t words[JN_WORDS_MAX]; /* words 0-9 travel in registers; their cells here are unused */
    struct {
        uint64_t what; /* JN_ITEM_.. */
        uint64_t where;
    } items[JN_ITEMS_MAX];
    uint64_t item_offset[JN_ITEMS_MAX];
    struct jn_window windows[JN_WINDOWS_MAX];
    uint64_t send_deadline; /* ns, monotonic; see JN_SEND_UNTIL */
    uint64_t recv_deadline;
    /* Where received items may land: set before waiting, read when the message arrives. */
    uint64_t recv_base;     /* memory window; 0 order = none accepted */
    uint64_t recv_order;    /* log2 of its size */
    uint64_t recv_cap_base; /* first of recv_cap_count empty consecutive handles */
    uint64_t recv_cap_count;
    /* Results, written by the kernel with the message. */
    uint64_t got_items;  /* items transferred; for capabilities items[i].where is the own handle */
    uint64_t got_caps;
    uint64_t sent_items; /* after an error in the middle: items done before it */
    uint64_t self;       /* the address of this UTCB; written at creation */
    uint64_t thread;     /* handle of the own Thread capability, if the creator set it */
    uint64_t in_adapter; /* JN_ADAPTER_..; KERNEL 18 */
    uint64_t door_rip;   /* of the program, after its syscall instruction; written at the door */
    uint64_t door_rsp;
    uint64_t user[14]; /* the runtime library's */
    uint64_t door_rax; /* JN_FOREIGN: of the program; the adapter has written them */
    uint64_t door_rflags;
    _Alignas(64) struct jn_state state;
};

_Static_assert(sizeof(struct jn_window) == 24, "ABI");
_Static_assert(sizeof(struct jn_state) == 16 * 8 + 4 * 8 + 6 * 8 + 8 + 5 * 8 + 1024, "ABI");
_Static_assert(sizeof(struct jn_utcb) <= JN_UTCB_SIZE, "ABI");

#endif
