"""The machine under the running kernel, seen from outside through QEMU's monitor: control registers
and what is mapped how."""
import json
import os
import re
import socket
import subprocess
import tempfile
import time

# Intel SDM Vol. 3A, 2.5 and 2.2.1
CR0_WP = 1 << 16
CR4_BITS = {'UMIP': 1 << 11, 'FSGSBASE': 1 << 16, 'SMEP': 1 << 20, 'SMAP': 1 << 21}
EFER_NXE = 1 << 11
HALF = 1 << 63
KERNEL_BASE = 0xffffffff80000000  # mk/memory/layout.h


class Monitor:
    """QEMU's machine protocol; human() is what its monitor says to a command."""

    def __init__(self, path, limit=30):
        self.socket = socket.socket(socket.AF_UNIX)
        end = time.monotonic() + limit
        while True:
            try:
                self.socket.connect(path)
                break
            except OSError:
                if time.monotonic() > end:
                    raise AssertionError('QEMU offers no monitor') from None
                time.sleep(0.05)
        self.socket.settimeout(limit)
        self.file = self.socket.makefile('rw', encoding='utf-8')
        self.file.readline()
        self.command('qmp_capabilities')

    def command(self, name, **arguments):
        self.file.write(json.dumps({'execute': name, 'arguments': arguments}) + '\n')
        self.file.flush()
        while True:
            answer = json.loads(self.file.readline())
            if 'return' in answer or 'error' in answer:
                return answer.get('return')

    def human(self, line):
        return self.command('human-monitor-command', **{'command-line': line})


def held_machine(context, smp, look):
    """Boots the self-test, holds it, and calls look(monitor)."""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, 'monitor')
        done = subprocess.Popen(
            ['qemu-system-x86_64', '-accel', 'tcg', '-machine', 'pc', '-cpu', 'max', '-m', '512',
             '-smp', str(smp), '-nodefaults', '-no-user-config', '-nic', 'none', '-display', 'none',
             '-no-reboot', '-serial', 'stdio', '-kernel', 'mk/janus.elf',
             '-initrd', 'tests/kernel/selftest.elf', '-append', 'hold',
             '-qmp', f'unix:{path},server=on,wait=off'],
            cwd=f'{context.root}/build', stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL)
        monitor = None
        try:
            for line in done.stdout:
                if b'selftest: holding' in line:
                    break
            else:
                raise AssertionError('the self-test did not start')
            monitor = Monitor(path)
            look(monitor)
        finally:
            if monitor:
                monitor.socket.sendall(b'{"execute": "quit"}\n')
            try:
                done.wait(20)
            except subprocess.TimeoutExpired:
                done.terminate()
                done.wait()


def protection(context):
    """SMEP, SMAP, UMIP, FSGSBASE, NX and write protection are on, on each of four CPUs."""
    def look(monitor):
        cpus = monitor.human('info registers -a').split('CPU#')[1:]
        assert len(cpus) == 4, f'{len(cpus)} CPUs'
        for number, text in enumerate(cpus):
            def register(name):
                return int(re.search(rf'\b{name}=([0-9a-f]+)', text)[1], 16)
            for name, bit in CR4_BITS.items():
                assert register('CR4') & bit, f'CPU {number}: no {name}'
            assert register('CR0') & CR0_WP, f'CPU {number}: the kernel may write anything'
            assert register('EFER') & EFER_NXE, f'CPU {number}: no NX'
    held_machine(context, 4, look)


def pages_of(monitor):
    """(address, physical, flags) of all that is mapped; flags in the order XGPDACTUW."""
    for line in monitor.human('info tlb').splitlines():
        match = re.match(r'([0-9a-f]{16}): ([0-9a-f]{16}) (\S{9})', line)
        if match:
            yield int(match[1], 16), int(match[2], 16), match[3]


def symbols_of(context):
    names = subprocess.run(['nm', f'{context.root}/build/mk/janus64.elf'], check=True, text=True,
                           stdout=subprocess.PIPE).stdout
    return {line.split()[2]: int(line.split()[0], 16) for line in names.splitlines()
            if len(line.split()) == 3}


def mappings(context):
    """Nothing of the kernel's is both writable and executable, or the user's; its text has no
    writable alias, and no user page leads to the kernel's frames."""
    symbols = symbols_of(context)
    first, last = symbols['text_begin'] - KERNEL_BASE, symbols['data_begin'] - KERNEL_BASE

    def look(monitor):
        pages = [(address, physical, 0x200000 if flags[2] == 'P' else 0x1000, flags)
                 for address, physical, flags in pages_of(monitor)]
        kernel = [page for page in pages if page[0] & HALF]
        assert len(kernel) > 10, 'no mapping of the kernel is seen'
        assert any(address <= symbols['text_begin'] < address + size and flags[0] != 'X'
                   for address, _, size, flags in kernel), 'its text is not seen'
        for address, physical, size, flags in kernel:
            writable, text = flags[8] == 'W', physical < last and first < physical + size
            assert flags[0] == 'X' or not writable, f'{address:x} is writable and executable'
            assert flags[0] == 'X' or first <= physical and physical + size <= last, \
                f'{address:x} is executable, and no text of the kernel'
            assert not (text and writable), f'{address:x} is a writable alias of text'
            assert flags[7] != 'U', f'{address:x} of the kernel is the user\'s'
        for address, physical, size, flags in pages:
            assert address & HALF or not (physical < last and first < physical + size), \
                f'{address:x} of the user leads into the kernel'
    held_machine(context, 1, look)
