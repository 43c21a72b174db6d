"""The systems that are compared: Janus in each placement, Linux, and Wine on it; one way to run a script."""
import os
import subprocess

PROGRAMS = ('ubench', 'uhello', 'measure', 'probe', 'calls', 'latency', 'load', 'pry', 'wbench.exe',
            'bhello.exe', 'ntcalls.exe')
OUTPUT = '/tmp/study.out'


class System:
    """`name` stands in the data; `run` gives what a shell script printed. has: families it can run."""
    name = label = ''
    has = ()
    commands = None  # the last command line, for the report


class Janus(System):
    def __init__(self, root, placement, files=()):
        import cli
        import runner
        self.cli, self.runner, self.root = cli, runner, root
        self.name, self.label = placement, f'Janus, {placement}'
        self.has = ('posix', 'win32', 'mixed')
        self.placement = placement
        self.images = {}
        self.files = list(files)

    def served(self, *options):
        """Whether this build takes these options."""
        try:
            self.cli.parse_options(list(options))
        except self.cli.Failure:
            return False
        return True

    def is_available(self):
        return self.served(f'--posix={self.placement}', f'--win32={self.placement}')

    def image(self, manifest):
        """The boot image with the benchmarks, and with a manifest of its own if one is given."""
        if manifest not in self.images:
            place = f'{self.root}/build/study-{os.getpid()}-{len(self.images)}'
            lines = [f'file bench/{name} 755 build/bench/guest/{name}' for name in PROGRAMS]
            lines += self.files
            if manifest is not None:
                with open(place + '.manifest', 'w', encoding='utf-8') as file:
                    file.write(manifest)
                lines.append(f'replace etc/manifest 644 {os.path.relpath(place, self.root)}.manifest')
            with open(place + '.list', 'w', encoding='utf-8') as file:
                file.write('\n'.join(lines) + '\n')
            subprocess.run(['/usr/bin/python3', '-IB', f'{self.root}/tools/image/mkimage.py', self.root,
                            place + '.img', place + '.list'], check=True, stdout=subprocess.DEVNULL)
            self.images[manifest] = os.path.basename(place) + '.img'
        return self.images[manifest]

    def close(self):
        for image in self.images.values():
            for end in ('.img', '.list', '.manifest'):
                path = f'{self.root}/build/{image[:-4]}{end}'
                if os.path.exists(path):
                    os.unlink(path)
        self.images = {}

    def start(self, program, icount, smp=1, settings=(), manifest=None, limit=3600, mem=1024,
              posix=None):
        """Boot with a program; returns the finished process. posix: where POSIX programs are by default."""
        options = [f'--posix={posix or self.placement}', f'--win32={self.placement}', '--timeout', str(limit),
                   '--mem', str(mem)]
        options += ['--icount'] if icount else []
        options += ['--smp', str(smp)] if smp > 1 else []
        for setting in settings:
            options += ['--set', setting]
        image = self.image(manifest)
        parsed, _ = self.cli.parse_options(options)
        machine = self.runner.machine(parsed, image)
        # A clock and randomness of the machine's own: a run can be repeated.
        machine[machine.index('base=utc')] = 'base=2026-01-01T00:00:00,clock=vm'
        machine += ['-seed', '42']
        self.commands = ' '.join(machine)
        command = self.runner.host_command(self.root, parsed, list(program), image=image,
                                           machine_command=machine)
        return subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE)

    def run(self, script, icount=True, **keywords):
        """The script's output comes at its end, so that nothing is sent while something is measured."""
        whole = f'mkdir -p /study; {{\n{script}\n}} > {OUTPUT} 2>&1 < /dev/null\ncat {OUTPUT}\n'
        done = self.start(['sh', '-c', whole], icount, **keywords)
        if done.returncode not in (0, 1):
            raise RuntimeError(f'{self.label}: status {done.returncode}: ' +
                               done.stderr[-300:].decode(errors='replace'))
        return done.stdout.decode(errors='replace')


class Linux(System):
    """Linux, or with wine=True Wine on Linux."""

    def __init__(self, root, guest, wine=False):
        self.guest, self.wine = guest, wine
        self.name = 'wine' if wine else 'linux'
        self.label = 'Wine on Linux' if wine else f'Linux {guest.version()}'
        self.has = ('win32', 'mixed') if wine else ('posix',)

    def is_available(self):
        return True

    def close(self):
        pass

    def run(self, script, icount=True, smp=1, **_):
        return self.guest.boot(script, icount, wine=self.wine, smp=smp)


def make(root, placements, live):
    systems = [Janus(root, placement) for placement in placements]
    if live:
        import live as module
        guest = module.Live(root, {f'bench/{name}': f'{root}/build/bench/guest/{name}'
                                   for name in PROGRAMS})
        systems += [Linux(root, guest), Linux(root, guest, wine=True)]
    return systems
