"""Forms and options of ./janus, as docs/command.md gives them."""
import os
import sys

from failure import Failure

UNSERVED_FORMS = ('audit', 'image')
CPUS_MAX = 8
PLACEMENTS = ('central', 'library', 'off')


class Options:
    """What the options of a run say; the defaults are those of the contract."""

    def __init__(self):
        self.posix = None
        self.win32 = None
        self.share = None
        self.share_read_only = False
        self.env = []
        self.smp = 1
        self.mem = 1024
        self.timeout = None
        self.icount = False
        self.verbose = False
        self.settings = []


def unserved(what):
    return Failure(f'{what} is not served by this build')


def positive(option, text, kind=int):
    try:
        value = kind(text)
    except ValueError:
        value = 0
    if not 0 < value < 1 << 30:
        raise Failure(f'{option} wants a positive number, not "{text}"')
    return value


def parse_options(arguments):
    """Take the options at the start of a list; return them and what is left."""
    options = Options()
    rest = list(arguments)
    while rest and rest[0].startswith('-') and rest[0] != '-':
        word = rest.pop(0)
        if word == '--':
            break
        name, equals, value = word.partition('=')
        if name in ('--icount', '--verbose', '--net'):
            if equals:
                raise Failure(f'{name} takes no value')
            if name == '--net':
                raise unserved('--net')
            setattr(options, name[2:], True)
            continue
        if name not in ('--posix', '--win32', '--share', '--disk', '--env', '--smp', '--mem',
                        '--timeout', '--set'):
            raise Failure(f'unknown option {word}')
        if not equals:
            if not rest:
                raise Failure(f'{name} wants a value')
            value = rest.pop(0)
        if name == '--disk':
            raise unserved('--disk')
        apply_option(options, name, value)
    return options, rest


def apply_option(options, name, value):
    if name in ('--posix', '--win32'):
        if value not in PLACEMENTS:
            raise Failure(f'{name} is central, library or off, not "{value}"')
        setattr(options, name[2:], value)
    elif name == '--share':
        if options.share is not None:
            raise Failure('--share can be given once')
        directory = value
        if value.endswith(':ro'):
            directory, options.share_read_only = value[:-3], True
        if not os.path.isdir(directory):
            raise Failure(f'--share: {directory} is not a directory')
        options.share = os.path.realpath(directory)
    elif name == '--env':
        if '=' not in value or value.startswith('='):
            raise Failure(f'--env wants NAME=VALUE, not "{value}"')
        options.env.append(value)
    elif name == '--set':
        if '=' not in value or value.startswith('=') or any(c.isspace() for c in value):
            raise Failure(f'--set wants NAME=VALUE without blanks, not "{value}"')
        options.settings.append(value)
    elif name == '--smp':
        options.smp = positive(name, value)
        if options.smp > CPUS_MAX:
            raise Failure(f'--smp: at most {CPUS_MAX} CPUs')
    elif name == '--mem':
        options.mem = positive(name, value)
    elif name == '--timeout':
        options.timeout = positive(name, value, float)


def usage():
    return ('usage: janus [OPTIONS] | run [OPTIONS] [--] PROGRAM [ARG...] | '
            'test [quick|soak|SUITE...] [-l] | bench [--json] [NAME...] | '
            'debug [--batch FILE | --log FILE] [OPTIONS] [PROGRAM...]')


def dispatch(root, arguments):
    form = arguments[0] if arguments and not arguments[0].startswith('-') else None
    if form in ('-h', '--help') or arguments[:1] in (['--help'], ['-h']):
        print(usage())
        return 0
    if form in UNSERVED_FORMS:
        raise unserved(f'"{form}"')
    if form is None or form == 'run':
        options, program = parse_options(arguments[1:] if form else arguments)
        if form is None and program:
            raise Failure(f'unexpected "{program[0]}"; a program is started with: janus run')
        if form == 'run' and not program:
            raise Failure('run wants a program')
        if options.posix == 'off' and options.win32 == 'off':
            raise Failure('with both personalities off there is nothing to run')
        import runner
        return runner.run(root, options, program)
    if form == 'debug':
        import debug
        return debug.main(root, arguments[1:])
    if form == 'build':
        import build
        build.bring_up_to_date(root)
        return 0
    if form == 'test':
        import build
        build.bring_up_to_date(root)
        os.execv('/usr/bin/python3', ['python3', '-IB', f'{root}/tests/runner', root]
                 + arguments[1:])
    if form == 'trace':
        import build
        build.bring_up_to_date(root)
        os.execv('/usr/bin/python3', ['python3', '-IB', f'{root}/tools/trace', root]
                 + arguments[1:])
    if form == 'study':
        import build
        build.bring_up_to_date(root)
        os.execv('/usr/bin/python3', ['python3', '-IB', f'{root}/bench/study', root]
                 + arguments[1:])
    if form == 'bench':
        import build
        build.bring_up_to_date(root)
        os.execv('/usr/bin/python3', ['python3', '-IB', f'{root}/bench/run.py', root]
                 + arguments[1:])
    raise Failure(f'unknown form "{form}"; {usage()}')


def main(root, arguments):
    try:
        return dispatch(root, arguments)
    except Failure as failure:
        print(f'janus: {failure}', file=sys.stderr)
        return failure.status
    except OSError as error:
        print(f'janus: {error}', file=sys.stderr)
        return Failure.status
    except KeyboardInterrupt:
        return 130
