"""tests/golden/posix: scripts for busybox, bash and mksh as recorded on Linux."""
import os

import guest

ENVIRONMENT = 'HOME=$PWD LC_ALL=C TZ=UTC TERM=dumb TMPDIR=$PWD PWD=$PWD'


def golden(context):
    top = f'{context.root}/tests/golden/posix'
    for name in sorted(os.listdir(top)):
        yield name, f'{top}/{name}'


def read(path):
    with open(path, 'rb') as file:
        return file.read()


def make_case(name, path):
    info = read(f'{path}/info').decode()
    search = next(line for line in info.splitlines() if line.startswith('env=')).split()[0][9:]
    script = f'''mkdir -p /tmp/case/{name}
test ! -d /tests/posix/{name}/in || cp -a /tests/posix/{name}/in/. /tmp/case/{name}/
cd /tmp/case/{name}
exec env -i PATH={search} {ENVIRONMENT} busybox sh /tests/posix/{name}/cmd
'''
    wanted, status = read(f'{path}/stdout'), int(read(f'{path}/rc'))

    def check(got_status, stdout, stderr, _):
        problem = guest.compare('stdout', stdout, wanted) or \
            guest.compare('status', got_status, status)
        if problem and stderr:
            problem += f'; stderr: {stderr[-200:]!r}'
        return problem
    return guest.Case('golden-' + name, script, check)


def cases(context):
    def run(_):
        batch = [make_case(name, path) for name, path in golden(context)]
        return guest.run_batch(context, 'posix-golden', batch,
                               ['tree tests/posix tests/golden/posix'])
    return [('golden', run)]
