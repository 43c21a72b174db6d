"""What the calls of a trace cost, by name: the table of `-c`, and the same as JSON."""
from calls import Call


class Row:
    def __init__(self):
        self.calls = self.errors = self.ticks = self.entries = self.switches = self.ipcs = 0
        self.copied = 0

    def add(self, call, failed):
        self.calls += 1
        self.errors += failed
        self.ticks += call.ticks
        self.entries += call.entries
        self.switches += call.switches
        self.ipcs += call.ipcs
        self.copied += call.copied


def failed(text):
    return text.startswith(('-1 ', '? E')) or text.startswith('0xc0')


def rows(calls, text):
    """Name: Row, of the system calls, page faults and exceptions of programs."""
    found = {}
    for call in calls.roots:
        if call.kind == 'ipc' or not call.thread.foreign:
            continue
        if call.kind in ('syscall', 'door'):
            name = text.personality(call).name(call)
            bad = failed(text.result(call))
        else:
            name, bad = {'fault': '(page fault)', 'exception': '(exception)',
                         'attention': '(attention)'}.get(call.kind, call.kind), False
        found.setdefault(name, Row()).add(call, bad)
    return found


def methods(calls, abi):
    """Name of a method: how often a server was called by it beneath programs' calls."""
    found = {}

    def visit(call):
        for child in call.children:
            if isinstance(child, Call):
                if child.kind == 'ipc':
                    name = f'{calls.name(child.server)}: {abi.name_of(child.tag)}'
                    found[name] = found.get(name, 0) + 1
                visit(child)
    for call in calls.roots:
        if call.kind != 'ipc':
            visit(call)
    return found


def data(calls, text, abi):
    ns = 1000000000 / calls.trace.hz
    return {
        'calls': {name: {'calls': row.calls, 'errors': row.errors, 'ns': round(row.ticks * ns),
                         'entries': row.entries, 'switches': row.switches, 'ipcs': row.ipcs,
                         'copied': row.copied} for name, row in rows(calls, text).items()},
        'methods': methods(calls, abi),
        'user_ns': {str(pid): round(ticks * ns) for pid, ticks in calls.user_ticks.items() if pid},
        'idle_ns': round(calls.idle * ns),
        'total': dict(calls.totals, lost=calls.trace.lost),
    }


def lines(calls, text, abi, instructions):
    """`instructions`: the clock of the run counted one instruction as a nanosecond."""
    all_data = data(calls, text, abi)
    unit = 'instructions' if instructions else 'ns'
    yield (f'{"% time":>6} {unit:>13} {unit + "/call":>18} {"calls":>7} {"errors":>7} '
           f'{"entries":>8} {"switches":>8} {"IPC":>7} {"bytes":>10}  call')
    total = sum(row['ns'] for row in all_data['calls'].values()) or 1
    for name, row in sorted(all_data['calls'].items(), key=lambda item: -item[1]['ns']):
        yield (f'{100 * row["ns"] / total:6.2f} {row["ns"]:13} {row["ns"] // row["calls"]:18} '
               f'{row["calls"]:7} {row["errors"] or "":>7} {row["entries"]:8} {row["switches"]:8} '
               f'{row["ipcs"]:7} {row["copied"]:10}  {name}')
    yield ''
    for name, count in sorted(all_data['methods'].items(), key=lambda item: -item[1]):
        yield f'{count:7}  {name}'
    yield ''
    for pid, ns in all_data['user_ns'].items():
        yield f'{ns:13} {unit} of process {pid} itself'
    t = all_data['total']
    yield (f'{t["entries"]} kernel entries, {t["switches"]} address-space switches, {t["ipcs"]} IPC, '
           f'{t["faults"]} page faults, {t["interrupts"]} interrupts in all; {t["lost"]} records lost')
