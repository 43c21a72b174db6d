"""Names a PE32+ file's imports, also the delayed ones."""
import struct


class NotPe(ValueError):
    pass


def _string(data, offset):
    return data[offset:data.index(b'\0', offset)].decode('ascii').lower()


def imports(path):
    """The DLLs that a PE file imports: (at start, delayed), names in lower case."""
    with open(path, 'rb') as file:
        data = file.read()
    try:
        return _imports(data)
    except (struct.error, ValueError, IndexError) as error:
        raise NotPe(f'{path}: {error}') from error


def _imports(data):
    if data[:2] != b'MZ':
        raise NotPe('no MZ')
    header = struct.unpack_from('<I', data, 0x3c)[0]
    signature, machine, section_count = struct.unpack_from('<4sHH', data, header)
    optional_size = struct.unpack_from('<H', data, header + 20)[0]
    optional = header + 24
    if signature != b'PE\0\0' or machine != 0x8664 or \
            struct.unpack_from('<H', data, optional)[0] != 0x20b:
        raise NotPe('not PE32+ for x86-64')
    directory_count = struct.unpack_from('<I', data, optional + 108)[0]
    sections = []
    for i in range(section_count):
        at = optional + optional_size + 40 * i
        sections.append(struct.unpack_from('<IIII', data, at + 8))

    def file_offset(rva):
        for size, address, raw_size, raw in sections:
            if address <= rva < address + max(size, raw_size):
                return rva - address + raw
        raise NotPe(f'address {rva:#x} is in no section')

    def directory(index):
        if index >= directory_count:
            return 0
        return struct.unpack_from('<I', data, optional + 112 + 8 * index)[0]

    found = ([], [])
    for which, (index, step, name_at) in enumerate(((1, 20, 12), (13, 32, 4))):
        rva = directory(index)
        if not rva:
            continue
        at = file_offset(rva)
        while True:
            name = struct.unpack_from('<I', data, at + name_at)[0]
            if not name:
                break
            found[which].append(_string(data, file_offset(name)))
            at += step
    return found


def closure(roots, directories):
    """Files that `roots` (names) need, as {name: path}, looked up in directories in order."""
    files, missing, todo = {}, {}, [(name, None) for name in roots]
    while todo:
        name, wanted_by = todo.pop()
        if name in files or name in missing:
            continue
        path = next((f'{d}/{name}' for d in directories if _exists(f'{d}/{name}')), None)
        if path is None:
            if not name.startswith(('api-ms-win-', 'ext-ms-')):
                missing[name] = wanted_by
            continue
        files[name] = path
        at_start, delayed = imports(path)
        todo += [(other, name) for other in at_start + delayed]
    return files, missing


def _exists(path):
    try:
        with open(path, 'rb'):
            return True
    except OSError:
        return False
