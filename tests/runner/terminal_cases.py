"""A user at a terminal: busybox ash with line editing and job control, bash, full-screen programs.

Run on the fake guest (suite `host`) these see Linux' own terminals: that is the oracle. On the real
machine they are the suite `terminal`.
"""
import copy
import fcntl
import os
import struct
import termios

from host_cases import Terminal, named

PROMPT = b'P> '


class Shell(Terminal):
    """An interactive shell, at its first prompt."""

    def __init__(self, context, *words, **keywords):
        super().__init__(context, '--env', 'PS1=P> ', '--env', 'TERM=vt100', '--env',
                         'PATH=/bin:/usr/bin:/sbin:/usr/sbin:/c/windows/system32:/c/bin'
                         if getattr(context, 'real', False) else
                         f'PATH={context.build}/packages/bin:/usr/bin:/bin', '--',
                         *(words or ('busybox', 'sh', '-i')), **keywords)
        self.wait_for(PROMPT, 30)

    def line(self, text, *wanted, limit=15):
        """Type a line; see its echo's end, then what is wanted in order, then a prompt."""
        self.send(text.encode() + b'\r')
        self.wait_for(b'\n', limit)
        for part in wanted:
            self.wait_for(part.encode(), limit)
        self.wait_for(PROMPT, limit)

    def leave(self, status=0):
        self.send(f'exit {status}\r'.encode())
        self.wait_for(b'exit')
        self.close(status)


def prompt_and_exit(context):
    shell = Shell(context)
    shell.line('echo a"b"c', 'abc\r\n')
    shell.line('false')
    shell.line('echo "<$?>"', '<1>\r\n')
    shell.leave(7)


def end_of_file(context):
    """Ctrl-D on an empty line leaves the shell; on one that is not empty it does not."""
    shell = Shell(context)
    shell.line('(exit 4)')
    shell.send(b'\x04')
    shell.close(4)


def line_editing(context):
    """Arrows, backspace, the line's begin and end."""
    shell = Shell(context)
    shell.line('echo abX\x7fc', 'abc\r\n')
    shell.line('cho one\x01e\x05 two', 'one two\r\n')
    shell.line('echo ad\x1b[D\x1b[Dbc\x1b[C\x1b[C', 'bcad\r\n')
    shell.line('nonsense\x15echo killed', 'killed\r\n')
    shell.leave()


def history(context):
    shell = Shell(context)
    shell.line('echo first', 'first\r\n')
    shell.line('echo second', 'second\r\n')
    shell.line('\x1b[A\x1b[A', 'first\r\n')
    shell.leave()


def completion(context):
    """Tab completes a file's name."""
    shell = Shell(context)
    shell.line('mkdir -p /tmp/complete-me && cd /tmp/complete-me && > some-long-name')
    shell.line('echo so\t', 'some-long-name')
    shell.line('cd / && rm -r /tmp/complete-me')
    shell.leave()


def interrupt_at_prompt(context):
    """Ctrl-C drops the line."""
    shell = Shell(context)
    shell.send(b'echo never')
    shell.send(b'\x03')
    shell.wait_for(PROMPT)
    shell.line('echo after', 'after\r\n')
    shell.leave()


def interrupt_program(context):
    shell = Shell(context)
    for program in ('sleep 100', 'cat', 'while :; do :; done', 'yes > /dev/null',
                    'sleep 100 | cat'):
        shell.send(program.encode() + b'\r')
        shell.wait_for(b'\n')
        shell.pause()
        shell.send(b'\x03')
        shell.wait_for(PROMPT)
    shell.line('sleep 100 & wait $!\x03echo x', 'x')
    shell.line('echo still "here"', 'still here')
    shell.leave()


def interrupt_status(context):
    shell = Shell(context)
    for key, status in ((b'\x03', '130'), (b'\x1c', '131')):
        shell.send(b'sleep 100\r')
        shell.wait_for(b'\n')
        shell.pause()
        shell.send(key)
        shell.wait_for(PROMPT)
        shell.line('echo "<$?>"', f'<{status}>\r\n')
    shell.leave()


def job_control(context):
    """Ctrl-Z, jobs, bg, fg, kill of a job."""
    shell = Shell(context)
    shell.send(b'sleep 100\r')
    shell.wait_for(b'\n')
    shell.pause()
    shell.send(b'\x1a')
    shell.wait_for(b'Stopped')
    shell.wait_for(PROMPT)
    shell.line('jobs', 'Stopped', 'sleep 100')
    shell.line('bg', 'sleep 100')
    shell.line('jobs', 'Running')
    shell.send(b'fg\r')
    shell.wait_for(b'sleep 100')
    shell.pause()
    shell.send(b'\x1a')
    shell.wait_for(b'Stopped')
    shell.wait_for(PROMPT)
    shell.line('kill -9 %1; sleep 0.5', 'Killed')
    shell.line('jobs; echo "none left"', 'none left')
    shell.leave()


def stopped_pipeline(context):
    """All of a pipeline stops and goes on; the sleep that was stopped ends in its time."""
    shell = Shell(context)
    shell.send(b'sleep 6 | cat; echo "pipe "ended\r')
    shell.wait_for(b'\n')
    shell.pause()
    shell.send(b'\x1a')
    shell.wait_for(PROMPT)
    shell.send(b'fg\r')
    shell.wait_for(b'sleep 6 | cat')
    shell.wait_for(PROMPT, 15)
    shell.line('jobs; echo "none left"', 'none left')
    shell.leave()


def background_reader(context):
    """A background job that reads the terminal stops; in the foreground it reads."""
    shell = Shell(context)
    shell.line('cat &')
    shell.pause()
    shell.line('', 'Stopped')
    shell.send(b'fg\r')
    shell.wait_for(b'cat')
    shell.send(b'to cat\r')
    shell.wait_for(b'to cat\r\n')
    shell.wait_for(b'to cat\r\n')
    shell.send(b'\x04')
    shell.wait_for(PROMPT)
    shell.leave()


def background_writer(context):
    """A background job writes, unless tostop is set."""
    shell = Shell(context)
    shell.line('(sleep 0.2; echo from the "background") & sleep 0.6', 'from the background')
    shell.line('stty tostop; (echo "not" yet) & sleep 0.5', 'Stopped')
    shell.line('stty -tostop; fg', 'not yet')
    shell.leave()


def cooked_line(context):
    """Erase, kill and end-of-file in a cooked line of a program."""
    shell = Shell(context)
    shell.send(b'cat\r')
    shell.wait_for(b'\n')
    shell.pause()
    shell.send(b'abX\x7fc\r')
    shell.wait_for(b'abc\r\n')
    shell.send(b'dropped\x15kept\r')
    shell.wait_for(b'kept\r\n')
    shell.wait_for(b'kept\r\n')
    shell.send(b'half\x04')
    shell.wait_for(b'half')
    shell.wait_for(b'half')
    shell.send(b'\x04')
    shell.wait_for(PROMPT)
    shell.leave()


def raw_mode(context):
    """A program that takes single keys and sets the terminal back."""
    shell = Shell(context)
    shell.send(b'stty -icanon -echo; dd bs=1 count=3 2>/dev/null | od -An -c; stty icanon echo\r')
    shell.wait_for(b'\n')
    shell.pause()
    shell.send(b'q\x7fz')
    shell.wait_for(b'q 177   z')
    shell.wait_for(PROMPT)
    shell.line('echo cooked "again"', 'cooked again')
    shell.leave()


def window_size(context):
    shell = Shell(context)
    shell.line('stty size', '31 97')
    shell.line('trap "echo winch" WINCH')
    fcntl.ioctl(shell.master, termios.TIOCSWINSZ, struct.pack('<4H', 50, 132, 0, 0))
    shell.pause()
    shell.line('stty size', '50 132')
    shell.leave()


def full_screen_editor(context):
    """busybox vi: insert, save, quit; the terminal is sane afterwards."""
    shell = Shell(context)
    shell.send(b'vi /tmp/terminal-vi\r')
    shell.pause(1)
    shell.send(b'ifirst line\rsecond\x1b')
    shell.pause()
    shell.send(b':wq\r')
    shell.wait_for(PROMPT)
    shell.line('cat /tmp/terminal-vi; rm /tmp/terminal-vi', 'first line\r\nsecond\r\n')
    shell.leave()


def full_screen_top(context):
    shell = Shell(context)
    shell.send(b'busybox top\r')
    shell.wait_for(b'Mem:')
    shell.wait_for(b'COMMAND')
    shell.send(b'q')
    shell.wait_for(PROMPT)
    shell.line('stty -a | grep -c " icanon"', '1')
    shell.leave()


def terminal_of_processes(context):
    """tty, /dev/tty, ps."""
    shell = Shell(context)
    shell.line('test -t 0 && test -t 1 && test -t 2 && echo "all "three', 'all three')
    shell.line('echo through > /dev/tty', 'through\r\n')
    shell.line('cat /dev/null | (read x < /dev/tty; echo "<$x>")\rtyped', '<typed>')
    shell.leave()


def bash_interactive(context):
    program = '/bin/bash-static' if getattr(context, 'real', False) else 'bash-static'
    shell = Shell(context, program, '--norc', '--noprofile', '-i')
    shell.line('echo $((6*7))', '42')
    shell.send(b'sleep 100\r')
    shell.wait_for(b'\n')
    shell.pause()
    shell.send(b'\x1a')
    shell.wait_for(b'Stopped')
    shell.wait_for(PROMPT)
    shell.line('bg %1; jobs', 'Running')
    shell.send(b'fg\r')
    shell.wait_for(b'sleep 100')
    shell.pause()
    shell.send(b'\x03')
    shell.wait_for(PROMPT)
    shell.line('echo "<$?>"', '<130>')
    shell.leave()


def win32_interrupt(context):
    """Ctrl-C and Ctrl-Z act on a Win32 program in the foreground."""
    shell = Shell(context)
    for _ in range(2):
        shell.send(b'sleep.exe 100000 say\r')
        shell.wait_for(b'running')
        shell.send(b'\x03')
        shell.wait_for(PROMPT)
    shell.line('echo "<$?>"', '<130>')
    shell.send(b'ctrl.exe\r')
    shell.wait_for(b'ready')
    shell.send(b'\x03')
    shell.wait_for(b'event 0')
    shell.wait_for(PROMPT)
    shell.send(b'sleep.exe 100000 say\r')
    shell.wait_for(b'running')
    shell.send(b'\x1a')
    shell.wait_for(b'Stopped')
    shell.wait_for(PROMPT)
    shell.line('kill -9 %1; sleep 0.5', 'Killed')
    shell.leave()


def win32_cat(context):
    """A Win32 program on the terminal: cooked lines, end-of-file."""
    shell = Shell(context)
    shell.send(b'upper.exe\r')
    shell.wait_for(b'\n')
    shell.pause(2)
    shell.send(b'abX\x7fc\r')
    shell.wait_for(b'ABC', 20)
    shell.send(b'\x04')
    shell.wait_for(PROMPT)
    shell.leave()


def win32_console(context):
    """The console API on a terminal: modes, size, colours, UTF-16, keys, records, cooked lines."""
    shell = Shell(context)
    shell.send(b'console.exe\r')
    for wanted in ('input mode 503', 'output mode 3', 'code pages 437437', 'size 97 31',
                   '\033[0;91m', 'title 7 a title', '\u4e2d\U0001f600 caf\u00e9', 'written 10',
                   'utf8 \u00e4\u20ac', 'oem \u00e4\u00a2', 'bad size 0', 'keys', 'hit 0'):
        shell.wait_for(wanted.encode(), 30)
    shell.send(b'a')
    shell.wait_for(b'key 97')
    shell.send(b'\033[A')
    shell.wait_for(b'arrow 224')
    shell.wait_for(b'code 72')
    shell.wait_for(b'records')
    shell.pause()
    shell.send(b'Z')
    shell.wait_for(b'key 90 down 1 unit 90 state 10')
    shell.wait_for(b'line')
    shell.pause()
    shell.send('ab\u00e4\x7f\u20ac\r'.encode())
    shell.wait_for(b'units 5: 61 62 20ac d a')
    shell.wait_for(b'raw')
    shell.pause()
    shell.send(b'q')
    shell.wait_for(b'units 1')
    shell.wait_for(b'gets')
    shell.send(b'hello\r')
    shell.wait_for(b'got 6 <hello>')
    shell.wait_for(b'conin 1')
    shell.wait_for(PROMPT)
    shell.line('stty -a | grep -c " icanon"', '1')
    shell.leave()


def win32_cmd(context):
    """cmd.exe as an interactive shell."""
    shell = Shell(context)
    shell.send(b'cmd.exe\r')
    shell.wait_for(b'>', 30)
    shell.send(b'echo hi there\r')
    shell.wait_for(b'hi there')
    shell.wait_for(b'hi there')
    shell.wait_for(b'>')
    shell.send(b'exit 5\r')
    shell.wait_for(PROMPT)
    shell.line('echo "<$?>"', '<5>')
    shell.leave()


COMMON = [prompt_and_exit, end_of_file, line_editing, history, completion, interrupt_at_prompt,
          interrupt_program, interrupt_status, job_control, stopped_pipeline, background_reader,
          background_writer, cooked_line, raw_mode, window_size, full_screen_editor,
          full_screen_top, terminal_of_processes, bash_interactive]
WIN32 = [win32_interrupt, win32_cat, win32_console, win32_cmd]


def on_linux(_):
    return [('at_terminal_' + name, function) for name, function in named(COMMON)]


def cases(context):
    def real(function):
        def case(given):
            given = copy.copy(given)
            given.real = True
            return function(given)
        return case
    functions = COMMON + (WIN32 if os.path.exists(f'{context.build}/personalities/win32-lite')
                          else [])
    return [(name, real(function)) for name, function in named(functions)]
