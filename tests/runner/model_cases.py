"""The model of the kernel's protocol between two CPUs (tests/model), checked by Spin.

The model as it is must have no error; with one step of the protocol left out the same checks must
find one, or they check nothing.
"""
import re
import subprocess
import tempfile

MODEL = 'tests/model/ipc.pml'
ENVIRONMENT = {'PATH': '/usr/bin:/bin', 'LC_ALL': 'C.UTF-8'}


def verify(context, words):
    """The number of errors that Spin finds, and what its verifier says."""
    with tempfile.TemporaryDirectory(dir=context.scratch) as place:
        def run(*command):
            done = subprocess.run(command, cwd=place, env=ENVIRONMENT, stdin=subprocess.DEVNULL,
                                  stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=300)
            text = done.stdout.decode(errors='replace')
            assert done.returncode == 0, f'{command[0]}: {text.strip()[-300:]}'
            return text
        run('/usr/bin/spin', '-a', *words, f'{context.root}/{MODEL}')
        run('/usr/bin/gcc', '-O1', '-w', '-DSAFETY', '-DMEMLIM=1024', '-o', 'pan', 'pan.c')
        text = run('./pan', '-m200000', '-n')
    errors = re.search(r'errors: (\d+)', text)
    assert errors and 'max search depth too small' not in text, text[-300:]
    return int(errors[1]), text


def holds(context):
    """No deadlock, no lost wake-up, nothing used after it was freed (promise A8, KERNEL 19 to 21)."""
    errors, text = verify(context, [f'-DROUNDS={context.amount(2, 2, 4)}'])
    assert errors == 0, text[:400]


def breaks(step):
    def run(context):
        errors, _ = verify(context, [f'-DBREAK_{step}'])
        assert errors, f'the model without {step} has no error'
    return run


def cases(context):
    with open(f'{context.root}/{MODEL}', encoding='utf-8') as file:
        steps = sorted(set(re.findall(r'^#ifn?def BREAK_(\w+)', file.read(), re.MULTILINE)))
    return [('holds', holds)] + [(f'without-{step.lower().replace("_", "-")}', breaks(step))
                                 for step in steps]
