"""From records to calls: who asked whom, what for, beneath which call, and at which cost.

A call is a message that waits for its answer: a system call of a program, an IPC between tasks, a page
fault, an exception. A thread that has received a call works for it until it waits again; what it asks
of others meanwhile is beneath that call. A server that kept a Reply and is woken later by a Signal
works for the call that it then answers."""
import records as R

SYSCALL, FAULT, EXCEPTION, ATTENTION = 1, 2, 3, 4   # enum jn_kernel_message
OP_CALL, OP_REPLY_WAIT, OP_WAIT, OP_SEND, OP_REPLY, OP_PARK, OP_COPY, OP_INVOKE = range(8)
OP_FOREIGN = 11


class Thread:
    def __init__(self, identity):
        self.identity, self.task, self.number, self.foreign = identity, None, 0, False
        self.calling = None     # the call that it waits in
        self.context = None     # what it works for: a Call, or a list of orphans
        self.since = 0          # when it began to
        self.began = self.ended = None
        self.door = None
        self.last = None        # the call that it ended in


class Task:
    def __init__(self):
        self.name = ''

    @property
    def pid(self):
        word = self.name.split(' ')[0]
        return int(word) if word.isdigit() else 0

    @property
    def title(self):
        return self.name.split(' ', 1)[1] if self.pid and ' ' in self.name else self.name


class Call:
    __slots__ = ('kind', 'thread', 'server', 'begin', 'received', 'end', 'tag', 'label', 'words',
                 'answer', 'children', 'copies', 'parent', 'entries', 'switches', 'ipcs', 'copied',
                 'ticks', 'pid', 'title', 'lost', 'cpu', 'moved', 'served')

    def __init__(self, kind, thread, record):
        self.kind, self.thread = kind, thread
        self.server = self.received = self.end = self.answer = self.parent = None
        self.begin, self.cpu = record.time, record.cpu
        self.tag, self.label, self.words = record.tag, record.label, record.all_words()
        self.children, self.copies, self.moved = [], [], [0, 0]
        self.served = []        # (begin, end) of the times that its server worked for it
        self.entries = self.switches = self.ipcs = self.copied = self.ticks = 0
        self.pid, self.title, self.lost = 0, '', False

    def root(self):
        call = self
        while call.parent:
            call = call.parent
        return call

    @property
    def status(self):
        """Of an answered IPC."""
        return R.signed(self.answer.tag >> 32, 32) if self.answer else None


class Event:
    """Something under a call that has no answer of its own: a kernel operation, a raised Signal."""
    __slots__ = ('kind', 'thread', 'begin', 'record', 'server', 'cpu')

    def __init__(self, kind, thread, record, server=None):
        self.kind, self.thread, self.begin, self.record = kind, thread, record.time, record
        self.server, self.cpu = server, record.cpu


class Calls:
    def __init__(self, trace):
        self.trace = trace
        self.threads, self.tasks, self.all_threads = {}, {}, []
        self.roots = []         # calls of programs, and of servers on nobody's behalf
        self.signals = []       # (record, thread that raised, thread woken)
        self.slices = []        # (cpu, begin, end, Thread): who ran
        self.idle = 0
        self.user_ticks = {}    # pid: in its own code
        self.ends = []          # (time, thread)
        self.totals = dict.fromkeys(('entries', 'switches', 'ipcs', 'faults', 'interrupts',
                                     'copied'), 0)
        self._clock, self._running, self._slice = {}, {}, {}
        handlers = {R.DELIVER: self._deliver, R.ANSWER: self._answer, R.KCALL: self._kcall,
                    R.COPY: self._copy, R.SIGNAL: self._signal, R.TRAP: self._trap,
                    R.DOOR: self._door, R.QUEUED: self._queued, R.THREAD: self._thread,
                    R.THREAD_END: self._thread_end, R.TASK: self._task,
                    R.TASK_END: self._task_end, R.LOST: self._lost}
        for record in trace.records:
            self._account(record)
            handler = handlers.get(record.kind)
            if handler:
                handler(record)
        for call in self.roots:
            if call.kind == 'door':     # the adapter came back to the program without a word
                call.end = max([call.begin] + [getattr(child, 'end', None) or child.begin
                                               for child in call.children])

    # ---- who is who ----

    def thread(self, identity):
        if not identity:
            return None
        if identity not in self.threads:
            self.threads[identity] = Thread(identity)
            self.all_threads.append(self.threads[identity])
        return self.threads[identity]

    def task(self, identity):
        if identity not in self.tasks:
            self.tasks[identity] = Task()
        return self.tasks[identity]

    def name(self, thread):
        if thread is None:
            return 'kernel'
        return (thread.task.title or str(thread.task.pid)) if thread.task else '?'

    def _thread(self, record):
        thread = self.thread(record.thread)
        thread.task, thread.number = self.task(record.other), record.label
        thread.foreign = bool(record.detail)
        if thread.began is None:
            thread.began = record.time

    def _task(self, record):
        name = b''.join(word.to_bytes(8, 'little') for word in record.words[:6])
        self.task(record.other).name = name.rstrip(b'\0').decode('utf-8', 'replace')

    def _task_end(self, record):
        self.tasks.pop(record.other, None)

    def _thread_end(self, record):
        thread = self.thread(record.thread)
        thread.ended = record.time
        thread.last = thread.calling
        if thread.calling:
            self._close(thread.calling, record.time)
        self._work_for(thread, None, record.time)
        self.ends.append((record.time, thread))
        self.threads.pop(record.thread, None)

    # ---- what it costs ----

    def _owner(self, thread):
        """The call for which a thread's work counts."""
        if thread is None:
            return None
        if thread.calling and thread.context is None:
            return thread.calling.root()
        return thread.context.root() if isinstance(thread.context, Call) else None

    def _account(self, record):
        """The time since the last record of this CPU belongs to who ran until now."""
        if record.kind in (R.TASK, R.TASK_END, R.THREAD, R.THREAD_END, R.LOST):
            return
        last, since = self._clock.get(record.cpu, (None, None))
        self._clock[record.cpu] = record.clock, record.time
        if record.flags & R.ENTRY or record.kind == R.SWITCH:
            who = self.thread(record.thread)
            if record.kind == R.DELIVER and who.calling and who.calling.received is None:
                who = self.thread(record.other)     # it came for a message that had to wait
            self._running[record.cpu] = who
        else:
            who = self._running.get(record.cpu)
        ticks = max(record.clock - last, 0) if last is not None else 0
        if ticks:
            slice_ = self._slice.get(record.cpu)
            if slice_ and slice_[3] is who and slice_[2] == since:
                slice_[2] = record.time
            else:
                slice_ = self._slice[record.cpu] = [record.cpu, since, record.time, who]
                self.slices.append(slice_)
        if record.kind == R.SWITCH:
            self._running[record.cpu] = self.thread(record.other)
        owner = self._owner(who)
        if owner:
            owner.ticks += ticks
        elif who is None:
            self.idle += ticks
        elif who.task:
            pid = who.task.pid
            self.user_ticks[pid] = self.user_ticks.get(pid, 0) + ticks
        if record.flags & R.ENTRY:
            self.totals['entries'] += 1
        if record.flags & R.SPACE:
            self.totals['switches'] += 1
            if record.kind == R.SWITCH:
                owner = owner or self._owner(self.thread(record.other))
                if owner:
                    owner.switches += 1

    def _count(self, record, call):
        root = call.root() if call else None
        if root is None:
            return
        if record.flags & R.ENTRY:
            root.entries += 1
        if record.flags & R.SPACE:
            root.switches += 1

    @staticmethod
    def _work_for(thread, context, time):
        """From now on the thread works for another call, or nobody knows yet for which."""
        if isinstance(thread.context, Call) and thread.context.server is thread:
            thread.context.served.append((thread.since, time))
        thread.context, thread.since = context, time

    # ---- what happens ----

    def _begin(self, kind, thread, record):
        call = Call(kind, thread, record)
        thread.calling = call
        if thread.task:
            call.pid, call.title = thread.task.pid, thread.task.title
        context = thread.context
        if kind == 'ipc' and thread.door and thread.foreign:
            context = thread.door
        if isinstance(context, Call) and kind in ('ipc', 'fault', 'exception'):
            call.parent = context
            context.children.append(call)
        elif isinstance(context, list) and kind == 'ipc':
            context.append(call)
        else:
            self.roots.append(call)
        return call

    def _close(self, call, time, answer=None):
        call.end, call.answer = time, answer
        if call.thread.calling is call:
            call.thread.calling = None

    def _deliver(self, record):
        sender, receiver = self.thread(record.thread), self.thread(record.other)
        kernel = record.tag >> 31 & 1
        kind = record.tag >> 24 & 127
        name = 'ipc' if not kernel else {SYSCALL: 'syscall', FAULT: 'fault', EXCEPTION: 'exception',
                                         ATTENTION: 'attention'}.get(kind, 'notice')
        if sender is None or name == 'notice':
            return
        call = sender.calling
        if name == 'syscall' and sender.door and sender.door.kind == 'door' and \
                sender.door.words[4:8] == record.all_words()[4:8]:
            call = sender.calling = sender.door     # the adapter passes it on
            call.kind, sender.door = 'syscall', None
        if call is None or call.received is not None or call.kind != name:
            call = self._begin(name, sender, record)
        call.received, call.server, call.label = record.time, receiver, record.label
        call.tag, call.words = record.tag, record.all_words()
        self._work_for(receiver, call, record.time)
        self.totals['ipcs'] += 1
        call.root().ipcs += 1
        self.totals['faults'] += name == 'fault'
        self._count(record, call)

    def _answer(self, record):
        server, thread = self.thread(record.thread), self.thread(record.other)
        call = thread.calling if thread else None
        self.totals['ipcs'] += 1
        if call is None:
            return
        root = call.root()
        if isinstance(server.context, list):
            for orphan in server.context:
                if isinstance(orphan, Call):
                    orphan.parent = call
                    for what in ('entries', 'switches', 'ipcs', 'copied', 'ticks'):
                        setattr(root, what, getattr(root, what) + getattr(orphan, what))
            call.children += server.context
            call.served.append((server.since, record.time))
        if not isinstance(server.context, Call) or server.context is call:
            self._work_for(server, [], record.time)
        self._count(record, call)
        root.ipcs += 1
        self._close(call, record.time, record)

    def _add(self, thread, event):
        context = thread.context
        if context is None and thread.foreign and thread.door:
            context = thread.door
        if isinstance(context, Call):
            context.children.append(event)
        elif isinstance(context, list):
            context.append(event)

    def _kcall(self, record):
        thread, operation = self.thread(record.thread), record.detail
        if thread is None:
            return
        self._count(record, thread.context if isinstance(thread.context, Call) else thread.door)
        if operation in (OP_CALL, OP_SEND) and record.label == R.WAITS % (1 << 64):
            self._begin('ipc', thread, record)
        elif operation in (OP_WAIT, OP_REPLY_WAIT):
            self._work_for(thread, [], record.time)
        elif operation not in (OP_CALL, OP_SEND, OP_REPLY):
            self._add(thread, Event('kernel', thread, record))

    def _copy(self, record):
        server, thread = self.thread(record.thread), self.thread(record.other)
        data = b''.join(word.to_bytes(8, 'little') for word in (*record.words[3:], *record.more))
        call = thread.calling if thread else None
        context = server.context if isinstance(server.context, Call) else call
        out = record.words[1] == 2
        if isinstance(server.context, Call):
            server.context.moved[out] += record.tag
        if call:
            call.copies.append((record.label, record.tag, out, data[:record.tag]))
        self.totals['copied'] += record.tag
        if context:
            context.root().copied += record.tag
            self._count(record, context)

    def _signal(self, record):
        thread, woken = self.thread(record.thread), self.thread(record.other)
        self.signals.append((record, thread, woken))
        if thread:
            self._count(record, thread.context if isinstance(thread.context, Call) else None)
            self._add(thread, Event('signal', thread, record, woken))
        if woken:
            self._work_for(woken, [], record.time)

    def _trap(self, record):
        thread = self.thread(record.thread)
        if record.detail >= 32:
            self.totals['interrupts'] += 1
        elif thread:
            self._count(record, self._owner(thread))

    def _door(self, record):
        thread = self.thread(record.thread)
        self._work_for(thread, None, record.time)
        thread.door = self._begin('door', thread, record)
        thread.calling = None
        self._count(record, thread.door)

    def _queued(self, record):
        thread = self.thread(record.thread)
        call = self._begin('syscall', thread, record)
        self._count(record, call)

    def _lost(self, record):
        """What threads were about is not known any more."""
        for thread in self.threads.values():
            if thread.calling:
                thread.calling.lost = True
            thread.calling = thread.context = None
