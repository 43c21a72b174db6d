"""Cases of other suites, on four CPUs: a part of them when named, all of them in a soak."""
import glob
import os

import golden_posix
import golden_win32
import guest
import guest_cases
import kernel_cases
import suites

CPUS = 4


def make_cases(suite):
    def run(context):
        paths = sorted(glob.glob(f'{context.root}/tests/{suite}/cases/*.sh'))
        return guest.run_batch(context, f'smp-{suite}',
                               [guest_cases.make_case(path) for path in paths],
                               ['glob usr/bin 755 build/tests/posix/bin/t-*'])
    return run


def cases(context):
    cli, _ = guest.modules(context.root)
    cli.CPUS_SERVED = cli.CPUS_MAX
    four = suites.Context(context.root, context.mode, CPUS)
    found = [('selftest', kernel_cases.run)]
    names = ['posix'] if context.mode == 'full' else []
    if context.mode == 'soak':
        names = ['posix', 'win32', 'mixed']
        found += golden_posix.cases(four) + golden_win32.cases(four)
    found += [(f'own-{name}', make_cases(name)) for name in names
              if os.path.exists(f'{context.root}/tests/{name}/cases')]
    return [(name, lambda _, run=run: run(four)) for name, run in found]
