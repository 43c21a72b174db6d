"""From the user's options to the command that starts the host's end of the channel."""
import os
import re
import sys

from failure import Failure

PATH = '/bin:/usr/bin:/sbin:/usr/sbin:/c/windows/system32:/c/bin'
DRIVE = re.compile(r'^([A-Za-z]):[\\/]')
GUEST_ONLY = ('/dev/', '/proc/', '/sys/', '/host/', '/disk/', '/run/', '/tmp/')


class NotFound(Failure):
    status = 127


class NotStartable(Failure):
    status = 126


def machine(options, image='janus.img'):
    """The QEMU command line; names of files are relative to build/, which may hold any character."""
    words = list(getattr(options, 'settings', []))
    for name in ('posix', 'win32'):
        if getattr(options, name):
            words.append(f'{name}={getattr(options, name)}')
    # With the instruction clock the emulator runs the processors in turns, in one thread.
    parallel = options.smp > 1 and not options.icount
    command = [
        'qemu-system-x86_64', '-accel', 'tcg,thread=multi' if parallel else 'tcg',
        '-machine', 'pc', '-cpu', 'max',
        '-m', str(options.mem), '-smp', str(options.smp), '-nodefaults', '-no-user-config',
        '-nic', 'none', '-display', 'none', '-monitor', 'none', '-no-reboot', '-rtc', 'base=utc',
        '-chardev', 'socket,id=log,fd={serial}', '-serial', 'chardev:log',
        '-chardev', 'socket,id=channel,fd={channel}',
        '-device', 'virtio-serial-pci,disable-legacy=on',
        '-device', 'virtserialport,chardev=channel,name=janus.channel',
        '-device', 'isa-debug-exit,iobase=0xf4,iosize=4',
        '-kernel', 'mk/janus.elf', '-initrd', f'servers/pager/root/root-pager.elf,{image}',
        '-append', ' '.join(words),
    ]
    if options.icount:
        command += ['-icount', 'shift=0,sleep=off']
    return command


# ---- which file PROGRAM is ----

class ImageIndex:
    """The tree of the boot image, for one question: is there such a file in the guest?"""

    def __init__(self, image):
        sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '../image'))
        import lsimage
        self.entries = {path: target for path, _, _, _, target in lsimage.entries(image)}
        self.folded = None

    def has(self, path, fold=False):
        """Whether PATH (absolute, with /) is in the image, after following links."""
        if fold and self.folded is None:
            self.folded = {path.lower(): path for path in self.entries}
        pending, at = path.strip('/').split('/'), ''
        links = 0
        while pending:
            part = pending.pop(0)
            if part in ('', '.'):
                continue
            if part == '..':
                at = os.path.dirname(at)
                continue
            here = f'{at}/{part}' if at else part
            if fold:
                here = self.folded.get(here.lower(), here)
            if here not in self.entries:
                return False
            target = self.entries[here]
            if not target:
                at = here
                continue
            links += 1
            if links > 40:
                return False
            if target.startswith('/'):
                at = ''
            pending = target.strip('/').split('/') + pending
        return True


def inside(directory, path):
    return path == directory or path.startswith(directory.rstrip('/') + '/')


def host_program(options, typed, path):
    """PROGRAM is the host's file PATH: (guest path, what to carry)."""
    real = os.path.realpath(path)
    if not os.path.exists(real):
        raise NotFound(f'{typed}: not found')
    if os.path.isdir(real):
        raise NotStartable(f'{typed}: is a directory')
    absolute = os.path.join(os.path.realpath(os.path.dirname(path) or '.'), os.path.basename(path))
    if options.share and inside(options.share, absolute):
        return '/host' + absolute[len(options.share):], None
    if not os.access(real, os.R_OK):
        raise NotStartable(f'{typed}: cannot be read')
    guest = '/run/carried/' + os.path.basename(path)
    return guest, (real, guest)


def resolve(root, options, typed, image):
    """Where PROGRAM comes from: (guest path or None for look-up on PATH, what to carry or None)."""
    if '/' not in typed and '\\' not in typed:
        return None, None
    drive = DRIVE.match(typed)
    if not drive and not typed.startswith('/'):
        path = typed
        if not os.path.exists(path) and '\\' in path:
            path = path.replace('\\', '/')
        return host_program(options, typed, path)
    path = typed
    if drive:
        rest = typed[2:].replace('\\', '/')
        letter = drive[1].lower()
        if letter not in 'cz':
            return typed, None
        path = ('/c' if letter == 'c' else '') + rest
    if path.startswith(GUEST_ONLY) and not os.path.exists(path):
        return typed, None
    if options.share and inside('/host', path):
        return typed, None
    if ImageIndex(f'{root}/build/{image}').has(path, fold=bool(drive)):
        return typed, None
    if os.path.exists(path) and not (drive and drive[1].lower() == 'c'):
        return host_program(options, typed, path)
    return typed, None


def directory(options):
    """Where the program starts: the caller's place if that is shared, else /root."""
    if options.share:
        here = os.path.realpath(os.getcwd())
        if inside(options.share, here):
            return '/host' + here[len(options.share):]
    return '/root'


def environment(options):
    values = {'PATH': PATH, 'HOME': '/root', 'USER': 'root', 'SHELL': '/bin/sh',
              'LANG': 'C.UTF-8', 'TERM': os.environ.get('TERM') or 'dumb'}
    for setting in options.env:
        name, _, value = setting.partition('=')
        values[name] = value
    return [f'{name}={value}' for name, value in values.items()]


def host_command(root, options, program, image='janus.img', host=None, machine_command=None):
    """The command line of janus-host for a run; `program` empty: an interactive shell."""
    command = [host or f'{root}/build/tools/host/janus-host']
    guest_path = carried = None
    if program:
        guest_path, carried = resolve(root, options, program[0], image)
    elif options.posix == 'off':
        guest_path, program = 'C:\\windows\\system32\\cmd.exe', ['cmd.exe']
    else:
        guest_path, program = '/bin/sh', ['sh']
    if guest_path:
        command += ['--program', guest_path]
    if carried:
        command += ['--carry', *carried]
    if options.share:
        command += ['--share', options.share]
        if options.share_read_only:
            command += ['--share-read-only']
    for setting in environment(options):
        command += ['--env', setting]
    if options.timeout:
        command += ['--timeout', str(options.timeout)]
    if options.verbose:
        command += ['--verbose']
    command += ['--reporter', root]
    if getattr(options, 'notes', False):
        command += ['--notes']
    command += ['--directory', directory(options),
                '--stdin-limit', str(options.mem * (1 << 20) // 4),
                '--machine-directory', f'{root}/build']
    words = machine_command or machine(options, image)
    return command + ['--machine', str(len(words)), *words, '--', *program]


def run(root, options, program):
    import build
    build.bring_up_to_date(root)
    command = host_command(root, options, program)
    os.execv(command[0], command)
