"""What the commands of janus_gdb.py know of the machine: memory of tasks that are not loaded, programs by
their code, the kernel's lists."""
import glob
import os

import gdb

DIRECT_MAP = 0xffff800000000000
FRAME = 0x000ffffffffff000
STATES = {1: 'run', 2: 'waits at a gate', 3: 'waits for an answer', 4: 'in a foreign call',
          5: 'in a page fault', 6: 'in an exception', 7: 'wants to send', 8: 'waits for a Signal',
          9: 'dead'}
SUSPENDED = 0x1000


def read(address, length):
    return gdb.selected_inferior().read_memory(address, length).tobytes()


def number(address, size=8):
    return int.from_bytes(read(address, size), 'little')


class Space:
    """A task's memory, by its page tables."""

    def __init__(self, cr3):
        self.top = cr3 & FRAME

    def leaf(self, address):
        """Where its entry stands (physical), and the log2 of the page's size."""
        table = self.top
        for shift in (39, 30, 21, 12):
            place = table + 8 * (address >> shift & 511)
            entry = number(DIRECT_MAP + place)
            if not entry & 1:
                raise gdb.MemoryError(f'nothing at {address:#x}')
            if shift == 12 or entry & 0x80:
                break
            table = entry & FRAME
        return place, shift

    def physical(self, address):
        place, shift = self.leaf(address)
        low = (1 << shift) - 1
        return (number(DIRECT_MAP + place) & FRAME & ~low) + (address & low)

    def read(self, address, length):
        out = b''
        while len(out) < length:
            at = address + len(out)
            part = min(length - len(out), 4096 - at % 4096)
            out += read(DIRECT_MAP + self.physical(at), part)
        return out

    def word(self, address):
        return int.from_bytes(self.read(address, 8), 'little')


class Program:
    """A native program: its file with names, and the code by which its task is known."""

    def __init__(self, path):
        import elf
        self.path, self.name = path, os.path.splitext(os.path.basename(path))[0]
        with open(path, 'rb') as file:
            self.elf = elf.Elf(file.read())
        # Not before .text: a program's first page is shared library code.
        address, code = self.elf.section('.text')
        middle = len(code) // 2
        self.marks = [(address + at, code[at:at + 32]) for at in (0, middle, len(code) - 32)]

    def is_in(self, reader):
        try:
            return all(reader(at, len(code)) == code for at, code in self.marks)
        except gdb.error:
            return False


class World:
    """What the commands know of this machine."""

    def __init__(self, root):
        self.root, self.programs, self.found = root, {}, {}
        for part in ('bootstrap', 'servers', 'drivers', 'personalities'):
            for path in glob.glob(f'{root}/build/{part}/**/*.elf', recursive=True):
                self.add(Program(path))
        for path in glob.glob(f'{root}/build/personalities/*/*-adapter.bin'):
            self.add(Program(path))
        self.loaded = None

    def add(self, program):
        self.programs[program.name] = program

    def program(self, name):
        if name not in self.programs:
            raise gdb.GdbError(f'no program {name}; there are ' + ' '.join(sorted(self.programs)))
        return self.programs[name]

    def load(self, program):
        """Its names in the place of those of the task before."""
        if self.loaded is program:
            return
        if self.loaded:
            gdb.execute(f'remove-symbol-file "{self.loaded.path}"', to_string=True)
        self.loaded = None
        if program:
            gdb.execute(f'add-symbol-file "{program.path}"', to_string=True)
            self.loaded = program

    def here(self):
        """The program whose memory is loaded on the selected CPU."""
        return next((p for p in self.programs.values() if p.is_in(read)), None)

    def name(self, task):
        """What runs in a task (its struct): the name that it was given, or its program's."""
        given = b''.join(int(task['name'][i]).to_bytes(8, 'little') for i in range(6))
        if given.strip(b'\0'):
            return given.split(b'\0')[0].decode(errors='replace')
        program = self.program_of(task)
        return program.name if program else 'a program'

    def program_of(self, task):
        """The native program that runs in a task, by its code, or None."""
        key = int(task.address)
        if key not in self.found:
            space = Space(int(task['space']['cr3']))
            program = next((p for p in self.programs.values() if p.is_in(space.read)), None)
            if not program:
                return None
            self.found[key] = program
        return self.found[key]


def members(head, kind, field):
    """The structs on a list of the kernel."""
    offset = next(f.bitpos // 8 for f in gdb.lookup_type(f'struct {kind}').fields()
                  if f.name == field)
    pointer, item = gdb.lookup_type(f'struct {kind}').pointer(), head['next']
    while int(item) != int(head.address):
        yield gdb.Value(int(item) - offset).cast(pointer).dereference()
        item = item['next']


def objects(pool, kind):
    """All objects of a type that were made from a Pool or its children."""
    types = {'pool': 1, 'task': 2, 'thread': 3}
    for item in members(pool['objects'], 'object', 'in_pool'):
        pointer = gdb.Value(int(item.address))
        if int(item['type']) == types[kind]:
            yield pointer.cast(gdb.lookup_type(f'struct {kind}').pointer()).dereference()
        if int(item['type']) == types['pool']:
            child = pointer.cast(gdb.lookup_type('struct pool').pointer()).dereference()
            yield from objects(child, kind)


def tasks():
    """(number, task), in the order in which they were made; the first is the root pager."""
    window = DIRECT_MAP + (254 << 30)
    found = [((int(task['captable']) - window) // (65536 * 64), task)
             for task in objects(gdb.parse_and_eval('root_pool'), 'task')]
    return sorted(found, key=lambda pair: pair[0])


def threads(task):
    return list(members(task['threads'], 'thread', 'in_task'))


def state(thread):
    word = int(thread['state'])
    text = STATES.get(word & 0xff, '?')
    currents = [int(gdb.parse_and_eval(f'cpus[{i}].current'))
                for i in range(int(gdb.parse_and_eval('cpu_count')))]
    if int(thread.address) in currents:
        text = f'on CPU {currents.index(int(thread.address))}'
    foreign = int(thread['kind']) >> 63 & 1
    return text + (', suspended' if word & SUSPENDED else '') + (', foreign' if foreign else '')


class Report:
    """What tools/crash makes a backtrace of: here, of a thread that does not run."""

    def __init__(self, thread, path):
        import files
        names = ('rax', 'rbx', 'rcx', 'rdx', 'rsi', 'rdi', 'rbp', 'rsp')
        self.registers = {n: int(thread['r'][i]) for i, n in enumerate(names)}
        self.registers.update((f'r{i}', int(thread['r'][i])) for i in range(8, 16))
        self.registers['rip'] = int(thread['rip'])
        self.modules = [files.Module(path)] if path else []
        self.space = Space(int(thread['cr3']))
        self.memory = self

    def __getitem__(self, address):
        try:
            return self.space.word(address)
        except gdb.error as error:
            raise KeyError(address) from error

    def __len__(self):
        return 0

    def __contains__(self, address):
        return False
