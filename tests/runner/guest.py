"""Many cases in one boot: jobs are packed into an image of the tests, a driver in the guest runs them.

A case that ends the guest, or hangs it, fails; the cases after it get a new boot.
"""
import os
import re
import subprocess
import sys

import report

HEADER = re.compile(rb'=== (\S+) (\d+) (\d+) (\d+) (\d+)\n')
JOB_LIMIT = 60      # seconds for one job, by `timeout` in the guest
MAX_BOOTS = 8       # of one batch: a guest that keeps dying is not worth more


class Case:
    """A shell script for the guest and a check of what came of it.

    `check` takes (status, stdout, stderr, files) and returns a problem or ''.
    """

    def __init__(self, name, script, check, limit=JOB_LIMIT):
        self.name, self.script, self.check, self.limit = name, script, check, limit


def compare(what, got, wanted):
    if got == wanted:
        return ''
    if isinstance(wanted, bytes):
        at = next((i for i, (a, b) in enumerate(zip(got, wanted)) if a != b),
                  min(len(got), len(wanted)))
        start = max(0, at - 20)
        return (f'{what} differs at byte {at}: {got[start:at + 60]!r}, '
                f'wanted {wanted[start:at + 60]!r}')
    return f'{what} is {got}, wanted {wanted}'


def modules(root):
    sys.path.insert(0, f'{root}/tools/command')
    import cli
    import runner
    return cli, runner


def make_image(context, name, cases, lists):
    """Pack build/tests-NAME.img: the boot image, the jobs and what `lists` (lines) add."""
    jobs = f'{context.scratch}/{name}/jobs'
    subprocess.run(['rm', '-rf', jobs], check=True)
    os.makedirs(jobs)
    for case in cases:
        with open(f'{jobs}/{case.name}', 'w', encoding='utf-8') as file:
            file.write(case.script)
    lines = ['file tests/driver.sh 755 tests/guest/driver.sh',
             f'tree tests/jobs {os.path.relpath(jobs, context.root)}'] + lists
    path = f'{context.scratch}/{name}/image.list'
    with open(path, 'w', encoding='utf-8') as file:
        file.write('\n'.join(lines) + '\n')
    image = f'tests-{name}.img'
    done = subprocess.run(['/usr/bin/python3', '-IB', f'{context.root}/tools/image/mkimage.py',
                           context.root, f'{context.build}/{image}', path],
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    assert done.returncode == 0, done.stdout.decode(errors='replace')
    return image


def command(context, image, options, program):
    cli, runner = modules(context.root)
    parsed, rest = cli.parse_options(context.options() + list(options) + ['--'] + program)
    return runner.host_command(context.root, parsed, rest, image=image)


def parse(output):
    """Yield (name, status, stdout, stderr, files) of the complete results in the driver's output."""
    at = 0
    while match := HEADER.search(output, at):
        name = match[1].decode()
        status, *sizes = (int(match[i]) for i in range(2, 6))
        at = match.end()
        if len(output) - at < sum(sizes):
            return
        parts = []
        for size in sizes:
            parts.append(output[at:at + size])
            at += size
        yield name, status, *parts


def run_batch(context, name, cases, lists=(), options=()):
    """Run the cases; return a Result for each, in order."""
    image = make_image(context, name, cases, list(lists))
    results, left, boots = {}, list(cases), 0
    while left and boots < MAX_BOOTS:
        boots += 1
        # Enough for every job at its limit would be hours: a batch that is healthy takes far less.
        limit = 60 + 4 * len(left) + max(case.limit for case in left)
        words = command(context, image, ['--timeout', str(limit), *options],
                        ['/bin/sh', '/tests/driver.sh', str(JOB_LIMIT)] +
                        [case.name for case in left])
        try:
            done = subprocess.run(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                  stderr=subprocess.PIPE, timeout=limit + 30)
        except subprocess.TimeoutExpired as error:
            done = subprocess.CompletedProcess(words, 124, error.stdout or b'', b'the command hung')
        found = {result[0]: result for result in parse(done.stdout)}
        for case in left:
            if case.name in found:
                _, *result = found[case.name]
                results[case.name] = report.Result(case.name, case.check(*result))
        left = [case for case in left if case.name not in found]
        if left and (done.returncode != 0 or not found):
            tail = ' | '.join(done.stderr.decode(errors='replace').strip().splitlines()[-4:])
            results[left[0].name] = report.Result(
                left[0].name, f'no result: the run ended with {done.returncode}: {tail}')
            left = left[1:]
    for case in left:
        results[case.name] = report.Result(case.name, 'not reached: the guest kept dying before')
    return [results[case.name] for case in cases]
