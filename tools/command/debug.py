"""./janus debug: the machine halted before its first instruction, and gdb attached to it."""
import os
import shutil
import subprocess
import sys
import tempfile
import time

import build
import packages
import progress
import runner
from failure import Failure

GDB = '/usr/bin/gdb'
# Without a program the system stays up as long as gdb wants.
IDLE = ['busybox', 'sleep', '1000000000']


def show_log(root, path):
    """A saved boot log, its crash reports as backtraces."""
    with open(path, 'rb') as log:
        return subprocess.call(['/usr/bin/python3', '-IB', f'{root}/tools/crash', root], stdin=log)


def start_machine(root, options, program, socket):
    """janus-host with a machine that waits for gdb; a session of its own, so that keys are gdb's."""
    machine = runner.machine(options) + ['-S', '-chardev',
                                         f'socket,id=gdb,path={socket},server=on,wait=off',
                                         '-gdb', 'chardev:gdb']
    command = runner.host_command(root, options, program, machine_command=machine)
    return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=sys.stderr.fileno(),
                            start_new_session=True)


def wait_for(socket, host):
    for _ in range(600):
        if os.path.exists(socket):
            return
        if host.poll() is not None:
            raise Failure('the machine did not start')
        time.sleep(0.05)
    raise Failure('the machine did not open its socket for gdb')


def debug(root, options, batch, program):
    build.bring_up_to_date(root)
    packages.install_missing(progress.Log(root), [('gdb', GDB)])
    place = tempfile.mkdtemp(prefix='janus-debug-')
    socket = f'{place}/gdb'
    host = start_machine(root, options, program or IDLE, socket)
    try:
        wait_for(socket, host)
        command = [GDB, '-q', '-nx', '-ex', f'python import sys; sys.path.insert(0, '
                   f'{root + "/tools/debug"!r}); import janus_gdb; '
                   f'janus_gdb.start({root!r}, {socket!r})']
        if batch:
            command[1:1] = ['-batch']
            command += ['-x', batch]
        gdb = subprocess.Popen(command, stdin=None if not batch else subprocess.DEVNULL,
                               start_new_session=bool(batch))
        while True:
            try:
                return gdb.wait(options.timeout if batch else None)
            except KeyboardInterrupt:
                continue  # it is gdb's
            except subprocess.TimeoutExpired:
                gdb.kill()
                gdb.wait()
                return 124
    finally:
        host.terminate()  # it still shows what is left of the log
        try:
            host.wait(8)
        except subprocess.TimeoutExpired:
            host.kill()
            host.wait()
        shutil.rmtree(place, ignore_errors=True)


def main(root, words):
    """words: --log FILE; or [--batch FILE] [OPTIONS] [PROGRAM ARG...]."""
    import cli
    if words[:1] == ['--log'] and len(words) == 2:
        build.bring_up_to_date(root)
        return show_log(root, words[1])
    batch = None
    if words[:1] == ['--batch']:
        if len(words) < 2 or not os.path.isfile(words[1]):
            raise Failure('--batch wants a file of gdb commands')
        batch, words = os.path.realpath(words[1]), words[2:]
    options, program = cli.parse_options(words)
    return debug(root, options, batch, program)
