/* Files: flags, structures and control codes of the Linux x86-64 ABI. */
#ifndef POSIX_LINUX_FILE_H
#define POSIX_LINUX_FILE_H

#include <stdint.h>

#define LX_PATH_MAX 4096
#define LX_NAME_MAX 255
#define LX_IOV_MAX 1024
#define LX_RW_MAX 0x7ffff000ull /* bytes one read or write moves at most */

enum {
    LX_O_WRONLY = 1, LX_O_RDWR = 2, LX_O_ACCMODE = 3, LX_O_CREAT = 0100, LX_O_EXCL = 0200,
    LX_O_NOCTTY = 0400, LX_O_TRUNC = 01000, LX_O_APPEND = 02000, LX_O_NONBLOCK = 04000,
    LX_O_DSYNC = 010000, LX_O_ASYNC = 020000, LX_O_DIRECT = 040000, LX_O_LARGEFILE = 0100000,
    LX_O_DIRECTORY = 0200000, LX_O_NOFOLLOW = 0400000, LX_O_NOATIME = 01000000,
    LX_O_CLOEXEC = 02000000, LX_O_SYNC = 04010000, LX_O_PATH = 010000000,
    LX_O_TMPFILE = 020200000,
};

#define LX_AT_FDCWD (-100)
enum {
    LX_AT_SYMLINK_NOFOLLOW = 0x100, LX_AT_EACCESS = 0x200, LX_AT_REMOVEDIR = 0x200,
    LX_AT_SYMLINK_FOLLOW = 0x400, LX_AT_NO_AUTOMOUNT = 0x800, LX_AT_EMPTY_PATH = 0x1000,
    LX_AT_STATX_SYNC_TYPE = 0x6000,
};

enum {
    LX_S_IFMT = 0170000, LX_S_IFSOCK = 0140000, LX_S_IFLNK = 0120000, LX_S_IFREG = 0100000,
    LX_S_IFBLK = 0060000, LX_S_IFDIR = 0040000, LX_S_IFCHR = 0020000, LX_S_IFIFO = 0010000,
};

struct lx_timespec {
    int64_t tv_sec, tv_nsec;
};
struct lx_timeval {
    int64_t tv_sec, tv_usec;
};

struct lx_stat {
    uint64_t st_dev, st_ino, st_nlink;
    uint32_t st_mode, st_uid, st_gid, pad0;
    uint64_t st_rdev;
    int64_t st_size, st_blksize, st_blocks;
    struct lx_timespec st_atim, st_mtim, st_ctim;
    int64_t unused[3];
};
_Static_assert(sizeof(struct lx_stat) == 144, "stat(2)");

struct lx_statx_time {
    int64_t tv_sec;
    uint32_t tv_nsec;
    int32_t reserved;
};
struct lx_statx {
    uint32_t stx_mask, stx_blksize;
    uint64_t stx_attributes;
    uint32_t stx_nlink, stx_uid, stx_gid;
    uint16_t stx_mode, spare0;
    uint64_t stx_ino, stx_size, stx_blocks, stx_attributes_mask;
    struct lx_statx_time stx_atime, stx_btime, stx_ctime, stx_mtime;
    uint32_t stx_rdev_major, stx_rdev_minor, stx_dev_major, stx_dev_minor;
    uint64_t stx_mnt_id, spare2[13];
};
_Static_assert(sizeof(struct lx_statx) == 256, "statx(2)");
#define LX_STATX_BASIC_STATS 0x7ffu
#define LX_STATX_BTIME 0x800u
#define LX_STATX_RESERVED 0x80000000u

struct lx_statfs {
    int64_t f_type, f_bsize;
    uint64_t f_blocks, f_bfree, f_bavail, f_files, f_ffree;
    int32_t f_fsid[2];
    int64_t f_namelen, f_frsize, f_flags, f_spare[4];
};
_Static_assert(sizeof(struct lx_statfs) == 120, "statfs(2)");

struct lx_iovec {
    uint64_t iov_base, iov_len;
};

struct lx_dirent64 {
    uint64_t d_ino;
    int64_t d_off;
    uint16_t d_reclen;
    uint8_t d_type;
    char d_name[];
};

enum {
    LX_F_DUPFD = 0, LX_F_GETFD = 1, LX_F_SETFD = 2, LX_F_GETFL = 3, LX_F_SETFL = 4, LX_F_GETLK = 5,
    LX_F_SETLK = 6, LX_F_SETLKW = 7, LX_F_SETOWN = 8, LX_F_GETOWN = 9, LX_F_SETSIG = 10,
    LX_F_GETSIG = 11, LX_F_OFD_GETLK = 36, LX_F_OFD_SETLK = 37, LX_F_OFD_SETLKW = 38,
    LX_F_DUPFD_CLOEXEC = 1030, LX_F_SETPIPE_SZ = 1031, LX_F_GETPIPE_SZ = 1032,
    LX_F_ADD_SEALS = 1033, LX_F_GET_SEALS = 1034, LX_FD_CLOEXEC = 1,
    LX_F_RDLCK = 0, LX_F_WRLCK = 1, LX_F_UNLCK = 2,
    LX_LOCK_SH = 1, LX_LOCK_EX = 2, LX_LOCK_NB = 4, LX_LOCK_UN = 8,
};

struct lx_flock {
    int16_t l_type, l_whence;
    int64_t l_start, l_len;
    int32_t l_pid;
};
_Static_assert(sizeof(struct lx_flock) == 32, "fcntl(2)");

struct lx_pollfd {
    int32_t fd;
    int16_t events, revents;
};
enum {
    LX_POLLIN = 1, LX_POLLPRI = 2, LX_POLLOUT = 4, LX_POLLERR = 8, LX_POLLHUP = 16,
    LX_POLLNVAL = 32, LX_POLLRDNORM = 64, LX_POLLRDBAND = 128, LX_POLLWRNORM = 256,
    LX_POLLWRBAND = 512, LX_POLLRDHUP = 0x2000,
};

struct lx_epoll_event {
    uint32_t events;
    uint64_t data;
} __attribute__((packed));
_Static_assert(sizeof(struct lx_epoll_event) == 12, "epoll_ctl(2)");
enum {
    LX_EPOLL_CTL_ADD = 1, LX_EPOLL_CTL_DEL = 2, LX_EPOLL_CTL_MOD = 3,
    LX_EPOLLONESHOT = 1 << 30, LX_EPOLLEXCLUSIVE = 1 << 28,
};
#define LX_EPOLLET (1u << 31)

/* ioctl(2) codes, ioctl_tty(2) */
enum {
    LX_TCGETS = 0x5401, LX_TCSETS, LX_TCSETSW, LX_TCSETSF, LX_TCGETA, LX_TCSETA, LX_TCSETAW,
    LX_TCSETAF, LX_TCSBRK, LX_TCXONC, LX_TCFLSH, LX_TIOCEXCL, LX_TIOCNXCL, LX_TIOCSCTTY,
    LX_TIOCGPGRP, LX_TIOCSPGRP, LX_TIOCOUTQ, LX_TIOCSTI, LX_TIOCGWINSZ, LX_TIOCSWINSZ,
    LX_FIONREAD = 0x541b, LX_TIOCCONS = 0x541d, LX_TIOCPKT = 0x5420, LX_FIONBIO = 0x5421,
    LX_TIOCNOTTY = 0x5422, LX_TIOCSETD = 0x5423, LX_TIOCGETD = 0x5424, LX_TCSBRKP = 0x5425,
    LX_TIOCGSID = 0x5429, LX_FIONCLEX = 0x5450, LX_FIOCLEX = 0x5451, LX_FIOASYNC = 0x5452,
    LX_FICLONE = 0x40049409,
};
#define LX_TCGETS2 0x802c542au
#define LX_TCSETS2 0x402c542bu
#define LX_TCSETSW2 0x402c542cu
#define LX_TCSETSF2 0x402c542du
#define LX_TIOCGPTN 0x80045430u
#define LX_TIOCSPTLCK 0x40045431u
#define LX_TIOCGPTPEER 0x5441u
#define LX_TIOCGPTLCK 0x80045439u

struct lx_termios {
    uint32_t c_iflag, c_oflag, c_cflag, c_lflag;
    uint8_t c_line, c_cc[19];
};
_Static_assert(sizeof(struct lx_termios) == 36, "TCGETS");
struct lx_termios2 {
    struct lx_termios base;
    uint32_t c_ispeed, c_ospeed;
};
struct lx_winsize {
    uint16_t ws_row, ws_col, ws_xpixel, ws_ypixel;
};

#endif
