"""The pagers, bootstrap and the name server in images of their own: tests/servers.

memory-test prints "ok NAME" or "FAIL NAME", then "N passed, M failed", and leaves the machine.
"""
import os
import re
import subprocess
import sys

import guest
import report

LINE = re.compile(r'^memory: (ok|FAIL) (\S+)$')


def boot(context, name, manifest, extra=(), words=()):
    """Boot with a manifest (text) and programs {image path: path in build/}; the log's lines."""
    sys.path.insert(0, f'{context.root}/tools/image')
    import mkimage
    place = f'{context.scratch}/{name}'
    os.makedirs(place, exist_ok=True)
    with open(f'{place}/manifest', 'w', encoding='utf-8') as file:
        file.write(manifest)
    image = mkimage.Image(context.root)
    programs = {'pager': 'servers/pager/default/pager.elf', 'name': 'servers/name/name.elf',
                'bootstrap': 'bootstrap/bootstrap.elf', **dict(extra)}
    for program, path in programs.items():
        image.add_file(f'sbin/janus/{program}', 0o755, f'{context.build}/{path}')
    image.add_file('etc/manifest', 0o644, f'{place}/manifest')
    image.write(f'{context.build}/tests-{name}.img')
    cli, runner = guest.modules(context.root)
    options, _ = cli.parse_options(['--mem', '256', '--smp', str(context.smp)])
    replaced = {'socket,id=log,fd={serial}': 'stdio,id=log',
                'socket,id=channel,fd={channel}': 'null,id=channel'}
    command = [replaced.get(word, word)
               for word in runner.machine(options, image=f'tests-{name}.img')]
    command[command.index('-append') + 1] += ' ' + ' '.join(words)
    try:
        done = subprocess.run(command, cwd=context.build, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              timeout=context.amount(60, 120, 300))
    except subprocess.TimeoutExpired as expired:
        return (expired.stdout or b'').decode(errors='replace').replace('\r', '').splitlines()
    return done.stdout.decode(errors='replace').replace('\r', '').splitlines()


def memory(context):
    manifest = open(f'{context.root}/tests/servers/manifest', encoding='utf-8').read()
    lines = boot(context, 'memory', manifest, {'memory-test': 'tests/servers/memory-test.elf'})
    results = []
    for line in lines:
        if match := LINE.match(line):
            results.append(report.Result(match[2], '' if match[1] == 'ok' else 'failed'))
    ended = any(re.match(r'memory: \d+ passed, \d+ failed', line) for line in lines)
    problem = '' if ended else 'it did not come to its end: ' + ' | '.join(lines[-6:])
    return results + [report.Result('memory-end', problem)]


def says(context, name, manifest, wanted, **options):
    lines = boot(context, name, manifest, **options)
    assert any(wanted in line for line in lines), f'no {wanted!r} in: ' + ' | '.join(lines[-6:])


def manifest_error(context):
    """A mistake in the manifest stops the boot and is named with its line."""
    says(context, 'manifest-error', 'server name\n  colour red\n', 'etc/manifest, line 2: unknown')


def missing_program(context):
    """An essential server without its program ends Janus and is named."""
    says(context, 'missing-program', 'server name\nserver ghost\n essential\n',
         'ghost cannot be started')


def unknown_placement(context):
    says(context, 'placement', 'personality posix = central\nserver name\n',
         'placement "library" is not in this build', words=['posix=library'])


def cases(_):
    return [('memory', memory), ('manifest-error', manifest_error),
            ('missing-program', missing_program), ('unknown-placement', unknown_placement)]
