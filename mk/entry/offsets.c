/* What the assembly needs of C: compiled to text, from which the build takes the lines `=> NAME
 * value` into offsets.inc. Nothing of this is linked. */
#include "cpu.h"
#include "ipc/ipc.h"

#define VALUE(name, value) __asm__ volatile("\n=> " #name " %c0" : : "i"((long)(value)))
#define FIELD(name, type, member) VALUE(name, offsetof(struct type, member))

void offsets(void);
void offsets(void)
{
    FIELD(CPU_CURRENT, cpu, current);
    FIELD(CPU_SCRATCH, cpu, scratch);
    FIELD(CPU_CR3, cpu, cr3);
    FIELD(CPU_FPU_OWNER, cpu, fpu_owner);
    FIELD(CPU_FPU_ON, cpu, fpu_on);
    FIELD(CPU_GATE_OFFSET, cpu, gate_offset);
    FIELD(CPU_STACK, cpu, kernel_stack);
    FIELD(CPU_IPCS, cpu, ipcs);
    FIELD(CPU_SWITCHES, cpu, switches);

    FIELD(T_STATE, thread, state);
    FIELD(T_FRAME, thread, frame);
    FIELD(T_KIND, thread, kind);
    FIELD(T_CAPTABLE, thread, captable);
    FIELD(T_CR3, thread, cr3);
    FIELD(T_NEXT, thread, next);
    FIELD(T_CALLER, thread, caller);
    FIELD(T_PARTNER, thread, partner);
    FIELD(T_GATE, thread, gate);
    FIELD(T_RIP, thread, rip);
    FIELD(T_RSP, thread, rsp);
    FIELD(T_FS, thread, fs_base);
    FIELD(T_GS, thread, gs_base);
    FIELD(T_IPCS, thread, ipcs);
    FIELD(T_LABEL, thread, label);
    FIELD(T_RFLAGS, thread, rflags);
    FIELD(T_R, thread, r);
    FIELD(T_EXCEPTION_GATE, thread, exception_gate);

    FIELD(CAP_OBJECT, cap, object);
    FIELD(CAP_FAST, cap, fast);
    FIELD(CAP_LABEL, cap, label);
    FIELD(PART_RECEIVERS, gate_part, receivers);
    FIELD(PART_PENDING, gate_part, pending);
    FIELD(PART_WORKER, gate_part, worker);

    VALUE(HANDLE_MASK, (JN_CAP_HANDLES - 1) * JN_CAP_STEP);
    VALUE(STATE_RUN, STATE_RUN);
    VALUE(STATE_RECV, STATE_RECV);
    VALUE(STATE_REPLY, STATE_REPLY);
    VALUE(STATE_REPLY_WINDOWS, STATE_REPLY | STATE_WINDOWS);
    VALUE(STATE_FOREIGN, STATE_FOREIGN);
    VALUE(FRAME_CALL, FRAME_CALL);
    VALUE(FRAME_SYSCALL, FRAME_SYSCALL);
    VALUE(FRAME_FULL, FRAME_FULL);
    VALUE(CAP_FAST_CALL, CAP_FAST_CALL);
    VALUE(CAP_FAST_WAIT, CAP_FAST_WAIT);
    VALUE(WORDS_REG, JN_WORDS_REG);
    VALUE(REPLY_WAIT, JN_REPLY_WAIT);
    /* Negative as an int; the assembly masks it. */
    VALUE(TAG_SYSCALL, (int)(JN_TAG_KERNEL | JN_KM_SYSCALL << JN_TAG_KIND_SHIFT | JN_WORDS_REG));
}
