"""The kernel and programs on several CPUs: cases of their own and a part of the other suites', on four.

A soak runs those suites whole on four CPUs by itself; here it adds two and eight.
"""
import glob
import os

import guest
import guest_cases
import kernel_cases
import suites

CPUS = 4


def make_cases(suite, cpus=CPUS):
    """The suite's cases in one boot. `smp`: the machine has four CPUs, and they may rely on it."""
    def run(context):
        paths = sorted(glob.glob(f'{context.root}/tests/{suite}/cases/*.sh'))
        return guest.run_batch(suites.Context(context.root, context.mode, cpus),
                               f'smp{cpus}-{suite}',
                               [guest_cases.make_case(path) for path in paths],
                               ['glob usr/bin 755 build/tests/posix/bin/t-*'])
    return run


def isolated(placement):
    """Programs on a machine with an isolated CPU: tests/smp/isolated."""
    def run(context):
        paths = sorted(glob.glob(f'{context.root}/tests/smp/isolated/*.sh'))
        return guest.run_batch(context, f'isolated-{placement}',
                               [guest_cases.make_case(path) for path in paths],
                               ['glob usr/bin 755 build/tests/posix/bin/t-*'],
                               ['--set', 'isolate=3', f'--posix={placement}'])
    return run


def named(run, suffix):
    """The cases of `run` under names of their own: others run the same ones."""
    def renamed(context):
        results = run(context)
        for result in results:
            result.name += suffix
        return results
    return renamed


def cases(context):
    four = suites.Context(context.root, context.mode, CPUS)
    found = [('selftest', kernel_cases.run), ('own', make_cases('smp')),
             ('isolated-central', isolated('central')),
             ('isolated-library', named(isolated('library'), '-library'))]
    names = ['posix', 'mixed'] if context.mode == 'full' else []
    if context.mode == 'soak':
        found += [(f'mixed-{cpus}', named(make_cases('mixed', cpus), f'-{cpus}')) for cpus in (2, 8)]
    found += [(f'own-{name}', make_cases(name)) for name in names
              if os.path.exists(f'{context.root}/tests/{name}/cases')]
    return [(name, lambda _, run=run: run(four)) for name, run in found]
