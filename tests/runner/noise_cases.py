"""What others add to a fixed quantum of work: bench/fwq.c as an ordinary program, by the instruction clock.

Oracle: the clock itself. The program is alone on its CPU, or shares it with a child that keeps the
personality busy; promises E10 and E11, KERNEL 22.
"""
import re
import subprocess


def quanta(context, *options):
    """(min, median, 99.9 %, max) of the instructions that were added to a quantum."""
    done = subprocess.run([f'{context.root}/janus', 'run', '--icount', '--timeout', '150',
                           './build/bench/guest/fwq', '-n', '30', *options], cwd=context.root,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, timeout=200)
    found = re.fullmatch(rb'fwq 30 (\d+) (\d+) (\d+) (\d+)\n', done.stdout)
    assert found and done.returncode == 0, done
    return [int(value) for value in found.groups()]


def alone(context):
    """Not one instruction in 30 quanta of 4.25 million."""
    assert quanta(context) == [0, 0, 0, 0], quanta(context)


def shared(context):
    """Beside a busy personality the same program sees whole time slices go: the measurement works."""
    _, _, _, worst = quanta(context, '-b')
    assert worst > 100000, worst


def cases(_):
    return [('fwq-alone', alone), ('fwq-shared', shared)]
