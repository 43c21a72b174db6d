"""PE programs over libwine's DLLs and the Win32 core, as traced processes of the host.

programs_test.py RUN PACKAGES SOURCE: builds programs of tests/win32/programs with the mingw compiler
and runs them; 77 (skipped) where the compiler, the DLLs or ptrace are missing.
"""
import os
import shutil
import subprocess
import sys
import tempfile

RUN, PACKAGES, SOURCE = sys.argv[1:4]
MINGW = shutil.which('x86_64-w64-mingw32-gcc')
DLLS = f'{PACKAGES}/usr/lib/x86_64-linux-gnu/wine/x86_64-windows'
NLS = f'{PACKAGES}/usr/share/wine/nls'


def make_root(root):
    system = f'{root}/c/windows/system32'
    for path in (system, f'{root}/c/case', f'{root}/c/bin',
                 f'{root}/c/users/root/AppData/Local/Temp'):
        os.makedirs(path)
    for folder in (DLLS, NLS):
        for name in os.listdir(folder):
            if name.endswith(('.dll', '.nls')) or name == 'cmd.exe':
                os.symlink(f'{folder}/{name}', f'{system}/{name}')
    zlib = f'{PACKAGES}/usr/x86_64-w64-mingw32/lib/zlib1.dll'
    if os.path.exists(zlib):
        os.symlink(zlib, f'{system}/zlib1.dll')


def run(root, program, *arguments, stdin=b''):
    return subprocess.run([RUN, '--root', root, '--registry', f'{SOURCE}/servers/object/registry.reg',
                           f'/c/bin/{program}', *arguments], input=stdin, capture_output=True,
                          timeout=60)


def main():
    if not MINGW or not os.path.isdir(DLLS) or not os.path.isdir(NLS):
        return 77
    with tempfile.TemporaryDirectory() as root:
        make_root(root)
        for name in ('args', 'upper', 'exit3', 'threads', 'memory'):
            subprocess.run([MINGW, '-O1', '-o', f'{root}/c/bin/{name}.exe',
                            f'{SOURCE}/tests/win32/programs/{name}.c'], check=True)
        first = run(root, 'exit3.exe')
        if b'ptrace' in first.stderr:
            return 77
        assert first.returncode == 3, first
        result = run(root, 'upper.exe', stdin=b'abc\n')
        assert result.returncode == 0 and result.stdout.strip() == b'ABC', result
        result = run(root, 'args.exe', 'a b', 'c"d', '')
        assert result.returncode == 0 and b'a b' in result.stdout and b'c"d' in result.stdout, result
        for name in ('threads', 'memory'):
            with open(f'{SOURCE}/tests/win32/cases/{name}.sh', encoding='utf-8') as case:
                lines = [line for line in case.read().splitlines() if not line.startswith('#')]
            result = run(root, f'{name}.exe')
            assert result.returncode == 0, result
            if lines == [f'{name}.exe']:
                with open(f'{SOURCE}/tests/win32/cases/{name}.out', 'rb') as wanted:
                    assert result.stdout == wanted.read(), result
    return 0


sys.exit(main())
