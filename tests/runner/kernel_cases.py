"""Self-tests inside the kernel's first task: tests/kernel, booted in the root pager's place.

It prints "ok NAME" or "FAIL NAME ...", and "selftest: N passed, M failed" at its end.
"""
import re
import subprocess

import guest
import report

LINE = re.compile(r'^(?:selftest: )?(ok|FAIL) (\S+)(.*)$')


def run(context):
    cli, runner = guest.modules(context.root)
    options, _ = cli.parse_options(['--verbose', '--timeout', str(context.amount(60, 300, 1200))])
    command = runner.host_command(context.root, options, ['true'])
    command = [word.replace('servers/pager/root/root-pager.elf', 'tests/kernel/selftest.elf')
               for word in command]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                          stderr=subprocess.PIPE, timeout=context.amount(90, 330, 1230))
    results, ended = {}, False
    lines = done.stderr.decode(errors='replace').replace('\r', '').splitlines()
    for line in lines:
        ended = ended or line.startswith('selftest: ') and ' passed, ' in line
        match = LINE.match(line)
        if match and (match[1] == 'FAIL' or match[2] not in results):
            problem = match[3].strip() or 'failed' if match[1] == 'FAIL' else ''
            results[match[2]] = report.Result(match[2], problem)
    problem = '' if ended else 'it did not come to its end: ' + ' | '.join(lines[-6:])
    return list(results.values()) + [report.Result('end', problem)]


def cases(_):
    return [('selftest', run)]
