"""servers/fs and a native client in an image of their own: tests/servers/fs.c."""
import re

import pager_cases
import report

LINE = re.compile(r'^fs-client: (ok|FAIL) (\S+)$')


def client(context):
    """A client of no personality: files, clones, pipes, mappings, /proc."""
    with open(f'{context.root}/tests/servers/fs.manifest', encoding='utf-8') as file:
        manifest = file.read()
    lines = pager_cases.boot(context, 'fs', manifest,
                             {'task': 'servers/task/task.elf', 'fs': 'servers/fs/fs.elf',
                              'fs-client': 'tests/servers/fs-client.elf'})
    results = []
    for line in lines:
        if match := LINE.match(line):
            results.append(report.Result(match[2], '' if match[1] == 'ok' else 'failed'))
    ended = any(re.match(r'fs-client: \d+ passed, \d+ failed', line) for line in lines)
    problem = '' if ended else 'it did not come to its end: ' + ' | '.join(lines[-6:])
    return results + [report.Result('end', problem)]


def cases(_):
    return [('client', client)]
