"""The Python of the command: sources of packages, options, which file PROGRAM is, the boot image."""
import os
import subprocess
import sys
import tempfile


def command_module(context, name):
    for directory in ('tools/command', 'tools/image'):
        if f'{context.root}/{directory}' not in sys.path:
            sys.path.insert(0, f'{context.root}/{directory}')
    return __import__(name)


def equal(got, wanted):
    assert got == wanted, f'{got!r}, wanted {wanted!r}'


def one_line_sources(context):
    packages = command_module(context, 'packages')
    text = '''# deb http://no.example/debian bookworm main
deb http://a.example/debian bookworm main contrib # a comment
deb [arch=amd64 signed-by=/k.gpg] http://b.example/debian bookworm-updates main
deb-src http://a.example/debian bookworm main
  deb   http://c.example/debian   ./
'''
    equal(list(packages.one_line_sources(text)), [
        ([], 'http://a.example/debian', 'bookworm', ['main', 'contrib']),
        (['arch=amd64', 'signed-by=/k.gpg'], 'http://b.example/debian', 'bookworm-updates',
         ['main']),
        ([], 'http://c.example/debian', './', []),
    ])


def deb822_sources(context):
    packages = command_module(context, 'packages')
    text = '''Types: deb deb-src
# a comment
URIs: http://a.example/debian http://b.example/debian
Suites: bookworm bookworm-updates
Components: main contrib
Signed-By: /k.gpg

Types: deb-src
URIs: http://c.example/debian
Suites: bookworm
Components: main

Types: deb
Enabled: no
URIs: http://d.example/debian
Suites: bookworm
Components: main

Types: deb
URIs: http://e.example/debian
Suites:
 bookworm-security
Components: main
Signed-By:
 -----BEGIN PGP PUBLIC KEY BLOCK-----
'''
    both = ['main', 'contrib']
    equal(list(packages.deb822_sources(text)), [
        (['signed-by=/k.gpg'], 'http://a.example/debian', 'bookworm', both),
        (['signed-by=/k.gpg'], 'http://a.example/debian', 'bookworm-updates', both),
        (['signed-by=/k.gpg'], 'http://b.example/debian', 'bookworm', both),
        (['signed-by=/k.gpg'], 'http://b.example/debian', 'bookworm-updates', both),
        ([], 'http://e.example/debian', 'bookworm-security', ['main']),
    ])


def suites_of_debian(context):
    packages = command_module(context, 'packages')
    for suite, wanted in (('bookworm', True), ('bookworm-updates', True), ('stable', True),
                          ('bookworm/updates', True), ('trixie', False), ('nodistro', False),
                          ('cloud-sdk-bookworm', False)):
        equal(bool(packages.SUITES.match(suite)), wanted)


def janus(context, *words, cwd=None):
    return subprocess.run([f'{context.root}/janus', *words], stdin=subprocess.DEVNULL, cwd=cwd,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60)


def refusals(context):
    """What no part serves, and what is wrong: one line that names it, status 125."""
    for words, name in (
            (['study', '--bogus'], '--bogus'), (['audit', 'ls'], 'audit'),
            (['debug', '--batch', 'x'], '--batch'), (['image', 'x'], 'image'), (['run', '--net', 'ls'], '--net'),
            (['run', '--disk', 'x', 'ls'], '--disk'), (['run', '--bogus', 'ls'], '--bogus'),
            (['run', '--posix=some', 'ls'], '--posix'), (['run', '--env', 'x', 'ls'], '--env'),
            (['run', '--timeout', 'x', 'ls'], '--timeout'), (['run', '--mem', '-3', 'ls'], '--mem'),
            (['run'], 'run'), (['run', '--share', '/nonexistent', 'ls'], '--share'),
            (['run', '--share'], '--share'), (['frobnicate'], 'frobnicate'),
            (['run', '--posix=off', '--win32=off', 'ls'], 'personalities')):
        done = janus(context, *words)
        lines = done.stderr.decode().splitlines()
        assert done.returncode == 125 and done.stdout == b'', (words, done)
        assert len(lines) == 1 and name in lines[0], (words, lines)


def missing_host_files(context):
    done = janus(context, 'run', './no-such-file')
    assert done.returncode == 127 and b'no-such-file' in done.stderr, done
    done = janus(context, 'run', './tests', cwd=context.root)
    assert done.returncode == 126 and b'tests' in done.stderr, done


def current_build_is_fast(context):
    """A current build is recognised within 0.2 s: processor time, as the host may be busy."""
    taken = []
    for _ in range(5):
        process = subprocess.Popen([f'{context.root}/janus', 'build'], stdin=subprocess.DEVNULL)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        equal(process.returncode, 0)
        taken.append(usage.ru_utime + usage.ru_stime)
    assert min(taken) < 0.15, taken


def edited_file_is_seen(context):
    """The fingerprint changes with contents' size, with time, and with a file more."""
    build = command_module(context, 'build')
    with tempfile.TemporaryDirectory() as root:
        os.makedirs(f'{root}/mk/sub')
        path = f'{root}/mk/sub/a.c'
        with open(path, 'w', encoding='ascii') as file:
            file.write('x')
        marks = [build.fingerprint(root)]
        equal(build.fingerprint(root), marks[0])
        with open(path, 'w', encoding='ascii') as file:
            file.write('y')
        os.utime(path, ns=(10, 10))
        marks.append(build.fingerprint(root))
        os.rename(path, path + '2')
        marks.append(build.fingerprint(root))
        with open(f'{root}/mk/b.c', 'w', encoding='ascii') as file:
            file.write('')
        marks.append(build.fingerprint(root))
        equal(len(set(marks)), 4)


def image_round_trip(context):
    """What is packed is read back; the format's rules hold."""
    mkimage = command_module(context, 'mkimage')
    lsimage = command_module(context, 'lsimage')
    with tempfile.TemporaryDirectory() as scratch:
        source = f'{scratch}/source'
        os.makedirs(f'{source}/a')
        contents = {'a/empty': b'', 'a/page': bytes(4096), 'a-b': b'x' * 5000, 'a/z\u00e9': b'z'}
        for name, data in contents.items():
            with open(f'{source}/{name}', 'wb') as file:
                file.write(data)
        image = mkimage.Image(context.root)
        image.add_tree('top', source)
        image.word('link', 'top/link', 'a/page')
        image.word('dir', 'tmp', '1777')
        image.write(f'{scratch}/image')
        data = open(f'{scratch}/image', 'rb').read()
        found = {entry[0]: entry[1:] for entry in lsimage.entries(f'{scratch}/image')}
        order = [path.encode() for path in found]
        equal(order, sorted(order))
        equal(order[0], b'')
        for name, wanted in contents.items():
            mode, size, offset, _ = found['top/' + name]
            equal((size, data[offset:offset + size]), (len(wanted), wanted))
            assert offset % 4096 == 0 and mode == 0o100644
            end = offset + size
            assert not any(data[end:(end + 4095) // 4096 * 4096]), 'padding'
        equal(found['top/link'][3], 'a/page')
        equal(found['tmp'][0], 0o41777)
        equal(len(data) % 4096, 0)


def image_mistakes(context):
    mkimage = command_module(context, 'mkimage')
    for lines in ('dir a 755\nlink a b\n', 'file a 644 no/such/file\n', 'what a b\n', 'dir a x\n'):
        with tempfile.NamedTemporaryFile('w', suffix='.list') as file:
            file.write(lines)
            file.flush()
            try:
                mkimage.Image(context.root).read_list(file.name)
            except mkimage.Problem:
                continue
            raise AssertionError(f'{lines!r} was taken')


def image_holds(context):
    """The boot image has what the contract promises."""
    lsimage = command_module(context, 'lsimage')
    paths = {path for path, *_ in lsimage.entries(f'{context.build}/janus.img')}
    wanted = {'bin/busybox', 'bin/sh', 'bin/ls', 'usr/bin/sort', 'bin/bash', 'bin/bash-static',
              'bin/mksh', 'bin/mksh-static', 'etc/passwd', 'etc/group', 'tmp', 'dev', 'proc', 'root',
              'host', 'disk', 'run/carried'}
    wanted |= {f'c/windows/system32/{name}' for name in (
        'ntdll.dll', 'kernelbase.dll', 'kernel32.dll', 'msvcrt.dll', 'ucrtbase.dll', 'ws2_32.dll',
        'apisetschema.dll', 'zlib1.dll', 'cmd.exe', 'find.exe', 'where.exe', 'reg.exe',
        'xcopy.exe', 'locale.nls', 'l_intl.nls', 'c_1252.nls', 'c_437.nls', 'c_20127.nls',
        'sortdefault.nls', 'normnfc.nls')}
    wanted |= {f'c/bin/{name}' for name in (
        'libstdc++-6.dll', 'libgcc_s_seh-1.dll', 'libwinpthread-1.dll')}
    equal(wanted - paths, set())
    equal({path for path in paths if 'winedbg' in path}, set())


def pe_imports(context):
    """Imports of every PE file in the image are in the image, or named by the API sets."""
    pe = command_module(context, 'pe')
    directory = f'{context.build}/packages/usr/lib/x86_64-linux-gnu/wine/x86_64-windows'
    at_start, _ = pe.imports(f'{directory}/kernel32.dll')
    assert 'kernelbase.dll' in at_start and 'ntdll.dll' in at_start, at_start
    for data in (b'', b'MZ', b'MZ' + bytes(100), b'\x7fELF' + bytes(200),
                 b'MZ' + bytes(58) + b'\xff\xff\xff\x7f'):
        with tempfile.NamedTemporaryFile() as file:
            file.write(data)
            file.flush()
            try:
                pe.imports(file.name)
            except pe.NotPe:
                continue
            raise AssertionError(f'{data[:8]!r} was taken for a PE file')


def program_lookup(context):
    """Which file PROGRAM is, for every form that the contract names."""
    runner = command_module(context, 'runner')
    cli = command_module(context, 'cli')
    with tempfile.TemporaryDirectory() as directory:
        directory = os.path.realpath(directory)
        for name in ('tool', 'my.exe'):
            with open(f'{directory}/{name}', 'w', encoding='ascii') as file:
                file.write('x')
        plain, shared = cli.Options(), cli.Options()
        shared.share = directory
        tool = f'{directory}/tool'

        def look(options, typed):
            return runner.resolve(context.root, options, typed, 'janus.img')

        equal(look(plain, 'ls'), (None, None))
        equal(look(plain, '/bin/busybox'), ('/bin/busybox', None))
        equal(look(plain, '/bin/ls'), ('/bin/ls', None))
        equal(look(plain, 'C:\\Windows\\System32\\CMD.EXE'),
              ('C:\\Windows\\System32\\CMD.EXE', None))
        equal(look(plain, 'Z:\\bin\\busybox'), ('Z:\\bin\\busybox', None))
        equal(look(plain, tool), ('/run/carried/tool', (tool, '/run/carried/tool')))
        equal(look(shared, tool), ('/host/tool', None))
        equal(look(shared, '/host/tool'), ('/host/tool', None))
        equal(look(plain, '/no/such'), ('/no/such', None))
        equal(look(plain, 'C:\\no\\such.exe'), ('C:\\no\\such.exe', None))
        here = os.path.relpath(tool)
        equal(look(plain, here), ('/run/carried/tool', (tool, '/run/carried/tool')))
        equal(look(plain, here.replace('/', '\\')), ('/run/carried/tool', (tool, '/run/carried/tool')))
        equal(runner.directory(plain), '/root')


def cases(_):
    return [(function.__name__, function) for function in (
        one_line_sources, deb822_sources, suites_of_debian, refusals, missing_host_files,
        current_build_is_fast, edited_file_is_seen, image_round_trip, image_mistakes, image_holds,
        pe_imports, program_lookup)]
