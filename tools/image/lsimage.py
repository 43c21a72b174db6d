"""Read a boot image: lsimage.py IMAGE lists it; `paths` is what the command uses."""
import mmap
import stat
import struct
import sys

HEADER = struct.Struct('<8sII5Q')
ENTRY = struct.Struct('<QQIIIIIIqQQ')


def entries(image):
    """Yield (path, mode, size, data offset) of every entry of the image file."""
    with open(image, 'rb') as file:
        data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        magic, version, count, table, _, paths, _, _ = HEADER.unpack_from(data)
        if magic != b'JANUSIMG' or version != 1:
            raise ValueError(f'{image} is not a boot image')
        for i in range(count):
            offset, size, at, length, mode = ENTRY.unpack_from(data, table + i * ENTRY.size)[:5]
            path = data[paths + at:paths + at + length].decode('utf-8', 'surrogateescape')
            target = ''
            if stat.S_ISLNK(mode):
                target = data[offset:offset + size].decode('utf-8', 'surrogateescape')
            yield path, mode, size, offset, target


def main():
    for path, mode, size, offset, target in entries(sys.argv[1]):
        arrow = f' -> {target}' if target else ''
        print(f'{stat.filemode(mode)} {size:9d} {offset:#10x} /{path}{arrow}')


if __name__ == '__main__':
    main()
