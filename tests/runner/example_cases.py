"""The example personality, in both its builds and placements; personalities/example holds the cases."""
import glob
import os
import re

import guest
import report
from guest_cases import make_case

HERE = 'personalities/example'
LINES_MAX = 600


def batch(name, options, build, manifest=None, placement='central'):
    """The cases on a boot with these options; `build` is what the tour must be told."""
    def run(context):
        lists = [f'replace etc/manifest 644 {manifest(context)}'] if manifest else []
        paths = sorted(glob.glob(f'{context.root}/{HERE}/test/*.sh'))
        probe = guest.Case('build', 'tour < /dev/null | head -n 1',
                           lambda _, out, *__: guest.compare('stdout', out, f'build {build}\n'.encode()))
        cases = [probe] + [make_case(path) for path in paths]
        results = guest.run_batch(context, f'example-{name}', cases, lists,
                                  ['--set', f'example={placement}', *options])
        return [report.Result(f'{name}-{r.name}', r.problem) for r in results]
    return run


def one_word(context):
    """The manifest with the word that chooses the other build."""
    with open(f'{context.root}/bootstrap/manifest', encoding='utf-8') as file:
        text = file.read()
    changed = text.replace('server example\n', 'server example\n    path sbin/janus/example-eager\n')
    assert changed != text
    path = f'{context.scratch}/example-manifest'
    with open(path, 'w', encoding='utf-8') as file:
        file.write(changed)
    return os.path.relpath(path, context.root)


def small(context):
    """Under 600 lines with its test, without blanks and comments."""
    count = 0
    for path in glob.glob(f'{context.root}/{HERE}/**/*', recursive=True):
        if not path.endswith(('.c', '.h', '.asm', '.lds', '.sh', '.build')):
            continue
        with open(path, encoding='utf-8') as file:
            text = re.sub(r'/\*.*?\*/', '', file.read(), flags=re.S)
        comment = '//' if path.endswith(('.c', '.h', '.lds')) else ';' if path.endswith('.asm') else '#'
        count += sum(1 for line in text.splitlines() if line.split(comment)[0].strip())
    assert count < LINES_MAX, f'{count} lines'


def absent(context):
    """A program of a personality that this boot leaves out: status 126 and a line that says so."""
    import subprocess
    done = subprocess.run([f'{context.root}/janus', 'run', '--timeout', '60', 'tour'],
                          stdin=subprocess.DEVNULL, capture_output=True, timeout=90)
    assert done.returncode == 126 and b'example personality is not in this boot' in done.stderr, done


def cases(_):
    return [('lazy', batch('lazy', [], 'lazy')),
            ('eager', batch('eager', ['--set', 'example.path=sbin/janus/example-eager'], 'eager')),
            ('library', batch('library', [], 'lazy', placement='library')),
            ('library-eager', batch('library-eager', [
                '--set', 'example-library.path=sbin/janus/example-eager-library'], 'eager',
                placement='library')),
            ('one-word', batch('one-word', [], 'eager', one_word)),
            ('lines', small), ('absent', absent)]
