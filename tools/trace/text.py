"""The trace as text, in the manner of `strace -f`, with what each call asked of others beneath it."""
from calls import OP_INVOKE, Call
from linux import signal_name
from records import LOST, signed

SIGNALLED = 2   # TASK_SIGNALLED
EXCEPTIONS = {0: '#DE', 1: '#DB', 3: '#BP', 4: '#OF', 5: '#BR', 6: '#UD', 13: '#GP', 14: '#PF',
              16: '#MF', 17: '#AC', 19: '#XM'}


class Text:
    def __init__(self, calls, abi, linux, nt, options):
        self.calls, self.abi, self.linux, self.nt, self.options = calls, abi, linux, nt, options
        self.last_result = {}

    def personality(self, call):
        """Who decodes a system call: by the server that received it, in an adapter by the image."""
        name = self.calls.name(call.server) if call.server else ''
        if name == 'win32' or (name != 'posix' and call.title.lower().endswith('.exe')):
            return self.nt
        return self.linux

    def head(self, call):
        p = self.personality(call)
        return f'{p.name(call)}({", ".join(p.arguments(call))}'

    def result(self, call):
        p = self.personality(call)
        name = p.name(call)
        if call.kind == 'door':
            return '? (in its adapter)'
        if call.answer is None and name in ('execve', 'execveat') and self.goes_on(call):
            return '0'
        if call.answer is None and call.end is None:
            return '? <the trace ends>'
        return p.result(call)

    def goes_on(self, call):
        return any(thread.began is not None and thread.began > call.begin and thread.foreign and
                   thread.task and thread.task.pid == call.pid
                   for thread in self.calls.all_threads)

    # ---- what is beneath ----

    def event(self, event):
        record = event.record
        if event.kind == 'signal':
            woken = f', wakes {self.calls.name(event.server)}' if event.server else ''
            return f'{self.calls.name(event.thread)}: signal {record.words[0]:#x}{woken}'
        name = self.abi.operations.get(record.detail, f'call {record.detail}')
        text = name
        if record.detail == OP_INVOKE:
            method = record.tag >> 32
            text = self.abi.objects[method] if method < len(self.abi.objects) else str(method)
            words = list(record.words)
            while words and not words[-1]:
                words.pop()
            text += '(' + ', '.join(hex(word) if word > 9 else str(word) for word in words) + ')'
        status = signed(record.label)
        if status == -1 << 63:
            text += ' ...'
        elif status:
            text += f' = {self.abi.status(status)}'
        return f'{self.calls.name(event.thread)}: {text}'

    def ipc(self, call):
        who = f'{self.calls.name(call.thread)} -> {self.calls.name(call.server)}: '
        if call.kind == 'fault':
            return who + self.fault(call)
        idl, method = self.abi.method(call.tag)
        if not method:
            text = self.abi.name_of(call.tag) + '(...)'
            results = []
        else:
            text = f'{idl.name}.{method.name}({", ".join(self.abi.values(idl, method.ins, call.words))})'
            words = call.answer.all_words()[:call.answer.tag & 127] if call.answer else []
            results = self.abi.values(idl, method.outs, words) if call.answer and not call.status \
                else []
        if call.answer is None:
            return f'{who}{text} = ?'
        status = self.abi.status(call.status)
        moved = ''.join(f', {count} bytes {which}'
                        for count, which in zip(call.moved, ('in', 'out')) if count)
        return f'{who}{text} = {status}{"".join(" " + r for r in results)}{moved}'

    def fault(self, call):
        access = {1: 'read', 2: 'write', 4: 'fetch'}.get(call.words[1] & 7, '?')
        return f'page fault, {access} at {call.words[0]:#x}, rip {call.words[2]:#x}'

    def beneath(self, call, depth, lines):
        for child in call.children:
            margin = '        | ' + '  ' * depth
            if isinstance(child, Call):
                lines.append(margin + self.ipc(child))
                self.beneath(child, depth + 1, lines)
            elif self.options.kernel:
                lines.append(margin + self.event(child))

    # ---- the lines ----

    def prefix(self, call):
        number = call.thread.number or call.pid
        return f'[pid {number:5}] '

    def shown(self, call):
        if call.kind in ('syscall', 'door'):
            p = self.personality(call)
            return not self.options.only or p.name(call) in self.options.only
        if call.kind in ('exception', 'attention'):
            return call.kind == 'exception' and call.thread.foreign
        if call.kind == 'fault':
            return self.options.faults and call.thread.foreign
        return self.options.servers or call.pid

    def signal(self, call):
        """A call whose answer set the program's registers, to a handler of the signal that was taken."""
        if not call.answer or not call.answer.tag & 0x18000:
            return
        for child in call.children:
            if isinstance(child, Call) and child.kind == 'ipc' and child.answer and \
                    self.abi.name_of(child.tag) == 'task.take_signal' and child.answer.words[0]:
                yield f'{self.prefix(call)}--- {signal_name(child.answer.words[0])} ---'

    def whole(self, call):
        """The line of a call that nothing came between, and what is beneath it."""
        if call.kind in ('syscall', 'door'):
            head = self.head(call)
            return self.put(call, f'{head})', f' = {self.result(call)}')
        return self.put(call, self.special(call), '')

    def special(self, call):
        if call.kind == 'fault':
            return f'--- {self.fault(call)} ---'
        if call.kind == 'exception':
            name = EXCEPTIONS.get(call.words[0], f'vector {call.words[0]}')
            return f'--- exception {name} at rip {call.words[2]:#x} ---'
        return self.ipc(call)

    def put(self, call, head, tail):
        lines = [self.prefix(call) + head.ljust(39 if tail else 0) + tail + self.cost(call)]
        if self.options.ipc:
            self.beneath(call, 0, lines)
        return lines + list(self.signal(call))

    def cost(self, call):
        if not self.options.costs:
            return ''
        ns = call.ticks * 1000000000 // self.calls.trace.hz
        return (f' <{ns} ns, {call.entries} entries, {call.switches} switches, {call.ipcs} IPC, '
                f'{call.copied} bytes>')

    def lines(self):
        moments = []
        last = self.calls.trace.records[-1].time if self.calls.trace.records else 0
        for call in self.calls.roots:
            if not self.shown(call):
                continue
            if call.kind == 'door' and not call.children:
                moments.append((call.begin, 4, call))
            else:
                moments.append((call.begin, 1, call))
                moments.append((call.end if call.end is not None else last + 1, 0, call))
        for record in self.calls.trace.records:
            if record.kind == LOST:
                moments.append((record.time, 2, record))
        moments += [(time, 3, thread) for time, thread in self.calls.ends if thread.foreign]
        moments.sort(key=lambda moment: (moment[0], moment[1]))
        open_call = None
        for _, what, call in moments:
            if what == 2:
                yield f'... {call.words[0]} records were lost here ...'
                continue
            if what == 3:
                yield from self.end(call)
                continue
            if what in (1, 4) and open_call:
                yield from self.unfinished(open_call)
            if what in (1, 4):
                open_call = call if what == 1 else None
                if what == 4:
                    yield from self.whole(call)
                continue
            if open_call is call:
                yield from self.whole(call)
                open_call = None
            elif call.kind in ('syscall', 'door'):
                if open_call:
                    yield from self.unfinished(open_call)
                    open_call = None
                name = self.personality(call).name(call)
                arguments = ', '.join(self.personality(call).arguments(call))
                yield from self.put(call, f'<... {name} resumed>({arguments})',
                                    f' = {self.result(call)}')

    def unfinished(self, call):
        if call.kind in ('syscall', 'door'):
            yield f'{self.prefix(call)}{self.personality(call).name(call)}( <unfinished ...>'
        else:
            yield from self.whole(call)

    def end(self, thread):
        number = thread.number or (thread.task.pid if thread.task else 0)
        call, why = thread.last, 'killed'
        if call and call.kind == 'syscall':
            p = self.personality(call)
            name, arguments = p.name(call), p.arguments(call)
            if name in ('execve', 'execveat') and self.goes_on(call):
                return
            if name in ('exit', 'exit_group', 'NtTerminateProcess', 'NtTerminateThread'):
                why = f'exited with {arguments[-1]}'
        for child in call.children if call else ():
            if isinstance(child, Call) and child.kind == 'ipc' and \
                    self.abi.name_of(child.tag) == 'task.exit' and child.words[0] == SIGNALLED:
                why = f'killed by {signal_name(child.words[1] & 127)}'
        yield f'[pid {number:5}] +++ {why} +++'
