"""Programs of tests/hostile against the system: what they do harms nobody else."""
import re

import guest

LINE = re.compile(r'(\S+): (\d+) killed, (\d+) left something unusable(.*); missing (-?\d+)')
FOUND = re.compile(r'found: (\d+) in a fast path, (\d+) in a handler, (\d+) in a server, (\d+) in')
KINDS = 12        # kinds of victims in kills.c, and in win_kills.c
# The same for all servers together: a request may ask for tables, and the kernel memory that one process
# may have (a sixteenth of 1 GiB) stays with servers/task for the next.
FORGED_PAGES = 1024 + 16384
PAGES = 128       # that one kind may be short of: lists and tables that grew to their size


def check_kills(times, library):
    """Every kind of victim left all usable and no memory behind; many ended inside their adapter."""
    def check(status, stdout, stderr, _):
        text = stdout.decode(errors='replace')
        lines = LINE.findall(text)
        if status or len(lines) != KINDS:
            return f'status {status}, {len(lines)} kinds: {text[-300:]} {stderr[-200:]!r}'
        for kind, killed, bad, why, missing in lines:
            if int(killed) < times or int(bad) or int(missing) > PAGES:
                return f'{kind}: {bad} of {killed} bad{why}, {missing} pages are missing'
        found = FOUND.search(text)
        if not found:
            return f'no account of where: {text[-200:]}'
        fast, handler, server, program = (int(word) for word in found.groups())
        total = fast + handler + server + program
        if library and (total < times * KINDS or min(fast, handler, server) * 50 < total or
                        (fast + handler) * 4 < total):
            return f'too few inside the adapter: {found[0]}'
        return ''
    return check


def kills(context):
    """Processes killed at random instructions, most of them in their adapter: pipes, files, locks,
    terminals and children stay usable, and nothing is left behind."""
    lists = ['glob usr/bin 755 build/tests/hostile/h-*']
    times = context.amount(8, 84, 840)
    batch = [guest.Case('kills-library', f'JANUS_PLACE=library h-kills {times} 1',
                        check_kills(times, True), limit=1800),
             guest.Case('kills-central', 'JANUS_PLACE=central h-kills 4 1', check_kills(4, False))]
    # By the instruction clock any instruction can be the one, and a run can be repeated.
    return guest.run_batch(context, 'hostile', batch, lists, ['--icount'])


def win_kills(context):
    """The same of Win32 processes: mutants say who died with them, and names, sections, pipes, locks, keys and
    the processes that they acted on stay usable."""
    times = context.amount(4, 21, 420)
    batch = [guest.Case('win-kills-library', f'JANUS_PLACE=library KILLS_OUTSIDE=1 w-kills.exe {times} 1',
                        check_kills(times, False), limit=1800),
             guest.Case('win-kills-central', 'JANUS_PLACE=central w-kills.exe 4 1',
                        check_kills(4, False), limit=600)]
    return guest.run_batch(context, 'win-kills', batch, ['glob c/bin 755 build/tests/hostile/*.exe'],
                           ['--icount'])


SENT = re.compile(r'(\d+) sent by (\d+) processes.* (\d+) had to be killed; (\d+) times the victim was '
                  r'harmed; missing (-?\d+)')


def check_forge(messages):
    """All were sent, nobody else noticed, and the servers have their memory back."""
    def check(status, stdout, stderr, _):
        found = SENT.search(stdout.decode(errors='replace'))
        if status or not found:
            return f'status {status}: {stdout[-300:]!r} {stderr[-200:]!r}'
        sent, _, _, harmed, missing = (int(word) for word in found.groups())
        if sent < messages or harmed or missing > FORGED_PAGES:
            return found[0]
        return ''
    return check


def forge(context):
    """Requests of every interface, changed at random, from inside library processes to all servers: a
    victim keeps its file, pipe, terminal and memory."""
    messages = context.amount(10000, 100000, 100000)
    batch = [guest.Case(f'forge-{seed}', f'JANUS_PLACE=library h-forge {messages} {seed}',
                        check_forge(messages), limit=1800)
             for seed in range(1, context.amount(1, 1, 10) + 1)]
    return guest.run_batch(context, 'forge', batch, ['glob usr/bin 755 build/tests/hostile/h-*'],
                           ['--icount'])


def cases(context):
    return [('kills', kills), ('win-kills', win_kills), ('forge', forge)]
