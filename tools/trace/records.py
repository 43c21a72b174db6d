"""The records of a trace, as the kernel wrote them (mk/include/janus/abi/trace.h)."""
import struct

DELIVER, ANSWER, KCALL, COPY, SIGNAL, SWITCH, TRAP, DOOR, QUEUED, THREAD, THREAD_END, TASK, \
    TASK_END, MORE = range(1, 15)
LOST, HEADER = 64, 65
ENTRY, SPACE = 1, 2
OF_CALL, OF_SYSCALL, OF_FAULT, OF_EXCEPTION = 1, 2, 3, 4
WAITS = -1 << 63

SIZE = 128
LAYOUT = struct.Struct('<Q4BI14Q')


def signed(word, bits=64):
    word &= (1 << bits) - 1
    return word - (1 << bits) if word >> (bits - 1) else word


class Record:
    """One thing that happened. `clock`: TSC ticks without what writing the trace took, of its CPU;
    `time`: the same if there is but one CPU, else the TSC, which all share; `more`: the words of
    MORE records that follow it."""
    __slots__ = ('tsc', 'time', 'clock', 'kind', 'flags', 'detail', 'cpu', 'thread', 'other', 'label', 'tag',
                 'words', 'more')

    def __init__(self, fields, clock):
        (self.tsc, self.kind, self.flags, self.detail, self.cpu, _, self.thread, self.other,
         self.label, self.tag) = fields[:10]
        self.time = self.clock = clock
        self.words = fields[10:]
        self.more = []

    def all_words(self):
        return list(self.words) + self.more


class Trace:
    """All records in the order of time, and what the first says of the machine."""

    def __init__(self, path):
        with open(path, 'rb') as file:
            data = file.read()
        self.hz, self.cpus, self.lost, self.records = 1000000000, 1, 0, []
        last, spent = {}, {}
        for fields in LAYOUT.iter_unpack(data[:len(data) // SIZE * SIZE]):
            kind, cpu = fields[1], fields[4]
            if kind == HEADER:
                self.hz, self.cpus = fields[10:12]
            elif kind == MORE:
                if cpu in last:
                    last[cpu].more += fields[6:]
            else:
                if kind == LOST:
                    self.lost += fields[10]
                else:
                    spent[cpu] = spent.get(cpu, 0) + fields[5]
                last[cpu] = Record(fields, fields[0] - spent.get(cpu, 0))
                self.records.append(last[cpu])
        if self.cpus > 1:
            self.records.sort(key=lambda record: record.tsc)
            for record in self.records:
                record.time = record.tsc
