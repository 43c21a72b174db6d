"""Commands for gdb that know what Janus is: tasks, threads, and one set of names per task.

All servers are linked at the same addresses, so gdb can only have the names of one at a time beside
the kernel's. The kernel does not know programs by name; here a task is known by the code it has.
Memory of a task that is not loaded is read through the kernel's direct map.
"""
import sys

import gdb

from kernel_view import (DIRECT_MAP, FRAME, Report, Space, World, members, number, objects, read, state,
                         tasks, threads)


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
