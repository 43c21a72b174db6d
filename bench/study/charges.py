"""The four charges against the single adapter, each as something that is run and counted. Every function gives
records (dicts with at least section, name, system) and uses only what it is handed."""
import re

CLIENTS = (1, 2, 4, 8, 16, 32, 64)
CALLS_A_ROUND = 6  # bench/load.c: getpid, read, write, a pipe's write and read, stat
WARM, FRESH = 1000, 3  # rounds before those that count
BURDENS = ('none', 'read', 'poll', 'file', 'fork', 'log', 'stuck')


# ---- bottleneck ----

def throughput_script(counts, rounds, warm):
    return ''.join(f'/bench/load clients {n} {rounds} {warm}\n' for n in counts)


def read_throughput(text):
    """(clients, calls, ticks, when the first was done, when the last)"""
    for match in re.findall(r'^load clients=(\d+) ops=(\d+) ticks=(\d+) first=(\d+) last=(\d+)', text,
                            re.M):
        n, ops, ticks, first, last = map(int, match)
        yield n, ops * CALLS_A_ROUND, ticks, first, last


def bottleneck(system, quick):
    """Calls of 1 to 64 clients: on one CPU by the instruction clock, on 1 to 4 by the host's. Clients that have
    made some thousand calls before, and fresh ones: a library settles with its servers (leases, redirected
    call sites) during the first."""
    counts = (1, 4) if quick else CLIENTS
    for kind, warm in ('', WARM), (' fresh', FRESH):
        text = system.run(throughput_script(counts, 16 if quick else 64, warm))
        for n, calls, ticks, first, last in read_throughput(text):
            yield {'section': 'bottleneck', 'name': f'clients={n}{kind}', 'system': system.name, 'cpus': 1,
                   'clients': n, 'calls': calls, 'instructions': ticks, 'fresh': bool(kind),
                   'calls_per_million': round(calls * 1e6 / ticks, 2),
                   'first_done': round(first / ticks, 3)}
    if quick:
        return
    for cpus in (1, 2, 4):
        served = getattr(system, 'served', lambda *_: True)('--smp', str(cpus))
        if not served:
            yield {'section': 'bottleneck', 'name': f'cpus={cpus}', 'system': system.name,
                   'cpus': cpus, 'note': 'not served by this build'}
            continue
        try:
            text = system.run(throughput_script(counts, 64, WARM), icount=False, smp=cpus)
        except RuntimeError as error:
            yield {'section': 'bottleneck', 'name': f'cpus={cpus}', 'system': system.name,
                   'cpus': cpus, 'note': f'did not end: {str(error)[:120]}'}
            continue
        for n, calls, ticks, *_ in read_throughput(text):
            yield {'section': 'bottleneck', 'name': f'clients={n} wall', 'system': system.name,
                   'cpus': cpus, 'clients': n, 'calls': calls, 'ticks': ticks,
                   'calls_per_million': round(calls * 1e6 / ticks, 2)}


def burdens(system, quick):
    """What one slow or hostile client does to the calls of another, on one CPU."""
    kinds = ('none', 'read') if quick else BURDENS
    script = ''
    for kind in kinds:
        script += f'/bench/load slow {kind} > /dev/null 2>&1 & b=$!\nsleep 0.03\n' \
            if kind != 'none' else ''
        script += f'/bench/latency {40 if quick else 8000} | sed "s/^/{kind} /"\n'
        script += 'kill -9 $b; wait $b 2> /dev/null\n' if kind != 'none' else ''
    text = system.run(script)
    for kind, call, median, p99, most, _ in re.findall(
            r'^(\w+) latency (\w+) median=(\d+) p99=(\d+) max=(\d+) sum=(\d+)', text, re.M):
        yield {'section': 'slow_client', 'name': f'{call} beside {kind}', 'system': system.name,
               'burden': kind, 'call': call, 'median': int(median), 'p99': int(p99), 'max': int(most)}


# ---- single point of failure ----

# Two clients of each personality work; the main program is of the other personality than the one that is
# ended, and says at the end who is left.
WATCH = r'''
tick() { i=0; while [ $i -lt 1500 ]; do i=$((i + 1)); echo $i > /tmp/p$1; done; }
cat /proc/uptime
cmd.exe /c "for /L %i in (1,1,800) do @echo %i" > /tmp/w1 & w1=$!
cmd.exe /c "for /L %i in (1,1,800) do @echo %i" > /tmp/w2 & w2=$!
tick 1 & p1=$!
JANUS_PLACE=@OTHER@ sh -c 'i=0; while [ $i -lt 120 ]; do i=$((i + 1)); /bench/uhello > /dev/null; done' & p2=$!
echo kept > /tmp/kept
for c in w1 w2 p1 p2; do eval wait \$$c; s=$?; [ $s = 0 ] && echo "lives $c" || echo "died $c $s"; done 2> /dev/null
cat /tmp/kept; cat /proc/uptime
[ "$(cmd.exe /c echo back 2> /dev/null | tr -d '\r\n')" = back ] && echo "again win32" || echo "gone win32"
[ "$(sh -c 'echo back')" = back ] && echo "again posix" || echo "gone posix"
'''

# The observer is a library shell, which has no POSIX server to lose.
WATCH_POSIX = r'''
cat /proc/uptime
JANUS_PLACE=@PLACE@ sh -c 'i=0; while [ $i -lt 1500 ]; do i=$((i + 1)); echo $i > /tmp/p1; done' & p1=$!
JANUS_PLACE=@PLACE@ sh -c 'i=0; while [ $i -lt 60 ]; do i=$((i + 1)); /bench/uhello > /dev/null; done' & p2=$!
JANUS_PLACE=library sh -c 'i=0; while [ $i -lt 1500 ]; do i=$((i + 1)); echo $i > /tmp/l1; done' & l1=$!
cmd.exe /c "for /L %i in (1,1,800) do @echo %i" > /tmp/w1 & w1=$!
echo kept > /tmp/kept
for c in p1 p2 l1 w1; do eval wait \$$c; s=$?; [ $s = 0 ] && echo "lives $c" || echo "died $c $s"; done 2> /dev/null
cat /tmp/kept; cat /proc/uptime
[ "$(cmd.exe /c echo back 2> /dev/null | tr -d '\r\n')" = back ] && echo "again win32" || echo "gone win32"
[ "$(JANUS_PLACE=@PLACE@ sh -c 'echo back' 2> /dev/null)" = back ] && echo "again posix" || echo "gone posix"
'''


def restarting(root):
    """The manifest with personalities that are started again after an end."""
    with open(f'{root}/bootstrap/manifest', encoding='utf-8') as file:
        text = file.read()
    for name in ('posix', 'win32'):
        text = text.replace(f'server {name}\n', f'server {name}\n    restart 3\n')
    return text


def failures(system, quick, root):
    """A personality's server is taken away at points spread over the work; who is left says so."""
    if not hasattr(system, 'placement'):
        return
    script = WATCH.replace('@OTHER@', 'library' if system.placement == 'central' else 'central')
    yield from ends(system, quick, root, 'win32', script, {})
    yield from ends(system, quick, root, 'posix', WATCH_POSIX.replace('@PLACE@', system.placement),
                    {'posix': 'library'})


def ends(system, quick, root, target, script, keywords):
    if quick:
        for whole, part in (('1,800)', '1,60)'), ('-lt 1500', '-lt 60'), ('-lt 120', '-lt 3')):
            script = script.replace(whole, part)
    base = system.run(script, **keywords)
    times = [float(match) for match in re.findall(r'^(\d+\.\d+) \d+\.\d+$', base, re.M)]
    yield outcome(system, 'nothing ends' + (', a library shell looks on' if keywords else ''), None, base)
    begin, end = times[0], times[1]
    for restart in (False, True):
        points = 1 if quick else 2 if restart else 6
        if quick and restart:
            break
        for k in range(points):
            # A fixed sequence that looks like chance (golden ratio): the same points every time.
            at = begin + (end - begin) * (0.05 + 0.9 * ((k + 1) * 0.618034 % 1))
            if quick and target == 'posix': # while its processes are still there
                at = begin + (end - begin) * 0.2
            name = f'{target} server ends at {at:.2f} s' + (', is started again' if restart else '')
            try:
                text = system.run(script, settings=[f'{target}.end={int(at * 1e9)}'],
                                  manifest=restarting(root) if restart else None, **keywords)
            except RuntimeError as error:
                yield {'section': 'failure', 'name': name, 'system': system.name,
                       'note': f'Janus ended: {str(error)[:100]}'}
                continue
            yield outcome(system, name, at, text)


def outcome(system, name, at, text):
    died = re.findall(r'^died (\w+)', text, re.M)
    lives = re.findall(r'^lives (\w+)', text, re.M)
    return {'section': 'failure', 'name': name, 'system': system.name, 'at_s': at,
            'died': ' '.join(died) or 'nobody', 'survived': ' '.join(lives) or 'nobody',
            'files': 'kept' if re.search(r'^kept$', text, re.M) else 'lost',
            'comes_back': ' '.join(re.findall(r'^again (\w+)', text, re.M)) or 'nothing'}


SCRIBBLE = r'''
sleep 1000 & v=$!
cmd.exe /c "for /L %i in (1,1,300) do @echo %i" > /tmp/w & w=$!
JANUS_PLACE=@PLACE@ /bench/load scribble > /tmp/s 2>&1; echo "scribbler $?"
kill -0 $v && echo "lives neighbour"
wait $w; echo "win32 $?"
JANUS_PLACE=@PLACE@ sh -c 'echo again posix'
'''


def scribbles(system):
    """A program overwrites what its adapter keeps in its own process (library), or tries to (central)."""
    if not hasattr(system, 'placement'):
        return
    text = system.run(SCRIBBLE.replace('@PLACE@', system.placement))
    status = re.search(r'^scribbler (\d+)', text, re.M)
    yield {'section': 'failure', 'name': 'a program overwrites its own adapter', 'system': system.name,
           'died': f'the program itself (status {status[1]})' if status else 'unknown',
           'survived': 'its neighbours' if 'lives neighbour' in text and 'win32 0' in text else 'not all',
           'comes_back': 'posix' if 'again posix' in text else 'nothing'}


# ---- little flexibility ----

def two_builds(root):
    """A manifest with both builds of the example personality, chosen by a byte of the program's header."""
    with open(f'{root}/bootstrap/manifest', encoding='utf-8') as file:
        text = file.read()
    start = text.index('server example\n')
    part = text[start:text.index('\nserver ', start)]
    other = part.replace('server example', 'server other\n    path sbin/janus/example-eager')
    text = text.replace('set programs 7f4a5850=example', 'set programs 7f4a5850100000000020=other,7f4a5850=example')
    text = text.replace(' svc/example', ' svc/example svc/other')
    return text.replace(part, part + '\n' + other)


FLEXIBLE = r'''
for place in central library; do
    JANUS_PLACE=$place /bench/calls -n 100 getpid pread | sed "s/^call /call $place:/"
done
'''
BUILDS = r'''
cp /bin/tour /tmp/other; printf " " | dd of=/tmp/other bs=1 seek=9 conv=notrunc 2> /dev/null
JANUS_PLACE=central sh -c 'tour < /dev/null | head -n 1; /tmp/other < /dev/null | head -n 1'
sed -n 's/^MemFree: *\([0-9]*\).*/free \1/p' /proc/meminfo
'''
ONE_BUILD = r'''
JANUS_PLACE=central sh -c 'tour < /dev/null | head -n 1'
sed -n 's/^MemFree: *\([0-9]*\).*/free \1/p' /proc/meminfo
'''


def flexibility(system, root):
    """Another adapter for one process: at exec, or by a server of its own."""
    if not hasattr(system, 'placement'):
        return
    import workloads
    if system.placement == 'central':
        text = system.run(FLEXIBLE)
        for name, values in workloads.per_operation(text):
            place, call = name.split(':')
            yield {'section': 'flexibility', 'name': f'{call} of a process with JANUS_PLACE={place}',
                   'system': system.name, **values,
                   'note': 'both in one boot, chosen at exec for one process'}
    one = system.run(ONE_BUILD, settings=['example=central'])
    two = system.run(BUILDS, settings=['example=central'], manifest=two_builds(root))
    frees = [int(re.search(r'^free (\d+)', text, re.M)[1]) for text in (one, two)]
    yield {'section': 'flexibility', 'name': 'two builds of one personality side by side',
           'system': system.name, 'memory_kib': frees[0] - frees[1],
           'note': 'programs told: ' + ', '.join(re.findall(r'^build (\w+)', two, re.M)) +
           '; memory: of the second server'}


# ---- no isolation ----

HOLD = r'''
for kind in @KINDS@; do
    case $kind in memory) n=300;; *) n=3000;; esac
    rm -f /tmp/h; /bench/load hold $kind $n > /tmp/h & h=$!
    i=0; while [ ! -s /tmp/h ] && [ $i -lt 400 ] && kill -0 $h 2> /dev/null; do sleep 0.05; i=$((i + 1)); done
    [ -s /tmp/h ] || echo 'load held=0 (ended)' > /tmp/h
    echo "hold $kind $(sed 's/.*held=//' /tmp/h)"
    /bench/latency 50 | sed "s/^/$kind /"
    [ "$(sh -c 'echo new')" = new ] && echo "new $kind"
    kill -9 $h; wait $h 2> /dev/null; sleep 0.1
done
'''


def isolation(system, quick):
    """What a process of another user can learn or take, and what is left for others when it takes all."""
    text = system.run('sleep 1000 & v=$!\n/bench/pry $v\nkill -0 $v && echo "pry victim alive"\nkill -9 $v\n')
    for name, result in re.findall(r'^pry (\S+) (.*)$', text, re.M):
        yield {'section': 'isolation', 'name': name, 'system': system.name, 'result': result}
    kinds = 'descriptors' if quick else 'descriptors pipes memory'
    text = system.run(HOLD.replace('@KINDS@', kinds))
    for kind, held in re.findall(r'^hold (\w+) (\d+)', text, re.M):
        found = re.search(rf'^{kind} latency stat median=(\d+) p99=(\d+)', text, re.M)
        yield {'section': 'isolation', 'name': f'one client holds {kind}', 'system': system.name,
               'held': int(held), 'median': int(found[1]) if found else None,
               'p99': int(found[2]) if found else None,
               'result': 'others start programs' if f'new {kind}\n' in text else 'others cannot start'}
