/* Structures and constants of the NT interface as programs see them. Layouts are asserted against
 * Wine's headers in nt_layout_assert.c. */
#ifndef NT_TYPES_H
#define NT_TYPES_H

#include <stdint.h>

struct nt_unicode_string {
    uint16_t length, maximum; /* bytes */
    uint32_t pad;
    uint64_t buffer;
};
struct nt_object_attributes {
    uint32_t length, pad;
    uint64_t root, name;
    uint32_t attributes, pad2;
    uint64_t security, quality;
};
struct nt_io_status_block {
    uint64_t status; /* NTSTATUS in the low half */
    uint64_t information;
};
struct nt_client_id {
    uint64_t process, thread;
};
#define NT_OBJ_INHERIT 0x02u
#define NT_OBJ_PERMANENT 0x10u
#define NT_OBJ_CASE_INSENSITIVE 0x40u
#define NT_OBJ_OPENIF 0x80u

struct nt_m128 {
    uint64_t low, high;
};
struct nt_xmm_save {
    uint16_t control, status;
    uint8_t tag, reserved;
    uint16_t opcode;
    uint32_t error_offset;
    uint16_t error_selector, reserved2;
    uint32_t data_offset;
    uint16_t data_selector, reserved3;
    uint32_t mxcsr, mxcsr_mask;
    struct nt_m128 st[8], xmm[16];
    uint8_t reserved4[96];
};
struct nt_context {
    uint64_t home[6];
    uint32_t flags, mxcsr;
    uint16_t cs, ds, es, fs, gs, ss;
    uint32_t eflags;
    uint64_t dr0, dr1, dr2, dr3, dr6, dr7;
    uint64_t rax, rcx, rdx, rbx, rsp, rbp, rsi, rdi, r8, r9, r10, r11, r12, r13, r14, r15, rip;
    struct nt_xmm_save fp;
    struct nt_m128 vector[26];
    uint64_t vector_control, debug_control, last_branch_to, last_branch_from, last_exception_to,
        last_exception_from;
};
#define NT_CONTEXT_AMD64 0x100000u
#define NT_CONTEXT_CONTROL 0x100001u
#define NT_CONTEXT_INTEGER 0x100002u
#define NT_CONTEXT_SEGMENTS 0x100004u
#define NT_CONTEXT_FLOAT 0x100008u
#define NT_CONTEXT_DEBUG 0x100010u
#define NT_CONTEXT_FULL 0x10000bu

struct nt_exception_record {
    uint32_t code, flags;
    uint64_t record, address;
    uint32_t count, pad;
    uint64_t information[15];
};
#define NT_EXCEPTION_NONCONTINUABLE 1u

struct nt_section_image_information {
    uint64_t transfer;
    uint32_t zero_bits, pad;
    uint64_t maximum_stack, committed_stack;
    uint32_t subsystem;
    uint16_t subsystem_minor, subsystem_major;
    uint16_t os_major, os_minor;
    uint16_t characteristics, dll_characteristics;
    uint16_t machine;
    uint8_t contains_code, image_flags;
    uint32_t loader_flags, file_size, checksum;
};

struct nt_memory_basic_information {
    uint64_t base, allocation_base;
    uint32_t allocation_protect, pad;
    uint64_t region_size;
    uint32_t state, protect, type, pad2;
};
#define NT_MEM_COMMIT 0x1000u
#define NT_MEM_RESERVE 0x2000u
#define NT_MEM_REPLACE_PLACEHOLDER 0x4000u
#define NT_MEM_DECOMMIT 0x4000u
#define NT_MEM_RELEASE 0x8000u
#define NT_MEM_FREE 0x10000u
#define NT_MEM_PRIVATE 0x20000u
#define NT_MEM_MAPPED 0x40000u
#define NT_MEM_RESERVE_PLACEHOLDER 0x40000u
#define NT_MEM_RESET 0x80000u
#define NT_MEM_TOP_DOWN 0x100000u
#define NT_MEM_WRITE_WATCH 0x200000u
#define NT_MEM_RESET_UNDO 0x1000000u
#define NT_MEM_IMAGE 0x1000000u
#define NT_MEM_COALESCE_PLACEHOLDERS 1u
#define NT_MEM_PRESERVE_PLACEHOLDER 2u

#define NT_PAGE_NOACCESS 0x01u
#define NT_PAGE_READONLY 0x02u
#define NT_PAGE_READWRITE 0x04u
#define NT_PAGE_WRITECOPY 0x08u
#define NT_PAGE_EXECUTE 0x10u
#define NT_PAGE_EXECUTE_READ 0x20u
#define NT_PAGE_EXECUTE_READWRITE 0x40u
#define NT_PAGE_EXECUTE_WRITECOPY 0x80u
#define NT_PAGE_GUARD 0x100u
#define NT_PAGE_NOCACHE 0x200u

#define NT_SEC_FILE 0x800000u
#define NT_SEC_IMAGE 0x1000000u
#define NT_SEC_RESERVE 0x4000000u
#define NT_SEC_COMMIT 0x8000000u

/* Access rights. */
#define NT_DELETE 0x00010000u
#define NT_READ_CONTROL 0x00020000u
#define NT_SYNCHRONIZE 0x00100000u
#define NT_GENERIC_ALL 0x10000000u
#define NT_GENERIC_EXECUTE 0x20000000u
#define NT_GENERIC_WRITE 0x40000000u
#define NT_GENERIC_READ 0x80000000u
#define NT_MAXIMUM_ALLOWED 0x02000000u
#define NT_FILE_READ_DATA 0x0001u
#define NT_FILE_WRITE_DATA 0x0002u
#define NT_FILE_APPEND_DATA 0x0004u
#define NT_FILE_READ_EA 0x0008u
#define NT_FILE_WRITE_EA 0x0010u
#define NT_FILE_EXECUTE 0x0020u
#define NT_FILE_READ_ATTRIBUTES 0x0080u
#define NT_FILE_WRITE_ATTRIBUTES 0x0100u

/* NtCreateFile. */
#define NT_FILE_SUPERSEDE 0u
#define NT_FILE_OPEN 1u
#define NT_FILE_CREATE 2u
#define NT_FILE_OPEN_IF 3u
#define NT_FILE_OVERWRITE 4u
#define NT_FILE_OVERWRITE_IF 5u
#define NT_FILE_SUPERSEDED 0u
#define NT_FILE_OPENED 1u
#define NT_FILE_CREATED 2u
#define NT_FILE_OVERWRITTEN 3u
#define NT_FILE_DIRECTORY_FILE 0x01u
#define NT_FILE_SEQUENTIAL_ONLY 0x04u
#define NT_FILE_SYNCHRONOUS_ALERT 0x10u
#define NT_FILE_SYNCHRONOUS_NONALERT 0x20u
#define NT_FILE_NON_DIRECTORY_FILE 0x40u
#define NT_FILE_DELETE_ON_CLOSE 0x1000u
#define NT_FILE_OPEN_BY_FILE_ID 0x2000u
#define NT_FILE_SYNC (NT_FILE_SYNCHRONOUS_ALERT | NT_FILE_SYNCHRONOUS_NONALERT)

#define NT_ATTRIBUTE_READONLY 0x01u
#define NT_ATTRIBUTE_HIDDEN 0x02u
#define NT_ATTRIBUTE_SYSTEM 0x04u
#define NT_ATTRIBUTE_DIRECTORY 0x10u
#define NT_ATTRIBUTE_ARCHIVE 0x20u
#define NT_ATTRIBUTE_NORMAL 0x80u
#define NT_ATTRIBUTE_TEMPORARY 0x100u
#define NT_ATTRIBUTE_REPARSE 0x400u

/* Devices of FileFsDeviceInformation. */
#define NT_DEVICE_DISK 0x07u
#define NT_DEVICE_NAMED_PIPE 0x11u
#define NT_DEVICE_NULL 0x15u
#define NT_DEVICE_UNKNOWN 0x22u
#define NT_DEVICE_CONSOLE 0x50u

struct nt_file_basic {
    int64_t creation, access, write, change;
    uint32_t attributes, pad;
};
struct nt_file_standard {
    int64_t allocation, end;
    uint32_t links;
    uint8_t delete_pending, directory;
    uint16_t pad;
};
struct nt_file_network_open {
    int64_t creation, access, write, change, allocation, end;
    uint32_t attributes, pad;
};
/* Fixed parts of the directory classes; the name follows. */
struct nt_directory_entry {
    uint32_t next, index;
    int64_t creation, access, write, change, end, allocation;
    uint32_t attributes, name_length;
};

struct nt_key_basic {
    int64_t write_time;
    uint32_t title, name_length;
};
struct nt_key_node {
    int64_t write_time;
    uint32_t title, class_offset, class_length, name_length;
};
struct nt_key_full {
    int64_t write_time;
    uint32_t title, class_offset, class_length, subkeys, longest_name, longest_class, values,
        longest_value_name, longest_value;
    uint32_t class_name; /* WCHAR Class[1], padded */
};

struct nt_thread_basic {
    uint32_t exit_status, pad;
    uint64_t teb;
    struct nt_client_id client;
    uint64_t affinity;
    int32_t priority, base_priority;
};
struct nt_process_basic {
    uint32_t exit_status, pad;
    uint64_t peb, affinity;
    int32_t base_priority;
    uint32_t pad2;
    uint64_t pid, parent;
};
struct nt_system_basic {
    uint32_t reserved, maximum_increment, page_size, physical_pages, lowest_page, highest_page,
        granularity, pad;
    uint64_t lowest_address, highest_address, affinity;
    uint8_t processors, pad2[7];
};

/* Offsets of the TEB, PEB and RTL_USER_PROCESS_PARAMETERS that are written by number. */
#define NT_TEB_EXCEPTION_LIST 0x00u
#define NT_TEB_STACK_BASE 0x08u
#define NT_TEB_STACK_LIMIT 0x10u
#define NT_TEB_SELF 0x30u
#define NT_TEB_CLIENT_ID 0x40u
#define NT_TEB_PEB 0x60u
#define NT_TEB_STATIC_STRING 0x1258u
#define NT_TEB_STATIC_BUFFER 0x1268u
#define NT_TEB_DEALLOCATION_STACK 0x1478u
#define NT_TEB_TLS_SLOTS 0x1480u
#define NT_TEB_GUARANTEED 0x1748u
#define NT_TEB_TLS_EXPANSION 0x1780u
#define NT_TEB_SIZE 0x4000u

#endif
