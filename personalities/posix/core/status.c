#include "status.h"

#include "linux/errno.h"

long errno_of(jn_status_t status)
{
    static const uint8_t table[] = {
        [-JN_BAD_CAP] = LX_EBADF,         [-JN_NO_RIGHT] = LX_EPERM,
        [-JN_BAD_ARG] = LX_EINVAL,        [-JN_BAD_CALL] = LX_ENOSYS,
        [-JN_NO_MEMORY] = LX_ENOMEM,      [-JN_BUSY] = LX_EBUSY,
        [-JN_EXISTS] = LX_EEXIST,         [-JN_NOT_FOUND] = LX_ENOENT,
        [-JN_RETRY] = LX_EAGAIN,          [-JN_DEAD] = LX_EIO,
        [-JN_TIMEOUT] = LX_ETIMEDOUT,     [-JN_CANCELLED] = LX_EINTR,
        [-JN_AGAIN] = LX_EIO,             [-JN_NO_REPLY] = LX_EIO,
        [-JN_FAULT] = LX_EFAULT,          [-JN_WINDOW] = LX_EFAULT,
        [-JN_TRUNCATED] = LX_ERANGE,      [-JN_BAD_MESSAGE] = LX_EINVAL,
        [-JN_WOULD_BLOCK] = LX_EAGAIN,    [-JN_INTERRUPTED] = LX_EINTR,
        [-JN_NOT_PERMITTED] = LX_EPERM,   [-JN_ACCESS] = LX_EACCES,
        [-JN_NOT_DIRECTORY] = LX_ENOTDIR, [-JN_IS_DIRECTORY] = LX_EISDIR,
        [-JN_NOT_EMPTY] = LX_ENOTEMPTY,   [-JN_NAME_TOO_LONG] = LX_ENAMETOOLONG,
        [-JN_LOOP] = LX_ELOOP,            [-JN_CROSS_DEVICE] = LX_EXDEV,
        [-JN_READ_ONLY] = LX_EROFS,       [-JN_NO_SPACE] = LX_ENOSPC,
        [-JN_TOO_BIG] = LX_EFBIG,         [-JN_BROKEN_PIPE] = LX_EPIPE,
        [-JN_NOT_SEEKABLE] = LX_ESPIPE,   [-JN_NOT_TERMINAL] = LX_ENOTTY,
        [-JN_NOT_SUPPORTED] = LX_EINVAL,  [-JN_BAD_HANDLE] = LX_EBADF,
        [-JN_TOO_MANY] = LX_EMFILE,       [-JN_NO_PROCESS] = LX_ESRCH,
        [-JN_NO_CHILD] = LX_ECHILD,       [-JN_NOT_EXECUTABLE] = LX_ENOEXEC,
        [-JN_BAD_IMAGE] = LX_ENOEXEC,     [-JN_TEXT_BUSY] = LX_ETXTBSY,
        [-JN_SHARING] = LX_EBUSY,         [-JN_LOCKED] = LX_EAGAIN,
        [-JN_DEADLOCK] = LX_EDEADLK,      [-JN_BACKGROUND] = LX_EIO,
        [-JN_HANGUP] = LX_EIO,            [-JN_NO_DEVICE] = LX_ENXIO,
        [-JN_IO] = LX_EIO,                [-JN_QUOTA] = LX_EAGAIN,
        [-JN_RANGE] = LX_EOVERFLOW,       [-JN_DELETE_PENDING] = LX_ENOENT,
        [-JN_NO_SERVICE] = LX_ENOSYS,     [-JN_ABANDONED] = LX_EOWNERDEAD,
        [-JN_NOT_OWNER] = LX_EPERM,       [-JN_OVERFLOW] = LX_EOVERFLOW,
        [-JN_END_OF_FILE] = LX_ENXIO,     [-JN_REDIRECT] = LX_EIO,
        [-JN_FAULT_AT] = LX_EFAULT,
    };
    _Static_assert(sizeof table == 1 - JN_STATUS_LAST, "every status has an error number");
    if (status == JN_OK)
        return 0;
    if (status > 0 || status < JN_STATUS_LAST || !table[-status])
        return -LX_EIO;
    return -(long)table[-status];
}
