/* Linux's file modes, which idl/io.idl uses as they are (inode(7)). */
#ifndef FS_MODE_H
#define FS_MODE_H

#define MODE_TYPE 0170000u
#define MODE_SOCKET 0140000u
#define MODE_LINK 0120000u
#define MODE_FILE 0100000u
#define MODE_BLOCK 0060000u
#define MODE_DIRECTORY 0040000u
#define MODE_CHARACTER 0020000u
#define MODE_FIFO 0010000u
#define MODE_SET_UID 04000u
#define MODE_SET_GID 02000u
#define MODE_STICKY 01000u
#define MODE_PERMISSIONS 07777u

#define PERMIT_READ 4u
#define PERMIT_WRITE 2u
#define PERMIT_EXECUTE 1u

#define NAME_LIMIT 255
#define PATH_LIMIT 4096
#define LINK_LIMIT 40
#define PAGE_SHIFT 12
#define PAGE_BYTES 4096ull
/* Linux's MAX_LFS_FILESIZE. */
#define FILE_SIZE_LIMIT 0x7fffffffffffffffull

#endif
