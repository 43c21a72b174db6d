"""Tracing: the kernel's rings, and what `./janus trace` makes of them.

Oracles: what the programs do, by their sources and by strace's way of showing it; for costs, the path of a
foreign system call through the single adapter (two kernel entries, two switches, two messages).
"""
import json
import os
import re
import subprocess
import sys
import tempfile

import kernel_cases


IPC_ROW = re.compile(r'measure: (call|reply|round-trip|null-call|signal|foreign|door|exception|'
                     r'page-fault|copy)')


RESUMED = '(?: resumed>)?'  # another process's call came between


class Run:
    """One `./janus trace`: its streams and status, and its files."""

    def __init__(self, context, *words, options=(), command=('{root}/janus', 'trace'),
                 **keywords):
        with tempfile.TemporaryDirectory(dir=context.scratch) as directory:
            paths = {name: f'{directory}/{name}' for name in ('text', 'viewer', 'summary')}
            keywords.setdefault('stdin', subprocess.DEVNULL)
            done = subprocess.run(
                [*(word.format(root=context.root) for word in command), '-o', paths['text'], '--viewer', paths['viewer'],
                 '--summary', paths['summary'], '--timeout', '100', *options, '--', *words],
                cwd=context.root, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=150,
                **keywords)
            self.status, self.out, self.err = done.returncode, done.stdout, done.stderr
            assert os.path.exists(paths['text']), f'no trace: {self.err}'
            with open(paths['text'], encoding='utf-8') as file:
                self.lines = file.read().splitlines()
            with open(paths['viewer'], encoding='utf-8') as file:
                self.viewer = json.load(file)
            with open(paths['summary'], encoding='utf-8') as file:
                self.summary = json.load(file)

    def expect(self, status, out, err=b''):
        assert (self.status, self.out, self.err) == (status, out, err), \
            f'{self.status} {self.out} {self.err}'
        assert not any('lost' in line for line in self.lines)

    def find(self, pattern, after=0):
        for i in range(after, len(self.lines)):
            if re.search(pattern, self.lines[i]):
                return i
        raise AssertionError(f'no line {pattern} from {after} on: ' + ' | '.join(self.lines[-40:]))


def static_elf(context):
    """A static ELF: strace's lines, and beneath the write what it asked of the file server."""
    run = Run(context, 'busybox', 'echo', 'traced')
    run.expect(0, b'traced\n')
    at = run.find(r'^\[pid +\d+\] brk\(NULL\) += 0x[0-9a-f]+$')
    at = run.find(r'^\[pid +\d+\] set_tid_address\(0x[0-9a-f]+\) += \d+$', at)
    at = run.find(r'^\[pid +\d+\] write\(1, "traced\\n", 7\) += 7$', at)
    run.find(r'^ +\| posix -> fs: io\.write\(open=\d+, offset=-1, length=7, .*\) = OK done=7, '
             r'7 bytes in$', at)
    at = run.find(r'^\[pid +\d+\] exit_group\(0\) += \?$', at)
    run.find(r'^ +\| posix -> task: task\.exit\(kind=1, code=0\) = OK$', at)
    run.find(r'^\[pid +\d+\] \+\+\+ exited with 0 \+\+\+$', at)


def errors_and_status(context):
    """Errno names; streams and status are the program's own."""
    run = Run(context, 'sh', '-c', 'cat /etc/nothere; exit 7')
    run.expect(7, b'', b"cat: can't open '/etc/nothere': No such file or directory\n")
    run.find(r'openat\(AT_FDCWD, "/etc/nothere", O_RDONLY\) += -1 ENOENT \(No such file or directory\)$')
    run.find(r'^ +\| posix -> fs: fs\.open\(.*\) = NOT_FOUND, 12 bytes in$')
    run.find(r'exited with 7')
    run = Run(context, 'sh', '-c', 'kill -TERM $$', options=['--no-ipc'])
    run.expect(143, b'')
    run.find(r'\+\+\+ killed by SIGTERM \+\+\+$', run.find(r'kill\(\d+, SIGTERM\)'))


def pipeline(context):
    """A pipeline through sh: processes by pid, images by name, a read that waited for the writer."""
    run = Run(context, 'sh', '-c', 'sleep 0.2 | cat /etc/passwd - | grep ^root')
    assert run.status == 0 and run.out.startswith(b'root:'), run.err
    pids = {line[5:10].strip() for line in run.lines if line.startswith('[pid')}
    assert len(pids) == 4, pids
    for name in ('sleep', 'cat', 'grep'):
        run.find(rf'execve{RESUMED}\("[^"]*", \["{name}", .*\) += 0$')
    at = run.find(rf'clone{RESUMED}\(.*SIGCHLD.*\) += \d+$')
    assert re.search(r'= (\d+)$', run.lines[at])[1] in pids
    at = run.find(r'read\( <unfinished \.\.\.>$')
    pid = run.lines[at][:11]
    run.find(re.escape(pid) + r' <\.\.\. read resumed>\(0, ', at)
    run.find(rf'write{RESUMED}\(1, "root:.*, \d+\) += \d+$')
    run.find(r'wait4')


def win32(context):
    """A PE: services by the names of the ntdll that is loaded, object names, statuses."""
    run = Run(context, './build/tests/win32/files.exe')
    assert run.status == 0, run.err
    at = run.find(r'NtOpenFile\(\[0x[0-9a-f]+\], 0x[0-9a-f]+, "\\\\\?\?\\\\C:\\\\windows\\\\system32\\\\')
    run.find(r'^ +\| win32 -> fs: fs\.open\(', at)
    run.find(r'NtCreateSection\(\[0x', at)
    run.find(r'NtMapViewOfSection\(0x[0-9a-f]+, NtCurrentProcess, \[0x0 => 0x[0-9a-f]+\]')
    run.find(r'= 0xc0000034 STATUS_OBJECT_NAME_NOT_FOUND$')
    run.find(r'NtWriteFile\(0x[0-9a-f]+, .*"')
    run.find(r'exited with 0x0')
    names = {name for name in run.summary['calls'] if name[0] != '('}
    assert names and all(name.startswith('Nt') for name in names), names


def libraries(context):
    """Under adapter libraries the process itself is who asks servers, and what it asks is shown."""
    run = Run(context, 'busybox', 'cat', '/etc/passwd', options=['--posix=library'])
    assert run.status == 0 and run.out.startswith(b'root:')
    run.find(r'\| +busybox -> fs: fs\.open\(|\] busybox -> fs: fs\.open\(')
    run.find(r'exited with 0')
    run = Run(context, './build/tests/win32/hello.exe', options=['--win32=library'])
    assert run.status == 0 and run.out == b'hello, world\r\n', run.out
    run.find(r'hello\.exe -> fs: io\.write\(.*= OK done=')
    assert not any('win32 ->' in line for line in run.lines)


def costs(context):
    """Counts by call: a null system call is two entries, two switches and two messages."""
    program = 'i=0; while [ $i -lt 50 ]; do umask >/dev/null; i=$((i+1)); done'
    run = Run(context, 'sh', '-c', program, options=['--icount', '--no-ipc', '-e', 'umask'])
    run.expect(0, b'')
    row = run.summary['calls']['umask']
    assert row['calls'] % 50 == 0 and row['calls'] >= 50, row
    for name in ('entries', 'switches', 'ipcs'):
        assert row[name] == 2 * row['calls'], row
    assert row['ns'] < 2000 * row['calls'], row
    assert len([line for line in run.lines if ' umask(' in line]) == row['calls']
    total = run.summary['total']
    assert total['lost'] == 0
    assert sum(row['entries'] for row in run.summary['calls'].values()) <= total['entries']


def viewer(context):
    """The viewer's file: every event has what the format asks for; what a server does for a call lies
    within the call; messages point forward in time, from one task to another."""
    run = Run(context, 'sh', '-c', 'cat /etc/passwd | grep root')
    assert run.status == 0
    places = check_viewer(run.viewer)
    assert {'posix', 'fs', 'pager', 'task', 'sh', 'cat', 'grep', 'CPUs'} <= places, places


def check_viewer(data):
    """What viewers demand of the file; the names of its processes."""
    events = data['traceEvents']
    assert data['otherData']['lost'] == 0 and len(events) > 1000
    starts, ends, slices, places = {}, {}, {}, set()
    for event in events:
        assert {'ph', 'pid', 'tid', 'name'} <= set(event), event
        if event['ph'] == 'X':
            assert event['dur'] > 0 and event['ts'] >= 0, event
            slices.setdefault((event['pid'], event['tid']), []).append(event)
        elif event['ph'] == 's':
            starts[event['id']] = event
        elif event['ph'] == 'f':
            assert event['bp'] == 'e'
            ends[event['id']] = event
        else:
            assert event['ph'] == 'M', event
            places.add(event['args']['name'].split(' ')[0])
    assert starts.keys() == ends.keys() and starts
    apart = 0
    for flow, start in starts.items():
        assert start['ts'] <= ends[flow]['ts'], (start, ends[flow])
        apart += start['pid'] != ends[flow]['pid']
    assert apart > len(starts) / 2
    # On one track what begins later ends earlier, or begins after the end: viewers demand it.
    for place, found in slices.items():
        inside = []
        for event in sorted(found, key=lambda e: (e['ts'], -e['dur'])):
            end = event['ts'] + event['dur']
            while inside and inside[-1] <= event['ts']:
                inside.pop()
            assert not inside or end <= inside[-1] + 1e-6, (place, event, inside)
            inside.append(end)
    return places


def lost_records(context):
    """What was lost is counted at its place, and said."""
    sys.path.insert(0, f'{context.root}/tools/trace')
    import records
    with tempfile.NamedTemporaryFile(dir=context.scratch) as file:
        def put(kind, tsc, word=0, cpu=0, cost=0):
            file.write(records.LAYOUT.pack(tsc, kind, 1, 0, cpu, cost, 0, 0, 0, 0, word, *[0] * 9))
        put(records.HEADER, 0, 1000000000)
        put(records.SWITCH, 100)
        put(records.SWITCH, 250, cost=50)
        put(records.LOST, 300, 17)
        put(records.SWITCH, 400)
        file.flush()
        trace = records.Trace(file.name)
    assert trace.lost == 17 and [r.time for r in trace.records] == [100, 200, 250, 350]


def four_cpus(context):
    """Four CPUs, a ring each: nothing is lost, every call is answered, and arrows point forward."""
    done = Run(context, 'bash', '-c', 'for i in 1 2 3; do (ls /etc | wc -l) & done; wait; exit 3',
               options=['--smp', '4'])
    assert done.status == 3 and not done.err and not any('lost' in line for line in done.lines)
    done.find(r'exited with 3')
    unanswered = [line for line in done.lines if line.endswith('<the trace ends>')]
    assert not unanswered, unanswered
    check_viewer(done.viewer)
    running = {event['tid'] for event in done.viewer['traceEvents']
               if event['ph'] == 'X' and event['pid'] == 0}
    assert running == {0, 1, 2, 3}, running


def options(context):
    """A wrong option, no program, and a program that is not there."""
    def janus(*words):
        done = subprocess.run([f'{context.root}/janus', 'trace', *words], cwd=context.scratch,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, timeout=100)
        return done.returncode, done.stdout, done.stderr.decode()
    for words in (['--nonsense', 'true'], [], ['-o'], ['-o', '/no/such/directory/x', 'true']):
        status, out, err = janus(*words)
        assert status == 125 and not out and err.startswith('janus: ') and err.count('\n') == 1, err
    status, out, err = janus('--viewer', 'none', 'no-such-program')
    assert status == 127 and 'no-such-program' in err, err


def traced_selftest(context):
    """The kernel's self-test with tracing on: the traced entries do what the plain ones do."""
    lines = kernel_cases.lines_of(context, [], 'traced')
    assert any(re.match(r'selftest: \d+ passed, \d+ failed', line) for line in lines), \
        ' | '.join(lines[-4:])
    # Some cases look at the clock; a loaded host makes them fail, but not each time.
    for name in {line.split()[1] for line in lines if line.startswith('FAIL')}:
        again = [kernel_cases.lines_of(context, [], f'traced only={name}') for _ in range(2)]
        assert any('selftest: 1 passed, 0 failed' in lines for lines in again), \
            ' | '.join(line for line in lines if line.startswith('FAIL'))


def off_costs_nothing(context):
    """The measured paths cost the same whether tracing was never on, or was on and is off again."""
    plain, after = (
        [line.split(' wish')[0] for line in kernel_cases.lines_of(context, ['--icount'], words)
         if IPC_ROW.match(line)]
        for words in ('measure', 'measure untraced'))
    assert len(plain) > 20 and plain == after, f'{plain} {after}'


def cases(_):
    return [('static-elf', static_elf), ('errors-and-status', errors_and_status),
            ('pipeline', pipeline), ('win32', win32), ('libraries', libraries), ('costs', costs), ('viewer', viewer), ('four-cpus', four_cpus), ('lost-records', lost_records),
            ('options', options), ('traced-selftest', traced_selftest),
            ('off-costs-nothing', off_costs_nothing)]
