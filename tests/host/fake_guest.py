"""A guest that is this Linux: fake_guest.py DESCRIPTOR SCRATCH speaks docs/channel.md over the
descriptor and runs the program. The directories below SCRATCH of guests that were killed stay.

The suite `host` runs the command's host end against it, so that everything between the caller and the
channel is tested without the operating system behind it. /host and /run/carried are directories
below a temporary one; paths of the run record are mapped, arguments are not.

Programs whose name begins with "fake:" are misbehaviours of a guest: panic, fatal, garbage, hang,
flood (more than its credit), escape (a change outside the shared directory).
"""
import os
import pty
import selectors
import shutil
import signal
import socket
import stat
import struct
import subprocess
import sys
import tempfile
import termios
import fcntl
import time

(HELLO, RUN, FILE, FILE_DATA, FILE_END, REMOVE, SHARE_END, DATA, CREDIT, EOF, CLOSED, WINSIZE,
 SIGNAL, EXIT, FATAL, NOTE) = range(1, 17)
STDIN, STDOUT, STDERR, TTY = range(4)
PIPE_WINDOW = 65536


class Guest:
    def __init__(self, descriptor, scratch):
        self.channel = socket.socket(fileno=descriptor)
        self.channel.setblocking(True)
        self.received = bytearray()
        os.makedirs(scratch, exist_ok=True)
        self.root = tempfile.mkdtemp(dir=scratch)
        for name in ('host', 'run/carried', 'root', 'tmp'):
            os.makedirs(f'{self.root}/{name}')
        self.record = b''
        self.file = None
        self.carried = {}
        self.credit = [0] * 4
        self.granted = [0] * 4
        self.inputs = bytearray()   # for the program's standard input or terminal
        self.input_eof = False
        self.outputs = {}           # descriptor -> stream
        self.input = None           # descriptor
        self.process = None
        self.kill_at = None
        self.share = None
        self.master = None

    def send(self, kind, stream=0, payload=b''):
        self.channel.sendall(struct.pack('<BBHI', kind, 0x4a, stream, len(payload)) + payload)

    def place(self, path):
        for top in ('/host', '/run/', '/root'):
            if path.startswith(top):
                return self.root + path
        return path

    # ---- frames ----

    def frames(self):
        while len(self.received) >= 8:
            kind, magic, stream, length = struct.unpack_from('<BBHI', self.received)
            assert magic == 0x4a and length <= 65536
            if len(self.received) < 8 + length:
                return
            payload = bytes(self.received[8:8 + length])
            del self.received[:8 + length]
            yield kind, stream, payload

    def take(self, kind, stream, payload):
        if kind == HELLO:
            self.send(HELLO, 0, struct.pack('<II', 1, 65536))
        elif kind == FILE:
            self.take_file(payload)
        elif kind == FILE_DATA:
            self.file.write(payload)
        elif kind == FILE_END:
            self.file.close()
            path, mode, mtime = self.late
            os.chmod(path, mode)
            os.utime(path, ns=(mtime, mtime))
        elif kind == RUN:
            self.record += payload
            if stream == 1:
                self.start()
        elif kind == CREDIT:
            self.credit[stream] += struct.unpack('<I', payload)[0]
        elif kind == DATA:
            self.granted[stream] -= len(payload)
            assert self.granted[stream] >= 0, 'more than the credit'
            self.inputs += payload
        elif kind == EOF:
            self.input_eof = True
        elif kind == CLOSED:
            for descriptor in [d for d, s in self.outputs.items() if s == stream]:
                self.drop(descriptor)
        elif kind == WINSIZE:
            self.set_size(payload)
        elif kind == SIGNAL:
            number, grace = struct.unpack('<II', payload)
            self.signal(number)
            self.kill_at = time.monotonic() + grace / 1000

    def take_file(self, payload):
        mode, mtime, _, path_length, target_length = struct.unpack_from('<IqQII', payload)
        path = self.place(payload[28:28 + path_length].decode('utf-8', 'surrogateescape'))
        target = payload[28 + path_length:28 + path_length + target_length]
        if stat.S_ISDIR(mode):
            os.makedirs(path, exist_ok=True)
            os.chmod(path, mode & 0o7777)
            os.utime(path, ns=(mtime, mtime))
        elif stat.S_ISLNK(mode):
            os.symlink(target, path)
            os.utime(path, ns=(mtime, mtime), follow_symlinks=False)
        else:
            self.file = open(path, 'wb')
            self.late = path, mode & 0o7777, mtime

    # ---- the program ----

    def set_size(self, payload):
        if self.master is not None:
            fcntl.ioctl(self.master, termios.TIOCSWINSZ, payload)

    def fields(self):
        at = 0
        while at < len(self.record):
            tag, _, length = struct.unpack_from('<HHI', self.record, at)
            yield tag, self.record[at + 8:at + 8 + length]
            at += 8 + length

    def start(self):
        arguments, environment, fds = [], {}, {}
        program, directory, size = None, '/', None
        for tag, value in self.fields():
            if tag == 1:
                arguments.append(value)
            elif tag == 2:
                name, _, text = value.partition(b'=')
                environment[name] = text
            elif tag == 3:
                directory = self.place(value.decode('utf-8', 'surrogateescape'))
            elif tag == 4:
                program = self.place(value.decode('utf-8', 'surrogateescape'))
            elif tag == 5:
                fd, kind, stream, offset, length = struct.unpack_from('<IIIQI', value)
                fds[fd] = kind, stream, offset, value[24:24 + length].decode()
            elif tag == 6:
                size = value
            elif tag == 7:
                self.share = struct.unpack_from('<I', value)[0]
            else:
                return self.fail(f'unknown field {tag}')
        self.before = self.snapshot()
        if arguments[0].startswith(b'fake:'):
            return self.misbehave(arguments[0][5:].decode())
        self.spawn(arguments, environment, fds, program, directory, size)

    def spawn(self, arguments, environment, fds, program, directory, size):
        children, closing, pipes = [], [], {}
        slave = None
        if any(kind == 2 for kind, *_ in fds.values()):
            self.master, slave = pty.openpty()
            self.set_size(size)
            os.set_blocking(self.master, False)
            self.outputs[self.master] = TTY
            self.input = self.master
            closing.append(slave)
            self.grant(TTY, PIPE_WINDOW)
        for fd in range(3):
            kind, stream, offset, path = fds[fd]
            if kind == 0:
                children.append(os.open('/dev/null', os.O_RDWR))
            elif kind == 1 and fd == 0:
                reading, self.input = os.pipe()
                os.set_blocking(self.input, False)
                children.append(reading)
                self.grant(STDIN, PIPE_WINDOW)
            elif kind == 1:
                if stream not in pipes:
                    ours, pipes[stream] = os.pipe()
                    self.outputs[ours] = stream
                children.append(os.dup(pipes[stream]))
            elif kind == 2:
                children.append(os.dup(slave))
            elif kind == 3:
                children.append(os.open(self.place(path), os.O_RDONLY))
                os.lseek(children[-1], offset, os.SEEK_SET)
                os.unlink(self.place(path))
            else:
                children.append(None)
        closing += [child for child in children if child is not None] + list(pipes.values())

        def prepare():
            os.setsid()
            saved = [None if child is None else fcntl.fcntl(child, fcntl.F_DUPFD, 10)
                     for child in children]
            for fd, child in enumerate(saved):
                if child is None:
                    os.close(fd)
                else:
                    os.dup2(child, fd)
                    os.close(child)
            if slave is not None:
                tty = next(fd for fd in range(3) if fds[fd][0] == 2)
                fcntl.ioctl(tty, termios.TIOCSCTTY, 0)

        try:
            self.process = subprocess.Popen(
                arguments, executable=program or shutil.which(arguments[0].decode()),
                env=environment, cwd=directory, preexec_fn=prepare, close_fds=True)
        except FileNotFoundError as error:
            self.send(EXIT, 0, struct.pack('<II', 2, error.errno) + arguments[0] + b': not found')
            self.finish()
        except (PermissionError, OSError, TypeError) as error:
            kind = 2 if isinstance(error, TypeError) else 3
            self.send(EXIT, 0, struct.pack('<II', kind, 2) + arguments[0] + b': cannot be started')
            self.finish()
        for descriptor in closing:
            os.close(descriptor)

    def misbehave(self, how):
        if how == 'panic':
            print('janus: panic: made to', flush=True)
            os._exit(1)
        elif how == 'fatal':
            self.fail('made to')
        elif how == 'garbage':
            self.channel.sendall(b'\xff' * 100)
        elif how == 'flood':
            for _ in range(100):
                self.send(DATA, STDOUT, bytes(65536))
        elif how == 'escape':
            mode = stat.S_IFREG | 0o644
            path = b'/host/../escaped'
            self.send(FILE, 0, struct.pack('<IqQII', mode, 0, 0, len(path), 0) + path)
        time.sleep(30)
        os._exit(1)

    def fail(self, text):
        self.send(FATAL, 0, text.encode())
        self.finish()

    def signal(self, number):
        if self.process:
            try:
                os.killpg(self.process.pid, number)
            except ProcessLookupError:
                pass

    def grant(self, stream, count):
        self.granted[stream] += count
        self.send(CREDIT, stream, struct.pack('<I', count))

    def drop(self, descriptor):
        stream = self.outputs.pop(descriptor)
        if descriptor != self.input:
            os.close(descriptor)
        return stream

    def read_output(self, descriptor):
        stream = self.outputs[descriptor]
        try:
            data = os.read(descriptor, min(65536, self.credit[stream]))
        except BlockingIOError:
            return
        except OSError:
            data = b''
        if data:
            self.credit[stream] -= len(data)
            self.send(DATA, stream, data)
        else:
            self.drop(descriptor)
            self.send(EOF, stream)

    def write_input(self):
        stream = TTY if self.input == self.master else STDIN
        try:
            count = os.write(self.input, self.inputs[:65536])
        except BlockingIOError:
            return
        except OSError:
            self.send(CLOSED, stream)
            self.inputs.clear()
            self.input_eof = False
            if self.input != self.master:
                os.close(self.input)
            self.input = None
            return
        del self.inputs[:count]
        self.grant(stream, count)

    def loop(self):
        while True:
            selector = selectors.SelectSelector()
            selector.register(self.channel, selectors.EVENT_READ)
            for descriptor, stream in self.outputs.items():
                if self.credit[stream] > 0:
                    selector.register(descriptor, selectors.EVENT_READ)
            if self.input is not None and self.inputs:
                if self.input in selector.get_map():
                    selector.modify(self.input, selectors.EVENT_READ | selectors.EVENT_WRITE)
                else:
                    selector.register(self.input, selectors.EVENT_WRITE)
            elif self.input is not None and self.input_eof and self.input != self.master:
                os.close(self.input)
                self.input = None
            for key, events in selector.select(0.02):
                if key.fileobj is self.channel:
                    data = self.channel.recv(1 << 20)
                    if not data:
                        self.finish()
                    self.received += data
                    for frame in self.frames():
                        self.take(*frame)
                    continue
                if events & selectors.EVENT_WRITE and key.fd == self.input:
                    self.write_input()
                if events & selectors.EVENT_READ and key.fd in self.outputs:
                    self.read_output(key.fd)
            if self.kill_at and time.monotonic() >= self.kill_at:
                self.signal(signal.SIGKILL)
            if self.process and self.process.poll() is not None:
                self.end()

    def end(self):
        """What is left in the pipes (as far as credit goes), changes, EXIT."""
        for descriptor, stream in list(self.outputs.items()):
            os.set_blocking(descriptor, False)
            while descriptor in self.outputs and self.credit[stream] > 0:
                before = self.credit[stream]
                self.read_output(descriptor)
                if descriptor in self.outputs and self.credit[stream] == before:
                    self.drop(descriptor)
                    self.send(EOF, stream)
            if descriptor in self.outputs:
                return  # out of credit: come again
        if self.share == 0:
            self.send_changes()
        status = self.process.returncode
        kind, value = (0, status) if status >= 0 else (1, -status)
        self.send(EXIT, 0, struct.pack('<II', kind, value))
        self.finish()

    def snapshot(self):
        found = {}
        for directory, directories, files in os.walk(f'{self.root}/host'):
            for name in [''] + directories + files:
                path = f'{directory}/{name}' if name else directory
                status = os.lstat(path)
                found[path] = (status.st_mode, status.st_mtime_ns, status.st_ino,
                               0 if stat.S_ISDIR(status.st_mode) else status.st_ctime_ns)
        return found

    def send_changes(self):
        after = self.snapshot()
        for path in sorted(self.before, reverse=True):
            if path not in after or stat.S_IFMT(after[path][0]) != stat.S_IFMT(self.before[path][0]):
                self.send(REMOVE, 0, path[len(self.root):].encode('utf-8', 'surrogateescape'))
        late = []
        for path in sorted(after):
            if self.before.get(path) == after[path]:
                continue
            if stat.S_ISDIR(after[path][0]):
                late.append(path)
            self.send_file(path, after[path])
        for path in late:
            self.send_file(path, after[path])
        self.send(SHARE_END)

    def send_file(self, path, status):
        mode, mtime = status[:2]
        name = path[len(self.root):].encode('utf-8', 'surrogateescape')
        target = os.readlink(path).encode('utf-8', 'surrogateescape') if stat.S_ISLNK(mode) else b''
        self.send(FILE, 0, struct.pack('<IqQII', mode, mtime, 0, len(name), len(target))
                  + name + target)
        if stat.S_ISREG(mode):
            with open(path, 'rb') as file:
                while data := file.read(65536):
                    self.send(FILE_DATA, 0, data)
            self.send(FILE_END)

    def finish(self):
        shutil.rmtree(self.root, ignore_errors=True)
        # As a real guest, stay until the host ends the machine.
        while self.channel.recv(65536):
            pass
        os._exit(0)


def main():
    guest = Guest(int(sys.argv[1]), sys.argv[2])
    print('fake guest: up', flush=True)
    try:
        guest.loop()
    finally:
        shutil.rmtree(guest.root, ignore_errors=True)


main()
