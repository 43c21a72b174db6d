"""See cases pass on their oracle: oracle.py ROOT posix|mixed [CASE...] runs them on this Linux.

The image of the tests is unpacked and entered with chroot (so this wants root); the same driver runs
the same jobs. Not part of `./janus test`: it checks the cases, not Janus.
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
    found = {result[0]: result[1:] for result in guest.parse(done.stdout)}
    for case in cases:
        problem = case.check(*found[case.name]) if case.name in found else 'no result'
        print(f'FAIL {case.name}: {problem}' if problem else f'ok   {case.name}')
    return []


def main():
    suite, chosen = sys.argv[2], sys.argv[3:]
    context = suites.Context(ROOT, 'full')

    def batch(context_, name, cases, lists=(), options=()):
        cases = [case for case in cases if not chosen or case.name in chosen]
        return run_on_linux(context_, name, cases, lists, options) if cases else []

    guest.run_batch = batch
    jobs = golden_posix.cases(context) if suite == 'posix' else []
    for _, job in jobs + guest_cases.cases(context, suite):
        job(context)


main()
