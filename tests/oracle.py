"""See cases pass on their oracle: oracle.py ROOT posix|win32|mixed [CASE...] runs them here.

posix: the image of the tests is unpacked and entered with chroot. win32, mixed: under Wine, with /c as
a link to the prefix' drive. Both want root. The same driver runs the same jobs. With JANUS_RECORD set,
cases that name Wine or Linux as their oracle get what came out as what is wanted. Not part of
`./janus test`: it checks the cases, not Janus.
"""
import os
import shutil
import stat
import subprocess
import sys
import tempfile

ROOT = sys.argv[1]
sys.path[:0] = [f'{ROOT}/tests/runner', f'{ROOT}/tools/image']
import golden_posix  # noqa: E402
import guest  # noqa: E402
import guest_cases  # noqa: E402
import lsimage  # noqa: E402
import suites  # noqa: E402


def unpack(image, target):
    with open(image, 'rb') as data:
        for path, mode, size, offset, link in lsimage.entries(image):
            place = f'{target}/{path}'
            if stat.S_ISDIR(mode):
                os.makedirs(place, exist_ok=True)
                os.chmod(place, mode & 0o7777)
            elif stat.S_ISLNK(mode):
                os.symlink(link, place)
            else:
                data.seek(offset)
                with open(place, 'wb') as file:
                    file.write(data.read(size))
                os.chmod(place, mode & 0o7777)


def run_on_linux(context, name, cases, lists=(), options=()):
    image = guest.make_image(context, name, cases, list(lists))
    target = tempfile.mkdtemp()
    unpack(f'{context.build}/{image}', target)
    words = ['unshare', '--mount', '--pid', '--fork', 'sh', '-c',
             'mount --rbind /dev "$0/dev" && mount -t proc proc "$0/proc" && exec chroot "$0" "$@"',
             target, '/bin/sh', '/tests/driver.sh', str(guest.JOB_LIMIT)]
    environment = {'PATH': '/bin:/usr/bin:/sbin:/usr/sbin:/c/windows/system32:/c/bin',
                   'HOME': '/root', 'USER': 'root', 'SHELL': '/bin/sh', 'LANG': 'C.UTF-8',
                   'TERM': 'dumb'}
    done = subprocess.run(words + [case.name for case in cases], stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, env=environment)
    shutil.rmtree(target, ignore_errors=True)
    report(cases, done.stdout)
    return []


def run_under_wine(context, name, cases, lists=(), options=()):
    guest.make_image(context, name, cases, list(lists))
    scratch = tempfile.mkdtemp()
    programs = f'{context.build}/tests/win32'
    prefix = os.environ['WINEPREFIX']
    for file in os.listdir(programs):
        shutil.copy(f'{programs}/{file}', f'{prefix}/drive_c/windows/')
        wrapper(f'{scratch}/{file}', f'exec wine {programs}/{file} "$@"')
    for file in ('libstdc++-6.dll', 'libgcc_s_seh-1.dll', 'libwinpthread-1.dll'):
        shutil.copy(f'{context.build}/stripped/pe/{file}', f'{prefix}/drive_c/windows/')
    for file in ('cmd', 'find', 'findstr', 'xcopy', 'attrib', 'fc', 'reg', 'where'):
        wrapper(f'{scratch}/{file}.exe', f'exec wine {file}.exe "$@"')
    wrapper(f'{scratch}/mksh', f'exec {context.build}/packages/usr/lib/klibc/bin/mksh "$@"')
    os.symlink(f'{prefix}/drive_c', '/c')
    try:
        environment = dict(os.environ, PATH=f'{scratch}:{os.environ["PATH"]}', WINEDEBUG='-all',
                           JANUS_JOBS=f'{context.scratch}/{name}/jobs', LANG='C.UTF-8')
        done = subprocess.run(
            [f'{context.build}/packages/bin/busybox', 'sh', f'{ROOT}/tests/guest/driver.sh',
             str(guest.JOB_LIMIT)] + [case.name for case in cases],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, env=environment)
    finally:
        os.unlink('/c')
        shutil.rmtree(scratch)
    report(cases, done.stdout)
    return []


def wrapper(path, line):
    with open(path, 'w', encoding='utf-8') as file:
        file.write(f'#!/bin/sh\n{line}\n')
    os.chmod(path, 0o755)


def report(cases, output):
    found = {result[0]: result[1:] for result in guest.parse(output)}
    for case in cases:
        recorded = ''
        if case.name in found and os.environ.get('JANUS_RECORD') and \
                'construction' not in case.script and not case.name.startswith('golden-'):
            status, stdout, *_ = found[case.name]
            base = f'{ROOT}/tests/{sys.argv[2]}/cases/{case.name}'
            with open(f'{base}.out', 'wb') as file:
                file.write(stdout)
            if os.path.exists(f'{base}.rc'):
                os.unlink(f'{base}.rc')
            if status:
                with open(f'{base}.rc', 'w', encoding='ascii') as file:
                    file.write(f'{status}\n')
            recorded = ' (recorded)'
        problem = case.check(*found[case.name]) if case.name in found else 'no result'
        if recorded:
            print(f'rec  {case.name}')
        else:
            print(f'FAIL {case.name}: {problem}' if problem else f'ok   {case.name}')


def main():
    suite, chosen = sys.argv[2], sys.argv[3:]
    context = suites.Context(ROOT, 'full')

    def batch(context_, name, cases, lists=(), options=()):
        cases = [case for case in cases if not chosen or case.name in chosen]
        run = run_on_linux if suite == 'posix' else run_under_wine
        return run(context_, name, cases, lists, options) if cases else []

    guest.run_batch = batch
    jobs = golden_posix.cases(context) if suite == 'posix' else []
    for _, job in jobs + guest_cases.cases(context, suite):
        job(context)


main()
