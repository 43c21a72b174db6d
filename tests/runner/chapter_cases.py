"""The commands in the kernel's chapters of docs/ work, and show something.

A command is an indented line that begins with `printf` or `./janus`, with the lines that it is continued on.
Those of `test` and `bench` are left to `test` and `bench`.
"""
import re
import subprocess

CHAPTERS = ('debugging', 'kernel-ipc', 'kernel-memory', 'kernel-objects', 'kernel-scheduling')


def commands(text):
    """Shell scripts: each ends with a line of ./janus debug, run or trace."""
    script, found, more = [], [], False
    for line in text.splitlines():
        word = line.strip()
        if more or re.match(r' {4,}(printf|\./janus (debug|run|trace)) ', line):
            script.append(re.sub(r'\s{2,}#.*', '', word))
            more = word.endswith('\\')
            if not more and './janus' in ' '.join(script):
                found.append('\n'.join(script))
                script = []
        elif word:
            script = []
    return found


def chapter(name):
    def run(context):
        with open(f'{context.root}/docs/{name}.md', encoding='utf-8') as file:
            scripts = commands(file.read())
        assert scripts, 'no command'
        for script in scripts:
            text = script.replace('/tmp/batch', f'{context.scratch}/{name}.batch')
            done = subprocess.run(['sh', '-c', text], cwd=context.root, stdin=subprocess.DEVNULL,
                                  stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=240)
            shown = done.stdout.decode(errors='replace')
            # Crashes are what some of them show.
            assert done.returncode in (0, 5, 139) and len(shown) > 10 and 'rror in sourced' not in shown, \
                f'{script}: status {done.returncode}: {shown[-400:]}'
    return run


def cases(_):
    return [(name, chapter(name)) for name in CHAPTERS]
