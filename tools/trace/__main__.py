"""./janus trace: run a program as `run` does, and say what it asked of whom. docs/tracing.md."""
import os
import signal
import subprocess
import sys
import tempfile

USAGE = ('usage: janus trace [-c] [-o FILE] [-e CALL,...] [--viewer FILE|none] [--summary FILE] '
         '[--no-ipc] [--kernel] [--costs] [--faults] [--servers] [--raw FILE] [OPTIONS] [--] PROGRAM '
         '[ARG...]')


class Settings:
    def __init__(self):
        self.counts = self.kernel = self.costs = self.faults = self.servers = False
        self.ipc, self.only = True, None
        self.output = self.raw = self.summary = None
        self.viewer = 'janus-trace.json'


def parse(arguments, failure):
    """The options that are the trace's own, and what is left for `run`."""
    settings, rest, words = Settings(), [], list(arguments)
    values = {'-o': 'output', '--viewer': 'viewer', '--raw': 'raw', '--summary': 'summary',
              '-e': 'only'}
    switches = {'-c': 'counts', '--kernel': 'kernel', '--costs': 'costs', '--faults': 'faults',
                '--servers': 'servers'}
    takes_value = ('--posix', '--win32', '--share', '--disk', '--env', '--smp', '--mem', '--timeout',
                   '--set')
    while words and words[0].startswith('-') and words[0] not in ('-', '--'):
        word = words.pop(0)
        name, equals, value = word.partition('=')
        if name in values:
            if not equals:
                if not words:
                    raise failure(f'{name} wants a value')
                value = words.pop(0)
            setattr(settings, values[name], value)
        elif word in switches:
            setattr(settings, switches[word], True)
        elif word == '--no-ipc':
            settings.ipc = False
        else:
            rest.append(word)
            if word in takes_value and words:
                rest.append(words.pop(0))
    if settings.only:
        settings.only = set(settings.only.removeprefix('trace=').split(','))
    if settings.viewer == 'none':
        settings.viewer = None
    return settings, rest + words


def decode(root, settings, path, instructions):
    import abi
    import calls
    import linux
    import nt
    import records
    import summary
    import text
    import viewer
    trace = records.Trace(path)
    names = abi.Abi(root)
    tree = calls.Calls(trace)
    view = text.Text(tree, names, linux.Linux(), nt.Nt(root), settings)
    output = open(settings.output, 'w', encoding='utf-8') if settings.output else sys.stderr
    try:
        if settings.counts:
            lines = summary.lines(tree, view, names, instructions)
        else:
            lines = view.lines()
        for line in lines:
            output.write(line + '\n')
        if trace.lost and not settings.counts:
            output.write(f'janus: {trace.lost} records of the trace were lost\n')
        output.flush()
    except BrokenPipeError:
        pass
    finally:
        if settings.output:
            output.close()
    if settings.viewer:
        try:
            with open(settings.viewer, 'w', encoding='utf-8') as file:
                viewer.Viewer(tree, names, view).write(file)
        except OSError as error:
            sys.stderr.write(f'janus: no file for a viewer: {error}\n')
    if settings.summary:
        import json
        with open(settings.summary, 'w', encoding='utf-8') as file:
            json.dump(summary.data(tree, view, names), file, indent=1)


def main():
    root = sys.argv[1]
    sys.path.insert(0, f'{root}/tools/command')
    import cli
    import runner
    from failure import Failure
    settings, rest = parse(sys.argv[2:], Failure)
    options, program = cli.parse_options(rest)
    if not program:
        raise Failure('trace wants a program')
    for path in (settings.output, settings.viewer, settings.raw, settings.summary):
        if path and not os.path.isdir(os.path.dirname(path) or '.'):
            raise Failure(f'{path}: its directory does not exist')
    options.settings.append('trace=on')
    with tempfile.TemporaryDirectory(prefix='janus-trace-') as directory:
        path = settings.raw or f'{directory}/records'
        command = runner.host_command(root, options, program)
        command[1:1] = ['--trace', os.path.abspath(path)]
        with open(path, 'wb'):
            pass
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, lambda number, _: child.send_signal(number)
                          if number != signal.SIGINT else None)
        child = subprocess.Popen(command)
        status = child.wait()
        if os.path.getsize(path):
            decode(root, settings, path, options.icount)
        elif status not in (126, 127):
            sys.stderr.write('janus: this run left no trace\n')
            status = status if status else 125
    return 128 - status if status < 0 else status


if __name__ == '__main__':
    sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
    try:
        sys.exit(main())
    except Exception as error:
        if type(error).__name__ not in ('Failure', 'NotFound', 'NotStartable'):
            raise
        sys.stderr.write(f'janus: {error}\n')
        sys.exit(getattr(error, 'status', 125))
