/* Linux's error numbers (errno(3)), and the kernel-internal restart codes, which never reach a
 * program. */
#ifndef POSIX_LINUX_ERRNO_H
#define POSIX_LINUX_ERRNO_H

enum {
    LX_EPERM = 1, LX_ENOENT = 2, LX_ESRCH = 3, LX_EINTR = 4, LX_EIO = 5, LX_ENXIO = 6,
    LX_E2BIG = 7, LX_ENOEXEC = 8, LX_EBADF = 9, LX_ECHILD = 10, LX_EAGAIN = 11, LX_ENOMEM = 12,
    LX_EACCES = 13, LX_EFAULT = 14, LX_ENOTBLK = 15, LX_EBUSY = 16, LX_EEXIST = 17, LX_EXDEV = 18,
    LX_ENODEV = 19, LX_ENOTDIR = 20, LX_EISDIR = 21, LX_EINVAL = 22, LX_ENFILE = 23,
    LX_EMFILE = 24, LX_ENOTTY = 25, LX_ETXTBSY = 26, LX_EFBIG = 27, LX_ENOSPC = 28,
    LX_ESPIPE = 29, LX_EROFS = 30, LX_EMLINK = 31, LX_EPIPE = 32, LX_EDOM = 33, LX_ERANGE = 34,
    LX_EDEADLK = 35, LX_ENAMETOOLONG = 36, LX_ENOLCK = 37, LX_ENOSYS = 38, LX_ENOTEMPTY = 39,
    LX_ELOOP = 40, LX_ENOMSG = 42, LX_ENODATA = 61, LX_ETIME = 62, LX_EPROTO = 71,
    LX_ELIBBAD = 80, LX_EOVERFLOW = 75, LX_EUSERS = 87, LX_ENOTSOCK = 88, LX_EDESTADDRREQ = 89,
    LX_EMSGSIZE = 90, LX_EPROTOTYPE = 91, LX_ENOPROTOOPT = 92, LX_EPROTONOSUPPORT = 93,
    LX_EOPNOTSUPP = 95, LX_EAFNOSUPPORT = 97, LX_EADDRINUSE = 98, LX_ENOTCONN = 107,
    LX_ETIMEDOUT = 110, LX_ECONNREFUSED = 111, LX_EALREADY = 114, LX_EINPROGRESS = 115,
    LX_ESTALE = 116, LX_EDQUOT = 122, LX_ECANCELED = 125, LX_EOWNERDEAD = 130,

    /* How an interrupted call goes on when its signal was handled (PERSONALITIES 18). */
    LX_ERESTARTSYS = 512,           /* again if the handler has SA_RESTART, else EINTR */
    LX_ERESTARTNOINTR = 513,        /* always again */
    LX_ERESTARTNOHAND = 514,        /* again only if no handler ran */
    LX_ERESTART_RESTARTBLOCK = 516, /* through restart_syscall if no handler ran, else EINTR */
};

#endif
