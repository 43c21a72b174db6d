"""The trace as a file of Chrome's trace-event format, which chrome://tracing and Perfetto open: a line
for each thread with what it did for whom, a line for each CPU with who ran, and arrows along the
messages from task to task."""
import json

from calls import Call


class Viewer:
    def __init__(self, calls, abi, text):
        self.calls, self.abi, self.text = calls, abi, text
        self.events, self.ids, self.flows = [], {}, 0
        records = calls.trace.records
        self.zero = min((r.time for r in records), default=0)

    def us(self, ticks):
        return round((ticks - self.zero) * 1e6 / self.calls.trace.hz, 3)

    def extent(self, begin, end):
        """A slice's place in time. Viewers add the two numbers up: rounded, the sum must not come to lie
        behind the beginning of what follows, so the half of the last digit is left out."""
        at = self.us(begin)
        return {'ts': at, 'dur': round(max(self.us(end) - at, 0.001) - 0.0005, 4)}

    def place(self, thread):
        """(process, thread) numbers of the viewer: a process for each task."""
        key = id(thread)
        if key not in self.ids:
            task = thread.task
            pid = (task.pid if task and task.pid else None)
            if pid is None:
                pid = 100000 + self.ids.setdefault(('task', id(task)), len(self.ids))
            tid = thread.number or (pid if thread.foreign else 100000 + len(self.ids))
            self.ids[key] = (pid, tid)
            name = self.calls.name(thread)
            self.events.append({'ph': 'M', 'name': 'process_name', 'pid': pid, 'tid': tid,
                                'args': {'name': name}})
            self.events.append({'ph': 'M', 'name': 'thread_name', 'pid': pid, 'tid': tid,
                                'args': {'name': f'{name} {tid}' if thread.foreign else name}})
        return self.ids[key]

    def slice(self, thread, name, category, begin, end, arguments):
        pid, tid = self.place(thread)
        self.events.append({'ph': 'X', 'name': name, 'cat': category, 'pid': pid, 'tid': tid,
                            'args': arguments, **self.extent(begin, end)})

    def flow(self, name, source, begin, target, end):
        self.flows += 1
        for phase, thread, time, more in (('s', source, begin, {}), ('f', target, end, {'bp': 'e'})):
            pid, tid = self.place(thread)
            self.events.append({'ph': phase, 'id': self.flows, 'name': name, 'cat': 'ipc', 'pid': pid,
                                'tid': tid, 'ts': self.us(time), **more})

    def call(self, call, last):
        end = call.end if call.end is not None else last
        arguments = {}
        if call.kind in ('syscall', 'door'):
            name, category = self.text.personality(call).name(call), 'system call'
            arguments = {'call': self.text.head(call) + ')', 'result': self.text.result(call)}
        elif call.kind == 'ipc':
            name, category = self.abi.name_of(call.tag), 'ipc'
            arguments = {'call': self.text.ipc(call)}
        else:
            name, category = f'page fault' if call.kind == 'fault' else call.kind, call.kind
            arguments = {'words': [hex(word) for word in call.words[:5]]}
        if not call.parent:
            arguments.update(entries=call.entries, switches=call.switches, ipcs=call.ipcs,
                             copied=call.copied)
        self.slice(call.thread, name, category, call.begin, end, arguments)
        if call.server and call.received is not None:
            for begin, until in call.served:
                self.slice(call.server, f'serves {name}', 'service', begin, until, {})
            self.flow(name, call.thread, call.begin, call.server, call.received)
            if call.answer:
                self.flow(f'{name} answered', call.server, call.end, call.thread, call.end)
        for child in call.children:
            if isinstance(child, Call):
                self.call(child, last)

    def write(self, file):
        last = max((r.time for r in self.calls.trace.records), default=0)
        for call in self.calls.roots:
            self.call(call, last)
        for record, thread, woken in self.calls.signals:
            if thread and woken:
                self.flow('signal', thread, record.time, woken, record.time)
        for cpu, begin, end, thread in self.calls.slices:
            name = self.calls.name(thread) if thread else 'idle'
            self.events.append({'ph': 'X', 'name': name, 'cat': 'cpu', 'pid': 0, 'tid': cpu,
                                'args': {}, **self.extent(begin, end)})
        self.events.append({'ph': 'M', 'name': 'process_name', 'pid': 0, 'tid': 0,
                            'args': {'name': 'CPUs'}})
        json.dump({'displayTimeUnit': 'ns', 'traceEvents': self.events,
                   'otherData': {'lost': self.calls.trace.lost}}, file)
