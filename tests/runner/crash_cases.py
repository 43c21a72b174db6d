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


def program(name, how, status, said, calls):
    """A program of a personality: the report of `./janus run --verbose`, its status, its backtrace."""
    def run(context):
        done = subprocess.run(
            [f'{context.root}/janus', 'run', '--verbose', '--timeout', '60',
             f'./build/tests/crash/{name}', how],
            cwd=context.root, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, timeout=90)
        lines = done.stderr.decode(errors='replace').replace('\r', '').splitlines()
        text = ' | '.join(lines[-30:])
        assert done.returncode == status, f'status {done.returncode}: {text}'
        assert any(re.search(said, line) for line in lines), text
        names = functions(lines)
        wanted = [name for name in names if name in calls]
        assert wanted == calls, f'{names}: {text}'
        assert any('crash.c:' in line for line in lines), text
    return run


def quiet(context):
    """Without --verbose a crash says nothing, and the status is the signal's."""
    done = subprocess.run([f'{context.root}/janus', 'run', '--timeout', '60',
                           './build/tests/crash/crash-elf'], cwd=context.root,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, timeout=90)
    assert (done.returncode, done.stdout) == (139, b''), done


def cases(_):
    below = ['leaf', 'compare', 'main']
    calls = ['inner', 'middle', 'main', 'jn_start']
    return [
        ('native-read', native('read', r'page fault, read of dead000 \(nothing there\)', calls)),
        ('native-write', native('write', r'page fault, write to dead000 \(nothing there\)', calls)),
        ('native-instruction', native('instruction', r'invalid instruction \(vector 6', calls)),
        ('quiet', quiet),
        ('elf-write', program('crash-elf', 'write', 139, r'crash: process \d+ \(crash-elf\), thread '
                              r'\d+: SIGSEGV, write to 10 \(nothing there\)', below)),
        ('elf-divide', program('crash-elf', 'divide', 136, 'SIGFPE, code 1', below)),
        ('elf-abort', program('crash-elf', 'abort', 134, 'SIGABRT', ['abort'] + below)),
        ('elf-instruction', program('crash-elf', 'instruction', 132, 'SIGILL', below)),
        ('pe-write', program('crash-pe.exe', 'write', 5, r'crash: process \d+ \(crash-pe.exe\), '
                             r'thread \d+: access violation \(c0000005\), write to 10 ', below)),
        ('pe-divide', program('crash-pe.exe', 'divide', 0x94, 'division by zero .c0000094', below)),
        ('native-jump', native('jump', r'page fault, execution of 123456', ['in no program'] + calls)),
    ]
