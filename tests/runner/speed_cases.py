"""What calls cost with the personality in its server: the instruction clock, so each run gives the same.

Oracle: the figures that bench/README.md says how to make, with about a tenth of room. A path that
becomes shorter wants its bound lowered here.
"""
import re
import subprocess

POSIX = {'getpid': 250, 'yield': 240, 'read1': 1600, 'write1': 1030, 'fstat': 2300, 'stat': 4400,
         'open_close': 5700, 'select_10': 5400, 'poll_100': 19600, 'sig_install': 900,
         'pipe_lat': 22600, 'pread_4k': 2600, 'sem_lat': 10600}
WIN32 = {'qpc': 1400, 'yield': 760, 'write1': 2100, 'event': 3000, 'mutex': 3000}


def check(context, program, bounds):
    done = subprocess.run([f'{context.root}/janus', 'run', '--icount', '--timeout', '150',
                           *program, '-r', '1', *bounds], cwd=context.root,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, timeout=200)
    lines = done.stdout.decode(errors='replace').splitlines()
    found = {}
    for line in lines:
        words = re.split(r'[,\s]+', line.strip())
        if len(words) > 5 and words[1].isdigit():
            found[words[0]] = float(words[5])
    assert set(found) == set(bounds), (lines, done.stderr)
    slow = [f'{name}: {found[name]:.0f} instructions, at most {most}'
            for name, most in bounds.items() if found[name] > most]
    assert not slow, '; '.join(slow)


def posix(context):
    """System calls under the POSIX server."""
    check(context, ['./build/bench/guest/ubench', '-c'], POSIX)


def win32(context):
    """NT services under the Win32 server."""
    check(context, ['./build/bench/guest/wbench.exe', '-d', 'C:\\windows\\temp'], WIN32)


def cases(_):
    return [('posix', posix), ('win32', win32)]
