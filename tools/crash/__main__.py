"""crash ROOT [--share DIR] [--carry HOST GUEST]... : read a boot log, write it with the crash reports'
stacks turned into backtraces.

janus-host runs it on each report as it comes; on a saved log: ./janus debug --log FILE.
"""
import os
import re
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import backtrace  # noqa: E402
import files  # noqa: E402

LINE = re.compile(r'^(?P<who>[\w.-]+): (?:error: |warning: )?crash: (?P<text>.*)$')
REGISTER = re.compile(r'\b(r[a-z0-9]+) ([0-9a-f]+)')


class Report:
    """One crash: what its lines said."""

    def __init__(self):
        self.registers, self.memory, self.modules = {}, {}, []

    def take(self, text):
        """Whether the line is only for us."""
        word, _, rest = text.partition(' ')
        if word == 'stack':
            at, _, values = rest.partition(':')
            for i, value in enumerate(values.split()):
                self.memory[int(at, 16) + 8 * i] = int(value, 16)
            return True
        if word == 'map':
            begin, end, offset, path = rest.split(' ', 3)
            self.modules.append(files.Module(path, int(begin, 16), int(end, 16), int(offset, 16)))
            return True
        if text.startswith('task 0 '):
            self.modules.append(files.Module('sbin/janus/root-pager'))
        elif word == 'program':
            self.modules.append(files.Module(rest))
        elif re.match(r'r[a-z0-9]{1,2} [0-9a-f]{16}\b', text):
            self.registers.update((name, int(value, 16)) for name, value in REGISTER.findall(text))
        return word == 'end'


def translate(lines, places, write):
    reports = {}
    for line in lines:
        match = LINE.match(line.rstrip('\r\n'))
        if not match:
            write(line.rstrip('\r\n'))
            continue
        who, text = match['who'], match['text']
        report = reports.setdefault(who, Report())
        try:
            hidden = report.take(text)
        except ValueError:
            hidden = False
        if not hidden:
            write(line.rstrip('\r\n'))
        if text == 'end':
            del reports[who]
            try:
                for frame in backtrace.frames(report, places):
                    write(f'{who}: crash:   {frame}')
            except Exception as error:  # whatever a damaged report does, the log goes on
                write(f'{who}: crash:   no backtrace: {type(error).__name__}: {error}')


def main(arguments):
    root, rest = arguments[0], arguments[1:]
    share, carried = None, {}
    while rest:
        if rest[0] == '--share':
            share, rest = rest[1], rest[2:]
        else:
            carried[rest[2]], rest = rest[1], rest[3:]
    sys.stdout.reconfigure(errors='replace')
    sys.stdin.reconfigure(errors='replace')
    translate(sys.stdin, files.Places(root, share, carried), print)


if __name__ == '__main__':
    main(sys.argv[1:])
