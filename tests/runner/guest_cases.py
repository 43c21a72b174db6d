"""Our own cases for the guest: tests/X/cases/NAME.sh with NAME.out (and NAME.rc), for a suite X."""
import glob
import os

import guest
from golden_posix import read


def make_case(path):
    name = os.path.basename(path)[:-len('.sh')]
    base = path[:-len('.sh')]
    wanted = read(base + '.out') if os.path.exists(base + '.out') else b''
    status = int(read(base + '.rc')) if os.path.exists(base + '.rc') else 0

    def check(got_status, stdout, stderr, _):
        problem = guest.compare('stdout', stdout, wanted) or \
            guest.compare('status', got_status, status)
        if problem and stderr:
            problem += f'; stderr: {stderr[-200:]!r}'
        return problem
    return guest.Case(name, read(path).decode(), check)


def cases(context, suite):
    paths = sorted(glob.glob(f'{context.root}/tests/{suite}/cases/*.sh'))
    if not paths:
        return []
    lists = ['glob usr/bin 755 build/tests/posix/bin/t-*']
    return [('own', lambda _: guest.run_batch(context, suite, [make_case(path) for path in paths],
                                              lists))]
