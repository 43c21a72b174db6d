/* Janus's statuses as NTSTATUS: one total table. */
#include "nt_status.h"

nt_status nt_status_from(int32_t status)
{
    switch (status) {
    case JN_OK: return NT_SUCCESS;
    case JN_BAD_CAP: return NT_INVALID_HANDLE;
    case JN_NO_RIGHT: return NT_ACCESS_DENIED;
    case JN_BAD_ARG: return NT_INVALID_PARAMETER;
    case JN_BAD_CALL: return NT_INVALID_DEVICE_REQUEST;
    case JN_NO_MEMORY: return NT_NO_MEMORY;
    case JN_BUSY: return NT_PIPE_BUSY;
    case JN_EXISTS: return NT_OBJECT_NAME_COLLISION;
    case JN_NOT_FOUND: return NT_OBJECT_NAME_NOT_FOUND;
    case JN_RETRY: return NT_UNSUCCESSFUL;
    case JN_DEAD: return NT_INVALID_HANDLE;
    case JN_TIMEOUT: return NT_TIMEOUT;
    case JN_CANCELLED: return NT_CANCELLED;
    case JN_AGAIN: return NT_UNSUCCESSFUL;
    case JN_NO_REPLY: return NT_UNSUCCESSFUL;
    case JN_FAULT: return NT_ACCESS_VIOLATION;
    case JN_WINDOW: return NT_ACCESS_VIOLATION;
    case JN_TRUNCATED: return NT_BUFFER_OVERFLOW;
    case JN_BAD_MESSAGE: return NT_INVALID_PARAMETER;
    case JN_WOULD_BLOCK: return NT_PENDING;
    case JN_INTERRUPTED: return NT_ALERTED;
    case JN_NOT_PERMITTED: return NT_ACCESS_DENIED;
    case JN_ACCESS: return NT_ACCESS_DENIED;
    case JN_NOT_DIRECTORY: return NT_OBJECT_PATH_NOT_FOUND;
    case JN_IS_DIRECTORY: return NT_FILE_IS_A_DIRECTORY;
    case JN_NOT_EMPTY: return NT_DIRECTORY_NOT_EMPTY;
    case JN_NAME_TOO_LONG: return NT_OBJECT_NAME_INVALID;
    case JN_LOOP: return NT_OBJECT_PATH_NOT_FOUND;
    case JN_CROSS_DEVICE: return NT_NOT_SAME_DEVICE;
    case JN_READ_ONLY: return NT_MEDIA_WRITE_PROTECTED;
    case JN_NO_SPACE: return NT_DISK_FULL;
    case JN_TOO_BIG: return NT_DISK_FULL;
    case JN_BROKEN_PIPE: return NT_PIPE_DISCONNECTED;
    case JN_NOT_SEEKABLE: return NT_INVALID_DEVICE_REQUEST;
    case JN_NOT_TERMINAL: return NT_OBJECT_TYPE_MISMATCH;
    case JN_NOT_SUPPORTED: return NT_NOT_SUPPORTED;
    case JN_BAD_HANDLE: return NT_INVALID_HANDLE;
    case JN_TOO_MANY: return NT_TOO_MANY_OPENED_FILES;
    case JN_NO_PROCESS: return NT_INVALID_CID;
    case JN_NO_CHILD: return NT_INVALID_CID;
    case JN_NOT_EXECUTABLE: return NT_INVALID_IMAGE_NOT_MZ;
    case JN_BAD_IMAGE: return NT_INVALID_IMAGE_FORMAT;
    case JN_TEXT_BUSY: return NT_SHARING_VIOLATION;
    case JN_SHARING: return NT_SHARING_VIOLATION;
    case JN_LOCKED: return NT_FILE_LOCK_CONFLICT;
    case JN_DEADLOCK: return NT_LOCK_NOT_GRANTED;
    case JN_BACKGROUND: return NT_ACCESS_DENIED;
    case JN_HANGUP: return NT_PIPE_BROKEN;
    case JN_NO_DEVICE: return NT_NO_SUCH_DEVICE;
    case JN_IO: return NT_IO_DEVICE_ERROR;
    case JN_QUOTA: return NT_COMMITMENT_LIMIT;
    case JN_RANGE: return NT_BUFFER_TOO_SMALL;
    case JN_DELETE_PENDING: return NT_DELETE_PENDING;
    case JN_NO_SERVICE: return NT_NOT_SUPPORTED;
    case JN_ABANDONED: return NT_ABANDONED_WAIT_0;
    case JN_NOT_OWNER: return NT_MUTANT_NOT_OWNED;
    case JN_OVERFLOW: return NT_SEMAPHORE_LIMIT_EXCEEDED;
    case JN_END_OF_FILE: return NT_END_OF_FILE;
    case JN_REDIRECT: return NT_NOT_SUPPORTED;
    case JN_FAULT_AT: return NT_ACCESS_VIOLATION;
    }
    return NT_UNSUCCESSFUL;
}
