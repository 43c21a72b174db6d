"""Self-tests inside the kernel's first task: tests/kernel, booted in the root pager's place.

It prints "ok NAME" or "FAIL NAME ...", and "selftest: N passed, M failed" at its end.
"""
import glob
import re
import subprocess

import guest
import machine_cases
import report

LINE = re.compile(r'^(?:selftest: )?(ok|FAIL) (\S+)(.*)$')


MEASURED = re.compile(r'measure: (\S+) (\d+) wish \d+ limit (\d+)')


def lines_of(context, options, words='', kernel='janus.elf', smp=0):
    """What the self-test says, started with these words on its command line."""
    cli, runner = guest.modules(context.root)
    options, _ = cli.parse_options(['--smp', str(smp or context.smp), '--verbose', '--timeout',
                                    str(context.amount(300, 600, 1800)), *options])
    command = runner.host_command(context.root, options, ['true'])
    command = [word.replace('servers/pager/root/root-pager.elf', 'tests/kernel/selftest.elf')
               for word in command]
    command = [word.replace('mk/janus.elf', f'mk/{kernel}') for word in command]
    if words:
        command[command.index('-append') + 1] += ' ' + words
    done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                          stderr=subprocess.PIPE, timeout=context.amount(330, 630, 1830))
    return done.stderr.decode(errors='replace').replace('\r', '').splitlines()


def measure(context):
    """The paths of IPC cost at most the instructions that their budgets allow (promises A11, A14);
    the halves of one path are shown, not judged."""
    lines = lines_of(context, ['--icount'], 'measure')
    found = [match for line in lines if (match := MEASURED.search(line))]
    assert len(found) >= 40 and any('selftest: ' in line and ', 0 failed' in line
                                    for line in lines), ' | '.join(lines[-6:])
    for match in found:
        if not match[1].endswith(('-there', '-back')):
            assert int(match[2]) <= int(match[3]), match[0]


def results_of(lines):
    results, ended = {}, False
    for line in lines:
        ended = ended or line.startswith('selftest: ') and ' passed, ' in line
        match = LINE.match(line)
        if match and (match[1] == 'FAIL' or match[2] not in results):
            problem = match[3].strip() or 'failed' if match[1] == 'FAIL' else ''
            results[match[2]] = report.Result(match[2], problem)
    problem = '' if ended else 'it did not come to its end: ' + ' | '.join(lines[-6:])
    return list(results.values()) + [report.Result('end', problem)]


def run(context):
    return results_of(lines_of(context, []))


def one(context, name, *arguments, **keywords):
    """A run of which one result is made."""
    problems = [f'{result.name}: {result.problem}'
                for result in results_of(lines_of(context, *arguments, **keywords))
                if result.problem]
    return [report.Result(name, ' | '.join(problems))]


def without_assertions(context):
    """Nothing relies on the kernel's checks of itself."""
    return one(context, 'without-assertions', [], kernel='janus-plain.elf')


def mapping_model(context):
    """Random maps, grants, unmaps and accesses agree with one model in the machine and, under
    sanitizers, on the host, where the digest shows that it was the same sequence."""
    steps = context.amount(2000, 20000, 1000000)
    folder = f'{context.build}/tests/host/mk'
    subprocess.run(['/usr/bin/ninja', '-C', context.build] +
                   [f'tests/host/mk/mk_mapping_test_{bits}' for bits in '39'],
                   check=True, stdout=subprocess.DEVNULL)
    digests = []
    for words in (['mk_mapping_test_9', str(steps), '4', 'received'],
                  ['mk_mapping_test_3', str(context.amount(10000, 100000, 1000000)), '7']):
        done = subprocess.run([f'{folder}/{words[0]}', *words[1:]], stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
                              timeout=context.amount(300, 900, 7200))
        text = done.stdout.decode(errors='replace')
        assert done.returncode == 0, text[-300:]
        digests.append(text.split()[-1])
    lines = lines_of(context, [], f'only=mapping_same steps={steps}')
    found = [line.split()[-1] for line in lines if line.startswith('model: ')]
    assert found, ' | '.join(lines[-4:])
    assert found[-1] == digests[0], f'another sequence: {found[-1]}, on the host {digests[0]}'


def giant(context):
    """Pages of 1 GiB mapped, granted, split and taken away (promise A5)."""
    return one(context, 'flexpages-giant', ['--mem', '3072'], 'giant')


def rules(context):
    """Every case that docs/kernel-rules.md names is there."""
    there = {name for name, _ in cases(context)}
    for path in glob.glob(f'{context.root}/tests/kernel/*.c'):
        with open(path, encoding='utf-8') as file:
            there |= set(re.findall(r'TEST\((\w+)\)', file.read()))
    with open(f'{context.root}/docs/kernel-rules.md', encoding='utf-8') as file:
        rows = [line.split('|')[2] for line in file if line.startswith('|')][2:]
    named = set(re.findall(r'`(\w+)`', ' '.join(rows)))
    assert len(named) > 60, 'the table is not understood'
    assert named <= there, 'no such case: ' + ' '.join(sorted(named - there))


def rounds(context):
    """Tasks, threads and gates made and destroyed; 10,000 times in a soak (promises A2, A3)."""
    count = context.amount(100, 1000, 10000)
    return one(context, 'rounds', [], f'only=thousand_rounds rounds={count}')


def fuzz(context, smp):
    """Random and nearly right system calls on 1 and 4 CPUs (promise A26)."""
    calls = context.amount(50000, 1000000 if smp == 1 else 300000, 10000000)
    return one(context, f'fuzz-{smp}', [], f'fuzz={calls} seed={smp}', smp=smp)


def isolated(context):
    """Nobody runs on the CPUs of isolate= but who was put there (promise E11)."""
    return one(context, 'isolated', [], 'isolate=0,2,3,9 only=isolated_processors', smp=4)


def cases(_):
    return [('isolated', isolated), ('selftest', run), ('rules', rules), ('rounds', rounds),
            ('protection', machine_cases.protection), ('mappings', machine_cases.mappings),
            ('without-assertions', without_assertions), ('measure', measure),
            ('mapping-model', mapping_model), ('flexpages-giant', giant),
            ('fuzz-1', lambda context: fuzz(context, 1)),
            ('fuzz-4', lambda context: fuzz(context, 4))]
