"""The program files that crash reports name: where they are on the host, and what is in them."""
import glob
import os
import subprocess
import sys

import cfi
import elf
import pe_unwind


class Module:
    """What a process's memory shows of a file; without addresses: as it is linked."""

    def __init__(self, path, begin=None, end=None, offset=0):
        self.path, self.begin, self.end, self.offset = path, begin, end, offset

    def has(self, address):
        return self.begin is None or self.begin <= address < self.end


class File:
    """A program file, with its tables of frames."""

    def __init__(self, data, path):
        self.path, self.elf, self.pe, self.tables = path, None, None, []
        try:
            self.elf = elf.Elf(data)
        except ValueError:
            self.pe = pe_unwind.Pe(data)
            return
        for name, is_eh in (('.debug_frame', False), ('.eh_frame', True)):
            found = self.elf.eh_frame() if is_eh else self.elf.section(name)
            if found:
                self.tables.append(cfi.Table(found[1], found[0], is_eh))

    def holds(self, address):
        """Whether the file, where it is linked to be, has something there."""
        return self.elf and any(kind == elf.PT_LOAD and begin <= address < begin + size
                                for kind, _, _, begin, _, _, size, _ in self.elf.segments)

    def linked(self, module, address):
        """The address that the file's own tables use."""
        if module.begin is None or self.elf and self.elf.is_fixed():
            return address
        if self.pe:
            return address - module.begin + module.offset
        start = self.elf.address_of_offset(module.offset)
        return address - module.begin + (start or 0)

    def name(self, linked):
        """'function+0x12 at file.c:34', or '' ; inlined calls follow each other."""
        if self.pe:
            where = linked + self.pe.base
        else:
            where = linked
        text = ''
        if self.path:
            done = subprocess.run(['addr2line', '-e', self.path, '-f', '-i', '-s', '-C', hex(where)],
                                  stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=20)
            lines = done.stdout.decode(errors='replace').splitlines()
            pairs = [(lines[i], lines[i + 1]) for i in range(0, len(lines) - 1, 2)]
            known = [f'{name} at {place}' if not place.startswith('??') else name
                     for name, place in pairs if name != '??']
            text = ', inlined in '.join(known)
        if not text and self.pe:
            found = self.pe.export_before(linked)
            text = f'{found[0]}+{found[1]:#x}' if found else ''
        return text


class Places:
    """From the guest's paths to files of the host."""

    def __init__(self, root, share=None, carried=None):
        self.root, self.share, self.carried = root, share, carried or {}
        self.known = {}

    def file(self, path):
        """The File, or None: it is the guest's alone, or no program."""
        if path not in self.known:
            self.known[path] = self.open(path)
        return self.known[path]

    def open(self, path):
        try:
            where = self.where(path)
            if where:
                with open(where, 'rb') as file:
                    return File(file.read(), where)
        except (OSError, ValueError):
            pass
        return None

    def where(self, path):
        if path in self.carried:
            return self.carried[path]
        if self.share and path.startswith('/host/'):
            return self.share + path[5:]
        if path == 'mk':
            return f'{self.root}/build/mk/janus64.elf'
        name = os.path.basename(path)
        if path in ('posix-adapter', 'win32-adapter'):
            found = glob.glob(f'{self.root}/build/personalities/*/{path}.bin')
            return found[0] if found else None
        if path.lstrip('/').startswith('sbin/janus/'):
            for part in ('bootstrap', 'servers', 'drivers', 'personalities', 'tests'):
                found = glob.glob(f'{self.root}/build/{part}/**/{name}.elf', recursive=True)
                if found:
                    return found[0]
            return None
        return self.in_image(path)

    def in_image(self, path):
        """A file of the boot image, with its names if the build still has it with them."""
        for pattern in (f'build/tests/**/{os.path.basename(path)}',
                        f'build/packages/usr/lib/**/{os.path.basename(path)}'):
            found = glob.glob(f'{self.root}/{pattern}', recursive=True)
            if found and path.startswith(('/c/', '/bin/')):
                return found[0]
        sys.path.insert(0, f'{self.root}/tools/image')
        import lsimage
        image = f'{self.root}/build/janus.img'
        links = {}
        for name, _, size, offset, target in lsimage.entries(image):
            links[name] = offset, size, target
        at = path.lstrip('/')
        for _ in range(8):
            if at not in links:
                return None
            offset, size, target = links[at]
            if not target:
                break
            at = target.lstrip('/') if target.startswith('/') else os.path.join(
                os.path.dirname(at), target)
        copy = f'{self.root}/build/crash/{os.path.basename(at)}'
        os.makedirs(os.path.dirname(copy), exist_ok=True)
        with open(image, 'rb') as file:
            file.seek(offset)
            data = file.read(size)
        with open(f'{copy}.{os.getpid()}', 'wb') as file:
            file.write(data)
        os.replace(f'{copy}.{os.getpid()}', copy)
        return copy
