"""Commands for gdb that know what Janus is: tasks, threads, and one set of names per task.

All servers are linked at the same addresses, so gdb can only have the names of one at a time beside
the kernel's. The kernel does not know programs by name; here a task is known by the code it has at
the address of `main`. Memory of a task that is not loaded is read through the kernel's direct map.
"""
import glob
import os
import sys

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
    window = 0xfffff00000000000
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


class Tasks(gdb.Command):
    """janus-tasks: all tasks, with the programs that run in them."""

    def __init__(self):
        super().__init__('janus-tasks', gdb.COMMAND_STATUS)

    def invoke(self, argument, from_tty):
        for index, task in tasks():
            print(f'{index:4} {world.name(task):16} {int(task["thread_count"])} threads, '
                  f'{int(task["space"]["pages"])} pages, cr3 {int(task["space"]["cr3"]):#x}')


class Threads(gdb.Command):
    """janus-threads [TASK]: threads (of one task, by number or name): address, CPU, state, rip."""

    def __init__(self):
        super().__init__('janus-threads', gdb.COMMAND_STATUS)

    def invoke(self, argument, from_tty):
        for index, task in tasks():
            name = world.name(task)
            if argument and argument not in (str(index), name):
                continue
            for thread in threads(task):
                print(f'{int(thread.address):#x} {index:4} {name:16} cpu {int(thread["cpu"])} '
                      f'rip {int(thread["rip"]):#x}  {state(thread)}')


class Current(gdb.Command):
    """janus-current: the thread that is loaded on each CPU."""

    def __init__(self):
        super().__init__('janus-current', gdb.COMMAND_STATUS)

    def invoke(self, argument, from_tty):
        for i in range(int(gdb.parse_and_eval('cpu_count'))):
            cpu = gdb.parse_and_eval(f'cpus[{i}]')
            thread = cpu['current'].dereference()
            if int(cpu['current']) == int(cpu['idle']) or not int(thread['task']):
                print(f'CPU {i}: idle')
                continue
            print(f'CPU {i}: thread {int(cpu["current"]):#x} of '
                  f'{world.name(thread["task"].dereference())}')


class Names(gdb.Command):
    """janus-names [PROGRAM]: take the names of a native program (without one: of what is loaded on
    this CPU) beside the kernel's. Needed for user addresses only."""

    def __init__(self):
        super().__init__('janus-names', gdb.COMMAND_FILES)

    def invoke(self, argument, from_tty):
        program = world.program(argument) if argument else world.here()
        world.load(program)
        print(f'names of {program.name}' if program else 'no native program is loaded here')


class Stop(gdb.Breakpoint):
    """Stops only where the program that it was set for is loaded."""

    program = None

    def stop(self):
        return self.program is None or self.program.is_in(read)


class Break(gdb.Command):
    """janus-break PROGRAM:PLACE: a breakpoint in a native program, in no other that is linked at the
    same addresses. Can be set before the machine has started."""

    def __init__(self):
        super().__init__('janus-break', gdb.COMMAND_BREAKPOINTS, gdb.COMPLETE_LOCATION)

    def invoke(self, argument, from_tty):
        name, colon, place = argument.partition(':')
        if not colon:
            raise gdb.GdbError('janus-break PROGRAM:PLACE')
        program = world.program(name)
        world.load(program)
        point = gdb.decode_line(place)[1]
        if not point:
            raise gdb.GdbError(f'no {place} in {name}')
        # By address: the names may change with the task.
        Stop(f'*{point[0].pc:#x}').program = program


class Backtrace(gdb.Command):
    """janus-bt [ADDRESS]: the calls of a thread that does not run (its struct's address, of
    janus-threads), in user mode; without one: of every thread of the native programs."""

    def __init__(self):
        super().__init__('janus-bt', gdb.COMMAND_STACK)

    def invoke(self, argument, from_tty):
        import backtrace
        import files
        places = files.Places(world.root)
        wanted = int(gdb.parse_and_eval(argument)) if argument else None
        for index, task in tasks():
            name = world.name(task)
            program = world.program_of(task)
            path = program and f'sbin/janus/{program.name}'
            for thread in threads(task):
                if wanted is not None and int(thread.address) != wanted or \
                        wanted is None and not path:
                    continue
                print(f'thread {int(thread.address):#x} of {name}, {state(thread)}')
                for line in backtrace.frames(Report(thread, path), places):
                    print('  ' + line)


class Pools(gdb.Command):
    """janus-pools: the tree of accounts, with what was made from each."""

    def __init__(self):
        super().__init__('janus-pools', gdb.COMMAND_STATUS)

    def invoke(self, argument, from_tty):
        kinds = ('label', 'Pool', 'Task', 'Thread', 'Gate', 'Reply', 'Signal', 'Irq', 'IoPorts',
                 'context')

        def show(pool, depth):
            counts, children = {}, []
            for item in members(pool['objects'], 'object', 'in_pool'):
                kind = int(item['type'])
                word = kinds[kind] if kind < len(kinds) else 'other'
                counts[word] = counts.get(word, 0) + 1
                if kind == 1:
                    children.append(gdb.Value(int(item.address)).cast(
                        gdb.lookup_type('struct pool').pointer()).dereference())
            names = ' '.join(sorted({world.name(task) for task in objects(pool, 'task')})
                             if depth else [])
            text = ', '.join(f'{count} {word}' for word, count in sorted(counts.items()))
            print(f'{"  " * depth}{int(pool["owned"])} frames, {int(pool["used"])} used: '
                  f'{text or "nothing"}' + (f'  [{names}]' if names else ''))
            for child in children:
                show(child, depth + 1)

        show(gdb.parse_and_eval('root_pool'), 0)


class Page(gdb.Command):
    """janus-page TASK ADDRESS: the page at an address of a task (number or name), and who gave it to
    whom, back to the first task: the mapping database."""

    def __init__(self):
        super().__init__('janus-page', gdb.COMMAND_DATA)

    def invoke(self, argument, from_tty):
        words = gdb.string_to_argv(argument)
        if len(words) != 2:
            raise gdb.GdbError('janus-page TASK ADDRESS')
        address = int(gdb.parse_and_eval(words[1]))
        owners = {int(task['space'].address): world.name(task) for _, task in tasks()}
        for index, task in tasks():
            if words[0] in (str(index), world.name(task)):
                return self.show(Space(int(task['space']['cr3'])), address, owners)
        raise gdb.GdbError(f'no task {words[0]}')

    def show(self, space, address, owners):
        entry, shift = space.leaf(address)
        value = number(DIRECT_MAP + entry)
        rights = ('r' + ('w' if value & 2 else '-') + ('-' if value >> 63 else 'x'))
        bits = (' accessed' if value & 0x20 else '') + (' dirty' if value & 0x40 else '')
        print(f'frame {value & FRAME & ~((1 << shift) - 1):#x}, {1 << shift >> 10} KiB, '
              f'{rights}{bits}')
        beside = int(gdb.parse_and_eval(f'frame_table[{entry >> 12}].next'))
        node = number(DIRECT_MAP + (beside << 12 | entry & 0xfff)) if beside else 0
        kind = gdb.lookup_type('struct mapping').pointer()
        if not node:
            print('  a piece of a superpage, or the kernel\'s own: no node')
        while node:
            mapping = gdb.Value(node).cast(kind).dereference()
            print(f'  {owners.get(int(mapping["space"]), "?")} at {int(mapping["address"]):#x}')
            node = int(mapping['parent'])


class Ready(gdb.Command):
    """janus-ready: what each CPU runs, and who is ready, by priority."""

    def __init__(self):
        super().__init__('janus-ready', gdb.COMMAND_STATUS)

    def invoke(self, argument, from_tty):
        names = {}
        for _, task in tasks():
            for thread in threads(task):
                names[int(thread.address)] = world.name(task)
        for i in range(int(gdb.parse_and_eval('cpu_count'))):
            cpu = gdb.parse_and_eval(f'cpus[{i}]')
            # The fast path changes `current` alone; `runner` follows at the next slow entry.
            sched, runner = cpu['sched'].dereference(), int(cpu['current'])
            owner = [names.get(int(thread.address), '?')
                     for thread in members(sched['bound'], 'thread', 'on_base')]
            print(f'CPU {i}: {names.get(runner, "idle")} on the context of '
                  f'{" ".join(owner) or "idle"}, priority {int(sched["priority"])}')
            for priority in range(255, -1, -1):
                head = cpu['run']['ready'][priority]
                if int(head['next']) == int(head.address):
                    continue
                for context in members(head, 'sched', 'link'):
                    ready = [names.get(int(thread.address), '?')
                             for thread in members(context['ready'], 'thread', 'on_sched')]
                    print(f'  {priority}: {" ".join(ready)}')


def start(root, socket):
    """Called by tools/command/debug.py when gdb starts."""
    global world
    sys.path.insert(0, f'{root}/tools/crash')
    world = World(root)
    for command in (Tasks, Threads, Current, Names, Break, Backtrace, Pools, Page,
                    Ready):
        command()
    for line in ('set pagination off', 'set confirm off', 'set architecture i386:x86-64',
                 f'file "{root}/build/mk/janus64.elf"', f'target remote {socket}'):
        gdb.execute(line, to_string=True)


world = None
