/* NTSTATUS values that the core answers. X(name, value): enum NT_name. The build asserts them
 * against Wine's ntstatus.h (nt_layout_assert.c). */
#ifndef NT_STATUS_H
#define NT_STATUS_H

#include <stdint.h>

#include "janus/abi/status.h"

typedef uint32_t nt_status;

#define NT_STATUS_TABLE(X)                                                                        \
    X(SUCCESS, 0x00000000)                                                                        \
    X(ABANDONED_WAIT_0, 0x00000080)                                                               \
    X(USER_APC, 0x000000c0)                                                                       \
    X(ALERTED, 0x00000101)                                                                        \
    X(TIMEOUT, 0x00000102)                                                                        \
    X(PENDING, 0x00000103)                                                                        \
    X(MORE_ENTRIES, 0x00000105)                                                                   \
    X(NOT_ALL_ASSIGNED, 0x00000106)                                                               \
    X(NOTIFY_ENUM_DIR, 0x0000010c)                                                                \
    X(OBJECT_NAME_EXISTS, 0x40000000)                                                             \
    X(IMAGE_NOT_AT_BASE, 0x40000003)                                                              \
    X(IMAGE_MACHINE_TYPE_MISMATCH, 0x4000000e)                                                    \
    X(GUARD_PAGE_VIOLATION, 0x80000001)                                                           \
    X(DATATYPE_MISALIGNMENT, 0x80000002)                                                          \
    X(BREAKPOINT, 0x80000003)                                                                     \
    X(SINGLE_STEP, 0x80000004)                                                                    \
    X(BUFFER_OVERFLOW, 0x80000005)                                                                \
    X(NO_MORE_FILES, 0x80000006)                                                                  \
    X(NO_MORE_ENTRIES, 0x8000001a)                                                                \
    X(NO_MORE_EAS, 0x80000012)                                                                    \
    X(UNSUCCESSFUL, 0xc0000001)                                                                   \
    X(NOT_IMPLEMENTED, 0xc0000002)                                                                \
    X(INVALID_INFO_CLASS, 0xc0000003)                                                             \
    X(INFO_LENGTH_MISMATCH, 0xc0000004)                                                           \
    X(ACCESS_VIOLATION, 0xc0000005)                                                               \
    X(IN_PAGE_ERROR, 0xc0000006)                                                                  \
    X(INVALID_HANDLE, 0xc0000008)                                                                 \
    X(INVALID_CID, 0xc000000b)                                                                    \
    X(INVALID_PARAMETER, 0xc000000d)                                                              \
    X(NO_SUCH_DEVICE, 0xc000000e)                                                                 \
    X(NO_SUCH_FILE, 0xc000000f)                                                                   \
    X(INVALID_DEVICE_REQUEST, 0xc0000010)                                                         \
    X(END_OF_FILE, 0xc0000011)                                                                    \
    X(NO_MEMORY, 0xc0000017)                                                                      \
    X(CONFLICTING_ADDRESSES, 0xc0000018)                                                          \
    X(NOT_MAPPED_VIEW, 0xc0000019)                                                                \
    X(UNABLE_TO_FREE_VM, 0xc000001a)                                                              \
    X(INVALID_VIEW_SIZE, 0xc000001f)                                                              \
    X(INVALID_FILE_FOR_SECTION, 0xc0000020)                                                       \
    X(ILLEGAL_INSTRUCTION, 0xc000001d)                                                            \
    X(ACCESS_DENIED, 0xc0000022)                                                                  \
    X(BUFFER_TOO_SMALL, 0xc0000023)                                                               \
    X(OBJECT_TYPE_MISMATCH, 0xc0000024)                                                           \
    X(NONCONTINUABLE_EXCEPTION, 0xc0000025)                                                       \
    X(INVALID_DISPOSITION, 0xc0000026)                                                            \
    X(NOT_LOCKED, 0xc000002a)                                                                     \
    X(NOT_COMMITTED, 0xc000002d)                                                                  \
    X(OBJECT_NAME_INVALID, 0xc0000033)                                                            \
    X(OBJECT_NAME_NOT_FOUND, 0xc0000034)                                                          \
    X(OBJECT_NAME_COLLISION, 0xc0000035)                                                          \
    X(OBJECT_PATH_INVALID, 0xc0000039)                                                            \
    X(OBJECT_PATH_NOT_FOUND, 0xc000003a)                                                          \
    X(OBJECT_PATH_SYNTAX_BAD, 0xc000003b)                                                         \
    X(DATA_ERROR, 0xc000003e)                                                                     \
    X(SHARING_VIOLATION, 0xc0000043)                                                              \
    X(QUOTA_EXCEEDED, 0xc0000044)                                                                 \
    X(INVALID_PAGE_PROTECTION, 0xc0000045)                                                        \
    X(MUTANT_NOT_OWNED, 0xc0000046)                                                               \
    X(SEMAPHORE_LIMIT_EXCEEDED, 0xc0000047)                                                       \
    X(SECTION_NOT_IMAGE, 0xc0000049)                                                              \
    X(SUSPEND_COUNT_EXCEEDED, 0xc000004a)                                                         \
    X(THREAD_IS_TERMINATING, 0xc000004b)                                                          \
    X(EAS_NOT_SUPPORTED, 0xc000004f)                                                              \
    X(DELETE_PENDING, 0xc0000056)                                                                 \
    X(FILE_LOCK_CONFLICT, 0xc0000054)                                                             \
    X(LOCK_NOT_GRANTED, 0xc0000055)                                                               \
    X(PRIVILEGE_NOT_HELD, 0xc0000061)                                                             \
    X(RANGE_NOT_LOCKED, 0xc000007e)                                                               \
    X(NO_TOKEN, 0xc000007c)                                                                       \
    X(DISK_FULL, 0xc000007f)                                                                      \
    X(INVALID_IMAGE_FORMAT, 0xc000007b)                                                           \
    X(SECTION_TOO_BIG, 0xc0000040)                                                                \
    X(INTEGER_DIVIDE_BY_ZERO, 0xc0000094)                                                         \
    X(INTEGER_OVERFLOW, 0xc0000095)                                                               \
    X(PRIVILEGED_INSTRUCTION, 0xc0000096)                                                         \
    X(FLOAT_INVALID_OPERATION, 0xc0000090)                                                        \
    X(FLOAT_DIVIDE_BY_ZERO, 0xc000008e)                                                           \
    X(FLOAT_INEXACT_RESULT, 0xc000008f)                                                           \
    X(FLOAT_OVERFLOW, 0xc0000091)                                                                 \
    X(FLOAT_UNDERFLOW, 0xc0000093)                                                                \
    X(FLOAT_DENORMAL_OPERAND, 0xc000008d)                                                         \
    X(ARRAY_BOUNDS_EXCEEDED, 0xc000008c)                                                          \
    X(INSUFFICIENT_RESOURCES, 0xc000009a)                                                         \
    X(MEDIA_WRITE_PROTECTED, 0xc00000a2)                                                          \
    X(PIPE_NOT_AVAILABLE, 0xc00000ac)                                                             \
    X(INVALID_PIPE_STATE, 0xc00000ad)                                                             \
    X(PIPE_BUSY, 0xc00000ae)                                                                      \
    X(PIPE_DISCONNECTED, 0xc00000b0)                                                              \
    X(PIPE_CLOSING, 0xc00000b1)                                                                   \
    X(PIPE_CONNECTED, 0xc00000b2)                                                                 \
    X(PIPE_LISTENING, 0xc00000b3)                                                                 \
    X(INSTANCE_NOT_AVAILABLE, 0xc00000ab)                                                         \
    X(IO_TIMEOUT, 0xc00000b5)                                                                     \
    X(FILE_IS_A_DIRECTORY, 0xc00000ba)                                                            \
    X(NOT_SUPPORTED, 0xc00000bb)                                                                  \
    X(PIPE_EMPTY, 0xc00000d9)                                                                     \
    X(INVALID_PARAMETER_MIX, 0xc0000030)                                                          \
    X(INVALID_PARAMETER_1, 0xc00000ef)                                                            \
    X(INVALID_PARAMETER_2, 0xc00000f0)                                                            \
    X(INVALID_PARAMETER_3, 0xc00000f1)                                                            \
    X(INVALID_PARAMETER_4, 0xc00000f2)                                                            \
    X(INVALID_PARAMETER_5, 0xc00000f3)                                                            \
    X(INVALID_PARAMETER_6, 0xc00000f4)                                                            \
    X(INVALID_PARAMETER_7, 0xc00000f5)                                                            \
    X(INVALID_PARAMETER_8, 0xc00000f6)                                                            \
    X(INVALID_PARAMETER_9, 0xc00000f7)                                                            \
    X(STACK_OVERFLOW, 0xc00000fd)                                                                 \
    X(DIRECTORY_NOT_EMPTY, 0xc0000101)                                                            \
    X(NOT_A_DIRECTORY, 0xc0000103)                                                                \
    X(NAME_TOO_LONG, 0xc0000106)                                                                  \
    X(TOO_MANY_OPENED_FILES, 0xc000011f)                                                          \
    X(CANCELLED, 0xc0000120)                                                                      \
    X(CANNOT_DELETE, 0xc0000121)                                                                  \
    X(PROCESS_IS_TERMINATING, 0xc000010a)                                                         \
    X(COMMITMENT_LIMIT, 0xc000012d)                                                               \
    X(INVALID_IMAGE_NOT_MZ, 0xc000012f)                                                           \
    X(INVALID_IMAGE_PROTECT, 0xc0000130)                                                          \
    X(INVALID_IMAGE_WIN_16, 0xc0000131)                                                           \
    X(DLL_NOT_FOUND, 0xc0000135)                                                                  \
    X(CONTROL_C_EXIT, 0xc000013a)                                                                 \
    X(KEY_DELETED, 0xc000017c)                                                                    \
    X(PIPE_BROKEN, 0xc000014b)                                                                    \
    X(CANNOT_IMPERSONATE, 0xc000010d)                                                             \
    X(NO_CALLBACK_ACTIVE, 0xc0000258)                                                             \
    X(NOT_FOUND, 0xc0000225)                                                                      \
    X(RESOURCE_NOT_OWNED, 0xc0000264)                                                             \
    X(DEVICE_NOT_READY, 0xc00000a3)                                                               \
    X(NOT_SAME_DEVICE, 0xc00000d4)                                                                \
    X(FILE_DELETED, 0xc0000123)                                                                   \
    X(CHILD_MUST_BE_VOLATILE, 0xc0000181)                                                         \
    X(INVALID_ADDRESS, 0xc0000141)                                                                \
    X(IO_DEVICE_ERROR, 0xc0000185)                                                                \
    X(HANDLE_NOT_CLOSABLE, 0xc0000235)                                                            \
    X(NOT_SAME_OBJECT, 0xc00001ac)                                                                \
    X(PORT_NOT_SET, 0xc0000353)                                                                   \
    X(ILLEGAL_FUNCTION, 0xc00000af)                                                               \
    X(NO_UNICODE_TRANSLATION, 0xc0000717)                                                         \
    X(PROCESS_IN_JOB, 0x00000124)                                                                 \
    X(PROCESS_NOT_IN_JOB, 0x00000123)                                                             \
    X(DEBUGGER_INACTIVE, 0xc0000354)                                                              \
    X(PARTIAL_COPY, 0x8000000d)                                                                   \
    X(MEMORY_NOT_ALLOCATED, 0xc00000a0)                                                           \
    X(FREE_VM_NOT_AT_BASE, 0xc000009f)                                                            \
    X(NOT_A_REPARSE_POINT, 0xc0000275)

enum nt_status_code {
#define X(name, value) NT_##name = (value),
    NT_STATUS_TABLE(X)
#undef X
        /* Internal answers of a service; never seen by a program (customer bit set). */
        NT_HELD = 0x2a000001,  /* the thread waits; its service is run again when it is woken */
        NT_STATE = 0x2a000002, /* the thread's registers were set or it is gone: no result */
};

#define NT_OK(status) ((int32_t)(status) >= 0)
#define NT_FAILED(status) ((int32_t)(status) < 0)

/* The total translation of Janus's statuses. */
nt_status nt_status_from(int32_t status);

#endif
