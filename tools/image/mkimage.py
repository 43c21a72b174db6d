"""Pack the boot image: mkimage.py ROOT IMAGE [LIST...]; format: lib/include/janus/bootimage.h."""
import glob
import os
import stat
import struct
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import pe  # noqa: E402

PAGE = 4096
HEADER = struct.Struct('<8sII5Q')
ENTRY = struct.Struct('<QQIIIIIIqQQ')
WINE = 'usr/lib/x86_64-linux-gnu/wine/x86_64-windows'
MINGW = 'usr/x86_64-w64-mingw32/lib'


class Problem(Exception):
    pass


class Entry:
    def __init__(self, mode, mtime_ns, data=b'', source=None):
        self.mode, self.mtime_ns, self.data, self.source = mode, mtime_ns, data, source


class Image:
    def __init__(self, root):
        self.root = root
        self.entries = {}
        self.pe_wanted = {}
        self.built_ns = os.stat(f'{root}/tools/image/image.list').st_mtime_ns
        self.add('', Entry(stat.S_IFDIR | 0o755, self.built_ns))

    def add(self, path, entry, replace=False):
        parent = os.path.dirname(path)
        if path and parent not in self.entries:
            self.add(parent, Entry(stat.S_IFDIR | 0o755, self.built_ns))
        old = self.entries.get(path)
        if old and not replace and not (stat.S_ISDIR(old.mode) and stat.S_ISDIR(entry.mode)):
            raise Problem(f'{path} is listed twice')
        self.entries[path] = entry

    def find(self, name):
        if name.startswith('packages/'):
            return f'{self.root}/build/{name}'
        return f'{self.root}/{name}'

    def add_file(self, path, mode, source, replace=False):
        status = os.stat(source)
        self.add(path, Entry(stat.S_IFREG | mode, status.st_mtime_ns, source=source), replace)

    def stripped(self, source, tool, group, flag='--strip-all'):
        """A copy without debugging information, kept from build to build."""
        target = f'{self.root}/build/stripped/{group}/{os.path.basename(source)}'
        status = os.stat(source)
        try:
            if os.stat(target).st_mtime_ns == status.st_mtime_ns:
                return target
        except FileNotFoundError:
            os.makedirs(os.path.dirname(target), exist_ok=True)
        subprocess.run([tool, flag, '-o', target + '.new', source], check=True)
        os.utime(target + '.new', ns=(status.st_mtime_ns, status.st_mtime_ns))
        os.replace(target + '.new', target)
        return target

    # ---- the words of the list ----

    def read_list(self, path):
        with open(path, encoding='utf-8') as file:
            for number, line in enumerate(file, 1):
                words = line.split('#', 1)[0].split()
                if not words:
                    continue
                try:
                    self.word(*words)
                except (Problem, OSError, TypeError, ValueError) as error:
                    raise Problem(f'{path}:{number}: {error}') from error

    def word(self, word, path, *rest):
        if word == 'dir':
            self.add(path, Entry(stat.S_IFDIR | int(rest[0], 8), self.built_ns))
        elif word in ('file', 'file?'):
            source = self.find(rest[1])
            if word == 'file' or os.path.exists(source):
                self.add_file(path, int(rest[0], 8), source)
        elif word == 'replace':
            self.add_file(path, int(rest[0], 8), self.find(rest[1]), replace=True)
        elif word == 'link':
            self.add(path, Entry(stat.S_IFLNK | 0o777, self.built_ns, rest[0].encode()))
        elif word == 'glob':
            for source in sorted(glob.glob(self.find(rest[1]), recursive=True)):
                self.add_file(f'{path}/{os.path.basename(source)}', int(rest[0], 8), source)
        elif word == 'tree':
            self.add_tree(path, self.find(rest[0]))
        elif word == 'servers':
            self.add_servers(path)
        elif word == 'applets':
            self.add_applets(self.find(path), rest[0])
        elif word == 'pe':
            self.pe_wanted.setdefault(path, []).extend(rest)
        elif word == 'mingw':
            self.add_mingw(path, rest)
        else:
            raise Problem(f'unknown word {word}')

    def add_tree(self, path, source):
        for directory, names, files in os.walk(source):
            names.sort()
            at = os.path.normpath(f'{path}/{os.path.relpath(directory, source)}')
            self.add(at, Entry(stat.S_IFDIR | 0o755, self.built_ns))
            for name in files:
                mode = 0o755 if os.access(f'{directory}/{name}', os.X_OK) else 0o644
                self.add_file(f'{at}/{name}', mode, f'{directory}/{name}')

    def add_servers(self, path):
        for part in ('bootstrap', 'servers', 'drivers', 'personalities'):
            pattern = f'{self.root}/build/{part}/**/*.elf'
            for source in sorted(glob.glob(pattern, recursive=True)):
                name = os.path.basename(source)[:-len('.elf')]
                self.add_file(f'{path}/{name}', 0o755, self.stripped(source, 'strip', 'elf'))

    def add_applets(self, busybox, target):
        listed = subprocess.run([busybox, '--list-full'], check=True, stdout=subprocess.PIPE)
        for path in listed.stdout.decode().split():
            if path not in self.entries:
                self.add(path, Entry(stat.S_IFLNK | 0o777, self.built_ns, target.encode()))

    def add_mingw(self, path, names):
        for name in names:
            found = subprocess.run(['x86_64-w64-mingw32-g++', f'-print-file-name={name}'],
                                   check=True, stdout=subprocess.PIPE).stdout.decode().strip()
            if found == name:
                raise Problem(f'the mingw compiler has no {name}')
            self.add_file(f'{path}/{name}', 0o755,
                          self.stripped(found, 'x86_64-w64-mingw32-strip', 'pe'))

    def add_pe(self):
        """The PE files that were asked for and all that they import."""
        directories = [f'{self.root}/build/packages/{d}' for d in (WINE, MINGW)]
        for path, names in self.pe_wanted.items():
            files, missing = pe.closure(names, directories)
            missing = {n: by for n, by in missing.items() if f'{path}/{n}' not in self.entries}
            if missing:
                raise Problem('imports that nothing offers: ' + ', '.join(
                    f'{name} (of {by})' for name, by in sorted(missing.items())))
            for name, source in sorted(files.items()):
                source = self.stripped(source, 'x86_64-w64-mingw32-strip', 'pe')
                if f'{path}/{name}' not in self.entries:
                    self.add_file(f'{path}/{name}', 0o755, source)

    # ---- the file ----

    def write(self, target):
        paths = sorted(path.encode('utf-8', 'surrogateescape') for path in self.entries)
        strings = b''.join(paths)
        entries_offset = PAGE
        entries_size = len(paths) * ENTRY.size
        paths_offset = entries_offset + entries_size
        links_offset = paths_offset + len(strings)
        links = bytearray()
        table, contents = [], []
        by_source = {}
        link_total = sum(len(e.data) for e in self.entries.values())
        data_at = round_up(links_offset + link_total)
        string_at = 0
        for index, path in enumerate(paths):
            entry = self.entries[path.decode('utf-8', 'surrogateescape')]
            offset = size = 0
            link = index
            if stat.S_ISLNK(entry.mode):
                offset, size = links_offset + len(links), len(entry.data)
                links += entry.data
            elif entry.source:
                size = os.stat(entry.source).st_size
                if entry.source in by_source:
                    offset, link = by_source[entry.source]
                else:
                    offset = data_at if size else 0
                    by_source[entry.source] = offset, index
                    contents.append((offset, size, entry.source))
                    data_at += round_up(size)
            table.append(ENTRY.pack(offset, size, string_at, len(path), entry.mode, 0, 0, link,
                                    entry.mtime_ns, 0, 0))
            string_at += len(path)
        with open(target + '.new', 'wb') as file:
            file.write(HEADER.pack(b'JANUSIMG', 1, len(paths), entries_offset, entries_size,
                                   paths_offset, len(strings), data_at))
            file.seek(entries_offset)
            file.write(b''.join(table) + strings + links)
            for offset, size, source in contents:
                with open(source, 'rb') as data:
                    block = data.read()
                if len(block) != size:
                    raise Problem(f'{source} changed while it was packed')
                file.seek(offset)
                file.write(block)
            file.truncate(data_at)
        os.replace(target + '.new', target)
        return f'{len(paths)} entries, {data_at / (1 << 20):.1f} MiB'


def round_up(size):
    return (size + PAGE - 1) // PAGE * PAGE


def main():
    root, target = sys.argv[1:3]
    image = Image(root)
    try:
        for path in [f'{root}/tools/image/image.list'] + sys.argv[3:]:
            image.read_list(path)
        image.add_pe()
        print(f'{target}: {image.write(target)}')
    except Problem as problem:
        sys.exit(f'mkimage: {problem}')


if __name__ == '__main__':
    main()
