"""The suites there are. One that tests a part which is not in the tree is not listed."""
import concurrent.futures
import os

import report


class Context:
    """What a suite may need to know."""

    def __init__(self, root, mode, smp=1, placement=()):
        self.root, self.mode, self.smp = root, mode, smp
        self.placement = list(placement) # options of a run
        self.build = f'{root}/build'
        self.scratch = f'{root}/build/tests-scratch'
        os.makedirs(self.scratch, exist_ok=True)

    def options(self):
        """The options of a run that put it on this machine and into this placement."""
        return (['--smp', str(self.smp)] if self.smp > 1 else []) + self.placement

    def amount(self, quick, full, soak):
        return {'quick': quick, 'full': full, 'soak': soak}[self.mode]


PERSONALITIES = ('posix', 'win32')


def served(root):
    """The personalities that this build has in both placements."""
    with open(f'{root}/bootstrap/manifest', encoding='utf-8') as file:
        lines = file.read().splitlines()
    return [name for name in PERSONALITIES if f'server {name}-library' in lines]


SOAK_CPUS = 4


def machines(context, parallel):
    """The numbers of CPUs to run a suite on: what the user asked for, and in a soak more than one."""
    return [1, SOAK_CPUS] if parallel and context.mode == 'soak' and context.smp == 1 else [context.smp]


def placements(root, chosen, depends, soak):
    """The placements to run cases in that depend on those of the named personalities: lists of options.

    `chosen` is what the user wants, {personality: placement}. Central first, without options.
    """
    combinations = [[]]
    for name in served(root):
        if name in chosen:
            values = [chosen[name]]
        elif chosen or not (name in depends or (soak and depends)):
            values = ['central']
        else:
            values = ['central', 'library']
        combinations = [made + [f'--{name}={value}'] * (value != 'central')
                        for made in combinations for value in values]
    return combinations


class Suite:
    """Cases that are functions of the context; a docstring's first line says what they show.

    `cases` gives (name, function); a function returns nothing, or raises AssertionError. Two run at
    a time, as the machines of the tests have two processors.
    """

    def __init__(self, name, summary, cases, needs=(), depends=(), parallel=False):
        self.name, self.summary, self.cases, self.needs = name, summary, cases, needs
        self.depends = depends # personalities whose placement matters to the cases
        self.parallel = parallel # the cases run on as many CPUs as the context says

    def is_available(self, root):
        return all(os.path.exists(f'{root}/{path}') for path in self.needs)

    def run(self, context, chosen):
        soak = context.mode == 'soak'
        for smp in machines(context, self.parallel):
            for placement in placements(context.root, chosen, self.depends, soak):
                machine = Context(context.root, context.mode, smp, placement)
                suffix = f':smp={smp}' if smp != context.smp else ''
                suffix += ''.join(':' + option[2:] for option in placement)
                for result in self.run_placed(machine):
                    result.name += suffix
                    yield result

    def run_placed(self, context):
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            futures = [(name, pool.submit(function, context))
                       for name, function in self.cases(context)]
            for name, future in futures:
                try:
                    results = future.result()
                except AssertionError as error:
                    yield report.Result(name, str(error) or 'an assertion failed')
                except Exception as error:  # a case must not end the run
                    yield report.Result(name, f'{type(error).__name__}: {error}')
                else:
                    # A job of many cases returns their results.
                    yield from results if results is not None else [report.Result(name)]


def available(root):
    import chapter_cases
    import crash_cases
    import debug_cases
    import example_cases
    import golden_posix
    import golden_win32
    import guest_cases
    import host_cases
    import hostile_cases
    import kernel_cases
    import model_cases
    import noise_cases
    import pager_cases
    import run_cases
    import server_cases
    import speed_cases
    import study_cases
    import terminal_cases
    import trace_cases
    import tool_cases
    import unit_cases
    import smp_cases
    everything = [
        Suite('unit', 'unit tests and fuzzers on the host, under ASan and UBSan', unit_cases.cases),
        Suite('tools', 'set-up, options, the boot image, PE imports', tool_cases.cases),
        Suite('host', "the command's host end against a guest that is Linux", host_cases.cases),
        Suite('kernel', 'self-tests inside the kernel and its first tasks', kernel_cases.cases,
              ['build/mk/janus.elf', 'build/tests/kernel/selftest.elf']),
        Suite('model', "the kernel's protocol between two CPUs, by Spin", model_cases.cases),
        Suite('pagers', 'pagers, region map, bootstrap and names, from inside', pager_cases.cases,
              ['build/mk/janus.elf', 'build/tests/servers/memory-test.elf'],
              parallel=True),
        Suite('servers', 'fs, task, console and object by clients of no personality',
              server_cases.cases,
              ['build/mk/janus.elf', 'build/tests/servers/fs-client.elf'],
              parallel=True),
        Suite('noise', 'a fixed quantum of work, alone and beside others',
              noise_cases.cases, ['build/mk/janus.elf', 'build/bench/guest/fwq']),
        Suite('speed', 'what calls cost, by the instruction clock',
              speed_cases.cases, ['build/mk/janus.elf', 'build/bench/guest/ubench']),
        Suite('crash', 'what is said of crashes of servers, programs and the kernel',
              crash_cases.cases, ['build/mk/janus.elf', 'build/tests/servers/crash.elf']),
        Suite('debug', 'gdb on the kernel and the servers',
              debug_cases.cases, ['build/mk/janus.elf', 'build/servers/session']),
        Suite('trace', 'trace rings, and what ./janus trace makes of them', trace_cases.cases,
              ['build/mk/janus.elf', 'build/servers/trace', 'build/personalities/posix']),
        Suite('chapters', "the commands in the kernel's chapters of docs/",
              chapter_cases.cases, ['build/mk/janus.elf', 'build/servers/session']),
        Suite('run', 'the contract of ./janus run', run_cases.cases,
              ['build/mk/janus.elf', 'build/servers/session'],
              depends=('posix',),
              parallel=True),
        Suite('terminal', 'a user at a terminal: line editing, job control, full-screen programs',
              terminal_cases.cases,
              ['build/mk/janus.elf', 'build/servers/session', 'build/personalities/posix'],
              depends=('posix',),
              parallel=True),
        Suite('posix', "Debian's busybox, bash and mksh: recorded cases and our own",
              lambda context: golden_posix.cases(context) + guest_cases.cases(context, 'posix'),
              ['build/mk/janus.elf', 'build/servers/session', 'build/personalities/posix'],
              depends=('posix',),
              parallel=True),
        Suite('win32', 'Win32 console programs: recorded cases and our own',
              lambda context: golden_win32.cases(context) + guest_cases.cases(context, 'win32'),
              ['build/mk/janus.elf', 'build/servers/session', 'build/personalities/win32-lite'],
              depends=('win32',),
              parallel=True),
        Suite('mixed', 'pipelines and process trees of both kinds',
              lambda context: guest_cases.cases(context, 'mixed'),
              ['build/mk/janus.elf', 'build/servers/session', 'build/personalities/win32-lite',
               'build/personalities/posix'],
              depends=PERSONALITIES,
              parallel=True),
        Suite('hostile', 'programs against the system: kills at any instruction, forged messages',
              hostile_cases.cases,
              ['build/mk/janus.elf', 'build/servers/session', 'build/tests/hostile/h-kills']),
        Suite('example', 'a third personality with calls of its own, in two builds',
              example_cases.cases,
              ['build/mk/janus.elf', 'build/servers/session', 'build/personalities/example'],
              parallel=True),
        Suite('study', 'the study: what it writes, and that it comes out the same twice',
              study_cases.cases,
              ['build/mk/janus.elf', 'build/servers/session', 'build/personalities/example']),
        Suite('smp', 'the kernel, and programs of both personalities, on four CPUs',
              smp_cases.cases, ['build/mk/janus.elf', 'build/tests/kernel/selftest.elf']),
    ]
    return {suite.name: suite for suite in everything if suite.is_available(root)}
