"""What meson.build files register with test(): executables that end with 0 or say what is wrong."""
import json
import subprocess
import sys


def cases(context):
    sys.path.insert(0, f'{context.root}/tools/command')
    import build
    import failure
    try:
        build.make_unit_tests(context.root)
    except failure.Failure as problem:
        text = str(problem)

        def compile_all(_):
            raise AssertionError(text)
        return [('compile', compile_all)]
    listed = subprocess.run(['/usr/bin/meson', 'introspect', '--tests', context.build],
                            stdout=subprocess.PIPE, check=True)
    found = []
    for test in json.loads(listed.stdout):
        name = test['name']
        command = list(test['cmd'])
        if name.endswith('-fuzz'):
            command.append(str(context.amount(20000, 200000, 5000000)))
        found.append((name, runner(command, dict(test['env']), context)))
    return found


def runner(command, environment, context):
    def run(_):
        limit = context.amount(60, 300, 3600)
        done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, timeout=limit, cwd=context.scratch,
                              env=dict({'PATH': '/usr/bin:/bin', 'LC_ALL': 'C.UTF-8'},
                                       **environment))
        text = done.stdout.decode(errors='replace').strip().splitlines()
        assert done.returncode == 0, f'status {done.returncode}: ' + ' | '.join(text[-6:])
    return run
