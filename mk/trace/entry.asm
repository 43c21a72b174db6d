; The entries once more, for the time that tracing is on (KERNEL 25): the same text, in which
; `trace_point` writes a record and C is entered through trace/wrap.c.
%define TRACED
%define entry_syscall traced_syscall
%define entry_trap traced_trap
%define entry_syscall.slow traced_syscall.slow
%define entry_syscall.foreign_call traced_syscall.foreign_call
%define entry_syscall.slow_call traced_syscall.slow_call
%define entry_syscall.go_on_full traced_syscall.go_on_full
%define entry_trap.from_kernel traced_trap.from_kernel
%define leave_kernel traced_leave
%define kernel_syscall trace_syscall
%define kernel_leave trace_leave
%define ipc_copy_quick trace_copy_quick
%define foreign_syscall trace_foreign_syscall
%define trap trace_trap
%include "entry.asm"
