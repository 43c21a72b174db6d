"""tests/golden/win32: console programs as recorded under Wine 8.0."""
import json
import os

import guest
import programs
from golden_posix import read


def quoted(word):
    return "'" + word.replace("'", "'\\''") + "'"


def wanted_files(path):
    """{name: digest} of files.sha256; folders are left out, removed files have the digest DELETED."""
    found = {}
    for line in read(f'{path}/files.sha256').decode().splitlines():
        digest, _, name = line.partition('  ')
        if digest != 'dir' and name:
            found[name] = digest
    return found


def listing(data):
    found = {}
    for line in data.decode('utf-8', 'surrogateescape').splitlines():
        digest, _, name = line.partition('  ')
        found[name.removeprefix('./')] = digest
    return found


def make_case(name, path, missing):
    case = json.loads(read(f'{path}/case.json'))
    program = case['argv'][0]
    guest_path = '/c' + program[2:].replace('\\', '/')
    arguments = ' '.join(quoted(word) for word in case['argv'][1:])
    stdin = f'/tests/win32/{name}/stdin' if os.path.exists(f'{path}/stdin') else '/dev/null'
    script = f'''rm -rf /c/case
mkdir -p /c/case
test ! -d /tests/win32/{name}/in || cp -a /tests/win32/{name}/in/. /c/case/
cd /c/case
find . -type f -exec sha256sum {{}} + | sort >/tmp/janus-before
bash -c 'exec -a "$0" "$@"' {quoted(program)} {guest_path} {arguments} <{stdin}
status=$?
find . -type f -exec sha256sum {{}} + | sort >/tmp/janus-after
cat /tmp/janus-before >/tmp/janus-files
echo "-- after" >>/tmp/janus-files
cat /tmp/janus-after >>/tmp/janus-files
exit $status
'''
    checked = case['check']
    status = int(read(f'{path}/exitcode')) & 255
    stdout, stderr, files = read(f'{path}/stdout'), read(f'{path}/stderr'), wanted_files(path)

    def check_files(data):
        before, _, after = data.partition(b'-- after\n')
        before, after = listing(before), listing(after)
        changed = {n: d for n, d in after.items() if before.get(n) != d}
        changed.update((n, 'DELETED') for n in before if n not in after)
        return guest.compare('the changed files', changed, files)

    def check(got_status, got_stdout, got_stderr, got_files):
        program_name = program.rsplit('\\', 1)[1]
        if program_name in missing:
            return missing[program_name]
        return ('stdout' in checked and guest.compare('stdout', got_stdout, stdout) or
                'stderr' in checked and guest.compare('stderr', got_stderr, stderr) or
                'exit' in checked and guest.compare('status', got_status, status) or
                'files' in checked and check_files(got_files) or '')
    return guest.Case('golden-' + name, script, check, limit=max(60, case['timeout']))


def cases(context):
    def run(_):
        directory, missing = programs.bring(context.root)
        relative = os.path.relpath(directory, context.root)
        top = f'{context.root}/tests/golden/win32'
        batch = [make_case(name, f'{top}/{name}', missing) for name in sorted(os.listdir(top))]
        return guest.run_batch(context, 'win32-golden', batch,
                               ['tree tests/win32 tests/golden/win32',
                                f'glob c/bin 755 {relative}/*'])
    return [('golden', run)]
