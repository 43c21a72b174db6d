/* Compiled, never linked: the core's layouts and numbers are those of Wine's headers. */
#include <stddef.h>

#define NT_LAYOUT_ASSERT
#include "nt_types.h"

#define JANUS_ABI_STATUS_H /* only NT's table is wanted */
#include "nt_status.h"

#define WIN32_NO_STATUS
#include <windef.h>
#include <winbase.h>
#include <winternl.h>
#undef WIN32_NO_STATUS
#include <ntstatus.h>
#include <winioctl.h>
#include <ddk/wdm.h>

#define SAME(ours, theirs) _Static_assert(sizeof(struct ours) == sizeof(theirs), #ours)
#define AT(ours, member, theirs, field)                                                           \
    _Static_assert(offsetof(struct ours, member) == offsetof(theirs, field), #ours "." #member)

#define X(name, value) _Static_assert((unsigned)(value) == (unsigned)STATUS_##name, #name);
NT_STATUS_TABLE(X)
#undef X

SAME(nt_unicode_string, UNICODE_STRING);
AT(nt_unicode_string, buffer, UNICODE_STRING, Buffer);
SAME(nt_object_attributes, OBJECT_ATTRIBUTES);
AT(nt_object_attributes, root, OBJECT_ATTRIBUTES, RootDirectory);
AT(nt_object_attributes, name, OBJECT_ATTRIBUTES, ObjectName);
AT(nt_object_attributes, attributes, OBJECT_ATTRIBUTES, Attributes);
SAME(nt_io_status_block, IO_STATUS_BLOCK);
AT(nt_io_status_block, information, IO_STATUS_BLOCK, Information);
SAME(nt_client_id, CLIENT_ID);
SAME(nt_context, CONTEXT);
AT(nt_context, flags, CONTEXT, ContextFlags);
AT(nt_context, cs, CONTEXT, SegCs);
AT(nt_context, ss, CONTEXT, SegSs);
AT(nt_context, eflags, CONTEXT, EFlags);
AT(nt_context, dr7, CONTEXT, Dr7);
AT(nt_context, rax, CONTEXT, Rax);
AT(nt_context, rsp, CONTEXT, Rsp);
AT(nt_context, r15, CONTEXT, R15);
AT(nt_context, rip, CONTEXT, Rip);
AT(nt_context, vector_control, CONTEXT, VectorControl);
_Static_assert(offsetof(struct nt_context, fp) == 0x100, "FltSave");
SAME(nt_xmm_save, XMM_SAVE_AREA32);
SAME(nt_exception_record, EXCEPTION_RECORD);
AT(nt_exception_record, information, EXCEPTION_RECORD, ExceptionInformation);
SAME(nt_section_image_information, SECTION_IMAGE_INFORMATION);
AT(nt_section_image_information, machine, SECTION_IMAGE_INFORMATION, Machine);
AT(nt_section_image_information, checksum, SECTION_IMAGE_INFORMATION, CheckSum);
SAME(nt_memory_basic_information, MEMORY_BASIC_INFORMATION);
AT(nt_memory_basic_information, region_size, MEMORY_BASIC_INFORMATION, RegionSize);
AT(nt_memory_basic_information, type, MEMORY_BASIC_INFORMATION, Type);
SAME(nt_file_basic, FILE_BASIC_INFORMATION);
SAME(nt_file_standard, FILE_STANDARD_INFORMATION);
SAME(nt_file_network_open, FILE_NETWORK_OPEN_INFORMATION);
_Static_assert(sizeof(struct nt_directory_entry) ==
                   offsetof(FILE_DIRECTORY_INFORMATION, FileName), "directory entry");
_Static_assert(offsetof(FILE_BOTH_DIR_INFORMATION, FileName) == 94, "class 3");
_Static_assert(offsetof(FILE_FULL_DIRECTORY_INFORMATION, FileName) == 68, "class 2");
_Static_assert(offsetof(FILE_NAMES_INFORMATION, FileName) == 12, "class 12");
_Static_assert(offsetof(FILE_ID_BOTH_DIRECTORY_INFORMATION, FileName) == 104, "class 37");
_Static_assert(offsetof(FILE_ID_FULL_DIRECTORY_INFORMATION, FileName) == 80, "class 38");
_Static_assert(offsetof(FILE_ALL_INFORMATION, NameInformation) == 96, "class 18");
SAME(nt_thread_basic, THREAD_BASIC_INFORMATION);
SAME(nt_process_basic, PROCESS_BASIC_INFORMATION);
SAME(nt_system_basic, SYSTEM_BASIC_INFORMATION);
_Static_assert(sizeof(struct nt_key_basic) == offsetof(KEY_BASIC_INFORMATION, Name), "key");
_Static_assert(sizeof(struct nt_key_node) == offsetof(KEY_NODE_INFORMATION, Name), "key");
_Static_assert(offsetof(struct nt_key_full, class_name) == offsetof(KEY_FULL_INFORMATION, Class),
               "key");

_Static_assert(NT_TEB_STACK_BASE == offsetof(TEB, Tib.StackBase), "TEB");
_Static_assert(NT_TEB_STACK_LIMIT == offsetof(TEB, Tib.StackLimit), "TEB");
_Static_assert(NT_TEB_SELF == offsetof(TEB, Tib.Self), "TEB");
_Static_assert(NT_TEB_CLIENT_ID == offsetof(TEB, ClientId), "TEB");
_Static_assert(NT_TEB_PEB == offsetof(TEB, Peb), "TEB");
_Static_assert(NT_TEB_STATIC_STRING == offsetof(TEB, StaticUnicodeString), "TEB");
_Static_assert(NT_TEB_STATIC_BUFFER == offsetof(TEB, StaticUnicodeBuffer), "TEB");
_Static_assert(NT_TEB_DEALLOCATION_STACK == offsetof(TEB, DeallocationStack), "TEB");
_Static_assert(NT_TEB_TLS_SLOTS == offsetof(TEB, TlsSlots), "TEB");
_Static_assert(NT_TEB_GUARANTEED == offsetof(TEB, GuaranteedStackBytes), "TEB");
_Static_assert(NT_TEB_TLS_EXPANSION == offsetof(TEB, TlsExpansionSlots), "TEB");
_Static_assert(offsetof(TEB, ActivationContextStackPointer) == 0x2c8, "TEB");
_Static_assert(offsetof(TEB, RealClientId) == 0x7d8, "TEB");
_Static_assert(offsetof(PEB, ImageBaseAddress) == 0x10, "PEB");
_Static_assert(offsetof(PEB, ProcessParameters) == 0x20, "PEB");
_Static_assert(offsetof(PEB, ApiSetMap) == 0x68, "PEB");
_Static_assert(offsetof(PEB, NumberOfProcessors) == 0xb8, "PEB");
_Static_assert(offsetof(PEB, CriticalSectionTimeout) == 0xc0, "PEB");
_Static_assert(offsetof(PEB, OSMajorVersion) == 0x118, "PEB");
_Static_assert(offsetof(PEB, ImageSubSystem) == 0x128, "PEB");
_Static_assert(offsetof(PEB, SessionId) == 0x2c0, "PEB");
_Static_assert(sizeof(RTL_USER_PROCESS_PARAMETERS) == 0x410, "parameters");
_Static_assert(offsetof(RTL_USER_PROCESS_PARAMETERS, ConsoleHandle) == 0x10, "parameters");
_Static_assert(offsetof(RTL_USER_PROCESS_PARAMETERS, hStdInput) == 0x20, "parameters");
_Static_assert(offsetof(RTL_USER_PROCESS_PARAMETERS, CurrentDirectory) == 0x38, "parameters");
_Static_assert(offsetof(RTL_USER_PROCESS_PARAMETERS, ImagePathName) == 0x60, "parameters");
_Static_assert(offsetof(RTL_USER_PROCESS_PARAMETERS, Environment) == 0x80, "parameters");
_Static_assert(offsetof(RTL_USER_PROCESS_PARAMETERS, dwX) == 0x88, "parameters");
_Static_assert(offsetof(RTL_USER_PROCESS_PARAMETERS, RuntimeInfo) == 0xe0, "parameters");
_Static_assert(offsetof(RTL_USER_PROCESS_PARAMETERS, EnvironmentSize) == 0x3f0, "parameters");
_Static_assert(offsetof(RTL_USER_PROCESS_PARAMETERS, ProcessGroupId) == 0x408, "parameters");
_Static_assert(offsetof(KSHARED_USER_DATA, SystemCall) == 0x308, "shared data");
_Static_assert(offsetof(KSHARED_USER_DATA, SystemTime) == 0x14, "shared data");
_Static_assert(offsetof(KSHARED_USER_DATA, TickCount) == 0x320, "shared data");
_Static_assert(offsetof(KSHARED_USER_DATA, ProcessorFeatures) == 0x274, "shared data");
