"""The contract of `./janus run`, as cases for two machines.

Suite `host`: tests/host/fake_guest.py is the machine, so Linux runs the programs; that is the oracle.
Suite `run`: the real one.
"""
import fcntl
import hashlib
import os
import pty
import select
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import termios
import time


def limit(context):
    """Seconds that one run may take; a soak moves four times as much."""
    return 60 * context.amount(1, 1, 4)


def modules(root):
    sys.path.insert(0, f'{root}/tools/command')
    import cli
    import runner
    return cli, runner


def command(context, words):
    """The command line of janus-host for `run WORDS`."""
    cli, runner = modules(context.root)
    real = getattr(context, 'real', False)
    options, program = cli.parse_options((context.options() if real else []) + list(words))
    if real:
        options.timeout = options.timeout or limit(context) - 10
        return runner.host_command(context.root, options, program)
    options.env.insert(0, 'PATH=/usr/bin:/bin')
    machine = ['/usr/bin/python3', '-IB', f'{context.root}/tests/host/fake_guest.py', '{channel}',
               f'{context.scratch}/fake']
    return runner.host_command(context.root, options, program, machine_command=machine)


def run(context, *words, **keywords):
    keywords.setdefault('stdin', subprocess.DEVNULL)
    if 'input' in keywords:
        del keywords['stdin']
    return subprocess.run(command(context, words), stdout=keywords.pop('stdout', subprocess.PIPE),
                          stderr=keywords.pop('stderr', subprocess.PIPE), timeout=limit(context),
                          **keywords)


def command_in(context, directory, words):
    """Options are resolved relative to the caller's directory: do that in a process of its own."""
    script = ('import sys; sys.path[:0] = [sys.argv[1] + "/tests/runner"]\n'
              'import host_cases, suites\n'
              'context = suites.Context(sys.argv[1], "quick", int(sys.argv[4]), sys.argv[3].split())\n'
              'context.real = sys.argv[2] == "True"\n'
              'sys.stdout.write("\\0".join(host_cases.command(context, sys.argv[5:])))')
    done = subprocess.run(['/usr/bin/python3', '-IBc', script, context.root,
                           str(getattr(context, 'real', False)),
                           ' '.join(context.placement), str(context.smp)] + words, cwd=directory,
                          stdout=subprocess.PIPE, check=True)
    return done.stdout.decode().split('\0')


def run_in(context, directory, *words):
    return subprocess.run(command_in(context, directory, list(words)), stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=limit(context))


def boot(context):
    """Seconds that the machine may take before a program runs, on a busy host."""
    return 8 if getattr(context, 'real', False) else 0


def expect(done, status, stdout=None, stderr=None):
    assert done.returncode == status, f'status {done.returncode}, wanted {status}; {done.stderr}'
    if stdout is not None:
        assert done.stdout == stdout, f'stdout {done.stdout[:200]}, wanted {stdout[:200]}'
    if stderr is not None:
        assert done.stderr == stderr, f'stderr {done.stderr[:200]}, wanted {stderr[:200]}'


def filter_(context):
    expect(run(context, 'tr', 'a-z', 'A-Z', input=b'abc\n'), 0, b'ABC\n', b'')


def status(context):
    for wanted in (0, 1, 7, 255):
        expect(run(context, 'sh', '-c', f'exit {wanted}'), wanted, b'', b'')


def signal_status(context):
    expect(run(context, 'sh', '-c', 'kill -9 $$'), 137)


def streams_apart(context):
    expect(run(context, 'sh', '-c', 'echo out; echo err >&2'), 0, b'out\n', b'err\n')


def streams_joined(context):
    script = 'for i in 1 2 3 4 5; do echo out$i; echo err$i >&2; done'
    done = run(context, 'sh', '-c', script, stderr=subprocess.STDOUT)
    assert done.stdout == b''.join(b'out%d\nerr%d\n' % (i, i) for i in range(1, 6)), done.stdout


def not_found(context):
    done = run(context, 'no-such-program')
    expect(done, 127, b'')
    assert b'no-such-program' in done.stderr


def binary_through_pipes(context):
    data = os.urandom(1 << 20) * context.amount(4, 64, 256)
    done = run(context, 'cat', input=data)
    expect(done, 0, stderr=b'')
    assert hashlib.sha256(done.stdout).digest() == hashlib.sha256(data).digest(), 'data differ'


def file_as_stdin(context):
    """A regular file is carried in, and read from the offset that the caller's has."""
    with tempfile.TemporaryFile() as file:
        file.write(b'0123456789' * 10000)
        file.seek(99995)
        done = run(context, 'sh', '-c', 'test -f /dev/stdin && cat', stdin=file)
    expect(done, 0, b'56789', b'')


def large_file_streamed(context):
    """A file over the limit (a quarter of the guest's memory) comes through a pipe."""
    with tempfile.TemporaryFile() as file:
        file.truncate(65 << 20)
        done = run(context, '--mem', '256', 'sh', '-c', 'test -p /dev/stdin && wc -c', stdin=file)
    expect(done, 0, b'68157440\n')


def null_stdin(context):
    expect(run(context, 'cat'), 0, b'', b'')


def closed_descriptors(context):
    words = command(context, ['sh', '-c', 'readlink /proc/self/fd/0 || echo none'])
    shell = ['sh', '-c', 'exec "$@" <&-', 'sh'] + words
    done = subprocess.run(shell, stdout=subprocess.PIPE, timeout=limit(context))
    assert done.returncode == 0 and b'/dev/null' not in done.stdout, done.stdout


def reader_gone(context):
    with subprocess.Popen(command(context, ['yes']), stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE) as process:
        assert process.stdout.readline() == b'y\n'
        process.stdout.close()
        assert process.wait(30) == 141, process.returncode


def quiet_reader_gone(context):
    """A reader that leaves before anything was written to it is no error, as on Linux."""
    with subprocess.Popen(command(context, ['sh', '-c', 'sleep 0.3; exit 3']),
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE) as process:
        process.stdout.close()
        assert process.wait(30) == 3, process.returncode


def stdin_unread(context):
    """A program that ends without reading ends the run, with the writer still there."""
    reading, writing = os.pipe()
    done = run(context, 'true', stdin=reading)
    os.close(reading)
    os.close(writing)
    expect(done, 0)


def stdin_reader_gone(context):
    """Bytes for nobody are dropped; the run ends with the program."""
    done = run(context, 'sh', '-c', 'exec <&-; sleep 0.5; exit 4', input=bytes(8 << 20))
    expect(done, 4)


def stdout_ended_early(context):
    """The reader sees end-of-file when the program closes its output, not at the end of the run."""
    with subprocess.Popen(command(context, ['sh', '-c', 'echo a; exec >&-; sleep 100']),
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE) as process:
        assert process.stdout.read() == b'a\n'
        assert process.poll() is None, 'the run ended before'
        process.terminate()
        assert process.wait(30) == 143, process.returncode


def slow_reader(context):
    """Nothing is lost when the reader is slower than the program, and stderr does not wait for it."""
    script = 'head -c 4000000 /dev/zero; echo done >&2'
    with subprocess.Popen(command(context, ['sh', '-c', script]), stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        count = len(process.stdout.read(1))
        time.sleep(0.5)
        while data := os.read(process.stdout.fileno(), 65536):
            count += len(data)
        assert process.wait(30) == 0
        # The buffered first read may have taken more than one byte.
        assert count <= 4000000


def timeout(context):
    start = time.monotonic()
    seconds = 1 + boot(context)
    expect(run(context, '--timeout', str(seconds), 'sh', '-c', 'echo before; sleep 60'), 124,
           b'before\n')
    assert 0.9 < time.monotonic() - start < 5 + boot(context)


def interrupted(context):
    for number, wanted in ((signal.SIGINT, 130), (signal.SIGTERM, 143)):
        with subprocess.Popen(command(context, ['sh', '-c', 'echo up; sleep 30']),
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE) as process:
            assert process.stdout.readline() == b'up\n'
            process.send_signal(number)
            assert process.wait(30) == wanted, process.returncode


def machine_dies_with_the_command(context):
    """Even SIGKILL for the command leaves no machine behind."""
    with subprocess.Popen(command(context, ['sh', '-c', 'echo up; sleep 30']),
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE) as process:
        assert process.stdout.readline() == b'up\n'
        with open(f'/proc/{process.pid}/task/{process.pid}/children', encoding='ascii') as file:
            child = int(file.read().split()[0])
        process.kill()
        process.wait(30)
    for _ in range(100):
        try:
            with open(f'/proc/{child}/stat', encoding='ascii') as file:
                if file.read().rsplit(')', 1)[1].split()[0] == 'Z':
                    return
        except FileNotFoundError:
            return
        time.sleep(0.05)
    raise AssertionError('the machine outlived the command')


def misbehaving(how, text, exit_status=125):
    def case(context):
        done = run(context, f'fake:{how}')
        expect(done, exit_status)
        assert text in done.stderr, done.stderr
    return case


def flood(context):
    """Nobody reads standard output: so no credit comes back, however fast the two ends are."""
    reader, writer = os.pipe()
    try:
        done = run(context, 'fake:flood', stdout=writer)
    finally:
        os.close(reader)
        os.close(writer)
    assert done.returncode == 125, f'status {done.returncode}; {done.stderr}'
    assert b'more than its credit' in done.stderr, done.stderr


def escape(context):
    with tempfile.TemporaryDirectory() as directory:
        os.mkdir(f'{directory}/shared')
        done = run(context, '--share', f'{directory}/shared', 'fake:escape')
        expect(done, 125)
        assert sorted(os.listdir(directory)) == ['shared']


def carried_program(context):
    with tempfile.TemporaryDirectory() as directory:
        with open(f'{directory}/hello', 'w', encoding='ascii') as file:
            file.write('#!/bin/sh\necho "$0" "$@"; pwd | sed "s,.*/,,"\n')
        done = run_in(context, directory, './hello', 'a b')
    # On Linux the kernel passes a script's path to its interpreter, not argv[0].
    expect(done, 0)
    assert done.stdout.endswith(b'/run/carried/hello a b\nroot\n'), done.stdout


def tree(directory):
    """Kind, mode, mtime and contents of everything below a directory, and its inode number."""
    found = {}
    for top, directories, files in os.walk(directory):
        for name in directories + files:
            path = f'{top}/{name}'
            state = os.lstat(path)
            what = os.readlink(path) if os.path.islink(path) else None
            if what is None and os.path.isfile(path):
                with open(path, 'rb') as file:
                    what = file.read()
            found[os.path.relpath(path, directory)] = (
                state.st_mode, what, state.st_mtime_ns, state.st_ino, state.st_ctime_ns)
    return found


def make_tree(directory):
    os.mkdir(f'{directory}/d')
    os.mkdir(f'{directory}/gone')
    for name, data in (('keep', b'keep'), ('d/change', b'old'), ('gone/x', b''),
                       ('big', bytes(300000)), ('d/tool', b'#!/bin/sh\necho tool "$@"\n')):
        with open(f'{directory}/{name}', 'wb') as file:
            file.write(data)
    os.chmod(f'{directory}/d/tool', 0o755)
    os.symlink('keep', f'{directory}/link')
    os.utime(f'{directory}/keep', ns=(1, 1234567890123456789))


SHARE_SCRIPT = '''
test "$(cat keep)" = keep && test "$(readlink link)" = keep && test -x d/tool &&
test "$(stat -c %Y keep)" = 1234567890 && test "$(wc -c < big)" = 300000 || exit 9
echo new > d/change; rm -r gone; mkdir -p new/deep; head -c 200000 /dev/zero > new/deep/file
chmod 600 new/deep/file; ln -s deep/file new/link; touch -d @1000000000 new/deep/file
rm link; mkdir link; echo x > link/inside; chmod 500 link; cat big > /dev/null
'''


def share(context, option='', script=SHARE_SCRIPT, exit_status=0, extra=()):
    directory = tempfile.mkdtemp()
    try:
        make_tree(directory)
        before = tree(directory)
        done = run_in(context, directory, *extra, '--share', directory + option, 'sh', '-c', script)
        expect(done, exit_status)
        return before, tree(directory)
    finally:
        subprocess.run(['chmod', '-R', 'u+rwx', directory], check=False)
        shutil.rmtree(directory)


def share_comes_back(context):
    before, after = share(context)
    assert set(after) == {'keep', 'd', 'd/change', 'd/tool', 'big', 'new', 'new/deep',
                          'new/deep/file', 'new/link', 'link', 'link/inside'}, sorted(after)
    for name in ('keep', 'big', 'd/tool'):
        assert after[name] == before[name], f'{name} was written: {before[name]} {after[name]}'
    assert after['d/change'][1] == b'new\n' and after['d/change'][3] != before['d/change'][3]
    assert after['new/deep/file'][:3] == (0o100600, bytes(200000), 10 ** 18)
    assert after['new/link'][1] == 'deep/file'
    assert after['link'][0] == 0o40500


def share_read_only(context):
    before, after = share(context, ':ro', 'test -f keep')
    assert before == after


def share_after_timeout(context):
    before, after = share(context, script='echo y > made; sleep 60', exit_status=124,
                          extra=('--timeout', str(1 + boot(context))))
    assert after['made'][1] == b'y\n' and after['keep'] == before['keep']


def share_after_interrupt(context):
    directory = tempfile.mkdtemp()
    try:
        words = command(context, ['--share', directory, 'sh', '-c', 'exit'])
        words[words.index('--directory') + 1] = '/host'
        words[-1] = 'echo y > made; echo up; sleep 30'
        with subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE) as process:
            assert process.stdout.readline() == b'up\n'
            process.send_signal(signal.SIGINT)
            assert process.wait(30) == 130
        assert os.listdir(directory) == ['made']
    finally:
        shutil.rmtree(directory)


def shared_program(context):
    """A program inside the shared directory is not carried; the directory is the caller's."""
    directory = tempfile.mkdtemp()
    try:
        make_tree(directory)
        words = command_in(context, f'{directory}/d', ['--share', directory, './tool', 'x'])
        assert words[words.index('--program') + 1] == '/host/d/tool'
        assert words[words.index('--directory') + 1] == '/host/d'
        assert '--carry' not in words
        expect(subprocess.run(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, timeout=limit(context)), 0, b'tool x\n')
    finally:
        shutil.rmtree(directory)


class Terminal:
    """The command on a terminal of its own."""

    def __init__(self, context, *words, line=None, rows=31, columns=97):
        self.context = context
        self.master, slave = pty.openpty()
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack('<4H', rows, columns, 0, 0))
        self.before = termios.tcgetattr(slave)
        self.slave = slave
        self.text = b''
        line = line or command(context, words)

        def prepare():
            os.setsid()
            fcntl.ioctl(0, termios.TIOCSCTTY, 0)

        self.process = subprocess.Popen(line, stdin=slave, stdout=slave, stderr=slave,
                                        preexec_fn=prepare)

    def send(self, data):
        os.write(self.master, data)

    def wait_for(self, text, limit=10):
        end = time.monotonic() + limit
        while text not in self.text:
            left = end - time.monotonic()
            assert left > 0, f'waited for {text}, have {self.text}'
            if select.select([self.master], [], [], left)[0]:
                self.text += os.read(self.master, 65536)
        self.text = self.text.split(text, 1)[1]

    def pause(self, seconds=0.3):
        """Give the guest time to get where no output tells that it is there."""
        busy = os.getloadavg()[0] / os.cpu_count()
        seconds *= (2 if getattr(self.context, 'real', False) else 1) * max(1, min(5, busy))
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            if select.select([self.master], [], [], left)[0]:
                self.text += os.read(self.master, 65536)

    def close(self, wanted):
        got = self.process.wait(30)
        after = termios.tcgetattr(self.slave)
        os.close(self.slave)
        os.close(self.master)
        assert got == wanted, f'status {got}, wanted {wanted}'
        assert after == self.before, 'the terminal is not as it was'


def terminal(context):
    """Keys arrive raw, the size is right and follows, the terminal is restored."""
    script = 'stty size; trap "stty size; echo changed" WINCH; echo ready; cat; exit 5'
    term = Terminal(context, 'sh', '-c', script)
    term.wait_for(b'31 97')
    term.wait_for(b'ready')
    term.send(b'typed\r')
    term.wait_for(b'typed\r\n')
    term.wait_for(b'typed\r\n')  # the echo, then cat's output
    fcntl.ioctl(term.master, termios.TIOCSWINSZ, struct.pack('<4H', 40, 100, 0, 0))
    term.send(b'\x04')
    term.wait_for(b'40 100')
    term.close(5)


def terminal_interrupt(context):
    """Ctrl-C is the guest's: the program handles it, the command goes on."""
    term = Terminal(context, 'sh', '-c', 'trap "echo caught; exit 6" INT; echo ready; cat')
    term.wait_for(b'ready')
    term.pause(1)  # the shell may still be starting cat
    term.send(b'\x03')
    term.wait_for(b'caught')
    term.close(6)


def terminal_killed(context):
    term = Terminal(context, 'sh', '-c', 'echo ready; cat')
    term.wait_for(b'ready')
    term.process.send_signal(signal.SIGTERM)
    term.close(143)


def several_at_once(context):
    """Runs do not disturb each other."""
    started = [subprocess.Popen(command(context, ['sh', '-c', f'cat; echo {i}']),
                                stdin=subprocess.PIPE, stdout=subprocess.PIPE) for i in range(4)]
    for i, process in enumerate(started):
        out, _ = process.communicate(b'%d ' % i * 10000, timeout=limit(context))
        assert process.returncode == 0 and out == b'%d ' % i * 10000 + b'%d\n' % i


def idle_costs_nothing(context):
    """The event loop sleeps while nothing happens; the real machine may boot, then it sleeps too.

    A loop that does not sleep costs all of the time; a boot costs the host less than half of it.
    """
    real = getattr(context, 'real', False)
    seconds, limit = (8, 5) if real else (2, 0.3)
    program = ['sleep', str(seconds)]
    with subprocess.Popen(command(context, program), stdin=subprocess.DEVNULL) as process:
        _, state, usage = os.wait4(process.pid, 0)
        process.returncode = state
        assert usage.ru_utime + usage.ru_stime < limit, usage


# On any machine.
CONTRACT = [
    filter_, status, signal_status, streams_apart, streams_joined, not_found, binary_through_pipes,
    file_as_stdin, large_file_streamed, null_stdin, closed_descriptors, reader_gone,
    quiet_reader_gone, stdin_unread, stdin_reader_gone, stdout_ended_early, slow_reader, timeout,
    interrupted, machine_dies_with_the_command, carried_program, share_comes_back, share_read_only,
    share_after_timeout, share_after_interrupt, shared_program, terminal, terminal_interrupt,
    terminal_killed, several_at_once, idle_costs_nothing]


def named(functions):
    return [(function.__name__.strip('_'), function) for function in functions]


def cases(context):
    import terminal_cases
    shutil.rmtree(f'{context.scratch}/fake', ignore_errors=True)
    return terminal_cases.on_linux(context) + named(CONTRACT + [escape]) + [
        ('panic', misbehaving('panic', b'made to')),
        ('fatal', misbehaving('fatal', b'janus: made to')),
        ('garbage', misbehaving('garbage', b'not its protocol')),
        ('flood', flood),
    ]
