"""Native clients of the shared servers, each in an image of its own: tests/servers."""
import re

import pager_cases
import report


def boot(context, name, manifest, servers, program):
    """The program's results, and whether it came to its end."""
    with open(f'{context.root}/tests/servers/{manifest}', encoding='utf-8') as file:
        text = file.read()
    programs = {server: f'servers/{server}/{server}.elf' for server in servers}
    programs[program] = f'tests/servers/{program}.elf'
    lines = pager_cases.boot(context, name, text, programs)
    results = []
    for line in lines:
        if match := re.match(rf'{program}: (ok|FAIL) (\S+)$', line):
            results.append(report.Result(match[2], '' if match[1] == 'ok' else 'failed'))
    ended = any(re.match(rf'{program}: \d+ passed, \d+ failed', line) for line in lines)
    problem = '' if ended else 'it did not come to its end: ' + ' | '.join(lines[-6:])
    return results + [report.Result(f'{program}-end', problem)]


def files(context):
    """A client of no personality: files, clones, pipes, mappings, /proc."""
    return boot(context, 'fs', 'fs.manifest', ['task', 'fs'], 'fs-client')


def shared(context):
    """Another: processes, objects, futexes, registry, terminals."""
    return boot(context, 'shared', 'shared.manifest', ['task', 'fs', 'console', 'object'], 'shared')


def cases(_):
    return [('client', files), ('shared', shared)]
