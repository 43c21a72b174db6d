/* What the assembly needs of C: compiled to text, from which the build takes the lines `=> NAME
 * value` into offsets.inc. Nothing of this is linked. */
#include "cpu.h"
#include "ipc/ipc.h"
#include "signal/signal.h"
#include "trace/trace.h"

#define VALUE(name, value)        __asm__ volatile("\n=> " #name " %c0" : : "i"((long)(value)))
#define FIELD(name, type, member) VALUE(name, offsetof(struct type, member))

void offsets(void);
void offsets(void)
{
    FIELD(CPU_CURRENT, cpu, current);
    FIELD(CPU_SCRATCH, cpu, scratch);
    FIELD(CPU_CR3, cpu, cr3);
    FIELD(CPU_FPU_OWNER, cpu, fpu_owner);
    FIELD(CPU_FPU_ON, cpu, fpu_on);
    FIELD(CPU_FPU_IS, cpu, fpu_is);
    FIELD(CPU_GO_ON, cpu, go_on);
    FIELD(CPU_CR0_OFF, cpu, cr0_off);
    FIELD(CPU_CR4_OFF, cpu, cr4_off);
    FIELD(CPU_CR4, cpu, cr4);
    VALUE(FPU_OFF, FPU_OFF);
    VALUE(FPU_ON, FPU_ON);
    VALUE(FPU_LOAD, FPU_LOAD);
    VALUE(PKRU_VALUE, PKRU_VALUE);
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
    FIELD(T_FAULT_GATE, thread, fault_gate);
    FIELD(T_UTCB, thread, utcb);
    FIELD(T_UTCB_ADDRESS, thread, utcb_address);
    FIELD(T_DOOR, thread, door);
    FIELD(DOOR_BEGIN, door, begin);
    FIELD(DOOR_SIZE, door, size);
    FIELD(DOOR_ENTRY, door, entry);
    FIELD(T_FAULT, thread, fault);
    FIELD(T_MESSAGE, thread, message);
    FIELD(T_AGAIN, thread, again);
    FIELD(T_WINDOWS, thread, windows);
    FIELD(T_FAULTS, thread, faults);
    FIELD(T_SWITCHES, thread, switches);
    FIELD(T_FPU, thread, fpu);
    FIELD(T_FPU_USED, thread, fpu_used);
    FIELD(T_SCHED, thread, sched);
    FIELD(T_PREEMPTED_ON, thread, preempted_on);
    FIELD(T_QUEUE, thread, queue);
    FIELD(T_XSAVE, thread, xsave);

    FIELD(CPU_TRACE_WAKE, cpu, trace_wake);
    VALUE(POINT_DELIVER, POINT_DELIVER);
    VALUE(POINT_ANSWER, POINT_ANSWER);
    VALUE(POINT_SIGNAL, POINT_SIGNAL);
    VALUE(POINT_DOOR, POINT_DOOR);
    VALUE(POINT_NULL, POINT_NULL);
    FIELD(CPU_ENTRIES, cpu, entries);
    FIELD(CPU_FAULTS, cpu, faults);
    FIELD(CPU_PREEMPTED, cpu, preempted);
    FIELD(CPU_RESCHED, cpu, resched);
    FIELD(CPU_READY, cpu, run.map);
    FIELD(CPU_SCHED, cpu, sched);
    FIELD(CPU_SINCE, cpu, sched_since);
    FIELD(CPU_PRIORITY, cpu, priority);
    FIELD(SCHED_PRIORITY, sched, fast_priority);
    FIELD(SCHED_CONSUMED, sched, consumed);
    FIELD(SCHED_SLICE, sched, slice);
    FIELD(SIGNAL_BITS, signal, bits);
    FIELD(SIGNAL_WAITERS, signal, waiters);
    FIELD(SIGNAL_BOUND, signal, bound);
    FIELD(UTCB_WORDS, jn_utcb, words);
    FIELD(UTCB_STATE, jn_utcb, state);
    FIELD(UTCB_IN_ADAPTER, jn_utcb, in_adapter);
    FIELD(UTCB_DOOR_RIP, jn_utcb, door_rip);
    FIELD(UTCB_DOOR_RSP, jn_utcb, door_rsp);
    FIELD(UTCB_DOOR_RAX, jn_utcb, door_rax);
    FIELD(UTCB_DOOR_RFLAGS, jn_utcb, door_rflags);
    VALUE(ADAPTER_INSIDE, JN_ADAPTER_INSIDE);
    FIELD(STATE_VALID, jn_state, valid);
    FIELD(STATE_XSAVE_SIZE, jn_state, xsave_size);
    FIELD(STATE_TRAP, jn_state, trap_vector);
    FIELD(STATE_XSAVE, jn_state, xsave);

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
    VALUE(STATE_FAULT, STATE_FAULT);
    VALUE(STATE_EXCEPTION, STATE_EXCEPTION);
    VALUE(STATE_SIGNAL, STATE_SIGNAL);
    VALUE(KIND_FOREIGN_BIT, __builtin_ctzll(KIND_FOREIGN));
    VALUE(KIND_MARKED_BIT, __builtin_ctzll(KIND_MARKED));
    VALUE(KIND_DOOR_BIT, __builtin_ctzll(KIND_DOOR));
    VALUE(FRAME_CALL, FRAME_CALL);
    VALUE(FRAME_SYSCALL, FRAME_SYSCALL);
    VALUE(FRAME_FULL, FRAME_FULL);
    VALUE(CAP_FAST_CALL, CAP_FAST_CALL);
    VALUE(CAP_FAST_WAIT, CAP_FAST_WAIT);
    VALUE(CAP_FAST_RAISE, CAP_FAST_RAISE);
    VALUE(WORDS_REG, JN_WORDS_REG);
    VALUE(WORDS_MAX, JN_WORDS_MAX);
    VALUE(OP_REPLY_WAIT, JN_REPLY_WAIT);
    VALUE(OP_SIGNAL, JN_SIGNAL);
    VALUE(OP_NULL, JN_NULL);
    VALUE(OP_FOREIGN, JN_FOREIGN);
    VALUE(FLAGS_USER, FLAGS_USER);
    VALUE(FLAGS_FIXED, FLAGS_FIXED);
    VALUE(OP_COPY, JN_COPY);
    VALUE(OP_YIELD, JN_YIELD);
    VALUE(TAG_WINDOWS, JN_TAG_WINDOWS);
    VALUE(TAG_WINDOWS_SHIFT, JN_TAG_WINDOWS_SHIFT);
    VALUE(WINDOWS_MAX, JN_WINDOWS_MAX);
    VALUE(SIGNALLED, JN_SIGNALLED);
    VALUE(KM_PAGE_FAULT, JN_KM_PAGE_FAULT);
    VALUE(KM_EXCEPTION, JN_KM_EXCEPTION);
    VALUE(TAG_KIND_SHIFT, JN_TAG_KIND_SHIFT);
    VALUE(TAG_ITEMS_SHIFT, JN_TAG_ITEMS_SHIFT);
    VALUE(VALID_PLAIN, JN_STATE_REGS | JN_STATE_BASES | JN_STATE_DEBUG);
    VALUE(VALID_XSAVE, JN_STATE_XSAVE);
    VALUE(STATE_WORDS, JN_REG_COUNT + 4 + 6); /* r to dr */
}
