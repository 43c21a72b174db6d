"""The contract of `./janus run` on the real machine; see host_cases.py for most of it."""
import copy
import os
import shutil
import subprocess
import tempfile

import host_cases
from host_cases import expect, run


def janus(context, *words, **keywords):
    """./janus itself, as a user types it."""
    if 'input' not in keywords:
        keywords['stdin'] = subprocess.DEVNULL
    return subprocess.run([f'{context.root}/janus', *words], stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, timeout=120, **keywords)


def the_command_itself(context):
    """Nothing but the program's bytes on either stream; the status is its own."""
    expect(janus(context, 'run', 'sh', '-c', 'echo out; echo err >&2; exit 3'), 3, b'out\n', b'err\n')


def shell_from_a_pipe(context):
    """Without a form: a shell, here one that reads its commands from a pipe."""
    done = janus(context, input=b'echo $((6*7))\nexit 9\n')
    expect(done, 9, b'42\n', b'')


def interactive_shell(context):
    """./janus on a terminal: a shell, and the terminal as it was."""
    term = host_cases.Terminal(context, line=[f'{context.root}/janus'])
    term.wait_for(b'# ', 30)
    term.send(b'stty size; echo $((6*7)); exit 3\r')
    term.wait_for(b'31 97')
    term.wait_for(b'42')
    term.close(3)


def terminal_with_piped_output(context):
    """Keys from the terminal, output into a pipe: the terminal still ends others' lines."""
    command = host_cases.command(context, ['sh', '-c', 'test -t 0 && test ! -t 1 && echo a && cat'])
    shell = ['sh', '-c', '"$@" | cat', 'sh'] + command
    term = host_cases.Terminal(context, line=shell)
    term.wait_for(b'a\r\n', 30)
    term.send(b'typed\r')
    term.wait_for(b'typed\r')  # the guest's echo
    term.wait_for(b'\ntyped\r\n')
    term.send(b'\x04')
    term.close(0)


def environment(context):
    done = run(context, '--env', 'A=b c', '--env', 'HOME=/tmp', 'env')
    got = dict(line.split('=', 1) for line in done.stdout.decode().splitlines())
    wanted = {'PATH': '/bin:/usr/bin:/sbin:/usr/sbin:/c/windows/system32:/c/bin', 'HOME': '/tmp',
              'USER': 'root', 'SHELL': '/bin/sh', 'LANG': 'C.UTF-8', 'A': 'b c',
              'TERM': os.environ.get('TERM') or 'dumb'}
    wrong = {name: got.get(name) for name in wanted if got.get(name) != wanted[name]}
    assert not wrong, wrong
    assert not set(got) - set(wanted) - {'PWD', 'SHLVL', '_', 'OLDPWD'}, sorted(got)


def uname(context):
    done = run(context, 'sh', '-c', 'uname -s; uname -r; uname -n; uname -m; id -u; pwd')
    expect(done, 0, b'Linux\n6.1.0-janus\njanus\nx86_64\n0\n/root\n')


def arguments(context):
    words = ['', 'a b', '*', '$x', "'", '"', 'caf\u00e9', '-n', '--']
    done = run(context, '--', 'sh', '-c', 'for w; do printf "<%s>\n" "$w"; done', 'sh', *words)
    expect(done, 0, ''.join(f'<{w}>\n' for w in words).encode())


def many_arguments(context):
    words = [str(i) * 10 for i in range(4000)]
    done = run(context, 'sh', '-c', 'echo $#; echo "${4000}"', 'sh', *words)
    expect(done, 0, f'4000\n{words[3999]}\n'.encode())


def not_startable(context):
    done = run(context, '/etc/passwd')
    assert done.returncode == 126, done
    done = run(context, '/bin')
    assert done.returncode == 126, done


def guest_path_first(context):
    """An absolute path is the guest's file if there is one."""
    done = run(context, '/bin/busybox', 'cat', '/etc/hosts')
    expect(done, 0)
    assert b'janus' in done.stdout


def host_path_second(context):
    """An absolute path that only the host has is carried in."""
    path = f'{context.root}/build/packages/bin/busybox'
    expect(run(context, path, 'readlink', '/proc/self/exe'), 0, b'/run/carried/busybox\n')


def verbose(context):
    done = run(context, '--verbose', 'true')
    assert done.returncode == 0 and done.stdout == b'' and len(done.stderr) > 20, done


def memory_sizes(context):
    for mem in ('256', '2048'):
        expect(run(context, '--mem', mem, 'echo', 'ok'), 0, b'ok\n')


def deterministic_clock(context):
    expect(run(context, '--icount', 'echo', 'ok'), 0, b'ok\n')


def share_is_read_only(context):
    """Every attempt to change a read-only share fails with EROFS."""
    with tempfile.TemporaryDirectory() as directory:
        with open(f'{directory}/f', 'w', encoding='ascii') as file:
            file.write('x')
        done = run(context, '--share', directory + ':ro', 'sh', '-c',
                   'cd /host; for c in "touch new" "rm f" "mkdir d" "chmod 600 f" "mv f g"; do '
                   '$c 2>&1; done; echo y > f')
        assert done.stdout.count(b'Read-only file system') == 5, done
        assert b'Read-only file system' in done.stderr and os.listdir(directory) == ['f'], done


def carried_pe(context):
    """A Win32 program of the host, with arguments, status and binary input."""
    path = f'{context.build}/tests/win32/'
    done = run(context, path + 'hello.exe', 'a', 'b c')
    expect(done, 2)
    assert done.stdout.startswith(b'hello, world\r\n1: [a] '), done
    data = bytes(range(256)) * 5000
    expect(run(context, path + 'cat.exe', input=data), 0, data, b'')
    expect(run(context, path + 'exit3.exe', '0x1ff'), 255, b'', b'')


def shared_pe(context):
    """A Win32 program in the shared directory; what it writes there comes back."""
    with tempfile.TemporaryDirectory() as directory:
        shutil.copy(f'{context.build}/tests/win32/upper.exe', directory)
        with open(f'{directory}/in', 'w', encoding='ascii') as file:
            file.write('some text\n')
        done = run(context, '--share', directory, 'cmd.exe', '/c',
                   'cd /d Z:\\host && upper.exe < in > out && md made && dir /b')
        expect(done, 0)
        assert b'out' in done.stdout and b'made' in done.stdout, done
        with open(f'{directory}/out', 'rb') as file:
            assert file.read() == b'SOME TEXT\n'
        assert sorted(os.listdir(directory)) == ['in', 'made', 'out', 'upper.exe']


def win32_environment(context):
    done = run(context, '--env', 'EXTRA=1', 'cmd.exe', '/c', 'set')
    got = dict(line.split('=', 1) for line in done.stdout.decode().splitlines() if '=' in line)
    got = {name.upper(): value for name, value in got.items()}
    missing = {'SYSTEMROOT', 'COMSPEC', 'PATHEXT', 'TEMP', 'TMP', 'USERPROFILE', 'APPDATA',
               'LOCALAPPDATA', 'EXTRA', 'PATH'} - set(got)
    assert not missing, missing
    assert got['PATHEXT'].endswith(';.'), got['PATHEXT']
    assert 'C:\\bin' in got['PATH'].split(';'), got['PATH']


def shell_without_posix(context):
    """With --posix=off the shell is cmd.exe (which, reading a pipe, ends with 0, as under Wine)."""
    done = janus(context, '--posix=off', input=b'echo hi there\r\nexit\r\n')
    expect(done, 0)
    assert b'hi there' in done.stdout, done


def without_posix(context):
    """--posix=off boots; a POSIX program then fails with a message that says why."""
    done = run(context, '--posix=off', 'ls')
    assert done.returncode in (125, 126, 127) and done.stderr, done


def without_win32(context):
    expect(run(context, '--win32=off', 'echo', 'ok'), 0, b'ok\n')
    done = run(context, '--win32=off', 'cmd.exe', '/c', 'ver')
    assert done.returncode in (125, 126, 127) and done.stderr, done


def much_input(context):
    size = context.amount(8, 64, 256) << 20
    done = run(context, 'wc', '-c', input=bytes(size))
    expect(done, 0, b'%d\n' % size)


def much_output(context):
    size = context.amount(8, 64, 256) << 20
    done = run(context, 'head', '-c', str(size), '/dev/zero')
    assert done.returncode == 0 and done.stdout == bytes(size), (done.returncode, len(done.stdout))


def cases(context):
    own = [the_command_itself, shell_from_a_pipe, interactive_shell,
           terminal_with_piped_output, environment, uname, arguments, many_arguments,
           not_startable, guest_path_first, host_path_second, verbose, memory_sizes,
           deterministic_clock, share_is_read_only, without_posix, without_win32, much_input,
           much_output]

    def real(function):
        def case(given):
            given = copy.copy(given)
            given.real = True
            return function(given)
        return case
    if os.path.exists(f'{context.build}/personalities/win32-lite'):
        own += [carried_pe, shared_pe, win32_environment, shell_without_posix]
    return [(name, real(function)) for name, function in host_cases.named(host_cases.CONTRACT + own)]
