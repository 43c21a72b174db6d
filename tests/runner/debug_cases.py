"""`./janus debug`: gdb on the kernel, the servers, and on what a broken kernel says.

Oracle: the source. A breakpoint in a function, and the functions that call it.
"""
import re
import subprocess

import crash_cases
from host_cases import Terminal


def run_gdb(context, name, commands, *words, verbose=True):
    """Standard output (gdb's) and the log, as ./janus debug --batch gives them."""
    script = f'{context.scratch}/{name}.gdb'
    with open(script, 'w', encoding='utf-8') as file:
        file.write('\n'.join(commands) + '\n')
    done = subprocess.run(
        [f'{context.root}/janus', 'debug', '--batch', script, '--timeout', '150',
         *(['--verbose'] if verbose else []), *words],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=200)
    return (done.stdout.decode(errors='replace'),
            done.stderr.decode(errors='replace').replace('\r', ''))


def appears(text, *patterns):
    """All patterns, in this order."""
    at = 0
    for pattern in patterns:
        found = re.compile(pattern, re.MULTILINE).search(text, at)
        assert found, f'no {pattern!r} after {text[max(0, at - 300):at]!r} in {text[-1500:]!r}'
        at = found.end()


def stops(context):
    """From the reset on: in the kernel below a system call, then in one server and in no other that
    is linked at the same addresses; backtraces with the functions' names."""
    out, _ = run_gdb(context, 'stops', [
        'break gate_send', 'continue', 'bt', 'janus-current', 'delete',
        'janus-break fs:main', 'continue', 'janus-names', 'bt', 'delete',
        'janus-break task:jn_server_run', 'continue', 'janus-names task', 'bt'])
    appears(out, r'\?\?', r'Breakpoint 1, gate_send \(', r'^#0 .*gate_send', r'kernel_syscall',
            r'entry_syscall', r'^CPU 0: thread 0x[0-9a-f]+ of \w+',
            r'Breakpoint 2, main \(\) at .*servers/fs/', r'^names of fs', r'^#0 .*main \(\) at .*fs/',
            r'^#0 .*jn_server_run', r'^#1 .* main \(\) at .*servers/task/')


def lists(context):
    """Tasks by the names of their programs, threads with what they wait for, and the calls in which
    servers wait, found through their page tables."""
    out, _ = run_gdb(context, 'lists', [
        'janus-break session:process_check_end', 'continue', 'janus-tasks', 'janus-threads fs',
        'janus-bt'], '/bin/true')
    appears(out, r'^ +0 root-pager +1 threads', r'^ +1 pager', r'^ +2 bootstrap', r'^ +\d+ fs ',
            r'^ +\d+ session', r'^ +\d+ .*true',
            r'^0x[0-9a-f]+ +\d+ fs +cpu 0 rip 0x[0-9a-f]+  waits at a gate',
            r'^thread 0x[0-9a-f]+ of pager, waits at a gate', r'#0 .*jn_syscall', r'#1 .*jn_server_run',
            r'#2 .*main at ', r'of session, on CPU 0', r'process_start')


def books(context):
    """The kernel's books: accounts with what was made from them, who gave a page to whom back to the first
    task, who is ready."""
    out, _ = run_gdb(context, 'books', [
        'janus-break session:process_check_end', 'continue', 'janus-pools', 'janus-page fs 0x401000',
        'janus-page fs 0x7e00000fff00', 'janus-ready'], '/bin/true')
    appears(out, r'^\d+ frames, \d+ used: .*Pool, 1 Task, 1 Thread$', r'^  \d+ frames', r'\[fs\]',
            r'^frame 0x[0-9a-f]+, 4 KiB, r-x accessed$', r'^  fs at 0x401000$',
            r'^  bootstrap at 0x[0-9a-f]+$', r'^  root-pager at 0x[0-9a-f]+$',
            r'^frame 0x[0-9a-f]+, 4 KiB, rw- accessed dirty$', r'^  fs at 0x7e00000ff000$',
            r'^  pager at 0x[0-9a-f]+$', r'^  root-pager at 0x[0-9a-f]+$',
            r'^CPU 0: session on the context of session, priority 170$', r'^  100: .*true')


def lent_context(context):
    """A server that serves a call runs on its caller's context, at its priority (KERNEL 15)."""
    out, _ = run_gdb(context, 'lent', [
        'janus-break posix:core_syscall', 'continue', 'janus-ready'], '/bin/true')
    appears(out, r'^CPU 0: posix on the context of \d+ true, priority 100$')


def panic(context):
    """A broken invariant is named, with the calls that led there."""
    _, log = run_gdb(context, 'panic', [
        'break sched_ready', 'continue', 'continue', 'set var thread->ready = 1', 'delete', 'continue'])
    lines = log.splitlines()
    appears(log, r'^mk: panic: .*mk/thread/sched\.c:\d+: !thread->ready',
            r'^mk: crash: on CPU 0 for thread [0-9a-f]+ of task \d+', r'^mk: crash: rip [0-9a-f]{16}')
    names = crash_cases.functions(lines)
    assert names[0] == 'panic' and any('ready' in name for name in names[1:3]) and \
        names[-1].startswith('entry_'), f'{names}: {log[-900:]}'


def kernel_fault(context):
    """An exception of the kernel itself: vector, address, registers, the calls."""
    _, log = run_gdb(context, 'fault', [
        'break gate_send', 'continue', 'set var $rsi = 0x10', 'delete', 'continue'])
    appears(log, r'^mk: panic: exception 14, error [0-9a-f]+, in the kernel at ffffffff80[0-9a-f]+, '
                 r'address [0-9a-f]+', r'^mk: crash: rax [0-9a-f]{16}', r'crash:   #0 .*gate_send',
            r'crash:   #\d .*kernel_syscall')


def root_task(context):
    """The first task, whom nobody looks after: the kernel itself reports its end."""
    _, log = run_gdb(context, 'root', [
        'janus-break root-pager:root_serve', 'continue', 'delete', 'set var $rip = 0x1234',
        'break object_doom', 'continue'])
    appears(log, r'^mk: crash: task 0 [\w-]*, thread [0-9a-f]+: no handler for its exception',
            r'^mk: crash: rip 0000000000001234', r'#0 0x1234 in no program', r'#1 .*main ')


def essential_server(context):
    """Without --verbose: when Janus itself fails, the end of the log has the report with the calls."""
    _, log = run_gdb(context, 'essential', [
        'janus-break fs:jn_server_run', 'continue', 'delete', 'set var $rip = 0x1234', 'continue'],
        verbose=False)
    appears(log, r'the end of the boot log', r'crash: task fs, thread 1: page fault, execution of 1234',
            r'crash:   #0 0x1234 in no program', r'crash:   #1 .*main', r'fs has ended for good')


def adapter(context):
    """The handler of a process's adapter that fails: the process ends by SIGSEGV, with a report."""
    out, log = run_gdb(context, 'adapter', [
        'janus-break posix-adapter:core_page_fault', 'continue', 'bt 3', 'delete',
        'set var $rip = 0x1234', 'janus-break session:process_check_end', 'continue'],
        '--posix=library', '/bin/true')
    appears(out, r'^#0 .*core_page_fault \(')
    appears(log, r'crash: adapter of process \d+, its handler: page fault .* at rip 1234$',
            r'crash:   #0 0x1234 in no program', r'crash:   #1 .*\(posix-adapter\)',
            r'its adapter failed at 0x1234')


def terminal(context):
    """On a terminal: gdb's prompt, Ctrl-C stops the machine and nothing else, the terminal comes back."""
    session = Terminal(context, line=[f'{context.root}/janus', 'debug'])
    session.wait_for(b'(gdb) ', 90)
    session.send(b'continue\r')
    session.wait_for(b'Continuing.', 30)
    session.pause(1)
    session.send(b'\x03')
    session.wait_for(b'SIGINT', 60)
    session.wait_for(b'(gdb) ', 30)
    session.send(b'janus-current\r')
    session.wait_for(b'CPU 0: ', 30)
    session.wait_for(b'(gdb) ', 30)
    session.send(b'quit\r')
    session.close(0)


def cases(_):
    return [('terminal', terminal), ('essential-server', essential_server), ('adapter', adapter),
            ('root-task', root_task), ('stops', stops), ('lists', lists), ('books', books),
            ('lent-context', lent_context), ('panic', panic), ('kernel-fault', kernel_fault)]
