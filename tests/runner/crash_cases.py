"""Crash reports: of native servers, of programs of both personalities, of the kernel.

Oracle of the backtraces: the calls in the programs' sources.
"""
import re
import subprocess

import pager_cases

MANIFEST = '''server name
    essential
server crash
    essential
'''


def translated(context, lines, *words):
    """The log as `./janus run --verbose` shows it."""
    done = subprocess.run(['/usr/bin/python3', '-IB', f'{context.root}/tools/crash', context.root,
                           *words], input='\n'.join(lines).encode(), stdout=subprocess.PIPE,
                          check=True, timeout=120)
    return done.stdout.decode().splitlines()


def functions(lines):
    """The names of a backtrace, innermost first."""
    found = (re.match(r'.*crash:   #\d+ 0x[0-9a-f]+ (.*)', line) for line in lines)
    return [re.split(r' at |\+| \(', match[1])[0] for match in found if match]


def native(how, said, calls):
    def run(context):
        lines = translated(context, pager_cases.boot(
            context, f'crash-{how}', MANIFEST, {'crash': 'tests/servers/crash.elf'},
            [f'crash={how}']))
        text = ' | '.join(lines[-30:])
        assert any(re.search('crash: task crash, thread 1: ' + said, line) for line in lines), text
        assert any(re.match(r'bootstrap: crash: rip 0*[1-9a-f]', line) for line in lines), text
        assert functions(lines)[:len(calls)] == calls, f'{functions(lines)}: {text}'
        assert any('crash has ended' in line for line in lines), text
    return run


def cases(_):
    calls = ['inner', 'middle', 'main', 'jn_start']
    return [
        ('native-read', native('read', r'page fault, read of dead000 \(nothing there\)', calls)),
        ('native-write', native('write', r'page fault, write to dead000 \(nothing there\)', calls)),
        ('native-instruction', native('instruction', r'invalid instruction \(vector 6', calls)),
        ('native-jump', native('jump', r'page fault, execution of 123456', ['in no program'] + calls)),
    ]
