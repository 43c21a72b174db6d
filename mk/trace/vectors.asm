; The IDT's targets for the time that tracing is on.
%define TRACED
%define vectors traced_vectors
%define entry_trap traced_trap
%include "vectors.asm"
